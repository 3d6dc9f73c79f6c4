/* ---
title = "Deprecated-AMI queries that preceded a launch"
description = """
The other direction of launch_links: which queries for deprecated images came before a launch, within a window, by whom,
and what links them to it. Queries that named no owner are among them, and marked."""
display = ["query_time", "link", "lag_seconds", "owner_requested", "query_principal_name", "query_source_ip_address", "owners", "image_ids", "name_patterns", "query_event_id"]

[[parameters]]
name = "event_id"
type = "UUID"
example = "1a07c001-264e-4665-92eb-59bd0f21e6ee"
description = "The launch: event_id in ami_launches."

[[parameters]]
name = "hours"
type = "INTEGER"
default = "24"
description = "Length of the window before it, in hours."

[columns]
query_event_id = "The query: event_id in ami_queries."
query_time = "When it was made, UTC."
link = "The strongest of its links."
links = "What connects it with the launch, strongest first; see launch_links."
lag_seconds = "Seconds from query to launch."
owner_requested = "Whether it named an owner; without one only deprecated_ami_queries_any_owner has it."
query_principal = "Who asked."
query_principal_name = "The same without what stands before the resource in an ARN."
query_access_key_id = "With which access key."
query_source_ip_address = "From where."
query_user_agent = "With what."
aws_region = "Region of the query."
owners = "Owners asked for."
image_ids = "Images asked for by id."
name_patterns = "Name patterns asked for."
on_behalf_of_event_id = "Where a service launched from what a linked call had made: the last such call."
--- */
-- apart from any table: beside one, the parameter could be the column of the same name
WITH parameter AS (
    SELECT event_id AS launch_id
),

links AS (
    SELECT
        l.query_event_id,
        min_by(l.link, link_rank(l.link)) AS link,
        strongest_first(bit_or(link_bit(l.link))) AS links,
        any_value(l.lag_seconds) AS lag_seconds,
        max(l.on_behalf_of_event_id) AS on_behalf_of_event_id
    FROM parameter AS p
    INNER JOIN launch_links_unsorted(hours => hours, any_owner => true) AS l ON l.launch_event_id = p.launch_id
    GROUP BY l.query_event_id
)

SELECT
    k.query_event_id,
    q.event_time AS query_time,
    k.link,
    k.links,
    k.lag_seconds,
    q.owner_requested,
    q.principal AS query_principal,
    q.principal_name AS query_principal_name,
    q.access_key_id AS query_access_key_id,
    q.source_ip_address AS query_source_ip_address,
    q.user_agent AS query_user_agent,
    q.aws_region,
    q.owners,
    q.image_ids,
    q.name_patterns,
    k.on_behalf_of_event_id
FROM links AS k
INNER JOIN ami_queries AS q ON q.event_id = k.query_event_id
ORDER BY q.event_time, k.query_event_id
