/* ---
title = "Instances launched after a deprecated-AMI query"
description = """
RunInstances calls that followed a successful query for deprecated images within a window, by the same access key,
the same principal, another session of the same role, or from the same address. One row per query and launch, linked
by the strongest of these. Refused launches and dry runs are shown too: they are attempts."""
display = ["query_time", "launch_time", "link", "launch_principal_name", "outcome", "error_code", "image_ids", "image_asked_for", "instance_ids"]

[[parameters]]
name = "hours"
type = "INTEGER"
default = "24"
description = "Length of the window after the query, in hours."

[[parameters]]
name = "any_owner"
type = "BOOLEAN"
default = "false"
description = "Whether queries that named no owner count too."

[columns]
query_event_id = "The query: event_id in ami_queries."
query_time = "When it was made, UTC."
query_principal = "Who made it."
launch_event_id = "The launch: event_id in ami_launches."
launch_time = "When it was made, UTC."
launch_principal = "Who made it."
launch_principal_name = "The same without what stands before the resource in an ARN."
link = "What connects them, strongest first: access_key, principal, role (session issuer), address."
lag_seconds = "Seconds from query to launch."
outcome = "success, failure or dry_run."
error_code = "Why it failed."
aws_region = "Region of the launch."
launch_source_ip_address = "Where the launch came from."
image_ids = "Images launched."
image_asked_for = "Whether one of them was asked for by id in the query."
instance_ids = "Instances launched."
instance_type = "Their type."
instance_count = "How many were launched, or asked for."
--- */
WITH queries AS (
    SELECT *
    FROM ami_queries
    WHERE outcome = 'success'
      AND include_deprecated
      AND (owner_requested OR any_owner)
),

pairs AS (
    SELECT
        q.event_id AS query_event_id,
        q.event_time AS query_time,
        q.principal AS query_principal,
        l.event_id AS launch_event_id,
        l.event_time AS launch_time,
        l.principal AS launch_principal,
        l.principal_name AS launch_principal_name,
        CASE
            WHEN l.access_key_id = q.access_key_id THEN 'access_key'
            WHEN l.principal_arn = q.principal_arn THEN 'principal'
            WHEN l.session_issuer_arn = q.session_issuer_arn THEN 'role'
            -- 'AWS Internal' or a service's name is no address that two callers share
            WHEN l.source_ip_address = q.source_ip_address AND q.source_kind IN ('public', 'private') THEN 'address'
        END AS link,
        seconds_between(q.event_time, l.event_time) AS lag_seconds,
        l.outcome,
        l.error_code,
        l.aws_region,
        l.source_ip_address AS launch_source_ip_address,
        l.image_ids,
        arrays_overlap(l.image_ids, q.image_ids) AS image_asked_for,
        l.instance_ids,
        l.instance_type,
        l.instance_count
    FROM queries AS q
    INNER JOIN ami_launches AS l
        ON l.event_time >= q.event_time
        AND l.event_time <= q.event_time + hours * INTERVAL '1' HOUR
)

SELECT *
FROM pairs
WHERE link IS NOT NULL
ORDER BY query_time, launch_time, query_event_id, launch_event_id
