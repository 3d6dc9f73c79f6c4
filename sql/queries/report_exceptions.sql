/* ---
title = "Exceptions in force at a moment"
description = "Every exception that had not expired at a moment, with its conditions, and how many alerts it covers, whether others cover them too or not."
display = ["name", "rule", "conditions", "covers", "reason", "author", "expires_at"]

[[parameters]]
name = "moment"
type = "VARCHAR"
default = "'now'"
description = "The moment, as in 2026-10-06T02:45:52Z, UTC."

[columns]
name = "Its name."
rule = "The rule it applies to; null: all."
conditions = "Its conditions in words; an alert has to meet all."
covers = "Alerts that meet them."
reason = "Why it is legitimate."
author = "Who says so."
created_at = "Since when, UTC."
expires_at = "Until when, UTC; null: without end."
--- */
WITH covered AS (
    SELECT m.name, count(*) AS alerts
    FROM exception_matches AS m
    WHERE m.counted
    GROUP BY m.name
)

SELECT
    e.name,
    e.rule,
    concat_ws(
        ', ', 'principal ' || e.principal, 'account ' || e.account_id, 'role ' || e.role,
        'access key ' || e.access_key_id, 'address ' || e.source_ip_address, 'user agent ' || e.user_agent,
        'region ' || e.aws_region, 'owner ' || e.owner
    ) AS conditions,
    coalesce(c.alerts, 0) AS covers,
    e.reason,
    e.author,
    e.created_at,
    e.expires_at
FROM exceptions AS e
LEFT JOIN covered AS c ON c.name = e.name
WHERE e.expires_at IS NULL
   OR e.expires_at > coalesce(utc_timestamp(nullif(moment, 'now')), utc_now())
ORDER BY e.created_at, e.name
