-- The id of an alert: see sql/views/007_alerts.sql.
CREATE OR REPLACE TEMPORARY FUNCTION uuid_of_sha256(hash STRING) RETURNS STRING RETURN
    substr(hash, 1, 8) || '-' || substr(hash, 9, 4) || '-8' || substr(hash, 14, 3) || '-'
    || translate(substr(hash, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') || substr(hash, 18, 3) || '-'
    || substr(hash, 21, 12);

CREATE OR REPLACE TEMPORARY FUNCTION alert_uuid(rule STRING, event_id STRING) RETURNS STRING RETURN
    uuid_of_sha256(sha2(rule || '/' || lower(event_id), 256));
