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

-- By the haversine formula, on a sphere of the Earth's mean radius. Rounding may take antipodes beyond 1, where asin ends.
CREATE OR REPLACE MACRO distance_km(latitude_a DOUBLE, longitude_a DOUBLE, latitude_b DOUBLE, longitude_b DOUBLE) AS
    2 * 6371.0088 * asin(least(1.0, sqrt(
        pow(sin(radians(latitude_b - latitude_a) / 2), 2)
        + cos(radians(latitude_a)) * cos(radians(latitude_b)) * pow(sin(radians(longitude_b - longitude_a) / 2), 2)
    )));
COMMENT ON MACRO distance_km IS 'Great-circle distance between two places, in kilometres.';
