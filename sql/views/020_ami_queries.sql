-- DescribeImages calls, with what they asked for spelled out.
CREATE OR REPLACE VIEW ami_queries AS
WITH describe_images AS (
    -- no sign-in is among these: without its case, no response has to be read
    SELECT * REPLACE (call_outcome(error_code, error_message) AS outcome)
    FROM api_calls
    WHERE event_source = 'ec2.amazonaws.com'
      AND event_name = 'DescribeImages'
),

asked AS (
    SELECT
        *,
        -- as a keyword JSON true and the string "true" are the same, "True" is not
        CASE WHEN request_parameters.includeDeprecated IS NOT NULL
            THEN list_contains(keywords(request_parameters.includeDeprecated::JSON), 'true')
        END AS include_deprecated,
        request_parameters.includeDeprecated::VARCHAR AS include_deprecated_as_sent,
        item_values(request_parameters.ownersSet::JSON, 'owner') AS owners,
        item_values(request_parameters.imagesSet::JSON, 'imageId') AS image_ids,
        item_values(request_parameters.executableBySet::JSON, 'user') AS executable_by,
        list_transform(set_items(request_parameters.filterSet::JSON), lambda item: {
            'name': item ->> '$.name',
            'values': item_values(item -> '$.valueSet', 'value')
        }) AS filters
    FROM describe_images
)

SELECT
    * EXCLUDE (request_parameters, response_elements, owners, image_ids, executable_by, filters),

    -- what was asked for
    owners,
    len(owners) > 0 AS owner_requested,
    image_ids,
    executable_by,
    flatten(list_transform(
        list_filter(filters, lambda f: f.name = 'name'),
        lambda f: f."values"
    )) AS name_patterns,
    list_transform(
        list_filter(filters, lambda f: f.name <> 'name'),
        lambda f: f.name || '=' || array_to_string(f."values", ',')
    ) AS other_filters,
    request_parameters
FROM asked;

COMMENT ON VIEW ami_queries IS 'DescribeImages calls to EC2, one row per call, with what they asked for spelled out.';
COMMENT ON COLUMN ami_queries.include_deprecated IS 'Whether deprecated images were asked for: includeDeprecated is true, or the string "true"; null where it is absent.';
COMMENT ON COLUMN ami_queries.include_deprecated_as_sent IS 'includeDeprecated as it came: "True" is not true to the rule.';
COMMENT ON COLUMN ami_queries.owners IS 'ownersSet: account ids or aliases (self, amazon, aws-marketplace).';
COMMENT ON COLUMN ami_queries.owner_requested IS 'Whether at least one owner was named.';
COMMENT ON COLUMN ami_queries.image_ids IS 'imagesSet: AMIs asked for by id.';
COMMENT ON COLUMN ami_queries.executable_by IS 'executableBySet: whose launch permissions were asked for.';
COMMENT ON COLUMN ami_queries.name_patterns IS 'Values of the filter called name; * and ? are wildcards.';
COMMENT ON COLUMN ami_queries.other_filters IS 'The other filters, each as name=value,value.';
COMMENT ON COLUMN ami_queries.request_parameters IS 'requestParameters as they came.';
