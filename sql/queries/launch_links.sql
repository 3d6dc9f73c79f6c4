/* ---
title = "What links launches to deprecated-AMI queries"
description = """
Every link between a successful query for deprecated images and a call by which an image becomes an instance (see the
view ami_launches) that followed within a window. One row per query, launch and link. Refused launches and dry runs are
here too: they are attempts."""
display = ["query_time", "launch_time", "link", "lag_seconds", "event_name", "launch_principal_name", "outcome", "error_code", "image_ids", "instance_ids"]

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
owner_requested = "Whether it named an owner."
launch_event_id = "The launch: event_id in ami_launches."
launch_time = "When it was made, UTC."
event_name = "By which API."
launch_kind = "instances, request, template or group: see ami_launches."
link = "What connects them, strongest first: image (asked for by id, and launched), access_key, session_chain (keys handed out to one first principal), principal, role (session issuer), address, on_behalf (a service launched from what a linked call had made)."
lag_seconds = "Seconds from query to launch."
on_behalf_of_event_id = "With the link on_behalf: the last linked call that made or changed what was launched from."
launch_principal = "Who launched."
launch_principal_name = "The same without what stands before the resource in an ARN."
launch_source_ip_address = "From where."
aws_region = "Region of the launch."
outcome = "success, failure or dry_run."
error_code = "Why it failed."
image_ids = "Images launched."
instance_ids = "Instances launched."
instance_type = "Their type."
instance_count = "How many were launched, or asked for."
--- */
WITH ranked AS (
    SELECT *, link_rank(link) AS rank
    FROM launch_links_unsorted(hours => hours, any_owner => any_owner)
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
