-- The tables of a store: what was loaded, from where, and what could not be.
-- A migration, once released, is never edited: the next change is 002_*.sql.

CREATE TABLE loads (
    load_id     INTEGER PRIMARY KEY,
    started_at  TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    version     VARCHAR NOT NULL,
    arguments   VARCHAR[] NOT NULL
);
COMMENT ON TABLE loads IS 'One row per `trailduck load`.';
COMMENT ON COLUMN loads.finished_at IS 'UTC; null while running, or when the load was killed: its finished files are kept all the same.';
COMMENT ON COLUMN loads.version IS 'Version of trailduck that loaded.';
COMMENT ON COLUMN loads.arguments IS 'The paths as they were given.';

CREATE TABLE files (
    file_id    INTEGER PRIMARY KEY,
    load_id    INTEGER NOT NULL,
    path       VARCHAR NOT NULL,
    size       BIGINT NOT NULL,
    sha256     VARCHAR NOT NULL,
    format     VARCHAR NOT NULL,
    records    BIGINT NOT NULL,
    new        BIGINT NOT NULL,
    duplicate  BIGINT NOT NULL,
    rejected   BIGINT NOT NULL
);
COMMENT ON TABLE files IS 'Every file that was read, once per content. records = new + duplicate + rejected.';
COMMENT ON COLUMN files.path IS 'As found; bytes that are not UTF-8 are shown as U+FFFD. `-` is standard input.';
COMMENT ON COLUMN files.size IS 'Bytes on disk, compressed as it came.';
COMMENT ON COLUMN files.sha256 IS 'SHA-256 of those bytes, hexadecimal: the same content is never loaded twice. Empty for what could not be opened.';
COMMENT ON COLUMN files.format IS 'records (a Records object), ndjson, array, record, digest (CloudTrail digest file: holds no events), or other (not recognised).';
COMMENT ON COLUMN files.records IS 'Records found in the file, readable or not; damage that is no record''s in particular counts as one.';
COMMENT ON COLUMN files.new IS 'Events this file added to the store.';
COMMENT ON COLUMN files.duplicate IS 'Records whose event was in the store, or earlier in the same load, already.';
COMMENT ON COLUMN files.rejected IS 'Records that could not be read: see the table rejects.';

CREATE TABLE events (
    -- identity
    event_id                     UUID NOT NULL,
    event_time                   TIMESTAMP NOT NULL,
    event_version                VARCHAR,
    event_type                   VARCHAR,
    event_category               VARCHAR,
    shared_event_id              VARCHAR,
    request_id                   VARCHAR,
    -- action
    event_source                 VARCHAR,
    event_name                   VARCHAR,
    api_version                  VARCHAR,
    aws_region                   VARCHAR,
    recipient_account_id         VARCHAR,
    read_only                    BOOLEAN,
    management_event             BOOLEAN,
    error_code                   VARCHAR,
    error_message                VARCHAR,
    -- source
    source_ip_address            VARCHAR,
    user_agent                   VARCHAR,
    vpc_endpoint_id              VARCHAR,
    vpc_endpoint_account_id      VARCHAR,
    session_credential_from_console VARCHAR,
    tls_details                  STRUCT(
        tls_version                 VARCHAR,
        cipher_suite                VARCHAR,
        client_provided_host_header VARCHAR
    ),
    -- principal
    user_identity                STRUCT(
        "type"            VARCHAR,
        principal_id      VARCHAR,
        arn               VARCHAR,
        account_id        VARCHAR,
        access_key_id     VARCHAR,
        user_name         VARCHAR,
        invoked_by        VARCHAR,
        identity_provider VARCHAR,
        credential_id     VARCHAR,
        session_context   STRUCT(
            attributes               STRUCT(creation_date TIMESTAMP, mfa_authenticated VARCHAR),
            session_issuer           STRUCT("type" VARCHAR, principal_id VARCHAR, arn VARCHAR, account_id VARCHAR, user_name VARCHAR),
            web_id_federation_data   STRUCT(federated_provider VARCHAR),
            source_identity          VARCHAR,
            ec2_role_delivery        VARCHAR,
            assumed_root             VARCHAR
        ),
        on_behalf_of      STRUCT(user_id VARCHAR, identity_store_arn VARCHAR),
        in_scope_of       STRUCT(source_arn VARCHAR, source_account VARCHAR, issuer_type VARCHAR, credentials_issued_to VARCHAR)
    ),
    -- what it was about
    resources                    STRUCT(arn VARCHAR, account_id VARCHAR, "type" VARCHAR)[],
    request_parameters           VARIANT,
    response_elements            VARIANT,
    additional_event_data        VARIANT,
    service_event_details        VARIANT,
    insight_details              VARIANT,
    addendum                     VARIANT,
    edge_device_details          VARIANT,
    event_context                VARIANT,
    -- what keeps it lossless, and where it came from
    extra                        VARIANT,
    null_fields                  VARCHAR,
    original                     VARCHAR,
    event_id_derived             BOOLEAN NOT NULL,
    file_id                      INTEGER NOT NULL
);
COMMENT ON TABLE events IS 'CloudTrail records, one row per event, fields as AWS documents them (CloudTrail User Guide, "CloudTrail record contents") in snake case.';
COMMENT ON COLUMN events.event_id IS 'eventID; for a record without a usable one, a version 8 UUID derived from its content (see event_id_derived).';
COMMENT ON COLUMN events.event_time IS 'eventTime, UTC.';
COMMENT ON COLUMN events.source_ip_address IS 'sourceIPAddress: an IPv4 or IPv6 address, the name of an AWS service, or `AWS Internal`.';
COMMENT ON COLUMN events.request_parameters IS 'requestParameters. Reach in with a path: request_parameters.includeDeprecated. A JSON string that holds an object, as some exports have it, is stored as that object.';
COMMENT ON COLUMN events.extra IS 'What the columns beside it cannot hold, as an overlay on the record: fields unknown to this schema, values of an unexpected type.';
COMMENT ON COLUMN events.null_fields IS 'Names of the top-level fields that were present and null, separated by commas; absent fields are not named.';
COMMENT ON COLUMN events.original IS 'The record as it came, where no set of columns would give it back equal (numbers beyond a double, duplicate keys, unpaired surrogates); else null.';
COMMENT ON COLUMN events.event_id_derived IS 'Whether event_id was derived because the record has no usable eventID.';
COMMENT ON COLUMN events.file_id IS 'The file this event came from first: files.file_id.';

CREATE TABLE rejects (
    file_id     INTEGER NOT NULL,
    record      BIGINT,
    byte_offset BIGINT,
    reason      VARCHAR NOT NULL,
    excerpt     VARCHAR
);
COMMENT ON TABLE rejects IS 'What could not be read.';
COMMENT ON COLUMN rejects.record IS 'Number of the record in its file, from 1; null when the file as a whole is meant.';
COMMENT ON COLUMN rejects.byte_offset IS 'Where it begins, in bytes from the start of the decompressed file.';
COMMENT ON COLUMN rejects.excerpt IS 'The beginning of the offending text, at most 200 characters.';

CREATE TABLE ip_geo (
    source_ip_address    VARCHAR PRIMARY KEY,
    country_iso_code     VARCHAR,
    country_name         VARCHAR,
    city_name            VARCHAR,
    latitude             DOUBLE,
    longitude            DOUBLE,
    as_number            BIGINT,
    as_organization_name VARCHAR
);
COMMENT ON TABLE ip_geo IS 'Where an address is and whose network it belongs to, as ECS names it (geo.*, as.*); empty until a GeoIP database is given.';

CREATE TABLE store_info (
    schema_version INTEGER NOT NULL,
    catalog_hash   VARCHAR
);
COMMENT ON TABLE store_info IS 'One row: which migrations were applied, and which catalog of views and macros is installed.';
INSERT INTO store_info VALUES (0, NULL);
