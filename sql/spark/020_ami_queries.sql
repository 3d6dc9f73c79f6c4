-- DescribeImages calls, with what they asked for spelled out: see sql/views/020_ami_queries.sql.
CREATE OR REPLACE TEMPORARY VIEW ami_queries AS
WITH describe_images AS (
    SELECT
        * EXCEPT (outcome, response_elements),
        call_outcome(error_code, error_message) AS outcome,
        variant_get(request_parameters, '$.includeDeprecated', 'variant') AS deprecated_parameter,
        variant_get(request_parameters, '$.ownersSet', 'variant') AS owners_set,
        variant_get(request_parameters, '$.imagesSet', 'variant') AS images_set,
        variant_get(request_parameters, '$.executableBySet', 'variant') AS executable_by_set,
        variant_get(request_parameters, '$.filterSet', 'variant') AS filter_set
    FROM api_calls
    WHERE event_source = 'ec2.amazonaws.com'
      AND event_name = 'DescribeImages'
),

asked AS (
    SELECT
        * EXCEPT (deprecated_parameter, owners_set, images_set, executable_by_set, filter_set),
        CASE WHEN deprecated_parameter IS NOT NULL AND NOT is_variant_null(deprecated_parameter)
            THEN array_contains(keywords(deprecated_parameter), 'true')
        END AS include_deprecated,
        CAST(deprecated_parameter AS STRING) AS include_deprecated_as_sent,
        item_values(owners_set, 'owner') AS owners,
        item_values(images_set, 'imageId') AS image_ids,
        item_values(executable_by_set, 'user') AS executable_by,
        set_items(filter_set) AS filter_items
    FROM describe_images
),

filtered AS (
    SELECT
        *,
        transform(filter_items, item -> named_struct(
            'name', try_variant_get(item, '$.name', 'string'),
            'texts', filter(
                flatten(transform(
                    coalesce(
                        try_variant_get(item, '$.valueSet.items', 'array<variant>'),
                        array(try_variant_get(item, '$.valueSet.items', 'variant'))
                    ),
                    one -> transform(
                        filter(
                            coalesce(
                                try_variant_get(one, '$.value', 'array<variant>'),
                                array(try_variant_get(one, '$.value', 'variant'))
                            ),
                            v -> v IS NOT NULL AND NOT schema_of_variant(v) RLIKE '^(VOID|OBJECT|ARRAY)'
                        ),
                        v -> CAST(v AS STRING)
                    )
                )),
                text -> text <> ''
            )
        )) AS filters
    FROM asked
)

SELECT
    * EXCEPT (request_parameters, owners, image_ids, executable_by, filter_items, filters),
    owners,
    size(owners) > 0 AS owner_requested,
    image_ids,
    executable_by,
    flatten(transform(filter(filters, f -> f.name = 'name'), f -> f.texts)) AS name_patterns,
    transform(filter(filters, f -> f.name <> 'name'), f -> f.name || '=' || array_join(f.texts, ',')) AS other_filters,
    request_parameters
FROM filtered;
