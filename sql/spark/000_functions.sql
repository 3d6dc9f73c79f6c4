-- The functions that the views and queries share, for Spark 4: what sql/views/000_functions.sql is for DuckDB, and
-- where each is explained. Spark takes no function of ours inside a lambda, so what a lambda needs is written out there.

CREATE OR REPLACE TEMPORARY FUNCTION source_kind(address STRING) RETURNS STRING RETURN CASE
    WHEN coalesce(address, '') = '' THEN 'unknown'
    WHEN address = 'AWS Internal' THEN 'aws_internal'
    WHEN address RLIKE r'\A[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|aws\.internal|amazon\.com|aws\.com)\z' THEN 'aws_service'
    WHEN address RLIKE r'\A((10|127)\.[0-9.]+|192\.168\.[0-9.]+|169\.254\.[0-9.]+|172\.(1[6-9]|2[0-9]|3[01])\.[0-9.]+|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.[0-9.]+)\z' THEN 'private'
    WHEN lower(address) RLIKE r'\A((f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):[0-9a-f:.]*|::1)\z' THEN 'private'
    WHEN address RLIKE r'\A[0-9]{1,3}(\.[0-9]{1,3}){3}\z' THEN 'public'
    WHEN lower(address) RLIKE r'\A[0-9a-f:]*:[0-9a-f:.]*\z' THEN 'public'
    ELSE 'unknown'
END;

CREATE OR REPLACE TEMPORARY FUNCTION call_outcome(error_code STRING, error_message STRING) RETURNS STRING RETURN
    CASE WHEN coalesce(error_code, '') <> '' OR coalesce(error_message, '') <> '' THEN 'failure' ELSE 'success' END;

CREATE OR REPLACE TEMPORARY FUNCTION sign_in_outcome(response VARIANT) RETURNS STRING RETURN
    lower(variant_get(response, '$.ConsoleLogin', 'string'));

CREATE OR REPLACE TEMPORARY FUNCTION glob_to_like(pattern STRING) RETURNS STRING RETURN
    replace(replace(replace(replace(pattern, '!', '!!'), '%', '!%'), '_', '!_'), '*', '%');

CREATE OR REPLACE TEMPORARY FUNCTION seconds_between(earlier TIMESTAMP, later TIMESTAMP) RETURNS DOUBLE RETURN
    (unix_micros(later) - unix_micros(earlier)) / CAST(1000000 AS DOUBLE);

CREATE OR REPLACE TEMPORARY FUNCTION minutes_after(moment TIMESTAMP, minutes BIGINT) RETURNS TIMESTAMP RETURN
    timestamp_micros(unix_micros(moment) + minutes * 60000000);

CREATE OR REPLACE TEMPORARY FUNCTION order_in_time(event_time TIMESTAMP, event_id STRING) RETURNS STRING RETURN
    CAST(event_time AS STRING) || ' ' || event_id;

CREATE OR REPLACE TEMPORARY FUNCTION utc_now() RETURNS TIMESTAMP RETURN current_timestamp();

CREATE OR REPLACE TEMPORARY FUNCTION keywords(value VARIANT) RETURNS ARRAY<STRING> RETURN transform(
    filter(
        coalesce(try_variant_get(value, '$', 'array<variant>'), array(value)),
        v -> v IS NOT NULL AND NOT schema_of_variant(v) RLIKE '^(VOID|OBJECT|ARRAY)'
    ),
    v -> CAST(v AS STRING)
);

CREATE OR REPLACE TEMPORARY FUNCTION set_items(ec2_set VARIANT) RETURNS ARRAY<VARIANT> RETURN coalesce(
    try_variant_get(ec2_set, '$.items', 'array<variant>'),
    CASE WHEN schema_of_variant(variant_get(ec2_set, '$.items', 'variant')) LIKE 'OBJECT%'
        THEN array(variant_get(ec2_set, '$.items', 'variant'))
    END,
    CAST(array() AS ARRAY<VARIANT>)
);

CREATE OR REPLACE TEMPORARY FUNCTION item_values(ec2_set VARIANT, field STRING) RETURNS ARRAY<STRING> RETURN filter(
    flatten(transform(
        set_items(ec2_set),
        item -> transform(
            filter(
                coalesce(
                    try_variant_get(item, '$.' || field, 'array<variant>'),
                    array(try_variant_get(item, '$.' || field, 'variant'))
                ),
                v -> v IS NOT NULL AND NOT schema_of_variant(v) RLIKE '^(VOID|OBJECT|ARRAY)'
            ),
            v -> CAST(v AS STRING)
        )
    )),
    value -> value <> ''
);

CREATE OR REPLACE TEMPORARY FUNCTION access_key_kind(access_key_id STRING) RETURNS STRING RETURN CASE
    WHEN access_key_id LIKE 'AKIA%' THEN 'long_lived'
    WHEN access_key_id LIKE 'ASIA%' THEN 'temporary'
    WHEN access_key_id <> '' THEN 'unknown'
END;

CREATE OR REPLACE TEMPORARY FUNCTION list_text(list ARRAY<STRING>) RETURNS STRING RETURN array_join(list, ', ');

CREATE OR REPLACE TEMPORARY FUNCTION list_words(list ARRAY<STRING>) RETURNS STRING RETURN array_join(list, ' ');

CREATE OR REPLACE TEMPORARY FUNCTION list_size(list ARRAY<STRING>) RETURNS INT RETURN size(list);

CREATE OR REPLACE TEMPORARY FUNCTION list_head(list ARRAY<STRING>, count INT) RETURNS ARRAY<STRING> RETURN slice(list, 1, count);

-- array_agg of no value is an empty list here, and none at all in DuckDB
CREATE OR REPLACE TEMPORARY FUNCTION sorted_values(list ARRAY<STRING>) RETURNS ARRAY<STRING> RETURN
    CASE WHEN size(list) > 0 THEN sort_array(list) END;

CREATE OR REPLACE TEMPORARY FUNCTION distinct_values(lists ARRAY<ARRAY<STRING>>) RETURNS ARRAY<STRING> RETURN
    CASE WHEN size(lists) > 0 THEN sort_array(array_distinct(flatten(filter(lists, list -> list IS NOT NULL)))) END;

CREATE OR REPLACE TEMPORARY FUNCTION any_matches(list ARRAY<STRING>, pattern STRING) RETURNS BOOLEAN RETURN exists(
    list,
    value -> value LIKE replace(replace(replace(replace(pattern, '!', '!!'), '%', '!%'), '_', '!_'), '*', '%') ESCAPE '!'
);

CREATE OR REPLACE TEMPORARY FUNCTION duration_text(seconds DOUBLE) RETURNS STRING RETURN
    CASE WHEN seconds < 0 THEN '-' ELSE '' END
    || CASE WHEN abs(seconds) >= 86400 THEN CAST(CAST(floor(abs(seconds) / 86400) AS BIGINT) AS STRING) || 'd ' ELSE '' END
    || lpad(CAST(CAST(floor(abs(seconds) % 86400 / 3600) AS BIGINT) AS STRING), 2, '0') || ':'
    || lpad(CAST(CAST(floor(abs(seconds) % 3600 / 60) AS BIGINT) AS STRING), 2, '0') || ':'
    || lpad(CAST(CAST(floor(abs(seconds) % 60) AS BIGINT) AS STRING), 2, '0');

CREATE OR REPLACE TEMPORARY FUNCTION shell_quote(text STRING) RETURNS STRING RETURN CASE
    WHEN text RLIKE r'\A[A-Za-z0-9_./:@%+=,-]+\z' THEN text
    ELSE concat('''', replace(text, '''', concat('''', chr(92), '''''')), '''')
END;

CREATE OR REPLACE TEMPORARY FUNCTION resource_name(arn STRING) RETURNS STRING RETURN
    regexp_replace(arn, '^arn:[^:]*:[^:]*:[^:]*:[^:]*:(assumed-role/)?', '');

CREATE OR REPLACE TEMPORARY FUNCTION name_words(text STRING) RETURNS STRING RETURN
    lower(regexp_replace(text, '[^A-Za-z0-9]+', '-'));

CREATE OR REPLACE TEMPORARY FUNCTION call_phase(event_source STRING, event_name STRING, read_only BOOLEAN) RETURNS STRING RETURN CASE
    WHEN event_name RLIKE r'\A(AssumeRole.*|AssumeRoot|GetSessionToken|GetFederationToken|ConsoleLogin|SwitchRole|ExitRole|CheckMfa|Federate|GetSigninToken|Authenticate|GetRoleCredentials)\z'
        THEN 'sign_in'
    WHEN event_name RLIKE r'\A(Stop|Delete|Update|Put|Disable).*(Logging|Trail|EventSelectors|EventDataStore|FlowLogs|ConfigurationRecorder|DeliveryChannel|Detector|LoggingConfiguration|LogGroup|LogStream)\z'
        THEN 'logging'
    WHEN event_name RLIKE r'\A(RunInstances|StartInstances|RequestSpotInstances|RequestSpotFleet|CreateFleet|(Create|Update)AutoScalingGroup|CreateLaunch(Template|TemplateVersion|Configuration))\z'
        THEN 'launch'
    WHEN event_name RLIKE r'\A(GetObject.*|PutObject.*|GetSecretValue|BatchGetSecretValue|GetParameters?|GetParametersByPath|Encrypt|Decrypt|ReEncrypt.*|GenerateDataKey.*|GetItem|BatchGetItem|Query|Scan|CopySnapshot|CreateSnapshot|ModifySnapshotAttribute|ModifyImageAttribute|GetPasswordData|GetConsoleScreenshot)\z'
        THEN 'data'
    WHEN read_only OR event_name RLIKE '^(Describe|Get|List|Lookup|Search|Batch(Get|Describe)|Simulate)'
        THEN 'reconnaissance'
    WHEN event_source IN ('iam.amazonaws.com', 'sts.amazonaws.com', 'sso.amazonaws.com', 'identitystore.amazonaws.com')
        OR event_name RLIKE r'\A((Create|Import|Delete)KeyPair|.*(AccessKey|LoginProfile|InstanceProfile|SSHPublicKey).*)\z'
        THEN 'credentials'
    WHEN event_name RLIKE 'SecurityGroup|NetworkAcl|Route|Gateway|Vpc|Subnet|Address|NetworkInterface'
        THEN 'network'
    ELSE 'change'
END;

-- What DuckDB's path $..name finds, wherever it lies. In compact JSON a name stands between a quote that is not escaped
-- and a colon, which nothing inside a text can imitate.
CREATE OR REPLACE TEMPORARY FUNCTION texts_at(json STRING, name STRING) RETURNS ARRAY<STRING> RETURN from_json(
    '[' || array_join(
        regexp_extract_all(
            json,
            r'(?<!\\)"' || name || r'":("[^"\\]*+(?:\\.[^"\\]*+)*+"|[-+0-9.eE]+|true|false)',
            1
        ),
        ','
    ) || ']',
    'ARRAY<STRING>'
);

CREATE OR REPLACE TEMPORARY FUNCTION first_text_at(json STRING, name STRING) RETURNS STRING RETURN nullif(
    get(
        from_json(
            '[' || regexp_extract(
                json,
                r'(?<!\\)"' || name || r'":("[^"\\]*+(?:\\.[^"\\]*+)*+"|[-+0-9.eE]+|true|false)',
                1
            ) || ']',
            'ARRAY<STRING>'
        ),
        0
    ),
    ''
);

-- A tag is logged as {"key": ..., "value": ...}; names are sorted in a VARIANT.
CREATE OR REPLACE TEMPORARY FUNCTION tag_value(json STRING, tag_key STRING) RETURNS STRING RETURN
    nullif(
        get(
            from_json(
                '[' || regexp_extract(
                    json,
                    '"[kK]ey":"' || tag_key || r'","[vV]alue":("[^"\\]*+(?:\\.[^"\\]*+)*+")',
                    1
                ) || ']',
                'ARRAY<STRING>'
            ),
            0
        ),
        ''
    );

CREATE OR REPLACE TEMPORARY FUNCTION links_by_strength() RETURNS ARRAY<STRING> RETURN
    array('image', 'access_key', 'session_chain', 'principal', 'role', 'address', 'on_behalf');

CREATE OR REPLACE TEMPORARY FUNCTION link_rank(link STRING) RETURNS INT RETURN
    CAST(array_position(links_by_strength(), link) AS INT);

CREATE OR REPLACE TEMPORARY FUNCTION link_bit(link STRING) RETURNS INT RETURN shiftleft(1, link_rank(link) - 1);

CREATE OR REPLACE TEMPORARY FUNCTION strongest_first(bits INT) RETURNS ARRAY<STRING> RETURN
    filter(links_by_strength(), (link, place) -> bits & shiftleft(1, place) <> 0);

-- Without a lambda, because a function that has one takes no other function of ours for an argument. First an address in
-- lower case, IPv4 as the two last groups of IPv6; null if it is none.
CREATE OR REPLACE TEMPORARY FUNCTION ip_groups(text STRING) RETURNS STRING RETURN CASE
    WHEN NOT text RLIKE r'\A((([0-9a-f]{1,4}(:[0-9a-f]{1,4})*)?::)?([0-9a-f]{1,4}:)*([0-9a-f]{1,4}|((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]))|([0-9a-f]{1,4}(:[0-9a-f]{1,4})*)?::)\z'
        THEN NULL
    WHEN contains(text, '.') THEN regexp_replace(text, '[^:]*$', '') || lower(
        lpad(hex(CAST(split_part(substring_index(text, ':', -1), '.', 1) AS INT)), 2, '0')
        || lpad(hex(CAST(split_part(substring_index(text, ':', -1), '.', 2) AS INT)), 2, '0') || ':'
        || lpad(hex(CAST(split_part(substring_index(text, ':', -1), '.', 3) AS INT)), 2, '0')
        || lpad(hex(CAST(split_part(substring_index(text, ':', -1), '.', 4) AS INT)), 2, '0')
    )
    ELSE text
END;

-- Four digits for each group, without colons.
CREATE OR REPLACE TEMPORARY FUNCTION ip_digits(groups STRING) RETURNS STRING RETURN CASE
    WHEN groups = '' THEN ''
    ELSE regexp_replace(regexp_replace(':' || groups, ':', ':000'), ':[0-9a-f]*([0-9a-f]{4})(?![0-9a-f])', '$1')
END;

-- All 32 of them: what :: leaves out is zeros.
CREATE OR REPLACE TEMPORARY FUNCTION ip_filled(leading STRING, trailing STRING, shortened BOOLEAN) RETURNS STRING RETURN CASE
    WHEN shortened AND length(leading) + length(trailing) <= 28
        THEN leading || repeat('0', 32 - length(leading) - length(trailing)) || trailing
    WHEN NOT shortened AND length(leading) = 32 THEN leading
END;

-- There is no number of 128 bits: an address is the text of its binary digits.
CREATE OR REPLACE TEMPORARY FUNCTION ip_bits(digits STRING) RETURNS STRING RETURN
    lpad(conv(substr(digits, 1, 8), 16, 2), 32, '0') || lpad(conv(substr(digits, 9, 8), 16, 2), 32, '0')
    || lpad(conv(substr(digits, 17, 8), 16, 2), 32, '0') || lpad(conv(substr(digits, 25, 8), 16, 2), 32, '0');

CREATE OR REPLACE TEMPORARY FUNCTION ip_number_of(groups STRING) RETURNS STRING RETURN ip_bits(ip_filled(
    ip_digits(substring_index(groups, '::', 1)),
    ip_digits(substring_index(groups, '::', -1)),
    contains(groups, '::')
));

CREATE OR REPLACE TEMPORARY FUNCTION ip_number(address STRING) RETURNS STRING RETURN ip_number_of(ip_groups(
    CASE WHEN contains(address, ':') THEN lower(address) WHEN contains(address, '.') THEN '::ffff:' || address END
));

-- How many of the 128 bits of an address say whether it is in a network.
CREATE OR REPLACE TEMPORARY FUNCTION network_length(network STRING) RETURNS INT RETURN CASE
    WHEN NOT contains(network, '/') THEN 128
    WHEN try_cast(regexp_extract(network, '^[^/]*/([0-9]{1,3})$', 1) AS INT) <= CASE WHEN contains(network, ':') THEN 128 ELSE 32 END
        THEN CASE WHEN contains(network, ':') THEN 0 ELSE 96 END
            + try_cast(regexp_extract(network, '^[^/]*/([0-9]{1,3})$', 1) AS INT)
END;

CREATE OR REPLACE TEMPORARY FUNCTION ip_in_network(address STRING, network STRING) RETURNS BOOLEAN RETURN CASE
    WHEN network_length(network) IS NOT NULL
        THEN left(ip_number(address), network_length(network)) = left(ip_number(substring_index(network, '/', 1)), network_length(network))
            -- a network that wide is one of IPv6, even where it has IPv4 inside
            AND (network_length(network) >= 96 OR NOT ip_number(address) LIKE repeat('0', 80) || repeat('1', 16) || '%')
END;

CREATE OR REPLACE TEMPORARY FUNCTION distance_km(latitude_a DOUBLE, longitude_a DOUBLE, latitude_b DOUBLE, longitude_b DOUBLE)
RETURNS DOUBLE RETURN CASE WHEN latitude_a + longitude_a + latitude_b + longitude_b IS NOT NULL THEN
    2 * CAST(6371.0088 AS DOUBLE) * asin(least(CAST(1 AS DOUBLE), sqrt(
        pow(sin(radians(latitude_b - latitude_a) / 2), 2)
        + cos(radians(latitude_a)) * cos(radians(latitude_b)) * pow(sin(radians(longitude_b - longitude_a) / 2), 2)
    )))
END;

CREATE OR REPLACE TEMPORARY FUNCTION utc_timestamp(text STRING) RETURNS TIMESTAMP RETURN CAST(text AS TIMESTAMP);

CREATE OR REPLACE TEMPORARY FUNCTION in_scope(
    event_time TIMESTAMP, account_id STRING, principal STRING, session_issuer_arn STRING,
    since STRING, until STRING, account STRING, arn STRING
) RETURNS BOOLEAN RETURN
    (since IS NULL OR event_time >= utc_timestamp(since))
    AND (until IS NULL OR event_time < utc_timestamp(until))
    AND (account IS NULL OR coalesce(account_id, '') LIKE glob_to_like(account) ESCAPE '!')
    AND (
        arn IS NULL
        OR coalesce(principal, '') LIKE glob_to_like(arn) ESCAPE '!'
        OR coalesce(session_issuer_arn, '') LIKE glob_to_like(arn) ESCAPE '!'
    );

CREATE OR REPLACE TEMPORARY VIEW numbers AS
SELECT CAST(id AS INT) AS number
FROM range(0, 10000);
