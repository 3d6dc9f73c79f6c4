/* ---
title = "Calls by source kind"
description = "One row per source kind: calls, who made them, from how many addresses, what failed, and how many asked for deprecated images."

[columns]
source_kind = "public, private, aws_service, aws_internal or unknown."
calls = "Calls."
principals = "Different principals."
addresses = "Different source addresses."
failures = "Calls that failed."
deprecated_ami_queries = "Successful DescribeImages calls that asked for deprecated images."
first_seen = "First call, UTC."
last_seen = "Last call, UTC."
--- */
WITH deprecated AS (
    SELECT event_id
    FROM ami_queries
    WHERE outcome = 'success'
      AND include_deprecated
)

SELECT
    c.source_kind,
    count(*) AS calls,
    count(DISTINCT c.principal) AS principals,
    count(DISTINCT c.source_ip_address) AS addresses,
    count(CASE WHEN c.outcome = 'failure' THEN 1 END) AS failures,
    count(d.event_id) AS deprecated_ami_queries,
    min(c.event_time) AS first_seen,
    max(c.event_time) AS last_seen
FROM api_calls AS c
LEFT JOIN deprecated AS d ON d.event_id = c.event_id
GROUP BY c.source_kind
ORDER BY calls DESC, c.source_kind NULLS LAST
