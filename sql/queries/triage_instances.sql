/* ---
title = "Triage: the instances launched"
description = """
Every instance of a launch linked with a query, and every one that its session chain or principal launched from a day
before it on, however late: whether it still runs."""
display = ["instance_id", "image_id", "after", "principal_name", "aws_region", "terminated_at"]

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The event of the alert."

[[parameters]]
name = "hours"
type = "INTEGER"
default = "24"
description = "Length of the windows after and before the query, in hours."

[columns]
instance_id = "The instance."
image_id = "The image it was launched from."
launch_event_id = "The launch: event_id in ami_launches."
launch_time = "When it was made, UTC."
after = "Time from the query to the launch; negative before it."
principal = "Who launched."
principal_name = "The same without what stands before the resource in an ARN."
aws_region = "Region."
instance_type = "Its type."
terminated_at = "When it was terminated, UTC; null: as far as the logs tell it is still there."
--- */
-- apart from any table: beside one, the parameter could be the column of the same name
WITH parameter AS (
    SELECT event_id AS anchor_id
),

anchor AS (
    SELECT a.event_time
    FROM parameter AS p
    INNER JOIN api_calls AS a ON a.event_id = p.anchor_id
),

launches AS (
    SELECT l.launch_event_id
    FROM triage_launches(event_id => event_id, hours => hours) AS l
    WHERE l.outcome = 'success'
    UNION
    SELECT c.event_id
    FROM related_calls(event_id => event_id) AS c
    WHERE (c.same_session_chain OR c.same_principal)
      AND c.seconds_from_event >= -3600 * hours
)

SELECT
    n.instance_id,
    n.image_id,
    n.launch_event_id,
    n.launch_time,
    duration_text(seconds_between(a.event_time, n.launch_time)) AS after,
    n.principal,
    n.principal_name,
    n.aws_region,
    n.instance_type,
    n.terminated_at
FROM instances AS n
CROSS JOIN anchor AS a
INNER JOIN launches AS l ON l.launch_event_id = n.launch_event_id
ORDER BY n.terminated_at IS NOT NULL, n.launch_time, n.instance_id
