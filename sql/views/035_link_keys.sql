-- What a query for images and a launch may have in common: one row for each thing, to be joined by link and link_key.
CREATE OR REPLACE MACRO caller_keys(access_key_id, principal_arn, session_issuer_arn, source_ip_address, source_kind) AS [
    {'link': 'access_key', 'link_key': access_key_id},
    -- stands for its chain, which role_sessions knows
    {'link': 'session_chain', 'link_key': access_key_id},
    {'link': 'principal', 'link_key': principal_arn},
    {'link': 'role', 'link_key': session_issuer_arn},
    -- 'AWS Internal' or a service's name is no address that two callers share
    {'link': 'address', 'link_key': CASE WHEN source_kind NOT IN ('aws_service', 'aws_internal', 'unknown') THEN source_ip_address END}
];
COMMENT ON MACRO caller_keys IS 'What two calls by one caller have in common, each with the name of the link.';

CREATE OR REPLACE VIEW ami_query_keys AS
SELECT
    shared.link,
    shared.link_key,
    keyed.* EXCLUDE (shared)
FROM (
    SELECT
        q.* EXCLUDE (request_parameters),
        unnest(list_concat(
            list_transform(q.image_ids, lambda image: {'link': 'image', 'link_key': image}),
            caller_keys(q.access_key_id, q.principal_arn, q.session_issuer_arn, q.source_ip_address, q.source_kind)
        )) AS shared
    FROM ami_queries AS q
) AS keyed
WHERE shared.link_key IS NOT NULL;

COMMENT ON VIEW ami_query_keys IS 'The queries of ami_queries, one row for each thing by which a launch may be linked to it; with the link session_chain the access key, whose chain is in role_sessions.';

CREATE OR REPLACE MACRO launch_keys(
    image_ids, access_key_id, principal_arn, session_issuer_arn, source_ip_address, source_kind, makes, on_behalf, made_from
) AS list_concat(
    list_transform(image_ids, lambda image: {'link': 'image', 'link_key': image}),
    caller_keys(access_key_id, principal_arn, session_issuer_arn, source_ip_address, source_kind),
    list_transform(makes, lambda thing: {'link': 'makes', 'link_key': thing}),
    list_transform(CASE WHEN on_behalf THEN made_from END, lambda thing: {'link': 'made_from', 'link_key': thing})
);
COMMENT ON MACRO launch_keys IS 'What a launch may have in common with a query, what it makes, and what a service made it from, each with the name of the link.';
