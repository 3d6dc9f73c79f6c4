-- What calls were made with: user agents, decoded.
CREATE OR REPLACE VIEW clients AS
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
            WHEN r.client = 'AWS service' THEN regexp_extract(a.user_agent, '[a-z0-9.-]+\.amazonaws\.com')
            -- a product goes by its own name
            ELSE coalesce(r.client, nullif(regexp_extract(a.user_agent, '^\[?([^ /;(]{1,60})', 1), ''))
        END AS client,
        coalesce(r.client_kind, 'unknown') AS client_kind,
        nullif(regexp_extract(lower(a.user_agent), r.fragment || '[^ /#]*(?:[/# ]v?|-v)([0-9][0-9a-z.]*)', 1), '') AS client_version,
        -- os/linux#6.1, Linux/5.10, or what a browser says
        nullif(coalesce(
            nullif(replace(regexp_extract(a.user_agent, '(?:^|[ \[])(?:os|OS)/([^ \]]+)', 1), '#', ' '), ''),
            nullif(regexp_extract(a.user_agent, '(?:Linux|Darwin|Windows)/[^ \];]+'), ''),
            regexp_extract(a.user_agent, 'Windows NT [0-9.]+|Mac OS X [0-9._]+|Linux x86_64|Android [0-9.]+')
        ), '') AS os,
        nullif(replace(regexp_extract(a.user_agent, '(?:^| )lang/([^ \]]+)', 1), '#', ' '), '') AS runtime,
        nullif(regexp_extract(a.user_agent, 'md/command#([^ \]]+)', 1), '') AS command,
        -- distributions that come with the tools of the trade
        nullif(regexp_extract(lower(a.user_agent), '(kali|parrot|pentoo|blackarch)(?:[^a-z]|$)', 1), '') AS offensive_os
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

COMMENT ON VIEW clients IS 'Every user agent, decoded. It is what the caller says of itself: anyone can claim any.';
COMMENT ON COLUMN clients.client_kind IS 'offensive, scanner, infrastructure_as_code, console, cli, sdk, file_browser, agent, http, aws_service or unknown.';
COMMENT ON COLUMN clients.command IS 'What the AWS CLI was asked to do, where it says so: ec2.describe-images.';
COMMENT ON COLUMN clients.offensive IS 'Name of a tool made to attack, or of a distribution made for it, that the user agent shows; else null.';
COMMENT ON COLUMN clients.client_text IS 'Client, version and operating system in one text.';
