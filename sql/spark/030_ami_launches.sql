-- Calls by which an image becomes an instance, or was meant to: see sql/views/030_ami_launches.sql.
CREATE OR REPLACE TEMPORARY VIEW launch_calls AS
WITH calls AS (
    SELECT
        * EXCEPT (outcome),
        CASE WHEN error_code = 'Client.DryRunOperation' THEN 'dry_run' ELSE call_outcome(error_code, error_message) END AS outcome,
        event_name IN ('CreateLaunchTemplate', 'CreateLaunchTemplateVersion', 'ModifyLaunchTemplate') AS about_template,
        access_key_id IS NULL AND (invoked_by IS NOT NULL OR principal_type = 'AWSService') AS on_behalf,
        concat_ws('', account_id, ':', aws_region, ':') AS scope,
        to_json(request_parameters) AS request,
        to_json(response_elements) AS response,
        variant_get(request_parameters, '$.instancesSet', 'variant') AS instances_asked,
        variant_get(response_elements, '$.instancesSet', 'variant') AS instances_answered
    FROM api_calls
    WHERE (
        event_source = 'ec2.amazonaws.com'
        AND event_name IN (
            'CreateFleet', 'CreateLaunchTemplate', 'CreateLaunchTemplateVersion', 'ModifyLaunchTemplate',
            'RequestSpotFleet', 'RequestSpotInstances', 'RunInstances'
        )
    ) OR (
        event_source = 'autoscaling.amazonaws.com'
        AND event_name IN ('CreateAutoScalingGroup', 'CreateLaunchConfiguration', 'UpdateAutoScalingGroup')
    )
),

read AS (
    SELECT
        *,
        texts_at(request, '[iI]mageId') AS images_in_request,
        texts_at(response, '[iI]mageId') AS images_in_response,
        texts_at(request, '[tT]ype') AS types_asked,
        item_values(instances_answered, 'instanceId') AS instances_launched,
        texts_at(request, 'spotInstanceRequestId') AS spot_requests_asked,
        texts_at(response, 'spotInstanceRequestId') AS spot_requests_answered
    FROM calls
)

SELECT
    * EXCEPT (
        request, response, instances_asked, instances_answered, images_in_request, images_in_response, types_asked,
        instances_launched, spot_requests_asked, spot_requests_answered
    ),
    CASE
        WHEN event_name = 'RunInstances' THEN 'instances'
        WHEN event_name = 'CreateFleet' AND array_contains(types_asked, 'instant') THEN 'instances'
        WHEN event_name IN ('RequestSpotInstances', 'RequestSpotFleet', 'CreateFleet') THEN 'request'
        WHEN event_name IN ('CreateAutoScalingGroup', 'UpdateAutoScalingGroup') THEN 'group'
        ELSE 'template'
    END AS launch_kind,
    array_sort(array_distinct(filter(
        concat(
            coalesce(images_in_request, CAST(array() AS ARRAY<STRING>)),
            coalesce(images_in_response, CAST(array() AS ARRAY<STRING>))
        ),
        image -> image <> ''
    ))) AS named_images,
    CASE event_name
        WHEN 'RunInstances' THEN instances_launched
        WHEN 'CreateFleet' THEN regexp_extract_all(
            regexp_extract(response, r'(?<!\\)"fleetInstanceSet":(.*)', 1), r'\b(i-[0-9a-f]+)', 1
        )
    END AS launched,
    coalesce(first_text_at(request, '[iI]nstanceType'), first_text_at(response, '[iI]nstanceType')) AS instance_type,
    TRY_CAST(CASE
        WHEN event_name = 'RunInstances' THEN first_text_at(request, 'maxCount')
        WHEN event_name = 'RequestSpotInstances' THEN variant_get(request_parameters, '$.instanceCount', 'string')
        WHEN about_template THEN NULL
        ELSE coalesce(
            first_text_at(request, 'targetCapacity'), first_text_at(request, 'TotalTargetCapacity'),
            first_text_at(request, 'desiredCapacity'), first_text_at(request, 'minSize')
        )
    END AS BIGINT) AS count_asked_for,
    CASE
        WHEN about_template THEN array(named_struct(
            'id', coalesce(first_text_at(response, '[lL]aunchTemplateId'), first_text_at(request, '[lL]aunchTemplateId')),
            'name', coalesce(first_text_at(response, '[lL]aunchTemplateName'), first_text_at(request, '[lL]aunchTemplateName')),
            'version', CASE event_name
                WHEN 'CreateLaunchTemplate' THEN '1'
                WHEN 'CreateLaunchTemplateVersion' THEN first_text_at(response, '[vV]ersionNumber')
                ELSE coalesce(
                    first_text_at(response, '[dD]efaultVersionNumber'),
                    first_text_at(request, 'SetDefaultVersion'), first_text_at(request, 'DefaultVersion')
                )
            END
        ))
        ELSE filter(
            transform(
                coalesce(
                    regexp_extract_all(
                        request,
                        r'(?<!\\)"(?:[lL]aunchTemplate' || CASE WHEN event_name = 'RunInstances' THEN '' ELSE '|[lL]aunchTemplateSpecification' END
                            || r')":(\{[^{}]*\})',
                        1
                    ),
                    CAST(array() AS ARRAY<STRING>)
                ),
                found -> named_struct(
                    'id', nullif(regexp_extract(found, '"[lL]aunchTemplateId":"([^"]*)"', 1), ''),
                    'name', nullif(regexp_extract(found, '"[lL]aunchTemplateName":"([^"]*)"', 1), ''),
                    'version', nullif(regexp_extract(found, '"[vV]ersion":"?([^",}]*)', 1), '')
                )
            ),
            found -> coalesce(found.id, found.name) IS NOT NULL
        )
    END AS templates,
    CASE WHEN event_name <> 'RunInstances' THEN first_text_at(request, 'launchConfigurationName') END AS launch_configuration,
    CASE WHEN event_name <> 'RunInstances' THEN first_text_at(request, 'autoScalingGroupName') END AS group_asked_for,
    CASE WHEN on_behalf THEN coalesce(
        tag_value(request, 'aws:autoscaling:groupName'), tag_value(response, 'aws:autoscaling:groupName')
    ) END AS group_of_tags,
    CASE WHEN on_behalf THEN coalesce(
        tag_value(request, 'aws:ec2:fleet-id'), tag_value(response, 'aws:ec2:fleet-id'),
        tag_value(request, 'aws:ec2spot:fleet-request-id'), tag_value(response, 'aws:ec2spot:fleet-request-id')
    ) END AS fleet_of_tags,
    CASE WHEN on_behalf OR event_name = 'RequestSpotInstances'
        THEN array_distinct(concat(
            coalesce(spot_requests_asked, CAST(array() AS ARRAY<STRING>)),
            coalesce(spot_requests_answered, CAST(array() AS ARRAY<STRING>))
        ))
        ELSE CAST(array() AS ARRAY<STRING>)
    END AS spot_instance_request_ids,
    CASE event_name
        WHEN 'CreateFleet' THEN first_text_at(response, 'fleetId')
        WHEN 'RequestSpotFleet' THEN first_text_at(response, 'spotFleetRequestId')
    END AS fleet_made
FROM read;

CREATE OR REPLACE TEMPORARY VIEW template_versions AS
SELECT
    event_time,
    event_name,
    scope,
    explode(array(templates[0].id, templates[0].name)) AS template,
    TRY_CAST(templates[0].version AS BIGINT) AS version,
    named_images
FROM launch_calls
WHERE about_template
  AND outcome = 'success';

CREATE OR REPLACE TEMPORARY VIEW template_images AS
WITH found AS (
    SELECT event_id, event_time, scope, explode(templates) AS used
    FROM launch_calls
    WHERE NOT about_template
),

template_references AS (
    SELECT event_id, event_time, scope, coalesce(used.id, used.name) AS template, used.version AS version
    FROM found
),

-- $Latest and $Default, which is what is meant where none is named, as of the launch
template_references_by_number AS (
    SELECT
        r.event_id,
        r.scope,
        r.template,
        CASE r.version
            WHEN '$Latest' THEN max_by(v.version, v.event_time) FILTER (WHERE v.event_name <> 'ModifyLaunchTemplate')
            ELSE coalesce(
                TRY_CAST(r.version AS BIGINT),
                max_by(v.version, v.event_time) FILTER (WHERE v.event_name <> 'CreateLaunchTemplateVersion')
            )
        END AS version
    FROM template_references AS r
    LEFT JOIN template_versions AS v ON v.scope = r.scope AND v.template = r.template AND v.event_time <= r.event_time
    GROUP BY r.event_id, r.scope, r.template, r.version
)

SELECT
    r.event_id,
    collect_set(concat_ws('', 'template:', r.scope, r.template, '/' || CAST(r.version AS STRING))) AS templates_used,
    flatten(collect_list(v.named_images)) AS template_images
FROM template_references_by_number AS r
LEFT JOIN template_versions AS v
    ON v.scope = r.scope
    AND v.template = r.template
    AND v.version = r.version
    AND v.event_name <> 'ModifyLaunchTemplate'
GROUP BY r.event_id;

CREATE OR REPLACE TEMPORARY VIEW configuration_images AS
SELECT s.event_id, max_by(c.named_images, c.event_time) AS configuration_images
FROM launch_calls AS s
INNER JOIN launch_calls AS c
    ON c.scope = s.scope
    AND c.launch_configuration = s.launch_configuration
    AND c.event_time <= s.event_time
WHERE c.event_name = 'CreateLaunchConfiguration'
  AND c.outcome = 'success'
GROUP BY s.event_id;

CREATE OR REPLACE TEMPORARY VIEW ami_launches AS
WITH resolved AS (
    SELECT
        l.*,
        f.templates_used,
        CASE
            WHEN size(l.named_images) > 0 THEN l.named_images
            ELSE array_sort(array_distinct(concat(
                coalesce(f.template_images, CAST(array() AS ARRAY<STRING>)),
                coalesce(c.configuration_images, CAST(array() AS ARRAY<STRING>))
            )))
        END AS images,
        coalesce(l.group_asked_for, l.group_of_tags) AS auto_scaling_group,
        CASE WHEN l.event_name IN ('CreateFleet', 'RequestSpotFleet') THEN l.fleet_made ELSE l.fleet_of_tags END AS fleet_id
    FROM launch_calls AS l
    LEFT JOIN template_images AS f ON f.event_id = l.event_id
    LEFT JOIN configuration_images AS c ON c.event_id = l.event_id
)

SELECT
    * EXCEPT (
        outcome, launch_kind, on_behalf, about_template, scope, named_images, launched, instance_type, count_asked_for,
        templates, launch_configuration, group_asked_for, group_of_tags, fleet_of_tags, spot_instance_request_ids,
        fleet_made, templates_used, images, auto_scaling_group, fleet_id, request_parameters, response_elements
    ),
    outcome,
    launch_kind,
    on_behalf,

    -- what was launched, or is to be
    images AS image_ids,
    coalesce(launched, CAST(array() AS ARRAY<STRING>)) AS instance_ids,
    instance_type,
    CASE WHEN size(launched) > 0 THEN CAST(size(launched) AS BIGINT) ELSE count_asked_for END AS instance_count,

    -- by way of what
    coalesce(get(templates, 0).id, get(templates, 0).name) AS launch_template,
    get(templates, 0).id AS launch_template_id,
    get(templates, 0).name AS launch_template_name,
    get(templates, 0).version AS launch_template_version,
    launch_configuration,
    auto_scaling_group,
    fleet_id,
    spot_instance_request_ids,

    -- the same as keys, which join a launch to the call that made what it was made from
    filter(concat(
        coalesce(templates_used, CAST(array() AS ARRAY<STRING>)),
        CASE WHEN on_behalf THEN concat(
            transform(spot_instance_request_ids, id -> 'spot:' || id),
            array('group:' || scope || auto_scaling_group, CASE WHEN event_name = 'RunInstances' THEN 'fleet:' || fleet_id END)
        ) ELSE CAST(array() AS ARRAY<STRING>) END
    ), thing -> thing IS NOT NULL) AS made_from,
    CASE WHEN on_behalf OR event_name = 'RunInstances' OR outcome <> 'success' THEN CAST(array() AS ARRAY<STRING>)
        ELSE filter(concat(
            CASE WHEN about_template THEN flatten(transform(
                array(templates[0].id, templates[0].name),
                template -> array(
                    'template:' || scope || template,
                    'template:' || scope || template || '/' || templates[0].version
                )
            )) ELSE CAST(array() AS ARRAY<STRING>) END,
            transform(spot_instance_request_ids, id -> 'spot:' || id),
            array('group:' || scope || auto_scaling_group, 'fleet:' || fleet_id)
        ), thing -> thing IS NOT NULL)
    END AS makes,

    request_parameters,
    response_elements
FROM resolved
WHERE event_name <> 'ModifyLaunchTemplate'
  AND (
      event_name <> 'UpdateAutoScalingGroup'
      OR size(templates) > 0
      OR launch_configuration IS NOT NULL
      OR count_asked_for IS NOT NULL
  );
