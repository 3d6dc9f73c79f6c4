-- Where calls came from: each address, and who called from it.

CREATE OR REPLACE VIEW places AS
SELECT
    -- qualified: see api_calls.event_id
    g.source_ip_address,
    continent_name,
    country_iso_code,
    coalesce(country_name, country_iso_code) AS country_name,
    region_name,
    city_name,
    latitude,
    longitude,
    coalesce(
        city_name || ', ' || coalesce(country_name, country_iso_code),
        city_name, country_name, country_iso_code,
        'unknown'
    ) AS place,
    as_number,
    as_organization_name,
    coalesce(as_organization_name, 'AS' || as_number, 'unknown') AS network,
    prefix
FROM ip_geo AS g;

COMMENT ON VIEW places IS 'Every address that a GeoIP database knows: where it is, whose network it is in. Null is what is not known.';
COMMENT ON COLUMN places.country_name IS 'By name; by its code where the database gives no name.';
COMMENT ON COLUMN places.region_name IS 'State, province or the like.';
COMMENT ON COLUMN places.place IS 'City and country, as far as known; else unknown.';
COMMENT ON COLUMN places.network IS 'Organization of the autonomous system, else its number; else unknown.';
COMMENT ON COLUMN places.prefix IS 'The network of addresses that place and network are given for.';

CREATE OR REPLACE VIEW sources AS
WITH addresses AS (
    -- counted first: what an address is has to be found out once for each, not for each call
    SELECT
        source_ip_address,
        count(*) AS calls,
        count(DISTINCT principal) AS principals,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen
    FROM api_calls
    GROUP BY source_ip_address
),

kinds AS (
    SELECT *, source_kind(source_ip_address) AS source_kind
    FROM addresses
)

SELECT
    a.source_ip_address,
    a.source_kind,

    -- place
    p.continent_name,
    p.country_iso_code,
    p.country_name,
    p.region_name,
    p.city_name,
    p.latitude,
    p.longitude,
    coalesce(p.place, 'unknown') AS place,

    -- network
    p.as_number,
    p.as_organization_name,
    CASE
        WHEN a.source_kind = 'aws_internal' THEN 'AWS Internal'
        WHEN a.source_kind = 'aws_service' THEN a.source_ip_address
        WHEN a.source_kind = 'private' THEN coalesce(nullif(p.network, 'unknown'), 'private')
        ELSE coalesce(p.network, 'unknown')
    END AS network,
    p.prefix,

    -- calls
    a.calls,
    a.principals,
    a.first_seen,
    a.last_seen
FROM kinds AS a
LEFT JOIN places AS p ON p.source_ip_address = a.source_ip_address;

COMMENT ON VIEW sources IS 'Every address calls came from, one row each, with its place and network once a GeoIP database was given.';
COMMENT ON COLUMN sources.source_kind IS 'public, private, aws_service, aws_internal or unknown: what kind of address it is.';
COMMENT ON COLUMN sources.country_name IS 'Null where it is not known, as the other parts of the place.';
COMMENT ON COLUMN sources.region_name IS 'State, province or the like.';
COMMENT ON COLUMN sources.place IS 'City and country, as far as known; else unknown.';
COMMENT ON COLUMN sources.network IS 'Whose network: the organization of the autonomous system, an AWS service, AWS Internal, private or unknown.';
COMMENT ON COLUMN sources.prefix IS 'The network of addresses that place and network are given for.';

CREATE OR REPLACE VIEW origins AS
WITH counted AS (
    SELECT
        principal,
        source_ip_address,
        count(*) AS calls,
        count(*) FILTER (WHERE outcome = 'failure') AS failures,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen
    FROM narrow_calls
    GROUP BY principal, source_ip_address
),

deprecated AS (
    SELECT principal, source_ip_address, count(*) AS queries
    FROM ami_queries
    WHERE outcome = 'success'
      AND include_deprecated
    GROUP BY principal, source_ip_address
)

SELECT
    c.principal,
    c.source_ip_address,
    s.source_kind,
    s.country_iso_code,
    s.country_name,
    s.region_name,
    s.city_name,
    s.latitude,
    s.longitude,
    s.place,
    s.as_number,
    s.network,
    c.calls,
    c.failures,
    coalesce(d.queries, 0) AS deprecated_ami_queries,
    c.first_seen,
    c.last_seen
FROM counted AS c
LEFT JOIN sources AS s ON s.source_ip_address IS NOT DISTINCT FROM c.source_ip_address
LEFT JOIN deprecated AS d
    ON d.principal IS NOT DISTINCT FROM c.principal
    AND d.source_ip_address IS NOT DISTINCT FROM c.source_ip_address;

COMMENT ON VIEW origins IS 'Who called from where: one row per principal and address, with the place and network of the address as in the view sources.';
COMMENT ON COLUMN origins.deprecated_ami_queries IS 'Successful DescribeImages calls that asked for deprecated images.';
