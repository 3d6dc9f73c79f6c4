/* ---
title = "Calls by city"
description = "One row per city and source kind: calls, who made them, from how many addresses, what failed, and how many asked for deprecated images. Where only the country is known the city is unknown, as both are for calls from nowhere in particular: all rows sum to all calls."
display = ["city_name", "region_name", "country_name", "source_kind", "calls", "principals", "addresses", "failures", "deprecated_ami_queries"]

[columns]
country_iso_code = "ISO 3166-1, two letters; null where the country is not known."
country_name = "Country; unknown where it is not known."
region_name = "State, province or the like; null where it is not known."
city_name = "City; unknown where it is not known."
source_kind = "public, private, aws_service, aws_internal or unknown; only a public address has a place that a GeoIP database knows."
latitude = "Where on the map; the southernmost where its addresses are in several places. Null where it is not known."
longitude = "The same place's longitude."
calls = "Calls."
principals = "Different principals."
addresses = "Different source addresses."
failures = "Calls that failed."
deprecated_ami_queries = "Successful DescribeImages calls that asked for deprecated images."
first_seen = "First call, UTC."
last_seen = "Last call, UTC."
--- */
SELECT
    country_iso_code,
    coalesce(country_name, 'unknown') AS country_name,
    region_name,
    coalesce(city_name, 'unknown') AS city_name,
    source_kind,
    min(latitude) AS latitude,
    min_by(longitude, latitude) AS longitude,
    CAST(sum(calls) AS BIGINT) AS calls,
    count(DISTINCT principal) AS principals,
    count(DISTINCT source_ip_address) AS addresses,
    CAST(sum(failures) AS BIGINT) AS failures,
    CAST(sum(deprecated_ami_queries) AS BIGINT) AS deprecated_ami_queries,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen
FROM origins
GROUP BY country_iso_code, coalesce(country_name, 'unknown'), region_name, coalesce(city_name, 'unknown'), source_kind
ORDER BY calls DESC, country_name, region_name NULLS LAST, city_name, source_kind
