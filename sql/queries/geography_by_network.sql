/* ---
title = "Calls by network"
description = "One row per network: calls, who made them, from how many addresses, what failed, and how many asked for deprecated images. A network is an autonomous system, an AWS service, AWS Internal, or all private addresses; what is none of these is unknown: all rows sum to all calls."
display = ["network", "as_number", "source_kind", "calls", "principals", "addresses", "failures", "deprecated_ami_queries"]

[columns]
network = "Organization of the autonomous system, name of the AWS service, AWS Internal, private or unknown."
as_number = "Number of the autonomous system; null where there is none."
source_kind = "public, private, aws_service, aws_internal or unknown."
calls = "Calls."
principals = "Different principals."
addresses = "Different source addresses."
failures = "Calls that failed."
deprecated_ami_queries = "Successful DescribeImages calls that asked for deprecated images."
first_seen = "First call, UTC."
last_seen = "Last call, UTC."
--- */
SELECT
    coalesce(network, 'unknown') AS network,
    as_number,
    source_kind,
    CAST(sum(calls) AS BIGINT) AS calls,
    count(DISTINCT principal) AS principals,
    count(DISTINCT source_ip_address) AS addresses,
    CAST(sum(failures) AS BIGINT) AS failures,
    CAST(sum(deprecated_ami_queries) AS BIGINT) AS deprecated_ami_queries,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen
FROM origins
GROUP BY coalesce(network, 'unknown'), as_number, source_kind
ORDER BY calls DESC, network, as_number NULLS LAST, source_kind
