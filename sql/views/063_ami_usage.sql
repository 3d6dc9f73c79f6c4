-- Which images became instances, and what is left of these.

CREATE OR REPLACE VIEW instance_terminations AS
WITH calls AS (
    SELECT
        event_time,
        principal,
        unnest(list_distinct(
            item_values(request_parameters.instancesSet::JSON, 'instanceId')
            || item_values(response_elements.instancesSet::JSON, 'instanceId')
        )) AS instance_id
    FROM api_calls
    WHERE event_source = 'ec2.amazonaws.com'
      AND event_name = 'TerminateInstances'
      AND call_outcome(error_code, error_message) = 'success'
)

SELECT
    instance_id,
    min(event_time) AS terminated_at,
    arg_min(principal, event_time) AS terminated_by
FROM calls
GROUP BY instance_id;

COMMENT ON VIEW instance_terminations IS 'Instances that were terminated, one row each: when first, and by whom.';

CREATE OR REPLACE VIEW instances AS
WITH started AS (
    SELECT unnest(instance_ids) AS instance_id, l.*
    FROM image_launches AS l
    WHERE images = 1
),

-- a fleet's instances are logged as the fleet's, and as those of the call it made for them
launches AS (
    SELECT
        instance_id,
        min(launch_time) AS launch_time,
        arg_min({
            'image_id': image_id,
            'event_id': launch_event_id,
            'principal': principal,
            'principal_name': principal_name,
            'aws_region': aws_region,
            'account_id': account_id,
            'instance_type': instance_type
        }, launch_time) AS launch
    FROM started
    GROUP BY instance_id
)

SELECT
    instance_id,
    launch.image_id AS image_id,
    launch.event_id AS launch_event_id,
    launch_time,
    launch.principal AS principal,
    launch.principal_name AS principal_name,
    launch.aws_region AS aws_region,
    launch.account_id AS account_id,
    launch.instance_type AS instance_type,
    terminated_at,
    terminated_by
FROM launches
LEFT JOIN instance_terminations USING (instance_id);

COMMENT ON VIEW instances IS 'Instances whose launch, and its image, is in the log, one row each.';
COMMENT ON COLUMN instances.terminated_at IS 'When it was terminated, UTC; null: as far as the log tells it is still there, perhaps stopped.';
COMMENT ON COLUMN instances.terminated_by IS 'principal of that call.';

-- Images of one family differ in versions and dates only.
CREATE OR REPLACE MACRO ami_family(name VARCHAR) AS
    regexp_replace(regexp_replace(name, '[0-9]+([._-][0-9]+)*', '#', 'g'), '[._-]+', '-', 'g');
COMMENT ON MACRO ami_family IS 'Name of an image without versions and dates: amzn-ami-hvm-#-x#-gp#.';

CREATE OR REPLACE MACRO ami_usage_as_of(moment TIMESTAMP) AS TABLE
WITH parameter AS (
    SELECT
        coalesce(moment, utc_now()) AS as_of,
        coalesce(moment, 'infinity'::TIMESTAMP) AS until
),

launches AS MATERIALIZED (
    SELECT l.*
    FROM image_launches AS l, parameter
    WHERE launch_time <= until
),

inventory AS MATERIALIZED (
    SELECT *
    FROM ami_inventory_as_of(moment)
),

deprecations AS (
    SELECT image_id, said_at, deprecation_time
    FROM ami_history
    WHERE subject = 'deprecation'
      AND image_id IN (SELECT image_id FROM launches)
),

-- by what was said when an image was launched
dated AS (
    SELECT
        l.launch_event_id,
        l.image_id,
        CASE WHEN h.image_id IS NOT NULL THEN coalesce(h.deprecation_time <= l.launch_time, false) END AS deprecated
    FROM launches AS l
    ASOF LEFT JOIN deprecations AS h
        ON h.image_id = l.image_id AND h.said_at <= l.launch_time
),

launched AS (
    SELECT
        l.image_id,
        min(launch_time) AS first_launch,
        max(launch_time) AS last_launch,
        count(*) AS launches,
        -- where the log keeps no answer, as many as were asked for
        sum(coalesce(instance_count, 0)) FILTER (len(instance_ids) = 0)::BIGINT AS unnamed_instances,
        list_sort(list(DISTINCT principal_name)) AS principals,
        list_sort(list(DISTINCT l.aws_region)) AS regions,
        list_sort(list(DISTINCT account_id)) AS accounts,
        count(*) FILTER (deprecated) AS deprecated_launches,
        bool_or(deprecated) AS deprecated_at_launch,
        arg_max(deprecated, launch_time) AS deprecated_at_last_launch
    FROM launches AS l
    INNER JOIN dated AS d ON d.launch_event_id = l.launch_event_id AND d.image_id = l.image_id
    GROUP BY l.image_id
),

-- as in the view instances, of the launches that are read already
started AS (
    SELECT DISTINCT image_id, unnest(instance_ids) AS instance_id
    FROM launches
    WHERE images = 1
),

counted AS (
    SELECT
        image_id,
        count(*) AS instances,
        list_sort(list(instance_id) FILTER (terminated_at IS NULL OR terminated_at > until)) AS running_instances
    FROM started
    LEFT JOIN instance_terminations USING (instance_id)
    CROSS JOIN parameter
    GROUP BY image_id
),

-- what the names say, for whatever the inventory offers no replacement
named AS (
    SELECT
        i.image_id,
        arg_max(r.release, r.end_of_support) AS release,
        max(r.end_of_support) AS end_of_support
    FROM launched
    INNER JOIN inventory AS i USING (image_id)
    INNER JOIN ami_releases AS r ON regexp_matches(lower(i.name), r.name_matches)
    GROUP BY i.image_id
),

replaced AS (
    SELECT i.image_id, owner_id, aws_region, architecture, ami_family(name) AS family
    FROM launched
    INNER JOIN inventory AS i USING (image_id)
    WHERE state <> 'available'
),

newest AS (
    SELECT
        r.image_id,
        arg_max({'image_id': i.image_id, 'name': i.name}, i.creation_date) AS image
    FROM replaced AS r
    INNER JOIN inventory AS i
        ON i.owner_id = r.owner_id
        AND i.aws_region IS NOT DISTINCT FROM r.aws_region
        AND i.architecture IS NOT DISTINCT FROM r.architecture
        AND ami_family(i.name) = r.family
    WHERE i.state = 'available'
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
    CASE WHEN i.deprecation_time <= as_of THEN date_diff('day', i.deprecation_time, as_of) END AS days_deprecated,

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
    len(coalesce(c.running_instances, [])) AS running,
    coalesce(c.running_instances, []) AS running_instances,

    -- what to replace it with
    r.release,
    r.end_of_support,
    n.image.image_id AS replacement,
    n.image.name AS replacement_name,
    coalesce(i.sources, []) AS sources
FROM launched AS u
CROSS JOIN parameter
LEFT JOIN inventory AS i ON i.image_id = u.image_id
LEFT JOIN counted AS c ON c.image_id = u.image_id
LEFT JOIN named AS r ON r.image_id = u.image_id
LEFT JOIN newest AS n ON n.image_id = u.image_id;
COMMENT ON MACRO TABLE ami_usage_as_of IS 'ami_usage as of a moment: by what the log says until then, and by the last inventory. Null: now, with all that is known.';

CREATE OR REPLACE VIEW ami_usage AS
FROM ami_usage_as_of(NULL::TIMESTAMP);

COMMENT ON VIEW ami_usage IS 'Images that were launched, one row each: by whom, when, how often, whether deprecated then and now, what is left, what to replace it with.';
COMMENT ON COLUMN ami_usage.state IS 'As of now: see ami_inventory.';
COMMENT ON COLUMN ami_usage.days_deprecated IS 'Days since it became deprecated.';
COMMENT ON COLUMN ami_usage.deprecated_at_launch IS 'Whether it was deprecated when it was launched, at least once; null where nothing is known.';
COMMENT ON COLUMN ami_usage.deprecated_at_last_launch IS 'Whether it was when it was launched last.';
COMMENT ON COLUMN ami_usage.deprecated_launches IS 'How many launches there were while it was.';
COMMENT ON COLUMN ami_usage.principals IS 'principal_name of everyone who launched it.';
COMMENT ON COLUMN ami_usage.instances IS 'Instances launched.';
COMMENT ON COLUMN ami_usage.running IS 'Of these: not terminated as far as the log tells; stopped ones are among them.';
COMMENT ON COLUMN ami_usage.running_instances IS 'Their ids.';
COMMENT ON COLUMN ami_usage.release IS 'The old operating system that the name names: see ami_releases.';
COMMENT ON COLUMN ami_usage.end_of_support IS 'Last day of its support.';
COMMENT ON COLUMN ami_usage.replacement IS 'For an image that is not available: the newest available one in the inventory of the same owner, region, architecture and family of names.';
