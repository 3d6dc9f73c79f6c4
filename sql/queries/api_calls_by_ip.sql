/* ---
title = "Addresses, rolled up"
description = "One row per source address: how much was called from it, what failed, when, by whom, with what. The busiest first."
display = ["source_ip_address", "source_kind", "calls", "distinct_apis", "failures", "first_seen", "last_seen", "principals"]

[[parameters]]
name = "address"
type = "VARCHAR"
default = "'*'"
description = "sourceIPAddress as CloudTrail has it; * stands for anything."

[columns]
source_ip_address = "The address, a service's name, or AWS Internal."
source_kind = "public, private, vpc_endpoint, aws_service, aws_internal or unknown."
calls = "Calls."
distinct_apis = "Different APIs called."
failures = "Calls that failed."
first_seen = "First call, UTC."
last_seen = "Last call, UTC."
regions = "Regions called."
principals = "Who called from there."
user_agents = "What the calls were made with."
--- */
SELECT
    source_ip_address,
    source_kind,
    count(*) AS calls,
    count(DISTINCT event_source || ':' || event_name) AS distinct_apis,
    count(CASE WHEN outcome = 'failure' THEN 1 END) AS failures,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    sorted_values(array_agg(DISTINCT aws_region) FILTER (WHERE aws_region IS NOT NULL)) AS regions,
    sorted_values(array_agg(DISTINCT principal) FILTER (WHERE principal IS NOT NULL)) AS principals,
    sorted_values(array_agg(DISTINCT user_agent) FILTER (WHERE user_agent IS NOT NULL)) AS user_agents
FROM api_calls
WHERE coalesce(source_ip_address, '') LIKE glob_to_like(address) ESCAPE '!'
GROUP BY source_ip_address, source_kind
ORDER BY calls DESC, source_ip_address NULLS LAST
