-- Calls that made an image or changed what it is: see sql/views/060_ami_events.sql.
CREATE OR REPLACE TEMPORARY FUNCTION moment_of(text STRING) RETURNS TIMESTAMP RETURN CASE
    WHEN text RLIKE '^[0-9]{4}-[0-9]{2}-[0-9]{2}($|[T ])' THEN try_cast(text AS TIMESTAMP)
    WHEN text RLIKE '^[A-Z][a-z]{2} ' THEN coalesce(
        try_to_timestamp(text, 'MMM d, yyyy h:mm:ss a'),
        try_to_timestamp(text, 'MMM d, yyyy, h:mm:ss a')
    )
END;

CREATE OR REPLACE TEMPORARY FUNCTION ec2_unwrapped(body VARIANT, call STRING, part STRING) RETURNS VARIANT RETURN
    coalesce(variant_get(body, '$.' || call || part, 'variant'), body);

CREATE OR REPLACE TEMPORARY FUNCTION ec2_value(body VARIANT, field STRING) RETURNS STRING RETURN nullif(coalesce(
    variant_get(body, '$.' || lower(left(field, 1)) || substr(field, 2), 'string'),
    variant_get(body, '$.' || field, 'string')
), '');

CREATE OR REPLACE TEMPORARY FUNCTION ec2_list(list VARIANT) RETURNS ARRAY<VARIANT> RETURN coalesce(
    try_variant_get(list, '$', 'array<variant>'),
    try_variant_get(list, '$.items', 'array<variant>'),
    CASE
        WHEN variant_get(list, '$.items', 'variant') IS NOT NULL THEN array(variant_get(list, '$.items', 'variant'))
        WHEN schema_of_variant(list) RLIKE '^OBJECT<.' THEN array(list)
    END,
    CAST(array() AS ARRAY<VARIANT>)
);

CREATE OR REPLACE TEMPORARY FUNCTION launch_permission(list VARIANT) RETURNS ARRAY<STRING> RETURN filter(
    flatten(transform(
        ec2_list(list),
        item -> array(
            nullif(coalesce(try_variant_get(item, '$.group', 'string'), try_variant_get(item, '$.Group', 'string')), ''),
            nullif(coalesce(try_variant_get(item, '$.userId', 'string'), try_variant_get(item, '$.UserId', 'string')), ''),
            nullif(coalesce(try_variant_get(item, '$.organizationArn', 'string'), try_variant_get(item, '$.OrganizationArn', 'string')), ''),
            nullif(coalesce(try_variant_get(item, '$.organizationalUnitArn', 'string'), try_variant_get(item, '$.OrganizationalUnitArn', 'string')), '')
        )
    )),
    who -> who IS NOT NULL
);

CREATE OR REPLACE TEMPORARY VIEW ami_events AS
WITH calls AS (
    SELECT
        *,
        event_name IN ('CreateImage', 'CopyImage', 'RegisterImage', 'CreateRestoreImageTask') AS creates,
        ec2_unwrapped(request_parameters, event_name, 'Request') AS request,
        ec2_unwrapped(response_elements, event_name, 'Response') AS response
    FROM api_calls
    WHERE event_source = 'ec2.amazonaws.com'
      AND event_name IN (
          'CreateImage', 'CopyImage', 'RegisterImage', 'CreateRestoreImageTask', 'RestoreImageFromRecycleBin',
          'EnableImage', 'DisableImage', 'DeregisterImage',
          'EnableImageDeprecation', 'EnableImageDeregistrationProtection',
          'DisableImageDeprecation', 'DisableImageDeregistrationProtection',
          'ModifyImageAttribute', 'ResetImageAttribute'
      )
      AND call_outcome(error_code, error_message) = 'success'
),

named AS (
    SELECT
        *,
        coalesce(ec2_value(request, 'ImageId'), ec2_value(response, 'ImageId')) AS image_id,
        coalesce(
            variant_get(request, '$.launchPermission.add', 'variant'), variant_get(request, '$.LaunchPermission.Add', 'variant')
        ) AS permission_added,
        coalesce(
            variant_get(request, '$.launchPermission.remove', 'variant'), variant_get(request, '$.LaunchPermission.Remove', 'variant')
        ) AS permission_removed
    FROM calls
),

permitted AS (
    SELECT
        *,
        launch_permission(permission_added) AS added,
        launch_permission(permission_removed) AS removed
    FROM named
)

SELECT
    -- the call
    event_id,
    event_time,
    event_name,
    principal,
    principal_name,
    access_key_id,
    source_ip_address,
    aws_region,
    account_id,

    -- the image
    image_id,
    creates,
    CASE WHEN creates THEN ec2_value(request, 'Name') END AS name,
    CASE WHEN event_name = 'CopyImage' THEN ec2_value(request, 'SourceImageId') END AS source_image_id,
    CASE WHEN event_name = 'CopyImage' THEN ec2_value(request, 'SourceRegion') END AS source_region,
    CASE WHEN event_name = 'CreateImage' THEN ec2_value(request, 'InstanceId') END AS source_instance_id,
    CASE WHEN event_name = 'RegisterImage' THEN ec2_value(request, 'Architecture') END AS architecture,

    -- what became of it
    CASE WHEN event_name = 'EnableImageDeprecation' THEN moment_of(ec2_value(request, 'DeprecateAt')) END AS deprecate_at,
    CASE
        WHEN creates OR event_name IN ('DisableImage', 'ResetImageAttribute') THEN false
        WHEN array_contains(added, 'all') THEN true
        WHEN array_contains(removed, 'all') THEN false
    END AS made_public,
    filter(added, who -> who <> 'all') AS shared_with,
    filter(removed, who -> who <> 'all') AS unshared_from
FROM permitted
WHERE image_id IS NOT NULL;
