/* ---
title = "Calls by country"
description = "One row per country and source kind: calls, who made them, from how many addresses, what failed, and how many asked for deprecated images. Calls from nowhere in particular have the country unknown: all rows sum to all calls."
display = ["country_iso_code", "country_name", "source_kind", "calls", "principals", "addresses", "failures", "deprecated_ami_queries"]

[columns]
country_iso_code = "ISO 3166-1, two letters; null where the country is not known."
country_name = "Country; unknown where it is not known."
source_kind = "public, private, aws_service, aws_internal or unknown; only a public address has a place that a GeoIP database knows."
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
    source_kind,
    CAST(sum(calls) AS BIGINT) AS calls,
    count(DISTINCT principal) AS principals,
    count(DISTINCT source_ip_address) AS addresses,
    CAST(sum(failures) AS BIGINT) AS failures,
    CAST(sum(deprecated_ami_queries) AS BIGINT) AS deprecated_ami_queries,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen
FROM origins
GROUP BY country_iso_code, coalesce(country_name, 'unknown'), source_kind
ORDER BY calls DESC, country_name, source_kind
