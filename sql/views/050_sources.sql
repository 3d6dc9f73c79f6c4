-- Every address calls came from, with what is known about it.
CREATE OR REPLACE VIEW sources AS
SELECT
    c.source_ip_address,
    any_value(c.source_kind) AS source_kind,
    any_value(g.country_iso_code) AS country_iso_code,
    any_value(g.city_name) AS city_name,
    any_value(g.as_number) AS as_number,
    any_value(g.as_organization_name) AS as_organization_name,
    count(*) AS calls,
    count(DISTINCT c.principal) AS principals,
    min(c.event_time) AS first_seen,
    max(c.event_time) AS last_seen
FROM api_calls AS c
LEFT JOIN ip_geo AS g ON g.source_ip_address = c.source_ip_address
GROUP BY c.source_ip_address;

COMMENT ON VIEW sources IS 'Every address calls came from, with its place and network once a GeoIP database was given.';
