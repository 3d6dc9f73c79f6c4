/* ---
title = "The incident: queries and the launches that followed"
description = "Alerts, and the launches that followed them within 24 hours, in the order in which they happened."
display = ["event_time", "kind", "principal_name", "source_ip_address", "event_name", "what", "links"]

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
event_time = "When, UTC."
kind = "query (an alert), launch, or attempt (a launch that was refused or rehearsed)."
principal = "Who called."
principal_name = "The same without what stands before the resource in an ARN."
source_ip_address = "From where."
event_name = "By which API."
what = "What was asked for or launched, in words."
query_event_id = "The last alert that a launch follows by the strongest link; null for a query."
links = "What connects a launch with the queries before it, strongest first; null for a query."
image_ids = "Images asked for, or launched."
instance_ids = "Instances launched; null for a query."
event_id = "The event."
--- */
WITH moments AS (
    SELECT
        a.event_time,
        'query' AS kind,
        a.principal,
        a.principal_name,
        a.source_ip_address,
        'DescribeImages' AS event_name,
        a.asked AS what,
        NULL AS query_event_id,
        NULL AS links,
        a.image_ids,
        NULL AS instance_ids,
        a.event_id
    FROM report_alerts(since => since, until => until, account => account, arn => arn) AS a
    UNION ALL
    SELECT
        l.launch_time,
        CASE WHEN l.outcome = 'success' THEN 'launch' ELSE 'attempt' END,
        l.principal,
        l.principal_name,
        l.source_ip_address,
        l.event_name,
        concat_ws(
            ' ',
            CASE WHEN l.outcome = 'dry_run' THEN 'rehearsed:' WHEN l.outcome <> 'success' THEN 'refused (' || coalesce(l.error_code, l.outcome) || '):' END,
            CAST(l.instance_count AS STRING) || ' x',
            l.instance_type,
            'of ' || nullif(list_text(l.image_ids), '')
        ),
        l.query_event_id,
        l.links,
        l.image_ids,
        l.instance_ids,
        l.launch_event_id
    FROM report_launches(since => since, until => until, account => account, arn => arn) AS l
)

SELECT *
FROM moments AS m
ORDER BY m.event_time, m.kind DESC, m.event_id
