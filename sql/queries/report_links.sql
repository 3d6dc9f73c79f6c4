/* ---
title = "What links launches to alerts"
description = """
Every link between an alert and a call by which an image becomes an instance that followed within 24 hours, as
launch_links has them; alerts that exceptions suppress have none here."""
display = ["query_time", "launch_time", "link", "lag_seconds", "event_name", "launch_principal_name", "outcome", "error_code", "image_ids", "instance_ids"]

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
query_event_id = "The event of the alert."
query_time = "When it was, UTC."
query_principal = "Who made the query."
owner_requested = "Whether it named an owner."
launch_event_id = "The launch: event_id in ami_launches."
launch_time = "When it was made, UTC."
event_name = "By which API."
launch_kind = "instances, request (instances follow), template or group: see ami_launches."
link = "What connects them: see launch_links."
lag_seconds = "Seconds from query to launch."
on_behalf_of_event_id = "With the link on_behalf: the last linked call that made or changed what was launched from."
launch_principal = "Who launched."
launch_principal_name = "The same without what stands before the resource in an ARN."
launch_source_ip_address = "From where."
aws_region = "Region of the launch."
outcome = "success, failure or dry_run."
error_code = "Why it failed."
image_ids = "Images launched, or to be."
instance_ids = "Instances launched."
instance_type = "Their type."
instance_count = "How many were launched, or asked for."
--- */
WITH alerting AS (
    SELECT DISTINCT a.event_id
    FROM rule_matches AS a
    WHERE in_scope(a.event_time, a.account_id, a.principal, a.session_issuer_arn, since, until, account, arn)
),

ranked AS (
    SELECT k.*, link_rank(k.link) AS rank
    FROM launch_links_unsorted(hours => 24, any_owner => true) AS k
    INNER JOIN alerting AS a ON a.event_id = k.query_event_id
)

SELECT
    query_event_id,
    query_time,
    query_principal,
    owner_requested,
    launch_event_id,
    launch_time,
    event_name,
    launch_kind,
    link,
    lag_seconds,
    on_behalf_of_event_id,
    launch_principal,
    launch_principal_name,
    launch_source_ip_address,
    aws_region,
    outcome,
    error_code,
    image_ids,
    instance_ids,
    instance_type,
    instance_count
FROM ranked
ORDER BY query_time, launch_time, query_event_id, launch_event_id, rank
