/* ---
title = "Triage: what was asked"
description = "What a DescribeImages call asked for, in words and as it came. One row; none for an event of another kind."

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The event of the alert."

[columns]
asked = "What was asked for, in words."
include_deprecated = "Whether deprecated images were asked for."
owners = "Owners named: account ids or aliases."
image_ids = "Images named."
name_patterns = "Patterns of names; * and ? are wildcards."
ages = "How old the images are that a pattern names, as far as it says: see ami_name_ages."
other_filters = "The other filters, each as name=value,value."
executable_by = "Whose launch permissions were asked for."
outcome = "success or failure."
error_code = "Why it failed."
request_parameters = "The request parameters as they came."
--- */
-- apart from any table: beside one, the parameter could be the column of the same name
WITH parameter AS (
    SELECT event_id AS anchor_id
),

asked AS (
    SELECT
        q.*,
        CASE
            WHEN q.include_deprecated THEN 'images, deprecated ones too'
            WHEN coalesce(lower(q.include_deprecated_as_sent), 'false') = 'false' THEN 'images that are not deprecated'
            ELSE 'images, with includeDeprecated ' || q.include_deprecated_as_sent || ', which is neither true nor false'
        END AS what,
        CASE WHEN q.owner_requested THEN ', owned by ' || list_text(q.owners) ELSE ', of any owner' END AS by_owner,
        CASE WHEN list_size(q.image_ids) > 0 THEN ', with the ids ' || list_text(q.image_ids) ELSE '' END AS by_id,
        CASE WHEN list_size(q.name_patterns) > 0 THEN ', named ' || list_text(q.name_patterns) ELSE '' END AS by_name,
        CASE WHEN list_size(q.other_filters) > 0 THEN ', where ' || list_text(q.other_filters) ELSE '' END AS by_filter,
        CASE WHEN list_size(q.executable_by) > 0 THEN ', that can be launched by ' || list_text(q.executable_by) ELSE '' END AS by_permission
    FROM parameter AS p
    INNER JOIN ami_queries AS q ON q.event_id = p.anchor_id
),

ages AS (
    SELECT sorted_values(array_agg(DISTINCT n.age)) AS ages
    FROM parameter AS p
    INNER JOIN ami_name_ages AS n ON n.event_id = p.anchor_id
    WHERE n.age IS NOT NULL
)

SELECT
    what || by_owner || by_id || by_name || by_filter || by_permission AS asked,
    include_deprecated,
    owners,
    image_ids,
    name_patterns,
    g.ages,
    other_filters,
    executable_by,
    outcome,
    error_code,
    request_parameters
FROM asked
CROSS JOIN ages AS g
