/* ---
title = "Triage: who else in the account asks for deprecated images"
description = "Every user and role that asked for deprecated images in the account of an event, how often and since when; the one of the event first."
display = ["identity_name", "is_same_identity", "queries", "days_before", "first_seen", "last_seen", "owners", "name_patterns"]

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The event of the alert."

[columns]
identity_name = "The user, or the role, by name."
is_same_identity = "Whether it is that of the event."
queries = "Successful DescribeImages calls that asked for deprecated images."
queries_before = "Those of them that were made before the event."
days_before = "Days before that of the event with such calls."
first_seen = "The first, UTC."
last_seen = "The last, UTC."
addresses = "Where they came from."
owners = "Owners asked for."
name_patterns = "Name patterns asked for."
--- */
-- apart from any table: beside one, the parameter could be the column of the same name
WITH parameter AS (
    SELECT event_id AS anchor_id
),

anchor AS (
    SELECT a.event_time, a.account_id, a.identity
    FROM parameter AS p
    INNER JOIN api_calls AS a ON a.event_id = p.anchor_id
)

SELECT
    resource_name(q.identity) AS identity_name,
    bool_or(q.identity = a.identity) AS is_same_identity,
    count(*) AS queries,
    count(CASE WHEN q.event_time < a.event_time THEN 1 END) AS queries_before,
    count(DISTINCT CASE WHEN q.event_time < a.event_time - INTERVAL '1' DAY THEN CAST(q.event_time AS DATE) END) AS days_before,
    min(q.event_time) AS first_seen,
    max(q.event_time) AS last_seen,
    sorted_values(array_agg(DISTINCT q.source_ip_address) FILTER (WHERE q.source_ip_address IS NOT NULL)) AS addresses,
    distinct_values(array_agg(q.owners)) AS owners,
    distinct_values(array_agg(q.name_patterns)) AS name_patterns
FROM anchor AS a
INNER JOIN ami_queries AS q ON q.account_id = a.account_id
WHERE q.outcome = 'success'
  AND q.include_deprecated
GROUP BY resource_name(q.identity)
ORDER BY is_same_identity DESC, queries DESC, identity_name
