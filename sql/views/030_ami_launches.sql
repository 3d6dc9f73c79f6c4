-- RunInstances calls: images that became instances, or were meant to.
CREATE OR REPLACE VIEW ami_launches AS
WITH run_instances AS (
    SELECT
        *,
        request_parameters.instancesSet::JSON AS requested_set,
        response_elements.instancesSet::JSON AS launched_set
    FROM api_calls
    WHERE event_source = 'ec2.amazonaws.com'
      AND event_name = 'RunInstances'
)

SELECT
    * EXCLUDE (outcome, request_parameters, response_elements, requested_set, launched_set),

    -- Client.DryRunOperation says "it would have worked": a rehearsal, no launch
    CASE WHEN error_code = 'Client.DryRunOperation' THEN 'dry_run' ELSE outcome END AS outcome,
    -- launched through a template, the image is named in the response only
    list_sort(list_distinct(item_values(requested_set, 'imageId') || item_values(launched_set, 'imageId'))) AS image_ids,
    item_values(launched_set, 'instanceId') AS instance_ids,
    coalesce(
        request_parameters.instanceType::VARCHAR,
        item_values(launched_set, 'instanceType')[1]
    ) AS instance_type,
    coalesce(
        nullif(len(item_values(launched_set, 'instanceId')), 0),
        TRY_CAST(item_values(requested_set, 'maxCount')[1] AS BIGINT)
    ) AS instance_count,
    coalesce(
        request_parameters.launchTemplate.launchTemplateId::VARCHAR,
        request_parameters.launchTemplate.launchTemplateName::VARCHAR
    ) AS launch_template,
    request_parameters,
    response_elements
FROM run_instances;

COMMENT ON VIEW ami_launches IS 'RunInstances calls, one row per call, with images and instances spelled out.';
COMMENT ON COLUMN ami_launches.outcome IS 'success, failure, or dry_run (Client.DryRunOperation: permitted, nothing launched).';
COMMENT ON COLUMN ami_launches.image_ids IS 'AMIs named in the request or in the response.';
COMMENT ON COLUMN ami_launches.instance_ids IS 'Instances that were launched; empty when the call failed.';
COMMENT ON COLUMN ami_launches.instance_count IS 'Instances launched, else the number asked for (maxCount).';
COMMENT ON COLUMN ami_launches.launch_template IS 'Id, else name, of the launch template.';
