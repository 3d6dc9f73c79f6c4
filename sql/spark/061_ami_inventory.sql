-- What is known about images: see sql/views/061_ami_inventory.sql. The first and the last moment there are stand for
-- DuckDB's infinities.
CREATE OR REPLACE TEMPORARY VIEW ami_history AS
WITH changes AS (
    SELECT
        *,
        creates
            OR event_name = 'DisableImageDeprecation'
            OR (event_name = 'EnableImageDeprecation' AND deprecate_at IS NOT NULL) AS on_deprecation,
        CASE
            WHEN creates OR event_name IN ('EnableImage', 'RestoreImageFromRecycleBin') THEN 'available'
            WHEN event_name = 'DisableImage' THEN 'disabled'
            WHEN event_name = 'DeregisterImage' THEN 'deregistered'
        END AS state
    FROM ami_events
),

logged AS (
    SELECT image_id, 'deprecation' AS subject, event_time AS said_at, deprecate_at AS deprecation_time, state, 'log' AS source, event_id
    FROM changes
    WHERE on_deprecation
    UNION ALL
    SELECT image_id, 'state', event_time, deprecate_at, state, 'log', event_id
    FROM changes
    WHERE state IS NOT NULL
),

described AS (
    SELECT image_id, 'deprecation' AS subject, described_at, deprecation_time, CAST(NULL AS STRING) AS state
    FROM amis
    UNION ALL
    SELECT image_id, 'state', described_at, CAST(NULL AS TIMESTAMP), coalesce(lower(state), 'available')
    FROM amis
),

first_logged AS (
    SELECT image_id, subject, min(said_at) AS said_at
    FROM logged
    GROUP BY image_id, subject
)

SELECT image_id, subject, said_at, deprecation_time, state, source, event_id
FROM logged
UNION ALL
SELECT
    d.image_id,
    d.subject,
    CASE WHEN f.said_at <= d.described_at THEN d.described_at ELSE TIMESTAMP '0001-01-01 00:00:00' END,
    d.deprecation_time,
    d.state,
    'inventory',
    CAST(NULL AS STRING)
FROM described AS d
LEFT JOIN first_logged AS f ON f.image_id = d.image_id AND f.subject = d.subject;

CREATE OR REPLACE TEMPORARY VIEW image_launches AS
WITH launches AS (
    SELECT
        *,
        filter(image_ids, id -> NOT id LIKE 'resolve:%') AS named_images
    FROM ami_launches
    WHERE outcome = 'success'
      AND (event_name = 'RunInstances' OR size(instance_ids) > 0)
)

SELECT
    event_id AS launch_event_id,
    event_time AS launch_time,
    event_name,
    explode(named_images) AS image_id,
    size(named_images) AS images,
    principal,
    principal_name,
    aws_region,
    account_id,
    instance_ids,
    instance_count,
    instance_type
FROM launches;

CREATE OR REPLACE TEMPORARY FUNCTION ami_inventory_as_of(moment TIMESTAMP) RETURNS TABLE RETURN
WITH parameter AS (
    SELECT
        coalesce(moment, utc_now()) AS as_of,
        coalesce(moment, TIMESTAMP '9999-12-31 23:59:59') AS until,
        moment IS NULL AS all_known
),

last_word AS (
    SELECT
        h.image_id,
        max_by(named_struct('becomes', h.deprecation_time), h.said_at) FILTER (WHERE h.subject = 'deprecation') AS deprecation,
        max_by(h.state, h.said_at) FILTER (WHERE h.subject = 'state' AND h.state IS NOT NULL) AS state
    FROM ami_history AS h
    CROSS JOIN parameter AS p
    WHERE h.said_at <= p.until
    GROUP BY h.image_id
),

changed AS (
    SELECT
        e.image_id,
        max_by(e.name, e.event_time) FILTER (WHERE e.name IS NOT NULL) AS name,
        max_by(e.aws_region, e.event_time) FILTER (WHERE e.aws_region IS NOT NULL) AS aws_region,
        max_by(e.account_id, e.event_time) FILTER (WHERE e.account_id IS NOT NULL) AS account_id,
        max_by(e.architecture, e.event_time) FILTER (WHERE e.architecture IS NOT NULL) AS architecture,
        max_by(e.source_image_id, e.event_time) FILTER (WHERE e.source_image_id IS NOT NULL) AS source_image_id,
        max_by(e.source_region, e.event_time) FILTER (WHERE e.source_region IS NOT NULL) AS source_region,
        max_by(e.source_instance_id, e.event_time) FILTER (WHERE e.source_instance_id IS NOT NULL) AS source_instance_id,
        min(e.event_time) FILTER (WHERE e.creates) AS created_at,
        min_by(e.principal, e.event_time) FILTER (WHERE e.creates AND e.principal IS NOT NULL) AS created_by,
        max(e.event_time) FILTER (WHERE e.event_name = 'DeregisterImage') AS deregistered_at,
        max_by(e.principal, e.event_time) FILTER (WHERE e.event_name = 'DeregisterImage' AND e.principal IS NOT NULL) AS deregistered_by,
        max_by(e.made_public, e.event_time) FILTER (WHERE e.made_public IS NOT NULL) AS made_public,
        max(e.event_time) FILTER (WHERE e.made_public IS NOT NULL) AS made_public_at
    FROM ami_events AS e
    CROSS JOIN parameter AS p
    WHERE e.event_time <= p.until
    GROUP BY e.image_id
),

launched AS (
    SELECT l.image_id, min(l.aws_region) AS aws_region
    FROM image_launches AS l
    CROSS JOIN parameter AS p
    WHERE l.launch_time <= p.until
    GROUP BY l.image_id
),

used AS (
    SELECT image_id, aws_region
    FROM changed
    UNION ALL
    SELECT image_id, aws_region
    FROM launched
),

answer_regions AS (
    SELECT d.source, d.imported_at, min(u.aws_region) AS aws_region
    FROM amis AS d
    INNER JOIN used AS u ON u.image_id = d.image_id
    WHERE d.aws_region IS NULL
    GROUP BY d.source, d.imported_at
    HAVING count(DISTINCT u.aws_region) = 1
),

known AS (
    SELECT image_id
    FROM amis
    UNION
    SELECT image_id
    FROM changed
    UNION
    SELECT image_id
    FROM launched
),

merged AS (
    SELECT
        k.image_id,
        coalesce(d.name, c.name) AS name,
        d.description,
        coalesce(d.owner_id, c.account_id) AS owner_id,
        d.owner_alias,
        coalesce(d.aws_region, c.aws_region, l.aws_region, r.aws_region) AS aws_region,
        coalesce(d.creation_date, c.created_at) AS creation_date,
        c.created_by,
        w.deprecation.becomes AS deprecation_time,
        w.deprecation IS NOT NULL AS on_deprecation,
        w.state AS last_state,
        c.deregistered_at,
        c.deregistered_by,
        CASE WHEN c.made_public_at > d.described_at OR d.is_public IS NULL THEN coalesce(c.made_public, d.is_public) ELSE d.is_public END AS is_public,
        coalesce(d.architecture, c.architecture) AS architecture,
        d.platform,
        coalesce(c.source_image_id, d.source_image_id) AS source_image_id,
        coalesce(c.source_region, d.source_image_region) AS source_region,
        c.source_instance_id,
        d.source AS described_in,
        d.described_at,
        c.image_id IS NOT NULL OR l.image_id IS NOT NULL AS in_log,
        d.image_id IS NOT NULL AS in_inventory
    FROM known AS k
    LEFT JOIN amis AS d ON d.image_id = k.image_id
    LEFT JOIN changed AS c ON c.image_id = k.image_id
    LEFT JOIN launched AS l ON l.image_id = k.image_id
    LEFT JOIN last_word AS w ON w.image_id = k.image_id
    LEFT JOIN answer_regions AS r ON r.source = d.source AND r.imported_at = d.imported_at
)

SELECT
    m.image_id,
    m.name,
    m.description,
    m.owner_id,
    m.owner_alias,
    m.aws_region,
    m.creation_date,
    m.created_by,
    m.deprecation_time,
    CASE
        WHEN m.last_state IN ('deregistered', 'disabled') THEN m.last_state
        WHEN m.last_state NOT IN ('available', 'pending') THEN 'unknown'
        WHEN m.deprecation_time <= p.as_of THEN 'deprecated'
        WHEN m.on_deprecation THEN 'available'
        ELSE 'unknown'
    END AS state,
    CASE WHEN m.last_state = 'deregistered' THEN m.deregistered_at END AS deregistered_at,
    CASE WHEN m.last_state = 'deregistered' THEN m.deregistered_by END AS deregistered_by,
    m.is_public,
    m.architecture,
    m.platform,
    m.source_image_id,
    m.source_region,
    m.source_instance_id,
    m.described_in,
    m.described_at,
    filter(array(CASE WHEN m.in_log THEN 'log' END, CASE WHEN m.in_inventory THEN 'inventory' END), s -> s IS NOT NULL) AS sources
FROM merged AS m
CROSS JOIN parameter AS p
WHERE m.creation_date <= p.as_of OR m.creation_date IS NULL OR p.all_known;

CREATE OR REPLACE TEMPORARY VIEW ami_inventory AS
SELECT *
FROM ami_inventory_as_of(CAST(NULL AS TIMESTAMP));
