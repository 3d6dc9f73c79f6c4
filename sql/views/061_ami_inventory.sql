-- What is known about images: from the log, and from inventories that were imported.

CREATE OR REPLACE VIEW ami_history AS
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

-- a new image is not to be deprecated, and available: two things said
logged AS (
    SELECT
        image_id,
        unnest(list_filter(
            [CASE WHEN on_deprecation THEN 'deprecation' END, CASE WHEN state IS NOT NULL THEN 'state' END],
            lambda subject: subject IS NOT NULL
        )) AS subject,
        event_time AS said_at,
        deprecate_at AS deprecation_time,
        state,
        'log' AS source,
        e.event_id
    FROM changes AS e
),

described AS (
    SELECT image_id, 'deprecation' AS subject, described_at, deprecation_time, NULL AS state
    FROM amis
    UNION ALL
    SELECT image_id, 'state', described_at, NULL, coalesce(lower(state), 'available')
    FROM amis
),

first_logged AS (
    SELECT image_id, subject, min(said_at) AS said_at
    FROM logged
    GROUP BY image_id, subject
)

SELECT image_id, subject, said_at, deprecation_time, state, source, l.event_id
FROM logged AS l
UNION ALL
SELECT
    d.image_id,
    d.subject,
    -- it was so before, too, as far as the log knows of no change
    CASE WHEN f.said_at <= d.described_at THEN d.described_at ELSE '-infinity'::TIMESTAMP END,
    d.deprecation_time,
    d.state,
    'inventory',
    NULL
FROM described AS d
LEFT JOIN first_logged AS f ON f.image_id = d.image_id AND f.subject = d.subject;

COMMENT ON VIEW ami_history IS 'What was said about an image, by the log or an inventory: it holds until something else is said later about the same subject.';
COMMENT ON COLUMN ami_history.subject IS 'deprecation (see deprecation_time) or state.';
COMMENT ON COLUMN ami_history.said_at IS 'From when on that holds, UTC. What an inventory says holds as far back as the log knows of no change: -infinity.';
COMMENT ON COLUMN ami_history.deprecation_time IS 'When the image becomes deprecated, UTC; null: not to be deprecated.';
COMMENT ON COLUMN ami_history.state IS 'available, disabled, deregistered, or another state that an inventory gives.';
COMMENT ON COLUMN ami_history.source IS 'log or inventory.';
COMMENT ON COLUMN ami_history.event_id IS 'The call that said so.';

CREATE OR REPLACE VIEW image_launches AS
WITH launches AS (
    SELECT
        * REPLACE (
            -- `resolve:ssm:...` stands for the image that the response names
            list_filter(image_ids, lambda id: id NOT LIKE 'resolve:%') AS image_ids
        )
    FROM ami_launches
    WHERE outcome = 'success'
      AND (event_name = 'RunInstances' OR len(instance_ids) > 0)
)

SELECT
    l.event_id AS launch_event_id,
    event_time AS launch_time,
    event_name,
    unnest(image_ids) AS image_id,
    len(image_ids) AS images,
    principal,
    principal_name,
    aws_region,
    account_id,
    instance_ids,
    instance_count,
    instance_type
FROM launches AS l;

COMMENT ON VIEW image_launches IS 'Launches that succeeded, one row per launch and image.';
COMMENT ON COLUMN image_launches.images IS 'How many images the launch names: with several, as a fleet has them, the log does not say which instance is of which.';

CREATE OR REPLACE MACRO ami_inventory_as_of(moment TIMESTAMP) AS TABLE
WITH parameter AS (
    -- the clock of whoever reads may be behind that of the log
    SELECT
        coalesce(moment, utc_now()) AS as_of,
        coalesce(moment, 'infinity'::TIMESTAMP) AS until
),

-- the last word on each subject; in a struct, because that there is no date is a word, too
last_word AS (
    SELECT
        image_id,
        arg_max({'becomes': deprecation_time}, said_at) FILTER (subject = 'deprecation') AS deprecation,
        arg_max(state, said_at) FILTER (subject = 'state') AS state
    FROM ami_history, parameter
    WHERE said_at <= until
    GROUP BY image_id
),

changed AS (
    SELECT
        image_id,
        arg_max(name, event_time) AS name,
        arg_max(aws_region, event_time) AS aws_region,
        arg_max(account_id, event_time) AS account_id,
        arg_max(architecture, event_time) AS architecture,
        arg_max(source_image_id, event_time) AS source_image_id,
        arg_max(source_region, event_time) AS source_region,
        arg_max(source_instance_id, event_time) AS source_instance_id,
        min(event_time) FILTER (creates) AS created_at,
        arg_min(principal, event_time) FILTER (creates) AS created_by,
        max(event_time) FILTER (event_name = 'DeregisterImage') AS deregistered_at,
        arg_max(principal, event_time) FILTER (event_name = 'DeregisterImage') AS deregistered_by,
        arg_max(made_public, event_time) AS made_public,
        max(event_time) FILTER (made_public IS NOT NULL) AS made_public_at
    FROM ami_events, parameter
    WHERE event_time <= until
    GROUP BY image_id
),

launched AS (
    SELECT image_id, min(aws_region) AS aws_region
    FROM image_launches, parameter
    WHERE launch_time <= until
    GROUP BY image_id
),

-- an answer of describe-images does not name its region, but is of one: that in which its images were used
answer_regions AS (
    SELECT source, imported_at, any_value(u.aws_region) AS aws_region
    FROM amis
    INNER JOIN (
        SELECT image_id, aws_region FROM changed
        UNION ALL
        SELECT image_id, aws_region FROM launched
    ) AS u USING (image_id)
    WHERE amis.aws_region IS NULL
    GROUP BY source, imported_at
    HAVING count(DISTINCT u.aws_region) = 1
),

known AS (
    SELECT image_id FROM amis
    UNION
    SELECT image_id FROM changed
    UNION
    SELECT image_id FROM launched
),

merged AS (
    SELECT
        image_id,
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
    FROM known
    LEFT JOIN amis AS d USING (image_id)
    LEFT JOIN changed AS c USING (image_id)
    LEFT JOIN launched AS l USING (image_id)
    LEFT JOIN last_word AS w USING (image_id)
    LEFT JOIN answer_regions AS r ON r.source = d.source AND r.imported_at = d.imported_at
)

SELECT
    image_id,
    name,
    description,
    owner_id,
    owner_alias,
    aws_region,
    creation_date,
    created_by,
    deprecation_time,
    -- the last word on whether it is there at all, then that on its deprecation
    CASE
        WHEN last_state IN ('deregistered', 'disabled') THEN last_state
        WHEN last_state NOT IN ('available', 'pending') THEN 'unknown'
        WHEN deprecation_time <= as_of THEN 'deprecated'
        WHEN on_deprecation THEN 'available'
        ELSE 'unknown'
    END AS state,
    CASE WHEN last_state = 'deregistered' THEN deregistered_at END AS deregistered_at,
    CASE WHEN last_state = 'deregistered' THEN deregistered_by END AS deregistered_by,
    is_public,
    architecture,
    platform,
    source_image_id,
    source_region,
    source_instance_id,
    described_in,
    described_at,
    list_filter([CASE WHEN in_log THEN 'log' END, CASE WHEN in_inventory THEN 'inventory' END], lambda s: s IS NOT NULL) AS sources
FROM merged, parameter
WHERE creation_date <= as_of OR creation_date IS NULL OR moment IS NULL;
COMMENT ON MACRO TABLE ami_inventory_as_of IS 'ami_inventory as of a moment: by what the log says until then, and by the last inventory. Null: now, with all that is known.';

CREATE OR REPLACE VIEW ami_inventory AS
FROM ami_inventory_as_of(NULL::TIMESTAMP);

COMMENT ON VIEW ami_inventory IS 'What is known about images, one row each: those an inventory describes, those that calls made or changed, those that were launched.';
COMMENT ON COLUMN ami_inventory.owner_id IS 'Account that owns it: as the inventory says, else the one that received calls to change it.';
COMMENT ON COLUMN ami_inventory.owner_alias IS 'amazon, aws-marketplace, ...';
COMMENT ON COLUMN ami_inventory.creation_date IS 'As the inventory says, else when the call that made it was logged, UTC.';
COMMENT ON COLUMN ami_inventory.created_by IS 'principal of that call.';
COMMENT ON COLUMN ami_inventory.deprecation_time IS 'When it becomes, or became, deprecated, UTC; null: not to be, or nothing known. Whichever of log and inventory spoke last.';
COMMENT ON COLUMN ami_inventory.state IS 'As of now: available, deprecated, disabled, deregistered; unknown where nothing says whether it is deprecated.';
COMMENT ON COLUMN ami_inventory.aws_region IS 'As the import was told, else where it was launched or changed, else where images of the same answer were.';
COMMENT ON COLUMN ami_inventory.is_public IS 'Whether everyone may launch it. Whichever of log and inventory spoke last.';
COMMENT ON COLUMN ami_inventory.source_image_id IS 'Image of which it is a copy.';
COMMENT ON COLUMN ami_inventory.source_instance_id IS 'Instance of which it was made.';
COMMENT ON COLUMN ami_inventory.described_in IS 'The inventory: see amis.source.';
COMMENT ON COLUMN ami_inventory.sources IS 'Where this is from: log, inventory.';
