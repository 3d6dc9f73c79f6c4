-- The rows of launch_links, for queries that gather them: millions need not be sorted first.
CREATE OR REPLACE MACRO launch_links_unsorted(hours INTEGER, any_owner BOOLEAN) AS TABLE
WITH chains AS (
    SELECT access_key_id, session_chain
    FROM role_sessions
),

queries AS (
    SELECT
        k.event_id,
        k.event_time,
        k.principal,
        k.owner_requested,
        k.link,
        -- a key that no call handed out is a chain's beginning
        CASE WHEN k.link = 'session_chain' THEN coalesce(c.session_chain, k.link_key) ELSE k.link_key END AS link_key
    FROM ami_query_keys AS k
    LEFT JOIN chains AS c ON c.access_key_id = k.link_key AND k.link = 'session_chain'
    WHERE k.outcome = 'success'
      AND k.include_deprecated
      AND (k.owner_requested OR any_owner)
),

called AS MATERIALIZED (
    SELECT
        l.event_id,
        l.event_time,
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
        l.instance_type,
        l.instance_count,
        launch_keys(
            l.image_ids, l.access_key_id, l.principal_arn, l.session_issuer_arn, l.source_ip_address, l.source_kind,
            l.makes, l.on_behalf, l.made_from
        ) AS link_keys
    FROM ami_launches AS l
),

-- without what is only shown
launches AS MATERIALIZED (
    SELECT
        k.event_id,
        k.event_time,
        k.shared.link,
        CASE WHEN k.shared.link = 'session_chain' THEN coalesce(c.session_chain, k.shared.link_key) ELSE k.shared.link_key END AS link_key
    FROM (
        SELECT l.event_id, l.event_time, unnest(l.link_keys) AS shared
        FROM called AS l
    ) AS k
    LEFT JOIN chains AS c ON c.access_key_id = k.shared.link_key AND k.shared.link = 'session_chain'
    WHERE k.shared.link_key IS NOT NULL
),

direct AS (
    SELECT
        q.event_id AS query_event_id,
        q.event_time AS query_time,
        q.principal AS query_principal,
        q.owner_requested,
        q.link,
        l.event_id
    FROM queries AS q
    INNER JOIN launches AS l
        ON l.link = q.link
        AND l.link_key = q.link_key
        AND l.event_time >= q.event_time
        AND l.event_time <= q.event_time + hours * INTERVAL '1' HOUR
),

-- launches by a service, from what a linked call had made after the query
on_behalf AS (
    SELECT
        q.event_id AS query_event_id,
        q.event_time AS query_time,
        q.principal AS query_principal,
        q.owner_requested,
        l.event_id,
        max_by(m.event_id, order_in_time(m.event_time, m.event_id)) AS on_behalf_of_event_id
    FROM launches AS m
    INNER JOIN launches AS l
        ON l.link_key = m.link_key
        AND l.event_time >= m.event_time
    INNER JOIN launches AS d
        ON d.event_id = m.event_id
    INNER JOIN queries AS q
        ON q.link = d.link
        AND q.link_key = d.link_key
        AND q.event_time <= m.event_time
        AND q.event_time >= l.event_time - hours * INTERVAL '1' HOUR
    WHERE m.link = 'makes'
      AND l.link = 'made_from'
    GROUP BY q.event_id, q.event_time, q.principal, q.owner_requested, l.event_id
),

links AS (
    SELECT d.query_event_id, d.query_time, d.query_principal, d.owner_requested, d.event_id, d.link, NULL AS on_behalf_of_event_id
    FROM direct AS d
    UNION ALL
    SELECT b.query_event_id, b.query_time, b.query_principal, b.owner_requested, b.event_id, 'on_behalf', b.on_behalf_of_event_id
    FROM on_behalf AS b
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
INNER JOIN called AS d ON d.event_id = k.event_id;
COMMENT ON MACRO TABLE launch_links_unsorted IS 'The rows of launch_links in no order.';
