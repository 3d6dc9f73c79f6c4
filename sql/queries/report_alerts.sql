/* ---
title = "Alerts, and whether launches followed"
description = """
Every event that raised an alert, newest first: who, from where, with what, what was asked for, and how many launches
followed within 24 hours. An event that several rules match is here once."""
display = ["event_time", "severity", "principal_name", "source_ip_address", "place", "client_text", "asked", "launches", "attempts", "status", "event_id"]

[[parameters]]
name = "since"
type = "VARCHAR"
default = "NULL"
description = "Only alerts from this moment on, UTC."

[[parameters]]
name = "until"
type = "VARCHAR"
default = "NULL"
description = "Only alerts before this moment, UTC."

[[parameters]]
name = "account"
type = "VARCHAR"
default = "NULL"
description = "Only alerts of this account; * stands for anything."

[[parameters]]
name = "arn"
type = "VARCHAR"
default = "NULL"
description = "Only alerts of this principal, or of the sessions of this role; * stands for anything."

[columns]
event_id = "The event."
event_time = "When it was, UTC."
rules = "The rules that match it."
severity = "How severe the worst of these is."
risk_score = "Its risk score."
principal = "Who called."
principal_name = "The same without what stands before the resource in an ARN."
principal_type = "IAMUser, AssumedRole, Root, ..."
account_id = "Account that received the call."
aws_region = "Region."
source_ip_address = "From where."
source_kind = "public, private, vpc_endpoint, aws_service, aws_internal or unknown."
country_name = "Country of the address; null where it is not known."
city_name = "Its city."
place = "City and country, as far as known; else unknown."
network = "Whose network the address is in; unknown where it is not known."
user_agent = "With what, as it came."
client_text = "The same decoded: client, version, operating system."
asked = "What was asked for, in words."
owners = "Owners of the images asked for."
image_ids = "Images asked for by id."
name_patterns = "Names asked for."
launches = "Launches that followed within 24 hours and are linked to it."
attempts = "The same of those that were refused or rehearsed."
status = "What became of the alert that was raised of it, at present: open, acknowledged or closed. Null: none was raised."
verdict = "true-positive, false-positive or benign, if someone said so when it was closed."
first_seen = "When it was raised, UTC."
note = "The last note on it."
--- */
WITH matched AS (
    SELECT
        a.event_id,
        min(a.event_time) AS event_time,
        sorted_values(array_agg(DISTINCT a.rule)) AS rules,
        max_by(a.severity, a.risk_score) AS severity,
        max(a.risk_score) AS risk_score,
        min(a.principal) AS principal,
        min(a.principal_name) AS principal_name,
        min(a.principal_type) AS principal_type,
        min(a.account_id) AS account_id,
        min(a.aws_region) AS aws_region,
        min(a.source_ip_address) AS source_ip_address,
        min(a.source_kind) AS source_kind,
        min(a.user_agent) AS user_agent,
        min(a.owners) AS owners,
        min(a.image_ids) AS image_ids,
        min(a.name_patterns) AS name_patterns
    FROM rule_matches AS a
    WHERE in_scope(a.event_time, a.account_id, a.principal, a.session_issuer_arn, since, until, account, arn)
    GROUP BY a.event_id
),

followed AS (
    SELECT
        k.query_event_id,
        count(DISTINCT CASE WHEN k.outcome = 'success' THEN k.launch_event_id END) AS launches,
        count(DISTINCT CASE WHEN k.outcome <> 'success' THEN k.launch_event_id END) AS attempts
    FROM report_links(since => since, until => until, account => account, arn => arn) AS k
    GROUP BY k.query_event_id
)

SELECT
    m.event_id,
    m.event_time,
    m.rules,
    m.severity,
    m.risk_score,
    m.principal,
    m.principal_name,
    m.principal_type,
    m.account_id,
    m.aws_region,
    m.source_ip_address,
    m.source_kind,
    g.country_name,
    g.city_name,
    coalesce(g.place, 'unknown') AS place,
    coalesce(g.network, 'unknown') AS network,
    m.user_agent,
    c.client_text,
    concat_ws(
        '; ',
        'owners ' || nullif(list_text(m.owners), ''),
        'images ' || nullif(list_text(m.image_ids), ''),
        'names ' || nullif(list_text(m.name_patterns), '')
    ) AS asked,
    m.owners,
    m.image_ids,
    m.name_patterns,
    coalesce(f.launches, 0) AS launches,
    coalesce(f.attempts, 0) AS attempts,
    s.status,
    s.verdict,
    s.first_seen,
    s.note
FROM matched AS m
LEFT JOIN followed AS f ON f.query_event_id = m.event_id
LEFT JOIN alert_states() AS s ON s.event_id = m.event_id
LEFT JOIN places AS g ON g.source_ip_address = m.source_ip_address
LEFT JOIN clients AS c ON c.user_agent = m.user_agent
ORDER BY m.event_time DESC, m.event_id
