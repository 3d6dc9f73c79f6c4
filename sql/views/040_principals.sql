-- Everyone who called, one row each.
CREATE OR REPLACE VIEW principals AS
SELECT
    principal,
    any_value(principal_arn) AS principal_arn,
    any_value(principal_type) AS principal_type,
    count(*) AS calls,
    count(DISTINCT event_source || ':' || event_name) AS distinct_apis,
    count(*) FILTER (WHERE outcome = 'failure') AS failures,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen
FROM api_calls
GROUP BY principal;

COMMENT ON VIEW principals IS 'Everyone who called, one row each; sessions of an assumed role count each on their own.';
