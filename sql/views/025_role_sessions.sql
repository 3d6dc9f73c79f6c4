-- Access keys that calls to STS handed out, each with the chain back to the first principal.
CREATE OR REPLACE VIEW role_sessions AS
WITH RECURSIVE answers AS (
    SELECT
        nullif(response_elements.credentials.accessKeyId::VARCHAR, '') AS issued_key,
        c.event_id AS issued_by_event_id,
        event_time AS issued_at,
        event_name,
        request_parameters.roleArn::VARCHAR AS role_arn,
        coalesce(request_parameters.roleSessionName::VARCHAR, request_parameters."name"::VARCHAR) AS session_name,
        -- GetSessionToken's key acts as its caller, AssumeRoot's as the root user of an account
        coalesce(
            response_elements.assumedRoleUser.arn::VARCHAR,
            response_elements.federatedUser.arn::VARCHAR,
            request_parameters.roleArn::VARCHAR,
            request_parameters.targetPrincipal::VARCHAR,
            principal
        ) AS session_principal,
        access_key_id AS parent_access_key_id,
        principal AS parent_principal,
        principal_type AS parent_principal_type,
        CASE
            WHEN access_key_id IS NOT NULL THEN access_key_id
            -- a service opens sessions for everyone: what it opens is a chain of its own
            WHEN principal_type = 'AWSService' OR invoked_by IS NOT NULL THEN NULL
            ELSE nullif(principal_id, '')
        END AS known_by,
        principal_arn
    FROM api_calls AS c
    WHERE event_source = 'sts.amazonaws.com'
      AND event_name IN (
          'AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity',
          'AssumeRoot', 'GetFederationToken', 'GetSessionToken'
      )
),

-- a role assumed across accounts is logged in both: few keys are, and only theirs are worth sorting
logged_twice AS (
    SELECT issued_key
    FROM answers
    GROUP BY issued_key
    HAVING count(*) > 1
),

issued AS MATERIALIZED (
    SELECT * EXCLUDE (principal_arn)
    FROM answers ANTI JOIN logged_twice USING (issued_key)
    WHERE issued_key IS NOT NULL
    UNION ALL
    SELECT * EXCLUDE (principal_arn)
    FROM answers SEMI JOIN logged_twice USING (issued_key)
    -- only the caller's record names the caller's key
    QUALIFY row_number() OVER (
        PARTITION BY issued_key
        ORDER BY parent_access_key_id IS NULL, principal_arn IS NULL, issued_at, issued_by_event_id
    ) = 1
),

-- each as if it were the first of its chain
first_hops AS NOT MATERIALIZED (
    SELECT
        i.*,
        1 AS hops,
        parent_access_key_id AS root_access_key_id,
        parent_principal AS root_principal,
        parent_principal_type AS root_principal_type,
        [parent_principal, session_principal] AS chain,
        [issued_key] AS access_keys,
        coalesce(known_by, issued_key) AS session_chain
    FROM issued AS i
),

-- few are: with a key that was handed out itself
asked_for_by_sessions AS MATERIALIZED (
    SELECT i.*
    FROM issued AS i
    SEMI JOIN issued AS p ON p.issued_key = i.parent_access_key_id
),

chains AS (
    SELECT f.*
    FROM first_hops AS f
    SEMI JOIN asked_for_by_sessions AS n ON n.parent_access_key_id = f.issued_key
    ANTI JOIN asked_for_by_sessions AS i ON i.issued_key = f.issued_key
    UNION ALL
    SELECT
        i.*,
        c.hops + 1,
        c.root_access_key_id,
        c.root_principal,
        c.root_principal_type,
        list_append(c.chain, i.session_principal),
        list_append(c.access_keys, i.issued_key),
        c.session_chain
    FROM chains AS c
    INNER JOIN asked_for_by_sessions AS i ON i.parent_access_key_id = c.issued_key
    WHERE c.hops < 100
),

later_hops AS (
    FROM chains WHERE hops > 1
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
    FROM later_hops
    UNION ALL
    -- besides the first hops: keys that issued each other, which no chain reaches, and what is further than 100 hops
    FROM first_hops AS f ANTI JOIN later_hops AS l ON l.issued_key = f.issued_key
);

COMMENT ON VIEW role_sessions IS 'Access keys handed out by AssumeRole and its kin, GetSessionToken and GetFederationToken, one row each, with the chain back to the first principal.';
COMMENT ON COLUMN role_sessions.access_key_id IS 'The key that was handed out: userIdentity.accessKeyId of the calls made with it.';
COMMENT ON COLUMN role_sessions.issued_by_event_id IS 'The call that handed it out; of two records of it, in two accounts, the one that names the caller''s key.';
COMMENT ON COLUMN role_sessions.session_name IS 'roleSessionName; the name given to GetFederationToken.';
COMMENT ON COLUMN role_sessions.session_principal IS 'ARN that calls with the key are made as.';
COMMENT ON COLUMN role_sessions.parent_access_key_id IS 'The key it was asked for with, which may have been handed out itself; null for services and for federated and foreign principals.';
COMMENT ON COLUMN role_sessions.parent_principal IS 'Who asked for it.';
COMMENT ON COLUMN role_sessions.hops IS 'Sessions from the first principal to this one; 1: handed out to the first principal itself.';
COMMENT ON COLUMN role_sessions.root_access_key_id IS 'Key of the first principal, whose issuing is not in the log; null where it had none.';
COMMENT ON COLUMN role_sessions.root_principal IS 'The first principal: a user, a session whose beginning is not in the log, a federated subject, a service.';
COMMENT ON COLUMN role_sessions.chain IS 'From the first principal to this session. Keys that issued each other in a circle have only their own call.';
COMMENT ON COLUMN role_sessions.access_keys IS 'The keys handed out on the way, this one last.';
COMMENT ON COLUMN role_sessions.session_chain IS 'What all sessions of a chain share: the first principal''s key; for a federated or foreign principal, which has none, its principalId; for what a service opened the first key it got. Calls with a key that no call handed out form the chain of that key.';
