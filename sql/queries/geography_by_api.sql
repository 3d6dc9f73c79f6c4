/* ---
title = "APIs by country"
description = "One row per API, country and source kind: from where each API is called. The busiest first."
display = ["event_source", "event_name", "country_name", "source_kind", "calls", "addresses", "failures", "first_seen", "last_seen"]

[columns]
event_source = "Service."
event_name = "API."
country_iso_code = "ISO 3166-1, two letters; null where the country is not known."
country_name = "Country; unknown where it is not known."
source_kind = "public, private, aws_service, aws_internal or unknown; only a public address has a place that a GeoIP database knows."
calls = "Calls."
addresses = "Different source addresses."
failures = "Calls that failed."
first_seen = "First call, UTC."
last_seen = "Last call, UTC."
--- */
WITH by_address AS (
    SELECT
        event_source,
        event_name,
        source_ip_address,
        count(*) AS calls,
        count(CASE WHEN outcome = 'failure' THEN 1 END) AS failures,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen
    FROM narrow_calls
    GROUP BY event_source, event_name, source_ip_address
)

SELECT
    a.event_source,
    a.event_name,
    s.country_iso_code,
    coalesce(s.country_name, 'unknown') AS country_name,
    s.source_kind,
    CAST(sum(a.calls) AS BIGINT) AS calls,
    count(*) AS addresses,
    CAST(sum(a.failures) AS BIGINT) AS failures,
    min(a.first_seen) AS first_seen,
    max(a.last_seen) AS last_seen
FROM by_address AS a
LEFT JOIN sources AS s ON s.source_ip_address IS NOT DISTINCT FROM a.source_ip_address
GROUP BY a.event_source, a.event_name, s.country_iso_code, coalesce(s.country_name, 'unknown'), s.source_kind
ORDER BY calls DESC, a.event_source NULLS LAST, a.event_name NULLS LAST, country_name, s.source_kind
