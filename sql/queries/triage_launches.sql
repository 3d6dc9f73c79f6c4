/* ---
title = "Triage: the launches that followed"
description = "Every launch after the query of an alert that is linked with it, once, with all its links, the strongest first (see launches_after_deprecated_query)."
display = ["after", "links", "principal_name", "event_name", "outcome", "error_code", "image_ids", "instance_ids", "aws_region"]

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The event of the alert."

[[parameters]]
name = "hours"
type = "INTEGER"
default = "24"
description = "Length of the window after the query, in hours."

[columns]
launch_event_id = "The launch: event_id in ami_launches."
launch_time = "When it was made, UTC."
after = "Time from the query to the launch."
lag_seconds = "The same in seconds."
link = "The strongest link."
links = "All links, the strongest first."
event_name = "API."
launch_kind = "instances, request, template or group."
principal = "Who launched."
principal_name = "The same without what stands before the resource in an ARN."
source_ip_address = "From where."
aws_region = "Region of the launch."
outcome = "success, failure or dry_run."
error_code = "Why it failed."
image_ids = "Images launched."
instance_ids = "Instances launched."
instance_type = "Their type."
--- */
WITH parameter AS (
    SELECT event_id AS anchor_id
),

linked AS (
    SELECT
        k.launch_event_id,
        min_by(k.link, link_rank(k.link)) AS link,
        strongest_first(bit_or(link_bit(k.link))) AS links,
        min(k.lag_seconds) AS lag_seconds
    FROM parameter AS p
    INNER JOIN launch_links(hours => hours, any_owner => true) AS k ON k.query_event_id = p.anchor_id
    GROUP BY k.launch_event_id
)

SELECT
    l.event_id AS launch_event_id,
    l.event_time AS launch_time,
    duration_text(k.lag_seconds) AS after,
    k.lag_seconds,
    k.link,
    k.links,
    l.event_name,
    l.launch_kind,
    l.principal,
    l.principal_name,
    l.source_ip_address,
    l.aws_region,
    l.outcome,
    l.error_code,
    l.image_ids,
    l.instance_ids,
    l.instance_type
FROM linked AS k
INNER JOIN ami_launches AS l ON l.event_id = k.launch_event_id
ORDER BY l.event_time, l.event_id
