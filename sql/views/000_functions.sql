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

-- `arn:aws:iam::1:user/*` as a LIKE pattern, to be used with ESCAPE '!'.
CREATE OR REPLACE MACRO glob_to_like(pattern VARCHAR) AS
    replace(replace(replace(replace(pattern, '!', '!!'), '%', '!%'), '_', '!_'), '*', '%');
COMMENT ON MACRO glob_to_like IS 'A pattern in which * stands for anything, as a LIKE pattern with ESCAPE ''!''.';

CREATE OR REPLACE MACRO seconds_between(earlier TIMESTAMP, later TIMESTAMP) AS
    (epoch_us(later) - epoch_us(earlier)) / 1000000.0;
COMMENT ON MACRO seconds_between IS 'Seconds from the first moment to the second; negative when they are the other way round.';

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
