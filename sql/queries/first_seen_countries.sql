/* ---
title = "A principal's first call from each country"
description = "One row per principal and country: the first call from there, and whether it was the principal's first country at all; if it was not, the principal moved, or someone else has its credentials. The newest first. Needs a GeoIP database: without one every country is unknown."
display = ["first_seen", "country_name", "is_first_country", "principal", "event_name", "source_ip_address", "as_organization_name", "calls", "last_seen"]

[[parameters]]
name = "arn"
type = "VARCHAR"
default = "'*'"
description = "Principal, as the column principal has it; * stands for anything."

[columns]
principal = "Who called; sessions of an assumed role count each on their own."
country_iso_code = "ISO 3166-1, two letters; null where the country is not known."
country_name = "Country; unknown where it is not known."
first_seen = "First call by this principal from there, UTC."
is_first_country = "Whether the principal was seen in no other country before; null for the country unknown."
event_id = "That call; one of them where several came in the same second."
event_source = "Its service."
event_name = "Its API."
aws_region = "Its region."
outcome = "success or failure."
source_ip_address = "The address it came from."
city_name = "The address's city; null where it is not known."
as_organization_name = "Whose network the address is in; null where it is not known."
calls = "Calls by this principal from this country."
last_seen = "The last of them, UTC."
--- */
WITH by_address AS (
    SELECT
        principal,
        source_ip_address,
        count(*) AS calls,
        min(event_time) AS first_seen,
        -- of several at once, as in many a log, always the same
        min_by(event_id, order_in_time(event_time, event_id)) AS event_id,
        max(event_time) AS last_seen
    FROM narrow_calls
    WHERE coalesce(principal, '') LIKE glob_to_like(arn) ESCAPE '!'
    GROUP BY principal, source_ip_address
),

by_country AS (
    SELECT
        a.principal,
        p.country_iso_code,
        coalesce(p.country_name, 'unknown') AS country_name,
        sum(a.calls) AS calls,
        min(a.first_seen) AS first_seen,
        min_by(a.event_id, order_in_time(a.first_seen, a.event_id)) AS event_id,
        max(a.last_seen) AS last_seen
    FROM by_address AS a
    LEFT JOIN places AS p ON p.source_ip_address = a.source_ip_address
    GROUP BY a.principal, p.country_iso_code, coalesce(p.country_name, 'unknown')
),

first_countries AS (
    SELECT
        principal,
        min(CASE WHEN country_name <> 'unknown' THEN first_seen END) AS first_seen
    FROM by_country
    GROUP BY principal
)

SELECT
    b.principal,
    b.country_iso_code,
    b.country_name,
    b.first_seen,
    CASE WHEN b.country_name <> 'unknown' THEN b.first_seen = f.first_seen END AS is_first_country,
    b.event_id,
    c.event_source,
    c.event_name,
    c.aws_region,
    c.outcome,
    c.source_ip_address,
    p.city_name,
    p.as_organization_name,
    CAST(b.calls AS BIGINT) AS calls,
    b.last_seen
FROM by_country AS b
INNER JOIN first_countries AS f ON f.principal IS NOT DISTINCT FROM b.principal
INNER JOIN narrow_calls AS c ON c.event_id = b.event_id
LEFT JOIN places AS p ON p.source_ip_address = c.source_ip_address
ORDER BY b.first_seen DESC, b.principal NULLS LAST, b.country_name
