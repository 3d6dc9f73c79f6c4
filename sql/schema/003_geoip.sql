-- Where addresses are, and which GeoIP databases say so. Before this, nothing wrote to ip_geo.

DROP TABLE ip_geo;

CREATE TABLE ip_geo (
    source_ip_address    VARCHAR PRIMARY KEY,
    -- place
    continent_name       VARCHAR,
    country_iso_code     VARCHAR,
    country_name         VARCHAR,
    region_name          VARCHAR,
    city_name            VARCHAR,
    latitude             DOUBLE,
    longitude            DOUBLE,
    -- network
    as_number            BIGINT,
    as_organization_name VARCHAR,
    -- where this is from
    prefix               VARCHAR,
    place_database_id    INTEGER,
    network_database_id  INTEGER
);
COMMENT ON TABLE ip_geo IS 'Where an address is and whose network it belongs to, as ECS names it (geo.*, as.*): one row per address of the table events that a GeoIP database knows. Empty until one is given.';
COMMENT ON COLUMN ip_geo.source_ip_address IS 'As events have it.';
COMMENT ON COLUMN ip_geo.country_iso_code IS 'ISO 3166-1, two letters.';
COMMENT ON COLUMN ip_geo.region_name IS 'State, province or the like: the largest subdivision of the country.';
COMMENT ON COLUMN ip_geo.prefix IS 'The network of addresses that this row''s facts are about, as the database of its place (else that of its network) divides them.';
COMMENT ON COLUMN ip_geo.place_database_id IS 'The database that the place is from: geoip_databases.database_id. What it left empty may be from another that agrees on the country.';
COMMENT ON COLUMN ip_geo.network_database_id IS 'The database that the network is from.';

CREATE TABLE geoip_databases (
    database_id   INTEGER PRIMARY KEY,
    path          VARCHAR NOT NULL,
    database_type VARCHAR NOT NULL,
    built_at      TIMESTAMP NOT NULL,
    sha256        VARCHAR NOT NULL,
    named         BOOLEAN NOT NULL,
    used_at       TIMESTAMP NOT NULL,
    addresses     BIGINT NOT NULL
);
COMMENT ON TABLE geoip_databases IS 'The GeoIP databases in force: all of ip_geo is from them.';
COMMENT ON COLUMN geoip_databases.database_type IS 'As the database calls itself: GeoLite2-City, DBIP-ASN-Lite, ...';
COMMENT ON COLUMN geoip_databases.built_at IS 'When it was made, UTC, as it says itself.';
COMMENT ON COLUMN geoip_databases.named IS 'Whether it was named by the user; otherwise it was found in one of the usual folders, where each load looks again.';
COMMENT ON COLUMN geoip_databases.used_at IS 'When addresses were last looked up in it, UTC.';
COMMENT ON COLUMN geoip_databases.addresses IS 'Addresses whose place or network is from it.';
