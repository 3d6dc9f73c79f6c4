-- The rows of launch_links: see sql/views/036_launch_links_unsorted.sql.
CREATE OR REPLACE TEMPORARY VIEW chained_query_keys AS
SELECT
    k.event_id,
    k.event_time,
    k.principal,
    k.owner_requested,
    k.link,
    -- a key that no call handed out is a chain's beginning
    CASE WHEN k.link = 'session_chain' THEN coalesce(c.session_chain, k.link_key) ELSE k.link_key END AS link_key
FROM ami_query_keys AS k
LEFT JOIN role_sessions AS c ON c.access_key_id = k.link_key AND k.link = 'session_chain'
WHERE k.outcome = 'success'
  AND k.include_deprecated;

CREATE OR REPLACE TEMPORARY VIEW chained_launch_keys AS
WITH keyed AS (
    SELECT
        event_id,
        event_time,
        named_keys('image', image_ids) AS images_shared,
        caller_keys(access_key_id, principal_arn, session_issuer_arn, source_ip_address, source_kind) AS caller_shared,
        named_keys('makes', makes) AS made,
        named_keys('made_from', CASE WHEN on_behalf THEN made_from END) AS used
    FROM ami_launches
),

spread AS (
    SELECT event_id, event_time, explode(concat(images_shared, caller_shared, made, used)) AS shared
    FROM keyed
)

SELECT
    k.event_id,
    k.event_time,
    k.shared.link AS link,
    CASE WHEN k.shared.link = 'session_chain' THEN coalesce(c.session_chain, k.shared.link_key) ELSE k.shared.link_key END AS link_key
FROM spread AS k
LEFT JOIN role_sessions AS c ON c.access_key_id = k.shared.link_key AND k.shared.link = 'session_chain'
WHERE k.shared.link_key IS NOT NULL;

CREATE OR REPLACE TEMPORARY FUNCTION launch_links_unsorted(hours INT, any_owner BOOLEAN) RETURNS TABLE RETURN
WITH direct AS (
    SELECT
        q.event_id AS query_event_id,
        q.event_time AS query_time,
        q.principal AS query_principal,
        q.owner_requested,
        l.event_id,
        q.link,
        CAST(NULL AS STRING) AS on_behalf_of_event_id
    FROM chained_query_keys AS q
    INNER JOIN chained_launch_keys AS l
        ON l.link = q.link
        AND l.link_key = q.link_key
        AND l.event_time >= q.event_time
        AND l.event_time <= q.event_time + hours * INTERVAL '1' HOUR
    WHERE q.owner_requested OR any_owner
),

-- launches by a service, from what a linked call had made after the query
on_behalf AS (
    SELECT
        q.event_id AS query_event_id,
        q.event_time AS query_time,
        q.principal AS query_principal,
        q.owner_requested,
        l.event_id,
        'on_behalf' AS link,
        max_by(m.event_id, order_in_time(m.event_time, m.event_id)) AS on_behalf_of_event_id
    FROM chained_launch_keys AS m
    INNER JOIN chained_launch_keys AS l
        ON l.link_key = m.link_key
        AND l.event_time >= m.event_time
    INNER JOIN chained_launch_keys AS d
        ON d.event_id = m.event_id
    INNER JOIN chained_query_keys AS q
        ON q.link = d.link
        AND q.link_key = d.link_key
        AND q.event_time <= m.event_time
        AND q.event_time >= l.event_time - hours * INTERVAL '1' HOUR
    WHERE m.link = 'makes'
      AND l.link = 'made_from'
      AND (q.owner_requested OR any_owner)
    GROUP BY q.event_id, q.event_time, q.principal, q.owner_requested, l.event_id
),

links AS (
    SELECT *
    FROM direct
    UNION ALL
    SELECT *
    FROM on_behalf
)

SELECT
    k.query_event_id,
    k.query_time,
    k.query_principal,
    k.owner_requested,
    k.event_id AS launch_event_id,
    d.event_time AS launch_time,
    d.event_name,
    d.launch_kind,
    k.link,
    seconds_between(k.query_time, d.event_time) AS lag_seconds,
    k.on_behalf_of_event_id,
    d.principal AS launch_principal,
    d.principal_name AS launch_principal_name,
    d.source_ip_address AS launch_source_ip_address,
    d.aws_region,
    d.outcome,
    d.error_code,
    d.image_ids,
    d.instance_ids,
    d.instance_type,
    d.instance_count
FROM links AS k
INNER JOIN ami_launches AS d ON d.event_id = k.event_id;
