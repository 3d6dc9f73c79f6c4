/* ---
title = "Countries over time"
description = "One row per day (or hour, week, month), country and source kind: calls, who made them, from how many addresses, what failed. In time order; all rows sum to all calls."

[[parameters]]
name = "bucket"
type = "VARCHAR"
default = "'day'"
description = "How to divide time: hour, day, week (from Monday), month, quarter or year."

[columns]
bucket_start = "When the day (or hour, ...) begins, UTC."
country_iso_code = "ISO 3166-1, two letters; null where the country is not known."
country_name = "Country; unknown where it is not known."
source_kind = "public, private, aws_service, aws_internal or unknown; only a public address has a place that a GeoIP database knows."
calls = "Calls."
principals = "Different principals."
addresses = "Different source addresses."
failures = "Calls that failed."
--- */
WITH by_address AS (
    SELECT
        date_trunc(bucket, event_time) AS bucket_start,
        source_ip_address,
        principal,
        count(*) AS calls,
        count(CASE WHEN outcome = 'failure' THEN 1 END) AS failures
    FROM narrow_calls
    GROUP BY date_trunc(bucket, event_time), source_ip_address, principal
)

SELECT
    a.bucket_start,
    s.country_iso_code,
    coalesce(s.country_name, 'unknown') AS country_name,
    s.source_kind,
    CAST(sum(a.calls) AS BIGINT) AS calls,
    count(DISTINCT a.principal) AS principals,
    count(DISTINCT a.source_ip_address) AS addresses,
    CAST(sum(a.failures) AS BIGINT) AS failures
FROM by_address AS a
LEFT JOIN sources AS s ON s.source_ip_address IS NOT DISTINCT FROM a.source_ip_address
GROUP BY a.bucket_start, s.country_iso_code, coalesce(s.country_name, 'unknown'), s.source_kind
ORDER BY a.bucket_start, calls DESC, country_name, s.source_kind
