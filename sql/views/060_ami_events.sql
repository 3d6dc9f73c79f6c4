-- Calls that made an image or changed what it is.

-- as AWS writes moments: in ISO 8601, or as Java prints them
CREATE OR REPLACE MACRO moment_of(text VARCHAR) AS CASE
    WHEN regexp_matches(text, '^[0-9]{4}-[0-9]{2}-[0-9]{2}($|[T ])') THEN TRY(utc_timestamp(text))
    WHEN regexp_matches(text, '^[A-Z][a-z]{2} ') THEN try_strptime(text, ['%b %d, %Y %I:%M:%S %p', '%b %d, %Y, %I:%M:%S %p'])
END;
COMMENT ON MACRO moment_of IS 'A moment as AWS writes it, as a TIMESTAMP in UTC; null if it is none.';

-- EC2 logs the parameters of its newer calls as {"<call>Request": {"ImageId": ...}}, those of the older as {"imageId": ...}.
CREATE OR REPLACE MACRO ec2_unwrapped(body JSON, call VARCHAR, part VARCHAR) AS
    coalesce(json_extract(body, '$."' || call || part || '"'), body);
COMMENT ON MACRO ec2_unwrapped IS 'Parameters of an EC2 call (part: Request or Response) without what newer calls wrap them in.';

CREATE OR REPLACE MACRO ec2_value(body JSON, field VARCHAR) AS nullif(coalesce(
    json_extract_string(body, '$.' || lower(field[1]) || field[2:]),
    json_extract_string(body, '$.' || field)
), '');
COMMENT ON MACRO ec2_value IS 'A parameter of an EC2 call by its API name (ImageId), in either form; an empty one is none.';

-- {"items": [...]} in the older form; in the newer {"tag": 1, ...}, or a list of these where there are several.
CREATE OR REPLACE MACRO ec2_list(list JSON) AS CASE
    WHEN json_type(list) = 'ARRAY' THEN json_extract(list, '$[*]')
    WHEN json_type(list, '$.items') IS NOT NULL THEN set_items(list)
    WHEN json_type(list) = 'OBJECT' THEN [list]
    ELSE []::JSON[]
END;
COMMENT ON MACRO ec2_list IS 'The items of a list among the parameters of an EC2 call, in either form.';

CREATE OR REPLACE MACRO launch_permission(body JSON, older_path VARCHAR, newer_path VARCHAR) AS list_filter(
    flatten(list_transform(
        ec2_list(coalesce(json_extract(body, older_path), json_extract(body, newer_path))),
        lambda item: [
            ec2_value(item, 'Group'),
            ec2_value(item, 'UserId'),
            ec2_value(item, 'OrganizationArn'),
            ec2_value(item, 'OrganizationalUnitArn')
        ]
    )),
    lambda who: who IS NOT NULL
);
COMMENT ON MACRO launch_permission IS 'Whom a ModifyImageAttribute call names: accounts, organisations, `all` for everyone.';

CREATE OR REPLACE VIEW ami_events AS
WITH calls AS (
    SELECT
        *,
        event_name IN ('CreateImage', 'CopyImage', 'RegisterImage', 'CreateRestoreImageTask') AS creates,
        ec2_unwrapped(request_parameters::JSON, event_name, 'Request') AS request,
        ec2_unwrapped(response_elements::JSON, event_name, 'Response') AS response
    FROM api_calls
    WHERE event_source = 'ec2.amazonaws.com'
      -- a list of names alone is applied only after all columns have been read, with a range beside it by the scan itself
      AND (
          event_name IN (
              'CreateImage', 'CopyImage', 'RegisterImage', 'CreateRestoreImageTask', 'RestoreImageFromRecycleBin',
              'EnableImage', 'DisableImage', 'DeregisterImage',
              'ModifyImageAttribute', 'ResetImageAttribute'
          )
          -- these two each
          OR event_name BETWEEN 'EnableImageDeprecation' AND 'EnableImageDeregistrationProtection'
          OR event_name BETWEEN 'DisableImageDeprecation' AND 'DisableImageDeregistrationProtection'
      )
      -- not `outcome`, for which the response of a sign-in would have to be read
      AND call_outcome(error_code, error_message) = 'success'
),

named AS (
    SELECT
        *,
        coalesce(ec2_value(request, 'ImageId'), ec2_value(response, 'ImageId')) AS image_id,
        launch_permission(request, '$.launchPermission.add', '$.LaunchPermission.Add') AS added,
        launch_permission(request, '$.launchPermission.remove', '$.LaunchPermission.Remove') AS removed
    FROM calls
)

SELECT
    -- the call
    c.event_id,
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
        WHEN list_contains(added, 'all') THEN true
        WHEN list_contains(removed, 'all') THEN false
    END AS made_public,
    list_filter(added, lambda who: who <> 'all') AS shared_with,
    list_filter(removed, lambda who: who <> 'all') AS unshared_from
FROM named AS c
WHERE image_id IS NOT NULL;

COMMENT ON VIEW ami_events IS 'Successful calls that made an image or changed it, one row per call and image.';
COMMENT ON COLUMN ami_events.aws_region IS 'Region of the call, which is that of the image; for CopyImage that of the copy.';
COMMENT ON COLUMN ami_events.account_id IS 'Account that received the call: the owner of the image.';
COMMENT ON COLUMN ami_events.creates IS 'Whether the image is a new one: CreateImage, CopyImage, RegisterImage, CreateRestoreImageTask.';
COMMENT ON COLUMN ami_events.name IS 'Name given to a new image.';
COMMENT ON COLUMN ami_events.source_image_id IS 'Image that was copied.';
COMMENT ON COLUMN ami_events.source_region IS 'Region it was copied from.';
COMMENT ON COLUMN ami_events.source_instance_id IS 'Instance it was made of.';
COMMENT ON COLUMN ami_events.deprecate_at IS 'When EnableImageDeprecation said the image becomes deprecated; null where that is no date.';
COMMENT ON COLUMN ami_events.made_public IS 'Whether the call left the image public or private; null where it changed neither. A new or disabled image is private.';
COMMENT ON COLUMN ami_events.shared_with IS 'Accounts and organisations that may launch the image from then on.';
COMMENT ON COLUMN ami_events.unshared_from IS 'Accounts and organisations that may no longer.';
