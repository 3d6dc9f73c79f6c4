-- The id of an alert: what makes one and the same of all sightings of a rule and an event.
-- RFC 9562, section 5.8: the first 128 bits of a SHA-256, with version and variant laid over.
CREATE OR REPLACE MACRO uuid_of_sha256(hash VARCHAR) AS CAST(
    substr(hash, 1, 8) || '-' || substr(hash, 9, 4) || '-8' || substr(hash, 14, 3) || '-'
    || translate(substr(hash, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') || substr(hash, 18, 3) || '-'
    || substr(hash, 21, 12)
AS UUID);
COMMENT ON MACRO uuid_of_sha256 IS 'The version 8 UUID of a SHA-256 (64 hexadecimal digits in lower case).';

CREATE OR REPLACE MACRO alert_uuid(rule, event_id) AS
    uuid_of_sha256(sha256(CAST(rule AS VARCHAR) || '/' || lower(CAST(event_id AS VARCHAR))));
COMMENT ON MACRO alert_uuid IS 'The id of the alert that a rule raises about an event: the version 8 UUID of the SHA-256 of rule/event_id.';
