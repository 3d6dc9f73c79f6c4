-- Calls by which an image becomes an instance, or was meant to.
CREATE OR REPLACE VIEW ami_launches AS
WITH api AS (
    -- a list of names alone is applied only after all columns have been read, with a range beside it by the scan itself;
    -- these ranges have two names each
    FROM api_calls
    WHERE event_source = 'ec2.amazonaws.com'
      AND (
          event_name IN ('CreateFleet', 'ModifyLaunchTemplate', 'RunInstances')
          OR event_name BETWEEN 'CreateLaunchTemplate' AND 'CreateLaunchTemplateVersion'
          OR event_name BETWEEN 'RequestSpotFleet' AND 'RequestSpotInstances'
      )
    UNION ALL
    FROM api_calls
    WHERE event_source = 'autoscaling.amazonaws.com'
      AND (
          event_name = 'UpdateAutoScalingGroup'
          OR event_name BETWEEN 'CreateAutoScalingGroup' AND 'CreateLaunchConfiguration'
      )
),

calls AS (
    SELECT
        * EXCLUDE (outcome),
        -- no sign-in is among these. Client.DryRunOperation says "it would have worked": a rehearsal, no launch
        CASE WHEN error_code = 'Client.DryRunOperation' THEN 'dry_run' ELSE call_outcome(error_code, error_message) END AS outcome,
        event_name IN ('CreateLaunchTemplate', 'CreateLaunchTemplateVersion', 'ModifyLaunchTemplate') AS about_template,
        -- what a service does without a key, it does for someone else
        access_key_id IS NULL AND (invoked_by IS NOT NULL OR principal_type = 'AWSService') AS on_behalf,
        -- templates, configurations and groups have names of their own in each account and region
        concat(account_id, ':', aws_region, ':') AS scope,
        request_parameters::JSON AS request,
        response_elements::JSON AS response,
        -- newer calls are logged inside an object named after their request or response, names beginning in upper
        -- case, a list of one as an object: {"CreateFleetRequest": {"LaunchTemplateConfigs": {"tag": 1, ...}}}
        CASE WHEN event_name <> 'RunInstances' THEN request_parameters::JSON END AS wrapped_request,
        CASE WHEN event_name <> 'RunInstances' THEN response_elements::JSON END AS wrapped_response
    FROM api
),

-- nearly all launches are RunInstances with lists for its sets: one reading finds what otherwise takes a search for each
-- field; what is spelled in another way is null here, and searched for below
read AS (
    SELECT
        *,
        CASE WHEN event_name = 'RunInstances' THEN from_json(request, '{
            "instanceType": "VARCHAR",
            "instancesSet": {"items": [{"imageId": "VARCHAR", "maxCount": "VARCHAR"}]},
            "launchTemplate": "JSON"
        }') END AS asked,
        CASE WHEN event_name = 'RunInstances' THEN from_json(response, '{
            "instancesSet": {"items": [{"imageId": "VARCHAR", "instanceId": "VARCHAR", "instanceType": "VARCHAR"}]}
        }') END AS answered
    FROM calls
),

spelled_out AS MATERIALIZED (
    SELECT
        * EXCLUDE (request, response, wrapped_request, wrapped_response, asked, answered),
        CASE
            WHEN event_name = 'RunInstances' THEN 'instances'
            WHEN event_name = 'CreateFleet' AND list_contains(texts_at(request, '$..type', request, '$..Type'), 'instant') THEN 'instances'
            WHEN event_name IN ('RequestSpotInstances', 'RequestSpotFleet', 'CreateFleet') THEN 'request'
            WHEN event_name IN ('CreateAutoScalingGroup', 'UpdateAutoScalingGroup') THEN 'group'
            ELSE 'template'
        END AS launch_kind,
        list_sort(list_distinct(list_filter(
            list_concat(
                coalesce(
                    list_transform(asked.instancesSet.items, lambda item: item.imageId),
                    texts_at(request, '$..imageId', wrapped_request, '$..ImageId')
                ),
                coalesce(
                    list_transform(answered.instancesSet.items, lambda item: item.imageId),
                    texts_at(response, '$..imageId', wrapped_response, '$..ImageId')
                )
            ),
            lambda image: image <> ''
        ))) AS named_images,
        CASE event_name
            WHEN 'RunInstances' THEN coalesce(
                list_filter(list_transform(answered.instancesSet.items, lambda item: item.instanceId), lambda id: id IS NOT NULL),
                texts_at(response, '$..items[*].instanceId', response, '$..items.instanceId')
            )
            -- of an instant fleet, one or a list
            WHEN 'CreateFleet'
                THEN regexp_extract_all(json_extract(wrapped_response, '$..fleetInstanceSet')::VARCHAR, '\bi-[0-9a-f]+')
        END AS launched,
        coalesce(
            asked.instanceType,
            texts_at(request, '$..instanceType', wrapped_request, '$..InstanceType')[1],
            answered.instancesSet.items[1].instanceType,
            texts_at(response, '$..instanceType', wrapped_response, '$..InstanceType')[1]
        ) AS instance_type,
        TRY_CAST(CASE
            WHEN event_name = 'RunInstances'
                THEN coalesce(asked.instancesSet.items[1].maxCount, json_extract_string(request, '$..maxCount')[1])
            WHEN event_name = 'RequestSpotInstances' THEN json_extract_string(request, '$.instanceCount')
            WHEN about_template THEN NULL
            ELSE coalesce(
                texts_at(request, '$..targetCapacity', request, '$..TotalTargetCapacity')[1],
                texts_at(request, '$..desiredCapacity', request, '$..minSize')[1]
            )
        END AS BIGINT) AS count_asked_for,
        -- the templates that are launched from, or the one that is made or changed
        CASE
            WHEN asked.instancesSet.items IS NOT NULL AND asked.launchTemplate IS NULL THEN []
            WHEN about_template THEN [{
                'id': coalesce(
                    texts_at(wrapped_response, '$..launchTemplateId', wrapped_response, '$..LaunchTemplateId')[1],
                    texts_at(request, '$..launchTemplateId', request, '$..LaunchTemplateId')[1]
                ),
                'name': coalesce(
                    texts_at(wrapped_response, '$..launchTemplateName', wrapped_response, '$..LaunchTemplateName')[1],
                    texts_at(request, '$..launchTemplateName', request, '$..LaunchTemplateName')[1]
                ),
                'version': CASE event_name
                    WHEN 'CreateLaunchTemplate' THEN '1'
                    WHEN 'CreateLaunchTemplateVersion'
                        THEN texts_at(wrapped_response, '$..versionNumber', wrapped_response, '$..VersionNumber')[1]
                    ELSE coalesce(
                        texts_at(wrapped_response, '$..defaultVersionNumber', wrapped_response, '$..DefaultVersionNumber')[1],
                        texts_at(request, '$..SetDefaultVersion', request, '$..DefaultVersion')[1]
                    )
                END
            }]
            ELSE list_filter(
                list_transform(
                    list_concat(
                        found_at(request, '$..launchTemplate', wrapped_request, '$..LaunchTemplate'),
                        found_at(wrapped_request, '$..launchTemplateSpecification', wrapped_request, '$..LaunchTemplateSpecification')
                    ),
                    lambda found: {
                        'id': coalesce(found ->> '$.launchTemplateId', found ->> '$.LaunchTemplateId'),
                        'name': coalesce(found ->> '$.launchTemplateName', found ->> '$.LaunchTemplateName'),
                        'version': coalesce(found ->> '$.version', found ->> '$.Version')
                    }
                ),
                lambda found: coalesce(found.id, found."name") IS NOT NULL
            )
        END AS templates,
        json_extract_string(wrapped_request, '$..launchConfigurationName')[1] AS launch_configuration,
        json_extract_string(wrapped_request, '$..autoScalingGroupName')[1] AS group_asked_for,
        -- tags named aws:... are AWS's own; what it launches for a group or a fleet bears them
        CASE WHEN on_behalf THEN list_concat(
            found_at(request, '$..tags[*]', response, '$..tagSet.items[*]'),
            found_at(wrapped_request, '$..Tag', wrapped_request, '$..Tag[*]')
        ) END AS tags,
        CASE WHEN on_behalf OR event_name = 'RequestSpotInstances'
            THEN list_distinct(texts_at(request, '$..spotInstanceRequestId', response, '$..spotInstanceRequestId'))
            ELSE []
        END AS spot_instance_request_ids,
        CASE event_name
            WHEN 'CreateFleet' THEN json_extract_string(wrapped_response, '$..fleetId')[1]
            WHEN 'RequestSpotFleet' THEN json_extract_string(wrapped_response, '$..spotFleetRequestId')[1]
        END AS fleet_made
    FROM read
),

-- versions of launch templates, each under its id and under its name
template_versions AS (
    SELECT
        event_time,
        event_name,
        scope,
        unnest([templates[1].id, templates[1]."name"]) AS template,
        TRY_CAST(templates[1].version AS BIGINT) AS version,
        named_images
    FROM spelled_out
    WHERE about_template
      AND outcome = 'success'
),

template_references AS (
    SELECT
        s.event_id,
        event_time,
        scope,
        unnest(list_transform(templates, lambda t: coalesce(t.id, t."name"))) AS template,
        unnest(list_transform(templates, lambda t: t.version)) AS version
    FROM spelled_out AS s
    WHERE NOT about_template
),

-- $Latest and $Default, which is what is meant where none is named, as of the launch
template_references_by_number AS (
    SELECT
        r.event_id,
        r.scope,
        r.template,
        CASE r.version
            WHEN '$Latest' THEN latest.version
            ELSE coalesce(TRY_CAST(r.version AS BIGINT), standard.version)
        END AS version
    FROM template_references AS r
    ASOF LEFT JOIN (
        FROM template_versions WHERE event_name <> 'ModifyLaunchTemplate'
    ) AS latest ON latest.scope = r.scope AND latest.template = r.template AND latest.event_time <= r.event_time
    ASOF LEFT JOIN (
        FROM template_versions WHERE event_name <> 'CreateLaunchTemplateVersion'
    ) AS standard ON standard.scope = r.scope AND standard.template = r.template AND standard.event_time <= r.event_time
),

launched_from AS (
    SELECT
        r.event_id,
        list(DISTINCT concat('template:', r.scope, r.template, '/' || r.version)) AS templates_used,
        flatten(list(v.named_images) FILTER (v.named_images IS NOT NULL)) AS template_images
    FROM template_references_by_number AS r
    LEFT JOIN template_versions AS v
        ON v.scope = r.scope
        AND v.template = r.template
        AND v.version = r.version
        AND v.event_name <> 'ModifyLaunchTemplate'
    GROUP BY r.event_id
),

launched_from_configuration AS (
    SELECT s.event_id, c.named_images AS configuration_images
    FROM spelled_out AS s
    ASOF INNER JOIN (
        FROM spelled_out WHERE event_name = 'CreateLaunchConfiguration' AND outcome = 'success'
    ) AS c ON c.scope = s.scope AND c.launch_configuration = s.launch_configuration AND c.event_time <= s.event_time
    WHERE s.launch_configuration IS NOT NULL
),

resolved AS (
    SELECT
        l.*,
        templates_used,
        CASE WHEN len(named_images) > 0
            THEN named_images
            ELSE coalesce(list_sort(list_distinct(list_concat(template_images, configuration_images))), [])
        END AS images,
        coalesce(group_asked_for, tag_value(tags, 'aws:autoscaling:groupName')) AS auto_scaling_group,
        CASE WHEN event_name IN ('CreateFleet', 'RequestSpotFleet')
            THEN fleet_made
            ELSE coalesce(tag_value(tags, 'aws:ec2:fleet-id'), tag_value(tags, 'aws:ec2spot:fleet-request-id'))
        END AS fleet_id
    FROM spelled_out AS l
    LEFT JOIN launched_from AS f ON f.event_id = l.event_id
    LEFT JOIN launched_from_configuration AS c ON c.event_id = l.event_id
)
SELECT
    * EXCLUDE (
        outcome, launch_kind, on_behalf, about_template, scope, named_images, launched, instance_type, count_asked_for,
        templates, launch_configuration, group_asked_for, tags, spot_instance_request_ids, fleet_made, templates_used,
        images, auto_scaling_group, fleet_id, request_parameters, response_elements
    ),
    outcome,
    launch_kind,
    on_behalf,

    -- what was launched, or is to be
    images AS image_ids,
    coalesce(launched, []) AS instance_ids,
    instance_type,
    coalesce(nullif(len(launched), 0), count_asked_for) AS instance_count,

    -- by way of what
    coalesce(templates[1].id, templates[1]."name") AS launch_template,
    templates[1].id AS launch_template_id,
    templates[1]."name" AS launch_template_name,
    templates[1].version AS launch_template_version,
    launch_configuration,
    auto_scaling_group,
    fleet_id,
    spot_instance_request_ids,

    -- the same as keys, which join a launch to the call that made what it was made from
    list_filter(list_concat(
        templates_used,
        CASE WHEN on_behalf THEN list_concat(
            list_transform(spot_instance_request_ids, lambda id: 'spot:' || id),
            ['group:' || scope || auto_scaling_group, CASE WHEN event_name = 'RunInstances' THEN 'fleet:' || fleet_id END]
        ) END
    ), lambda thing: thing IS NOT NULL) AS made_from,
    CASE WHEN on_behalf OR event_name = 'RunInstances' OR outcome <> 'success' THEN []
        ELSE list_filter(list_concat(
            CASE WHEN about_template THEN flatten(list_transform(
                [templates[1].id, templates[1]."name"],
                lambda template: [
                    'template:' || scope || template,
                    'template:' || scope || template || '/' || templates[1].version
                ]
            )) END,
            list_transform(spot_instance_request_ids, lambda id: 'spot:' || id),
            ['group:' || scope || auto_scaling_group, 'fleet:' || fleet_id]
        ), lambda thing: thing IS NOT NULL)
    END AS makes,

    request_parameters,
    response_elements
FROM resolved
WHERE event_name <> 'ModifyLaunchTemplate'
  -- of the changes to a group those that say what it launches, or how many
  AND (
      event_name <> 'UpdateAutoScalingGroup'
      OR len(templates) > 0
      OR launch_configuration IS NOT NULL
      OR count_asked_for IS NOT NULL
  );

COMMENT ON VIEW ami_launches IS 'Calls by which an image becomes an instance, now or later, one row per call, refused and rehearsed ones too: RunInstances, RequestSpotInstances, RequestSpotFleet, CreateFleet, CreateLaunchTemplate, CreateLaunchTemplateVersion, CreateLaunchConfiguration, CreateAutoScalingGroup, UpdateAutoScalingGroup (where it says what to launch, or how many).';
COMMENT ON COLUMN ami_launches.outcome IS 'success, failure, or dry_run (Client.DryRunOperation: permitted, nothing launched).';
COMMENT ON COLUMN ami_launches.launch_kind IS 'instances (RunInstances, CreateFleet of type instant), request (RequestSpotInstances, RequestSpotFleet, other CreateFleet: instances follow), template (a launch template, its version, a launch configuration), group (an Auto Scaling group).';
COMMENT ON COLUMN ami_launches.on_behalf IS 'Whether a service called without a key: Auto Scaling, EC2 Fleet or Spot, for whoever made the group, fleet or request.';
COMMENT ON COLUMN ami_launches.image_ids IS 'AMIs named in the request or in the response; where there is none, those of the template version or launch configuration it names, as far as the log tells how these were made.';
COMMENT ON COLUMN ami_launches.instance_ids IS 'Instances that were launched; empty when the call failed, or when they come later.';
COMMENT ON COLUMN ami_launches.instance_type IS 'The first that is named.';
COMMENT ON COLUMN ami_launches.instance_count IS 'Instances launched, else the number asked for: maxCount, instanceCount, the capacity of a fleet or group.';
COMMENT ON COLUMN ami_launches.launch_template IS 'Id, else name, of the launch template, the first where a fleet or group names several.';
COMMENT ON COLUMN ami_launches.launch_template_version IS 'A number, $Latest or $Default; of a call that makes a version its number.';
COMMENT ON COLUMN ami_launches.auto_scaling_group IS 'The group that is made or changed, or that Auto Scaling launched for (tag aws:autoscaling:groupName).';
COMMENT ON COLUMN ami_launches.fleet_id IS 'The EC2 Fleet or Spot Fleet that is made, or that was launched for (tags aws:ec2:fleet-id, aws:ec2spot:fleet-request-id).';
COMMENT ON COLUMN ami_launches.spot_instance_request_ids IS 'Spot requests that are made, or that Spot launched for.';
COMMENT ON COLUMN ami_launches.made_from IS 'Templates, groups, fleets and Spot requests it was launched from, as keys to be compared with makes.';
COMMENT ON COLUMN ami_launches.makes IS 'Templates, groups, fleets and Spot requests that the call made or changed, as keys.';
