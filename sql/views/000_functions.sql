-- Scalar macros that the views and queries share: the places where engines differ.

-- How CloudTrail names the origin of a call, sorted into kinds an analyst tells apart.
-- private: RFC 1918, RFC 6598 (shared), RFC 3927 and RFC 4291 (link-local), RFC 4193, loopback.
CREATE OR REPLACE MACRO source_kind(address VARCHAR) AS CASE
    WHEN coalesce(address, '') = '' THEN 'unknown'
    WHEN address = 'AWS Internal' THEN 'aws_internal'
    WHEN regexp_full_match(address, '[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|aws\.internal|amazon\.com|aws\.com)') THEN 'aws_service'
    WHEN regexp_matches(address, '^(10|127)\.[0-9.]+$|^192\.168\.[0-9.]+$|^169\.254\.[0-9.]+$|^172\.(1[6-9]|2[0-9]|3[01])\.[0-9.]+$|^100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.[0-9.]+$') THEN 'private'
    WHEN regexp_matches(lower(address), '^(f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):[0-9a-f:.]*$|^::1$') THEN 'private'
    WHEN regexp_full_match(address, '[0-9]{1,3}(\.[0-9]{1,3}){3}') THEN 'public'
    WHEN regexp_full_match(lower(address), '[0-9a-f:]*:[0-9a-f:.]*') THEN 'public'
    ELSE 'unknown'
END;
COMMENT ON MACRO source_kind IS 'Kind of a sourceIPAddress: public, private, aws_service, aws_internal or unknown.';

-- As Elastic's CloudTrail pipeline derives event.outcome, for all calls but ConsoleLogin.
CREATE OR REPLACE MACRO call_outcome(error_code VARCHAR, error_message VARCHAR) AS
    CASE WHEN coalesce(error_code, '') <> '' OR coalesce(error_message, '') <> '' THEN 'failure' ELSE 'success' END;
COMMENT ON MACRO call_outcome IS 'failure if errorCode or errorMessage is present and not empty, else success.';

CREATE OR REPLACE MACRO sign_in_outcome(response VARIANT) AS lower(response.ConsoleLogin::VARCHAR);
COMMENT ON MACRO sign_in_outcome IS 'What the response of ConsoleLogin says: success or failure; null where it says nothing.';

-- `arn:aws:iam::1:user/*` as a LIKE pattern, to be used with ESCAPE '!'.
CREATE OR REPLACE MACRO glob_to_like(pattern VARCHAR) AS
    replace(replace(replace(replace(pattern, '!', '!!'), '%', '!%'), '_', '!_'), '*', '%');
COMMENT ON MACRO glob_to_like IS 'A pattern in which * stands for anything, as a LIKE pattern with ESCAPE ''!''.';

CREATE OR REPLACE MACRO seconds_between(earlier TIMESTAMP, later TIMESTAMP) AS
    (epoch_us(later) - epoch_us(earlier)) / 1000000.0;
COMMENT ON MACRO seconds_between IS 'Seconds from the first moment to the second; negative when they are the other way round.';

-- an interval times a number takes no more minutes than an INTEGER does
CREATE OR REPLACE MACRO minutes_after(moment TIMESTAMP, minutes BIGINT) AS
    make_timestamp(epoch_us(moment) + minutes * 60000000);
COMMENT ON MACRO minutes_after IS 'The moment so many minutes after another.';

CREATE OR REPLACE MACRO order_in_time(event_time TIMESTAMP, event_id UUID) AS event_time::VARCHAR || ' ' || event_id::VARCHAR;
COMMENT ON MACRO order_in_time IS 'Text that is ordered as events are: by time, and of several at once by id.';

-- now() has a time zone, which event_time has not, and which takes an extension to compute with.
CREATE OR REPLACE MACRO utc_now() AS make_timestamp(epoch_us(now()));
COMMENT ON MACRO utc_now IS 'This moment as a TIMESTAMP in UTC, to compare with event_time.';

-- Elastic indexes a value as keywords: a list stands for each of its values; nulls and objects are none.
CREATE OR REPLACE MACRO keywords(value JSON) AS list_transform(
    list_filter(
        CASE json_type(value) WHEN 'ARRAY' THEN json_extract(value, '$[*]') ELSE [value] END,
        lambda v: json_type(v) NOT IN ('NULL', 'OBJECT', 'ARRAY')
    ),
    lambda v: v ->> '$'
);
COMMENT ON MACRO keywords IS 'The scalar values of a JSON value, as text.';

-- EC2 logs a set as {"items": [{...}, ...]}, an empty one as {}; some exports have a lone item without its list.
CREATE OR REPLACE MACRO set_items(ec2_set JSON) AS CASE json_type(ec2_set, '$.items')
    WHEN 'ARRAY' THEN json_extract(ec2_set, '$.items[*]')
    WHEN 'OBJECT' THEN [json_extract(ec2_set, '$.items')]
    ELSE []::JSON[]
END;
COMMENT ON MACRO set_items IS 'The items of an EC2 request or response set, as a list of JSON.';

CREATE OR REPLACE MACRO item_values(ec2_set JSON, field VARCHAR) AS list_filter(
    flatten(list_transform(set_items(ec2_set), lambda item: keywords(json_extract(item, '$.' || field)))),
    lambda value: value <> ''
);
COMMENT ON MACRO item_values IS 'One field of each item of an EC2 set, as text; items without a value are left out.';

CREATE OR REPLACE MACRO arrays_overlap(a VARCHAR[], b VARCHAR[]) AS list_has_any(a, b);
COMMENT ON MACRO arrays_overlap IS 'Whether two lists have a value in common.';

-- AWS IAM User Guide, "Understanding unique ID prefixes".
CREATE OR REPLACE MACRO access_key_kind(access_key_id VARCHAR) AS CASE
    WHEN access_key_id LIKE 'AKIA%' THEN 'long_lived'
    WHEN access_key_id LIKE 'ASIA%' THEN 'temporary'
    WHEN access_key_id <> '' THEN 'unknown'
END;
COMMENT ON MACRO access_key_kind IS 'long_lived (AKIA), temporary (ASIA) or unknown; null where there is no access key.';

CREATE OR REPLACE MACRO list_text(list VARCHAR[]) AS array_to_string(list, ', ');
COMMENT ON MACRO list_text IS 'The values of a list in one text.';

CREATE OR REPLACE MACRO duration_text(seconds) AS
    CASE WHEN seconds < 0 THEN '-' ELSE '' END
    || CASE WHEN abs(seconds) >= 86400 THEN CAST(floor(abs(seconds) / 86400)::BIGINT AS VARCHAR) || 'd ' ELSE '' END
    || lpad(CAST(floor(abs(seconds) % 86400 / 3600)::BIGINT AS VARCHAR), 2, '0') || ':'
    || lpad(CAST(floor(abs(seconds) % 3600 / 60)::BIGINT AS VARCHAR), 2, '0') || ':'
    || lpad(CAST(floor(abs(seconds) % 60)::BIGINT AS VARCHAR), 2, '0');
COMMENT ON MACRO duration_text IS 'So many seconds as hours, minutes and seconds: 00:18:53, 2d 03:00:00.';

-- What stands between single quotes means itself in every POSIX shell; a single quote ends them.
CREATE OR REPLACE MACRO shell_quote(text VARCHAR) AS
    CASE WHEN regexp_full_match(text, '[A-Za-z0-9_./:@%+=,-]+') THEN text ELSE '''' || replace(text, '''', '''\''''') || '''' END;
COMMENT ON MACRO shell_quote IS 'A text as one word of a shell''s command line (POSIX, "Quoting").';

CREATE OR REPLACE MACRO resource_name(arn VARCHAR) AS regexp_replace(arn, '^arn:[^:]*:[^:]*:[^:]*:[^:]*:(assumed-role/)?', '');
COMMENT ON MACRO resource_name IS 'An ARN without what stands before the resource: user/alice, or role/session for a session; anything else as it is.';

CREATE OR REPLACE MACRO name_words(text VARCHAR) AS lower(regexp_replace(text, '[^A-Za-z0-9]+', '-', 'g'));
COMMENT ON MACRO name_words IS 'A text as a name: its words in lower case, a hyphen between them.';

CREATE OR REPLACE MACRO list_size(list) AS len(list);
COMMENT ON MACRO list_size IS 'How many values a list has.';

CREATE OR REPLACE MACRO distinct_values(lists) AS list_sort(list_distinct(flatten(lists)));
COMMENT ON MACRO distinct_values IS 'The distinct values of a list of lists, sorted.';

-- Which step of an intrusion a call may belong to, judged by its name alone (MITRE ATT&CK tactics: Discovery, Credential
-- Access, Persistence, Defense Evasion, Execution, Collection).
CREATE OR REPLACE MACRO call_phase(event_source VARCHAR, event_name VARCHAR, read_only BOOLEAN) AS CASE
    WHEN regexp_full_match(event_name, 'AssumeRole.*|AssumeRoot|GetSessionToken|GetFederationToken|ConsoleLogin|SwitchRole|ExitRole|CheckMfa|Federate|GetSigninToken|Authenticate|GetRoleCredentials')
        THEN 'sign_in'
    WHEN regexp_full_match(event_name, '(Stop|Delete|Update|Put|Disable).*(Logging|Trail|EventSelectors|EventDataStore|FlowLogs|ConfigurationRecorder|DeliveryChannel|Detector|LoggingConfiguration|LogGroup|LogStream)')
        THEN 'logging'
    WHEN regexp_full_match(event_name, 'RunInstances|StartInstances|RequestSpotInstances|RequestSpotFleet|CreateFleet|(Create|Update)AutoScalingGroup|CreateLaunch(Template|TemplateVersion|Configuration)')
        THEN 'launch'
    WHEN regexp_full_match(event_name, 'GetObject.*|PutObject.*|GetSecretValue|BatchGetSecretValue|GetParameters?|GetParametersByPath|Encrypt|Decrypt|ReEncrypt.*|GenerateDataKey.*|GetItem|BatchGetItem|Query|Scan|CopySnapshot|CreateSnapshot|ModifySnapshotAttribute|ModifyImageAttribute|GetPasswordData|GetConsoleScreenshot')
        THEN 'data'
    WHEN read_only OR regexp_matches(event_name, '^(Describe|Get|List|Lookup|Search|Batch(Get|Describe)|Simulate)')
        THEN 'reconnaissance'
    WHEN event_source IN ('iam.amazonaws.com', 'sts.amazonaws.com', 'sso.amazonaws.com', 'identitystore.amazonaws.com')
        OR regexp_full_match(event_name, '(Create|Import|Delete)KeyPair|.*(AccessKey|LoginProfile|InstanceProfile|SSHPublicKey).*')
        THEN 'credentials'
    WHEN regexp_matches(event_name, 'SecurityGroup|NetworkAcl|Route|Gateway|Vpc|Subnet|Address|NetworkInterface')
        THEN 'network'
    ELSE 'change'
END;
COMMENT ON MACRO call_phase IS 'What a call may be for, by its name: sign_in, reconnaissance, credentials, logging, network, launch, data or change.';

-- A path such as $..imageId finds a field wherever it lies; it must be a literal.
CREATE OR REPLACE MACRO found_at(value JSON, path VARCHAR, other_value JSON, other_path VARCHAR) AS
    list_concat(json_extract(value, path)::JSON[], json_extract(other_value, other_path)::JSON[]);
COMMENT ON MACRO found_at IS 'What lies at a path in one JSON value and at another path in another, as a list; the paths are literals with a wildcard.';

CREATE OR REPLACE MACRO texts_at(value JSON, path VARCHAR, other_value JSON, other_path VARCHAR) AS
    list_concat(json_extract_string(value, path)::VARCHAR[], json_extract_string(other_value, other_path)::VARCHAR[]);
COMMENT ON MACRO texts_at IS 'The same as text.';

CREATE OR REPLACE MACRO tag_value(tags JSON[], tag_key VARCHAR) AS list_filter(
    list_transform(tags, lambda tag: CASE WHEN coalesce(tag ->> '$.key', tag ->> '$.Key') = tag_key
        THEN coalesce(tag ->> '$.value', tag ->> '$.Value') END),
    lambda value: value IS NOT NULL
)[1];
COMMENT ON MACRO tag_value IS 'Value of the tag with this key in a list of {"key": ..., "value": ...}.';

-- on_behalf: a service launched from what a linked call had made
CREATE OR REPLACE MACRO links_by_strength() AS
    ['image', 'access_key', 'session_chain', 'principal', 'role', 'address', 'on_behalf'];
COMMENT ON MACRO links_by_strength IS 'What may connect a launch with a query for images, strongest first.';

CREATE OR REPLACE MACRO link_rank(link VARCHAR) AS list_position(links_by_strength(), link);
COMMENT ON MACRO link_rank IS 'Place of a link among links_by_strength(), from 1.';

-- a set of links as a number: its bits cost less to gather than a list of distinct values
CREATE OR REPLACE MACRO link_bit(link VARCHAR) AS 1 << (link_rank(link) - 1);
COMMENT ON MACRO link_bit IS 'A link as a bit, for bit_or and strongest_first.';

CREATE OR REPLACE MACRO strongest_first(bits) AS
    list_filter(links_by_strength(), lambda link: bits & link_bit(link) <> 0);
COMMENT ON MACRO strongest_first IS 'The links of which the bits are set, in the order of links_by_strength().';

-- The one place that knows how addresses are written (RFC 4291, section 2.2); DuckDB's type INET is in an extension.
-- What is computed is bound by a lambda: a macro's argument would be written out, and planned, wherever it is named.
CREATE OR REPLACE MACRO ip_number(address VARCHAR) AS list_transform(
    list_transform(
        [CASE WHEN contains(address, ':') THEN lower(address) WHEN contains(address, '.') THEN '::ffff:' || address END],
        -- four digits for each group, - for what :: leaves out
        lambda groups: CASE
            WHEN regexp_full_match(groups, '(([0-9a-f]{1,4}(:[0-9a-f]{1,4})*)?::)?([0-9a-f]{1,4}:)*([0-9a-f]{1,4}|((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]))|([0-9a-f]{1,4}(:[0-9a-f]{1,4})*)?::')
                THEN list_aggregate(list_transform(string_split(groups, ':'), lambda digits: CASE
                    WHEN digits = '' THEN '-'
                    WHEN contains(digits, '.') THEN list_aggregate(list_transform(
                        string_split(digits, '.'), lambda byte: printf('%02x', try_cast(byte AS INTEGER))
                    ), 'string_agg', '')
                    ELSE lpad(digits, 4, '0')
                END), 'string_agg', '')
        END
    ),
    lambda digits: CASE WHEN CASE WHEN contains(digits, '-') THEN length(replace(digits, '-', '')) <= 28 ELSE length(digits) = 32 END
        THEN try_cast('0x' || rpad(
            regexp_extract(digits, '^[^-]*'), 32 - length(regexp_extract(digits, '[^-]*$'))::INTEGER, '0'
        ) || regexp_extract(digits, '[^-]*$') AS UHUGEINT)
    END
)[1];
COMMENT ON MACRO ip_number IS 'An IPv4 or IPv6 address as a number, however it is written; IPv4 as the IPv6 addresses ::ffff:0:0/96 that stand for it. Null for what is no address.';

-- A network without a length is one address; bits behind its length do not matter.
CREATE OR REPLACE MACRO ip_in_network(address VARCHAR, network VARCHAR) AS list_transform(
    [{
        'numbers': list_transform([address, regexp_extract(network, '^[^/]*')], lambda text: ip_number(text)),
        -- how many bits may differ
        'host_bits': CASE WHEN contains(network, '/')
            THEN CASE WHEN contains(network, ':') THEN 128 ELSE 32 END
                - try_cast(regexp_extract(network, '^[^/]*/([0-9]{1,3})$', 1) AS INTEGER)
            ELSE 0
        END
    }],
    lambda n: CASE WHEN n.host_bits >= 0
        THEN xor(n.numbers[1], n.numbers[2]) >> n.host_bits::UHUGEINT = 0
            -- a network that wide is one of IPv6, even where it has IPv4 inside
            AND (n.host_bits <= 32 OR n.numbers[1] >> 32::UHUGEINT <> 65535)
    END
)[1];
COMMENT ON MACRO ip_in_network IS 'Whether an address lies in a network (192.0.2.0/24, 2001:db8::/32, or one address); null if either is none. IPv4 and IPv6 networks have no address in common.';

-- By the haversine formula, on a sphere of the Earth's mean radius. Rounding may take antipodes beyond 1, where asin ends.
CREATE OR REPLACE MACRO distance_km(latitude_a DOUBLE, longitude_a DOUBLE, latitude_b DOUBLE, longitude_b DOUBLE) AS
    -- least() passes over nulls
    CASE WHEN latitude_a + longitude_a + latitude_b + longitude_b IS NOT NULL THEN
    2 * 6371.0088 * asin(least(1.0, sqrt(
        pow(sin(radians(latitude_b - latitude_a) / 2), 2)
        + cos(radians(latitude_a)) * cos(radians(latitude_b)) * pow(sin(radians(longitude_b - longitude_a) / 2), 2)
    )))
    END;
COMMENT ON MACRO distance_km IS 'Great-circle distance between two places, in kilometres.';

CREATE OR REPLACE MACRO sorted_values(list) AS list_sort(list);
COMMENT ON MACRO sorted_values IS 'The values of a list, sorted; null where array_agg had none to gather.';

CREATE OR REPLACE MACRO array_max(list) AS list_max(list);
COMMENT ON MACRO array_max IS 'The greatest value of a list.';

CREATE OR REPLACE MACRO list_head(list, count) AS list[:count];
COMMENT ON MACRO list_head IS 'The first values of a list, at most so many.';

CREATE OR REPLACE MACRO list_words(list VARCHAR[]) AS array_to_string(list, ' ');
COMMENT ON MACRO list_words IS 'The values of a list, a blank between them.';

-- a cast to TIMESTAMP passes over an offset; one to TIMESTAMPTZ takes a text without one for local time
CREATE OR REPLACE MACRO utc_timestamp(text VARCHAR) AS CASE
    WHEN regexp_matches(text, ':[0-9]{2}(\.[0-9]+)?[+-][0-9]{2}:?[0-9]{2}$') THEN make_timestamp(epoch_us(CAST(text AS TIMESTAMPTZ)))
    ELSE CAST(text AS TIMESTAMP)
END;
COMMENT ON MACRO utc_timestamp IS 'A moment in ISO 8601 as a TIMESTAMP in UTC; without an offset it is UTC. An error if it is none.';

-- What reports are narrowed by. A bound or pattern that is null is none, and costs nothing.
CREATE OR REPLACE MACRO in_scope(event_time, account_id, principal, session_issuer_arn, since, until, account, arn) AS
    (since IS NULL OR event_time >= utc_timestamp(since))
    AND (until IS NULL OR event_time < utc_timestamp(until))
    AND (account IS NULL OR coalesce(account_id, '') LIKE glob_to_like(account) ESCAPE '!')
    AND (
        arn IS NULL
        OR coalesce(principal, '') LIKE glob_to_like(arn) ESCAPE '!'
        OR coalesce(session_issuer_arn, '') LIKE glob_to_like(arn) ESCAPE '!'
    );
COMMENT ON MACRO in_scope IS 'Whether a call lies in [since, until), was received by an account that matches a pattern, and made by a principal, or a session of a role, that matches another. What is null bounds nothing.';

CREATE OR REPLACE VIEW numbers AS
SELECT range::INTEGER AS number
FROM range(0, 10000);
COMMENT ON VIEW numbers IS 'The numbers from 0 to 9999: joined to what would else have holes.';

CREATE OR REPLACE MACRO any_matches(list VARCHAR[], pattern VARCHAR) AS
    len(list_filter(list, lambda value: value LIKE glob_to_like(pattern) ESCAPE '!')) > 0;
COMMENT ON MACRO any_matches IS 'Whether a value of a list matches a pattern in which * stands for anything.';
