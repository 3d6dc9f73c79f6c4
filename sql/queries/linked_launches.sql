/* ---
title = "Launches linked to deprecated-AMI queries, each once"
description = """
The launches of launches_after_deprecated_query, one row per launch instead of one per query and launch: the strongest
link to any query before it, how many queries it follows, and how long after the last of them it came."""
display = ["launch_time", "link", "principal_name", "source_ip_address", "outcome", "error_code", "image_ids", "instance_ids"]

[[parameters]]
name = "hours"
type = "INTEGER"
default = "24"
description = "Length of the window after a query, in hours."

[[parameters]]
name = "any_owner"
type = "BOOLEAN"
default = "false"
description = "Whether queries that named no owner count too."

[columns]
launch_event_id = "The launch: event_id in ami_launches."
launch_time = "When it was made, UTC."
link = "What connects it with a query, strongest first: access_key, principal, role (session issuer), address."
queries = "How many queries it follows."
lag_seconds = "Seconds from the last of them to the launch."
principal = "Who launched."
principal_name = "The same without what stands before the resource in an ARN."
source_ip_address = "From where."
aws_region = "Region of the launch."
outcome = "success, failure or dry_run."
error_code = "Why it failed."
image_ids = "Images launched."
image_asked_for = "Whether one of them was asked for by id in one of the queries."
instance_ids = "Instances launched."
instance_type = "Their type."
instance_count = "How many were launched, or asked for."
--- */
WITH ranked AS (
    SELECT
        *,
        CASE link WHEN 'access_key' THEN 1 WHEN 'principal' THEN 2 WHEN 'role' THEN 3 ELSE 4 END AS rank
    FROM launches_after_deprecated_query(hours => hours, any_owner => any_owner)
)

SELECT
    launch_event_id,
    launch_time,
    min_by(link, rank) AS link,
    count(*) AS queries,
    min(lag_seconds) AS lag_seconds,
    any_value(launch_principal) AS principal,
    any_value(launch_principal_name) AS principal_name,
    any_value(launch_source_ip_address) AS source_ip_address,
    any_value(aws_region) AS aws_region,
    any_value(outcome) AS outcome,
    any_value(error_code) AS error_code,
    any_value(image_ids) AS image_ids,
    bool_or(image_asked_for) AS image_asked_for,
    any_value(instance_ids) AS instance_ids,
    any_value(instance_type) AS instance_type,
    any_value(instance_count) AS instance_count
FROM ranked
GROUP BY launch_event_id, launch_time
ORDER BY launch_time, launch_event_id
