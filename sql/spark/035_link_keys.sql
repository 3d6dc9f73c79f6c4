-- What a query for images and a launch may have in common: see sql/views/035_link_keys.sql.
CREATE OR REPLACE TEMPORARY FUNCTION caller_keys(
    access_key_id STRING, principal_arn STRING, session_issuer_arn STRING, source_ip_address STRING, source_kind STRING
) RETURNS ARRAY<STRUCT<link: STRING, link_key: STRING>> RETURN array(
    named_struct('link', 'access_key', 'link_key', access_key_id),
    named_struct('link', 'session_chain', 'link_key', access_key_id),
    named_struct('link', 'principal', 'link_key', principal_arn),
    named_struct('link', 'role', 'link_key', session_issuer_arn),
    named_struct(
        'link', 'address',
        'link_key', CASE WHEN source_kind NOT IN ('aws_service', 'aws_internal', 'unknown') THEN source_ip_address END
    )
);

CREATE OR REPLACE TEMPORARY FUNCTION named_keys(link STRING, things ARRAY<STRING>)
RETURNS ARRAY<STRUCT<link: STRING, link_key: STRING>> RETURN transform(
    coalesce(things, CAST(array() AS ARRAY<STRING>)),
    thing -> named_struct('link', link, 'link_key', thing)
);

CREATE OR REPLACE TEMPORARY VIEW ami_query_keys AS
WITH keyed AS (
    SELECT
        * EXCEPT (request_parameters),
        named_keys('image', image_ids) AS images_shared,
        caller_keys(access_key_id, principal_arn, session_issuer_arn, source_ip_address, source_kind) AS caller_shared
    FROM ami_queries
),

spread AS (
    SELECT
        * EXCEPT (images_shared, caller_shared),
        explode(concat(images_shared, caller_shared)) AS shared
    FROM keyed
)

SELECT
    shared.link AS link,
    shared.link_key AS link_key,
    * EXCEPT (shared)
FROM spread
WHERE shared.link_key IS NOT NULL;
