-- Which images became instances, and what is left of these: see sql/views/063_ami_usage.sql.
CREATE OR REPLACE TEMPORARY VIEW instance_terminations AS
WITH calls AS (
    SELECT
        event_time,
        principal,
        item_values(variant_get(request_parameters, '$.instancesSet', 'variant'), 'instanceId') AS asked,
        item_values(variant_get(response_elements, '$.instancesSet', 'variant'), 'instanceId') AS answered
    FROM api_calls
    WHERE event_source = 'ec2.amazonaws.com'
      AND event_name = 'TerminateInstances'
      AND call_outcome(error_code, error_message) = 'success'
),

terminated AS (
    SELECT event_time, principal, explode(array_distinct(concat(asked, answered))) AS instance_id
    FROM calls
)

SELECT
    instance_id,
    min(event_time) AS terminated_at,
    min_by(principal, event_time) AS terminated_by
FROM terminated
GROUP BY instance_id;

CREATE OR REPLACE TEMPORARY VIEW instances AS
WITH started AS (
    SELECT *, explode(instance_ids) AS instance_id
    FROM image_launches
    WHERE images = 1
),

launches AS (
    SELECT
        instance_id,
        min(launch_time) AS launch_time,
        min_by(
            named_struct(
                'image_id', image_id,
                'event_id', launch_event_id,
                'principal', principal,
                'principal_name', principal_name,
                'aws_region', aws_region,
                'account_id', account_id,
                'instance_type', instance_type
            ),
            launch_time
        ) AS launch
    FROM started
    GROUP BY instance_id
)

SELECT
    l.instance_id,
    l.launch.image_id AS image_id,
    l.launch.event_id AS launch_event_id,
    l.launch_time,
    l.launch.principal AS principal,
    l.launch.principal_name AS principal_name,
    l.launch.aws_region AS aws_region,
    l.launch.account_id AS account_id,
    l.launch.instance_type AS instance_type,
    t.terminated_at,
    t.terminated_by
FROM launches AS l
LEFT JOIN instance_terminations AS t ON t.instance_id = l.instance_id;

CREATE OR REPLACE TEMPORARY FUNCTION ami_family(name STRING) RETURNS STRING RETURN
    regexp_replace(regexp_replace(name, '[0-9]+([._-][0-9]+)*', '#'), '[._-]+', '-');

CREATE OR REPLACE TEMPORARY FUNCTION ami_usage_as_of(moment TIMESTAMP) RETURNS TABLE RETURN
WITH parameter AS (
    SELECT
        coalesce(moment, utc_now()) AS as_of,
        coalesce(moment, TIMESTAMP '9999-12-31 23:59:59') AS until
),

launches AS (
    SELECT l.*
    FROM image_launches AS l
    CROSS JOIN parameter AS p
    WHERE l.launch_time <= p.until
),

inventory AS (
    SELECT *
    FROM ami_inventory_as_of(moment)
),

-- by what was said when an image was launched
dated AS (
    SELECT
        l.launch_event_id,
        l.image_id,
        max_by(coalesce(h.deprecation_time <= l.launch_time, false), h.said_at) AS deprecated
    FROM launches AS l
    LEFT JOIN ami_history AS h
        ON h.image_id = l.image_id
        AND h.subject = 'deprecation'
        AND h.said_at <= l.launch_time
    GROUP BY l.launch_event_id, l.image_id
),

launched AS (
    SELECT
        l.image_id,
        min(l.launch_time) AS first_launch,
        max(l.launch_time) AS last_launch,
        count(*) AS launches,
        CAST(sum(coalesce(l.instance_count, 0)) FILTER (WHERE size(l.instance_ids) = 0) AS BIGINT) AS unnamed_instances,
        array_sort(collect_set(l.principal_name)) AS principals,
        array_sort(collect_set(l.aws_region)) AS regions,
        array_sort(collect_set(l.account_id)) AS accounts,
        count(*) FILTER (WHERE d.deprecated) AS deprecated_launches,
        bool_or(d.deprecated) AS deprecated_at_launch,
        max_by(d.deprecated, l.launch_time) FILTER (WHERE d.deprecated IS NOT NULL) AS deprecated_at_last_launch
    FROM launches AS l
    INNER JOIN dated AS d ON d.launch_event_id = l.launch_event_id AND d.image_id = l.image_id
    GROUP BY l.image_id
),

started AS (
    SELECT DISTINCT image_id, instance_id
    FROM launches
    LATERAL VIEW explode(instance_ids) AS instance_id
    WHERE images = 1
),

counted AS (
    SELECT
        s.image_id,
        count(*) AS instances,
        array_sort(collect_list(s.instance_id) FILTER (WHERE t.terminated_at IS NULL OR t.terminated_at > p.until)) AS running_instances
    FROM started AS s
    LEFT JOIN instance_terminations AS t ON t.instance_id = s.instance_id
    CROSS JOIN parameter AS p
    GROUP BY s.image_id
),

named AS (
    SELECT
        i.image_id,
        max_by(r.release, r.end_of_support) AS release,
        max(r.end_of_support) AS end_of_support
    FROM launched AS u
    INNER JOIN inventory AS i ON i.image_id = u.image_id
    INNER JOIN ami_releases AS r ON lower(i.name) RLIKE r.name_matches
    GROUP BY i.image_id
),

replaced AS (
    SELECT i.image_id, i.owner_id, i.aws_region, i.architecture, ami_family(i.name) AS family
    FROM launched AS u
    INNER JOIN inventory AS i ON i.image_id = u.image_id
    WHERE i.state <> 'available'
),

available AS (
    SELECT image_id, name, owner_id, aws_region, architecture, creation_date, ami_family(name) AS family
    FROM inventory
    WHERE state = 'available'
),

newest AS (
    SELECT
        r.image_id,
        max_by(named_struct('image_id', i.image_id, 'name', i.name), i.creation_date) AS image
    FROM replaced AS r
    INNER JOIN available AS i
        ON i.owner_id = r.owner_id
        AND i.aws_region IS NOT DISTINCT FROM r.aws_region
        AND i.architecture IS NOT DISTINCT FROM r.architecture
        AND i.family = r.family
    GROUP BY r.image_id
)

SELECT
    u.image_id,
    i.name,
    i.owner_id,
    i.owner_alias,
    i.architecture,
    i.creation_date,
    i.deprecation_time,
    coalesce(i.state, 'unknown') AS state,
    CASE WHEN i.deprecation_time <= p.as_of THEN CAST(datediff(CAST(p.as_of AS DATE), CAST(i.deprecation_time AS DATE)) AS BIGINT) END AS days_deprecated,

    -- launches
    u.first_launch,
    u.last_launch,
    u.launches,
    u.deprecated_at_launch,
    u.deprecated_at_last_launch,
    u.deprecated_launches,
    u.principals,
    u.regions,
    u.accounts,

    -- instances
    coalesce(c.instances, 0) + coalesce(u.unnamed_instances, 0) AS instances,
    size(coalesce(c.running_instances, CAST(array() AS ARRAY<STRING>))) AS running,
    coalesce(c.running_instances, CAST(array() AS ARRAY<STRING>)) AS running_instances,

    -- what to replace it with
    r.release,
    r.end_of_support,
    n.image.image_id AS replacement,
    n.image.name AS replacement_name,
    coalesce(i.sources, CAST(array() AS ARRAY<STRING>)) AS sources
FROM launched AS u
CROSS JOIN parameter AS p
LEFT JOIN inventory AS i ON i.image_id = u.image_id
LEFT JOIN counted AS c ON c.image_id = u.image_id
LEFT JOIN named AS r ON r.image_id = u.image_id
LEFT JOIN newest AS n ON n.image_id = u.image_id;

CREATE OR REPLACE TEMPORARY VIEW ami_usage AS
SELECT *
FROM ami_usage_as_of(CAST(NULL AS TIMESTAMP));
