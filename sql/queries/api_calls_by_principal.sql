/* ---
title = "Principals, rolled up"
description = "One row per principal: how much it called, what failed, when, where and from where, with what. The busiest first."
display = ["principal", "calls", "distinct_apis", "failures", "first_seen", "last_seen", "regions", "addresses"]

[[parameters]]
name = "arn"
type = "VARCHAR"
default = "'*'"
description = "ARN of a user, a role session or a role; * stands for anything."

[columns]
principal = "Who called."
calls = "Calls."
distinct_apis = "Different APIs called."
failures = "Calls that failed."
first_seen = "First call, UTC."
last_seen = "Last call, UTC."
regions = "Regions called."
addresses = "Where the calls came from."
user_agents = "What they were made with."
--- */
SELECT
    principal,
    count(*) AS calls,
    count(DISTINCT event_source || ':' || event_name) AS distinct_apis,
    count(CASE WHEN outcome = 'failure' THEN 1 END) AS failures,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    sorted_values(array_agg(DISTINCT aws_region) FILTER (WHERE aws_region IS NOT NULL)) AS regions,
    sorted_values(array_agg(DISTINCT source_ip_address) FILTER (WHERE source_ip_address IS NOT NULL)) AS addresses,
    sorted_values(array_agg(DISTINCT user_agent) FILTER (WHERE user_agent IS NOT NULL)) AS user_agents
FROM api_calls
WHERE coalesce(principal, '') LIKE glob_to_like(arn) ESCAPE '!'
   OR session_issuer_arn LIKE glob_to_like(arn) ESCAPE '!'
GROUP BY principal
ORDER BY calls DESC, principal NULLS LAST
