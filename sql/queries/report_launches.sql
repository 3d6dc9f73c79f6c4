/* ---
title = "Launches after an alert"
description = """
Calls by which an image becomes an instance that followed an alert within 24 hours and are linked to it, each once, with
all its links. Refused launches and rehearsals are here too: they are attempts. The bounds are those of the alerts."""
display = ["launch_time", "links", "event_name", "principal_name", "source_ip_address", "outcome", "error_code", "image_ids", "instance_ids"]

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
launch_event_id = "The launch: event_id in ami_launches."
launch_time = "When it was made, UTC."
event_name = "By which API."
launch_kind = "instances, request (instances follow), template or group: see ami_launches."
link = "The strongest of its links."
links = "What connects it with alerts before it, strongest first: see launches_after_deprecated_query."
alerts = "How many alerts it follows, by any link."
query_event_id = "The last alert it follows by the strongest link."
lag_seconds = "Seconds from that alert to the launch."
principal = "Who launched."
principal_name = "The same without what stands before the resource in an ARN."
source_ip_address = "From where."
aws_region = "Region of the launch."
outcome = "success, failure or dry_run."
error_code = "Why it failed."
image_ids = "Images launched, or to be."
image_asked_for = "Whether one of them was asked for by id in one of the alerts."
instance_ids = "Instances launched."
instance_type = "Their type."
instance_count = "How many were launched, or asked for."
--- */
WITH links AS (
    SELECT
        k.*,
        -- the strongest link first, of these the shortest lag, which is less than a billion seconds
        link_rank(k.link) * 1e9 + k.lag_seconds AS place
    FROM report_links(since => since, until => until, account => account, arn => arn) AS k
)

SELECT
    k.launch_event_id,
    min(k.launch_time) AS launch_time,
    min(k.event_name) AS event_name,
    min(k.launch_kind) AS launch_kind,
    min_by(k.link, k.place) AS link,
    strongest_first(bit_or(link_bit(k.link))) AS links,
    count(DISTINCT k.query_event_id) AS alerts,
    -- of two queries at the same moment always the same
    min_by(k.query_event_id, CAST(k.place AS STRING) || CAST(k.query_event_id AS STRING)) AS query_event_id,
    min_by(k.lag_seconds, k.place) AS lag_seconds,
    min(k.launch_principal) AS principal,
    min(k.launch_principal_name) AS principal_name,
    min(k.launch_source_ip_address) AS source_ip_address,
    min(k.aws_region) AS aws_region,
    min(k.outcome) AS outcome,
    min(k.error_code) AS error_code,
    min(k.image_ids) AS image_ids,
    bool_or(k.link = 'image') AS image_asked_for,
    min(k.instance_ids) AS instance_ids,
    min(k.instance_type) AS instance_type,
    min(k.instance_count) AS instance_count
FROM links AS k
GROUP BY k.launch_event_id
ORDER BY launch_time, k.launch_event_id
