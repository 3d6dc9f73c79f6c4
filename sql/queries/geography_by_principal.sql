/* ---
title = "Principals by country"
description = "One row per principal, country and source kind: how much a principal calls from each country, and where else it calls from. The principals that call from most countries first."
display = ["principal", "countries", "country_name", "source_kind", "calls", "addresses", "failures", "first_seen", "last_seen"]

[[parameters]]
name = "arn"
type = "VARCHAR"
default = "'*'"
description = "Principal, as the column principal has it; * stands for anything."

[columns]
principal = "Who called."
countries = "Different countries this principal called from."
country_iso_code = "ISO 3166-1, two letters; null where the country is not known."
country_name = "Country; unknown where it is not known."
source_kind = "public, private, aws_service, aws_internal or unknown; only a public address has a place that a GeoIP database knows."
calls = "Calls."
addresses = "Different source addresses."
failures = "Calls that failed."
first_seen = "First call, UTC."
last_seen = "Last call, UTC."
--- */
WITH by_country AS (
    SELECT
        principal,
        country_iso_code,
        coalesce(country_name, 'unknown') AS country_name,
        source_kind,
        CAST(sum(calls) AS BIGINT) AS calls,
        -- a row of origins is an address, or calls without one
        count(source_ip_address) AS addresses,
        CAST(sum(failures) AS BIGINT) AS failures,
        min(first_seen) AS first_seen,
        max(last_seen) AS last_seen
    FROM origins
    WHERE coalesce(principal, '') LIKE glob_to_like(arn) ESCAPE '!'
    GROUP BY principal, country_iso_code, coalesce(country_name, 'unknown'), source_kind
),

by_principal AS (
    SELECT
        principal,
        count(DISTINCT CASE WHEN country_name <> 'unknown' THEN country_name END) AS countries
    FROM by_country
    GROUP BY principal
)

SELECT
    c.principal,
    p.countries,
    c.country_iso_code,
    c.country_name,
    c.source_kind,
    c.calls,
    c.addresses,
    c.failures,
    c.first_seen,
    c.last_seen
FROM by_country AS c
INNER JOIN by_principal AS p ON p.principal IS NOT DISTINCT FROM c.principal
ORDER BY p.countries DESC, c.principal NULLS LAST, c.calls DESC, c.country_name, c.source_kind
