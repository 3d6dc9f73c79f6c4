/* ---
title = "Calls by region"
description = "One row per AWS region, placed on the map: calls, who made them, from how many addresses, what failed, and how many asked for deprecated images."
display = ["aws_region", "place", "country_name", "calls", "principals", "addresses", "failures", "deprecated_ami_queries", "first_seen", "last_seen"]

[columns]
aws_region = "Region of the call."
place = "City, US state or country the region is in, as AWS names it; unknown for a region that aws_regions does not have."
country_iso_code = "Its country: ISO 3166-1, two letters."
country_name = "The same by name; unknown where it is not known."
latitude = "Where on the map, roughly."
longitude = "The same."
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
        aws_region,
        source_ip_address,
        principal,
        count(*) AS calls,
        count(CASE WHEN outcome = 'failure' THEN 1 END) AS failures,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen
    FROM narrow_calls
    GROUP BY aws_region, source_ip_address, principal
),

by_region AS (
    SELECT
        aws_region,
        CAST(sum(calls) AS BIGINT) AS calls,
        count(DISTINCT principal) AS principals,
        count(DISTINCT source_ip_address) AS addresses,
        CAST(sum(failures) AS BIGINT) AS failures,
        min(first_seen) AS first_seen,
        max(last_seen) AS last_seen
    FROM by_address
    GROUP BY aws_region
),

deprecated AS (
    SELECT aws_region, count(*) AS queries
    FROM ami_queries
    WHERE outcome = 'success'
      AND include_deprecated
    GROUP BY aws_region
)

SELECT
    c.aws_region,
    coalesce(r.place, 'unknown') AS place,
    r.country_iso_code,
    coalesce(r.country_name, 'unknown') AS country_name,
    r.latitude,
    r.longitude,
    c.calls,
    c.principals,
    c.addresses,
    c.failures,
    coalesce(d.queries, 0) AS deprecated_ami_queries,
    c.first_seen,
    c.last_seen
FROM by_region AS c
LEFT JOIN aws_regions AS r ON r.aws_region = c.aws_region
LEFT JOIN deprecated AS d ON d.aws_region IS NOT DISTINCT FROM c.aws_region
ORDER BY c.calls DESC, c.aws_region NULLS LAST
