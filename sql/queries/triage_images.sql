/* ---
title = "Triage: the images asked for or launched"
description = "Every image that a query asked for by id, that a launch linked with it launched, or of which its session chain or principal has an instance of these days: what is known of it, and what still runs (see triage_instances)."
display = ["image_id", "name", "asked_for", "launches", "state", "deprecation_time", "deprecated_at_launch", "running_instance_ids"]

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

[[parameters]]
name = "moment"
type = "VARCHAR"
default = "'now'"
description = "The moment at which images are judged, as in 2026-10-06T02:45:52Z, UTC."

[columns]
image_id = "The image."
name = "Its name, where an inventory or the log tells it."
owner_id = "Account that owns it."
asked_for = "Whether the query asked for it by id."
launches = "Successful launches of it: those linked with the query, and the caller's own."
state = "available, deprecated, disabled, deregistered or unknown at the moment."
deprecation_time = "When it was or will be deprecated, UTC."
deprecated_at_launch = "Whether it was when it was first launched; null if that is not known, or it was not launched."
instance_ids = "Instances launched of it."
running_instance_ids = "Those of them that were not seen terminated."
--- */
-- apart from any table: beside one, the parameter could be the column of the same name
WITH parameter AS (
    SELECT event_id AS anchor_id
),

started AS (
    SELECT launch_event_id, launch_time, image_id, instance_id, terminated_at
    FROM triage_instances(event_id => event_id, hours => hours)
),

launched AS (
    SELECT l.launch_event_id, l.launch_time
    FROM triage_launches(event_id => event_id, hours => hours) AS l
    WHERE l.outcome = 'success'
    UNION
    SELECT launch_event_id, launch_time
    FROM started
),

images AS (
    SELECT q.link_key AS image_id, true AS asked_for, CAST(NULL AS STRING) AS launch_event_id, CAST(NULL AS TIMESTAMP) AS launch_time
    FROM parameter AS p
    INNER JOIN ami_query_keys AS q ON q.event_id = p.anchor_id
    WHERE q.link = 'image'
    UNION ALL
    SELECT i.image_id, false, CAST(l.launch_event_id AS STRING), l.launch_time
    FROM launched AS l
    INNER JOIN image_launches AS i ON i.launch_event_id = l.launch_event_id
),

found AS (
    SELECT
        image_id,
        bool_or(asked_for) AS asked_for,
        count(DISTINCT launch_event_id) AS launches,
        min(launch_time) AS first_launch
    FROM images
    GROUP BY image_id
),

running AS (
    SELECT
        image_id,
        sorted_values(array_agg(instance_id)) AS instance_ids,
        sorted_values(array_agg(instance_id) FILTER (WHERE terminated_at IS NULL)) AS running_instance_ids
    FROM started
    GROUP BY image_id
)

SELECT
    f.image_id,
    i.name,
    i.owner_id,
    f.asked_for,
    f.launches,
    coalesce(i.state, 'unknown') AS state,
    i.deprecation_time,
    f.first_launch >= i.deprecation_time AS deprecated_at_launch,
    r.instance_ids,
    r.running_instance_ids
FROM found AS f
LEFT JOIN ami_inventory_at(moment => moment) AS i ON i.image_id = f.image_id
LEFT JOIN running AS r ON r.image_id = f.image_id
ORDER BY f.launches DESC, f.asked_for DESC, f.image_id
