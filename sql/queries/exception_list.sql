/* ---
title = "Exceptions, and what they hide"
description = "Every exception with its conditions, its state and how many alerts it hides now: what `exceptions list` shows."
display = ["name", "state", "hides", "rule", "conditions", "reason", "expires_at"]

[columns]
name = "Its name."
state = "in force, expires soon (within 14 days), or expired."
hides = "Alerts it hides now, whether others hide them too or not; none once it is expired."
rule = "The rule it applies to; null: all."
conditions = "Its conditions in words; an alert has to meet all."
principal = "Condition: pattern for who called."
account_id = "Condition: account that received the call."
role = "Condition: pattern for the ARN of the role."
access_key_id = "Condition: access key."
source_ip_address = "Condition: address or network."
user_agent = "Condition: pattern for the user agent."
aws_region = "Condition: region."
owner = "Condition: the only owner asked for."
reason = "Why it is legitimate."
author = "Who says so."
created_at = "Since when, UTC."
expires_at = "Until when, UTC; null: without end."
--- */
WITH hidden AS (
    SELECT m.name, count(*) AS alerts
    FROM exception_matches AS m
    WHERE m.counted
    GROUP BY m.name
)

SELECT
    e.name,
    exception_state(e.expires_at) AS state,
    CASE WHEN exception_state(e.expires_at) = 'expired' THEN 0 ELSE coalesce(h.alerts, 0) END AS hides,
    e.rule,
    concat_ws(
        ', ', 'principal ' || e.principal, 'account ' || e.account_id, 'role ' || e.role,
        'access key ' || e.access_key_id, 'address ' || e.source_ip_address, 'user agent ' || e.user_agent,
        'region ' || e.aws_region, 'owner ' || e.owner
    ) AS conditions,
    e.principal,
    e.account_id,
    e.role,
    e.access_key_id,
    e.source_ip_address,
    e.user_agent,
    e.aws_region,
    e.owner,
    e.reason,
    e.author,
    e.created_at,
    e.expires_at
FROM exceptions AS e
LEFT JOIN hidden AS h ON h.name = e.name
