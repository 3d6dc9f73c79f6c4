-- Which alerts are suppressed, for Spark: see sql/views/006_exceptions.sql.
CREATE OR REPLACE TEMPORARY VIEW exceptions_in_force AS
SELECT *
FROM exceptions
WHERE expires_at IS NULL OR expires_at > utc_now();

CREATE OR REPLACE TEMPORARY FUNCTION exception_state(expires_at TIMESTAMP) RETURNS STRING RETURN CASE
    WHEN expires_at <= utc_now() THEN 'expired'
    WHEN expires_at <= utc_now() + INTERVAL '14' DAY THEN 'expires soon'
    ELSE 'in force'
END;

CREATE OR REPLACE TEMPORARY FUNCTION exception_findings(state STRING, covers BIGINT, also_hidden_by ARRAY<STRING>)
RETURNS ARRAY<STRING> RETURN filter(
    array(
        CASE WHEN state <> 'in force' THEN state END,
        CASE WHEN covers = 0 THEN 'covers nothing' END,
        CASE WHEN state <> 'expired' THEN 'hides only what is also hidden by ' || array_join(also_hidden_by, ', ') END
    ),
    finding -> finding IS NOT NULL
);

-- Addresses that an exception may name are few beside those of the alerts: which network an address is in is found out
-- with its number alone.
CREATE OR REPLACE TEMPORARY VIEW exception_conditions AS
SELECT
    named_struct(
        'name', e.name,
        'created_at', e.created_at,
        'rule', e.rule,
        'principal', glob_to_like(e.principal),
        'account_id', e.account_id,
        'role', glob_to_like(e.role),
        'access_key_id', e.access_key_id,
        'network', e.source_ip_address,
        'network_length', coalesce(network_length(e.source_ip_address), -1),
        'network_number', ip_number(substring_index(e.source_ip_address, '/', 1)),
        'user_agent', glob_to_like(e.user_agent),
        'aws_region', e.aws_region,
        'owner', e.owner
    ) AS condition,
    e.expires_at IS NULL OR e.expires_at > utc_now() AS in_force
FROM exceptions AS e;

-- Names of the exceptions, of those given, that cover an alert, the one created first before the others.
CREATE OR REPLACE TEMPORARY FUNCTION covering_exceptions(
    conditions ARRAY<STRUCT<
        name: STRING, created_at: TIMESTAMP, rule: STRING, principal: STRING, account_id: STRING, role: STRING,
        access_key_id: STRING, network: STRING, network_length: INT, network_number: STRING, user_agent: STRING,
        aws_region: STRING, owner: STRING
    >>,
    rule STRING, principal STRING, account_id STRING, session_issuer_arn STRING, access_key_id STRING,
    address_number STRING, user_agent STRING, aws_region STRING, owners ARRAY<STRING>
) RETURNS ARRAY<STRING> RETURN transform(
    array_sort(transform(
        filter(conditions, e -> coalesce(
            (e.rule IS NULL OR rule = e.rule)
            AND (e.principal IS NULL OR principal LIKE e.principal ESCAPE '!')
            AND (e.account_id IS NULL OR account_id = e.account_id)
            AND (e.role IS NULL OR session_issuer_arn LIKE e.role ESCAPE '!')
            AND (e.access_key_id IS NULL OR access_key_id = e.access_key_id)
            AND (e.network IS NULL OR (
                e.network_length >= 0
                AND left(address_number, e.network_length) = left(e.network_number, e.network_length)
                AND (e.network_length >= 96 OR NOT address_number LIKE repeat('0', 80) || repeat('1', 16) || '%')
            ))
            AND (e.user_agent IS NULL OR user_agent LIKE e.user_agent ESCAPE '!')
            AND (e.aws_region IS NULL OR aws_region = e.aws_region)
            AND (e.owner IS NULL OR array_distinct(owners) = array(e.owner)),
            false
        )),
        e -> named_struct('created_at', e.created_at, 'name', e.name)
    )),
    e -> e.name
);
