-- Access keys that calls to STS handed out, with the chain back to the first principal: see sql/views/025_role_sessions.sql.
CREATE OR REPLACE TEMPORARY VIEW role_sessions AS
WITH RECURSIVE answers AS (
    SELECT
        nullif(variant_get(response_elements, '$.credentials.accessKeyId', 'string'), '') AS issued_key,
        event_id AS issued_by_event_id,
        event_time AS issued_at,
        event_name,
        variant_get(request_parameters, '$.roleArn', 'string') AS role_arn,
        coalesce(
            variant_get(request_parameters, '$.roleSessionName', 'string'),
            variant_get(request_parameters, '$.name', 'string')
        ) AS session_name,
        coalesce(
            variant_get(response_elements, '$.assumedRoleUser.arn', 'string'),
            variant_get(response_elements, '$.federatedUser.arn', 'string'),
            variant_get(request_parameters, '$.roleArn', 'string'),
            variant_get(request_parameters, '$.targetPrincipal', 'string'),
            principal
        ) AS session_principal,
        access_key_id AS parent_access_key_id,
        principal AS parent_principal,
        principal_type AS parent_principal_type,
        CASE
            WHEN access_key_id IS NOT NULL THEN access_key_id
            WHEN principal_type = 'AWSService' OR invoked_by IS NOT NULL THEN NULL
            ELSE nullif(principal_id, '')
        END AS known_by,
        principal_arn
    FROM api_calls
    WHERE event_source = 'sts.amazonaws.com'
      AND event_name IN (
          'AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity',
          'AssumeRoot', 'GetFederationToken', 'GetSessionToken'
      )
),

issued AS (
    SELECT * EXCEPT (principal_arn, place)
    FROM (
        SELECT
            *,
            row_number() OVER (
                PARTITION BY issued_key
                ORDER BY parent_access_key_id IS NULL, principal_arn IS NULL, issued_at, issued_by_event_id
            ) AS place
        FROM answers
        WHERE issued_key IS NOT NULL
    )
    WHERE place = 1
),

first_hops AS (
    SELECT
        *,
        1 AS hops,
        parent_access_key_id AS root_access_key_id,
        parent_principal AS root_principal,
        parent_principal_type AS root_principal_type,
        array(parent_principal, session_principal) AS chain,
        array(issued_key) AS access_keys,
        coalesce(known_by, issued_key) AS session_chain
    FROM issued
),

asked_for_by_sessions AS (
    SELECT i.*
    FROM issued AS i
    LEFT SEMI JOIN issued AS p ON p.issued_key = i.parent_access_key_id
),

chains AS (
    SELECT f.*
    FROM first_hops AS f
    LEFT SEMI JOIN asked_for_by_sessions AS n ON n.parent_access_key_id = f.issued_key
    LEFT ANTI JOIN asked_for_by_sessions AS i ON i.issued_key = f.issued_key
    UNION ALL
    SELECT
        i.*,
        c.hops + 1,
        c.root_access_key_id,
        c.root_principal,
        c.root_principal_type,
        array_append(c.chain, i.session_principal),
        array_append(c.access_keys, i.issued_key),
        c.session_chain
    FROM chains AS c
    INNER JOIN asked_for_by_sessions AS i ON i.parent_access_key_id = c.issued_key
    WHERE c.hops < 100
),

later_hops AS (
    SELECT *
    FROM chains
    WHERE hops > 1
)

SELECT
    issued_key AS access_key_id,
    issued_by_event_id,
    issued_at,
    event_name,
    role_arn,
    session_name,
    session_principal,
    parent_access_key_id,
    parent_principal,
    hops,
    root_access_key_id,
    root_principal,
    root_principal_type,
    chain,
    access_keys,
    session_chain
FROM (
    SELECT *
    FROM later_hops
    UNION ALL
    SELECT f.*
    FROM first_hops AS f
    LEFT ANTI JOIN later_hops AS l ON l.issued_key = f.issued_key
);
