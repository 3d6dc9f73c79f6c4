-- Launch templates that were made in the log.
CREATE OR REPLACE VIEW launch_templates AS
SELECT
    launch_template_id,
    launch_template_name,
    TRY_CAST(launch_template_version AS BIGINT) AS version,
    image_ids,
    l.event_id,
    event_time,
    event_name,
    principal,
    account_id,
    aws_region
FROM ami_launches AS l
WHERE event_name IN ('CreateLaunchTemplate', 'CreateLaunchTemplateVersion')
  AND outcome = 'success';

COMMENT ON VIEW launch_templates IS 'Versions of launch templates that were made in the log, one row each.';
COMMENT ON COLUMN launch_templates.version IS 'Its number; null where the response is missing.';
COMMENT ON COLUMN launch_templates.image_ids IS 'AMIs it names; empty where it leaves them to the launch.';
COMMENT ON COLUMN launch_templates.event_id IS 'The call that made it.';
