/* ---
title = "Calls by source kind"
description = "One row per source kind: calls, who made them, from how many addresses, what failed, and how many asked for deprecated images."

[columns]
source_kind = "public, private, vpc_endpoint, aws_service, aws_internal or unknown."
calls = "Calls."
principals = "Different principals."
addresses = "Different source addresses."
failures = "Calls that failed."
deprecated_ami_queries = "Successful DescribeImages calls that asked for deprecated images."
first_seen = "First call, UTC."
last_seen = "Last call, UTC."
--- */
WITH by_address AS (
    SELECT
        source_kind,
        source_ip_address,
        principal,
        count(*) AS calls,
        count(CASE WHEN outcome = 'failure' THEN 1 END) AS failures,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen
    FROM narrow_calls
    GROUP BY source_kind, source_ip_address, principal
),

deprecated AS (
    SELECT source_kind, count(*) AS queries
    FROM ami_queries
    WHERE outcome = 'success'
      AND include_deprecated
    GROUP BY source_kind
)

SELECT
    a.source_kind,
    CAST(sum(a.calls) AS BIGINT) AS calls,
    count(DISTINCT a.principal) AS principals,
    count(DISTINCT a.source_ip_address) AS addresses,
    CAST(sum(a.failures) AS BIGINT) AS failures,
    coalesce(max(d.queries), 0) AS deprecated_ami_queries,
    min(a.first_seen) AS first_seen,
    max(a.last_seen) AS last_seen
FROM by_address AS a
LEFT JOIN deprecated AS d ON d.source_kind = a.source_kind
GROUP BY a.source_kind
ORDER BY calls DESC, a.source_kind
