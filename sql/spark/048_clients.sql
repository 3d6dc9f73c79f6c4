-- What calls were made with: see sql/views/048_clients.sql.
CREATE OR REPLACE TEMPORARY VIEW clients AS
WITH agents AS (
    SELECT
        user_agent,
        count(*) AS calls,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen
    FROM api_calls
    GROUP BY user_agent
),

recognised AS (
    SELECT
        a.user_agent,
        min_by(s.client, s.rank) AS client,
        min_by(s.client_kind, s.rank) AS client_kind,
        min_by(s.fragment, s.rank) AS fragment
    FROM agents AS a
    INNER JOIN client_signatures AS s ON contains(lower(a.user_agent), s.fragment)
    GROUP BY a.user_agent
),

decoded AS (
    SELECT
        a.*,
        CASE
            WHEN r.client = 'AWS service' THEN regexp_extract(a.user_agent, r'[a-z0-9.-]+\.amazonaws\.com', 0)
            ELSE coalesce(r.client, nullif(regexp_extract(a.user_agent, r'^\[?([^ /;(]{1,60})', 1), ''))
        END AS client,
        coalesce(r.client_kind, 'unknown') AS client_kind,
        nullif(regexp_extract(lower(a.user_agent), r.fragment || '[^ /#]*(?:[/# ]v?|-v)([0-9][0-9a-z.]*)', 1), '') AS client_version,
        nullif(coalesce(
            nullif(replace(regexp_extract(a.user_agent, r'(?:^|[ \[])(?:os|OS)/([^ \]]+)', 1), '#', ' '), ''),
            nullif(regexp_extract(a.user_agent, r'(?:Linux|Darwin|Windows)/[^ \];]+', 0), ''),
            regexp_extract(a.user_agent, 'Windows NT [0-9.]+|Mac OS X [0-9._]+|Linux x86_64|Android [0-9.]+', 0)
        ), '') AS os,
        nullif(replace(regexp_extract(a.user_agent, r'(?:^| )lang/([^ \]]+)', 1), '#', ' '), '') AS runtime,
        nullif(regexp_extract(a.user_agent, r'md/command#([^ \]]+)', 1), '') AS command,
        nullif(regexp_extract(lower(a.user_agent), r'(kali|parrot|pentoo|blackarch)(?:[^a-z]|\z)', 1), '') AS offensive_os
    FROM agents AS a
    LEFT JOIN recognised AS r ON r.user_agent = a.user_agent
)

SELECT
    user_agent,
    client,
    client_version,
    client_kind,
    os,
    runtime,
    command,
    CASE WHEN client_kind = 'offensive' THEN client ELSE offensive_os END AS offensive,
    concat_ws(' ', coalesce(client, 'unknown client'), client_version) || coalesce(' on ' || os, '') AS client_text,
    calls,
    first_seen,
    last_seen
FROM decoded;
