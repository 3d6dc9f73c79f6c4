/* ---
title = "Launches after a deprecated-AMI query"
description = """
Calls by which an image becomes an instance (see the view ami_launches) that followed a successful query for deprecated
images within a window and are linked to it, each once, with all its links: what `trailduck correlate` shows. Refused
launches and dry runs are shown too: they are attempts. launch_links has a row for each query, launch and link."""
display = ["launch_time", "links", "event_name", "principal_name", "source_ip_address", "outcome", "error_code", "image_ids", "instance_ids"]

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

[[parameters]]
name = "since"
type = "VARCHAR"
default = "'1970-01-01'"
description = "Only queries from this moment on count, UTC."

[[parameters]]
name = "until"
type = "VARCHAR"
default = "'9999-12-31'"
description = "Only queries before this moment count, UTC."

[columns]
launch_event_id = "The launch: event_id in ami_launches."
launch_time = "When it was made, UTC."
event_name = "By which API."
launch_kind = "instances, request (instances follow), template or group: see ami_launches."
link = "The strongest of its links."
links = "What connects it with queries before it, strongest first: image (asked for by id, and launched), access_key, session_chain (keys handed out to one first principal), principal, role (session issuer), address, on_behalf (a service launched from what a linked call had made)."
queries = "How many queries it follows, by any link."
query_event_id = "The last query it follows by the strongest link."
lag_seconds = "Seconds from that query to the launch."
principal = "Who launched."
principal_name = "The same without what stands before the resource in an ARN."
source_ip_address = "From where."
aws_region = "Region of the launch."
outcome = "success, failure or dry_run."
error_code = "Why it failed."
image_ids = "Images launched, or to be."
image_asked_for = "Whether one of them was asked for by id in one of the queries."
instance_ids = "Instances launched."
instance_type = "Their type."
instance_count = "How many were launched, or asked for."
--- */
WITH links AS (
    SELECT
        *,
        -- the strongest link first, of these the shortest lag, which is less than a billion seconds
        link_rank(link) * 1e9 + lag_seconds AS place
    FROM launch_links_unsorted(hours => hours, any_owner => any_owner)
    WHERE query_time >= utc_timestamp(since)
      AND query_time < utc_timestamp(until)
)

SELECT
    launch_event_id,
    any_value(launch_time) AS launch_time,
    any_value(event_name) AS event_name,
    any_value(launch_kind) AS launch_kind,
    min_by(link, place) AS link,
    strongest_first(bit_or(link_bit(link))) AS links,
    count(DISTINCT query_event_id) AS queries,
    min_by(query_event_id, place) AS query_event_id,
    min_by(lag_seconds, place) AS lag_seconds,
    any_value(launch_principal) AS principal,
    any_value(launch_principal_name) AS principal_name,
    any_value(launch_source_ip_address) AS source_ip_address,
    any_value(aws_region) AS aws_region,
    any_value(outcome) AS outcome,
    any_value(error_code) AS error_code,
    any_value(image_ids) AS image_ids,
    bool_or(link = 'image') AS image_asked_for,
    any_value(instance_ids) AS instance_ids,
    any_value(instance_type) AS instance_type,
    any_value(instance_count) AS instance_count
FROM links
GROUP BY launch_event_id
ORDER BY launch_time, launch_event_id
