-- Alerts that last: raised once, told until they are told, and what people made of them.

-- the name was that of a view, which is rule_matches now
DROP VIEW IF EXISTS alerts;
DROP VIEW IF EXISTS alerts_with_suppressed;

CREATE TABLE alerts (
    alert_id           UUID PRIMARY KEY,
    rule               VARCHAR NOT NULL,
    event_id           UUID NOT NULL,
    first_seen         TIMESTAMP NOT NULL,
    severity           VARCHAR NOT NULL,
    risk_score         INTEGER NOT NULL,
    -- what became of it
    status             VARCHAR NOT NULL CHECK (status IN ('open', 'acknowledged', 'closed')),
    verdict            VARCHAR CHECK (verdict IN ('true-positive', 'false-positive', 'benign')),
    exception          VARCHAR,
    -- the event, as it was when the alert was raised
    event_time         TIMESTAMP NOT NULL,
    event_source       VARCHAR,
    event_name         VARCHAR,
    account_id         VARCHAR,
    aws_region         VARCHAR,
    principal          VARCHAR,
    session_issuer_arn VARCHAR,
    access_key_id      VARCHAR,
    source_ip_address  VARCHAR,
    user_agent         VARCHAR,
    facts              JSON,
    UNIQUE (rule, event_id)
);
COMMENT ON TABLE alerts IS 'The alerts that were raised, one row for each rule and event, for ever: `trailduck alerts`. What the rules match now is in the view rule_matches.';
COMMENT ON COLUMN alerts.alert_id IS 'Version 8 UUID (RFC 9562) of the rule and the event: alert_uuid(rule, event_id). The same alert has the same id in every store and on every engine.';
COMMENT ON COLUMN alerts.rule IS 'The detection that matched: rules.rule.';
COMMENT ON COLUMN alerts.event_id IS 'The event it matched: events.event_id. An alert that was imported may be of an event that is not in this store.';
COMMENT ON COLUMN alerts.first_seen IS 'When it was raised, UTC.';
COMMENT ON COLUMN alerts.severity IS 'low, medium, high or critical, as the rule said then.';
COMMENT ON COLUMN alerts.risk_score IS '0 to 100, as the rule said then.';
COMMENT ON COLUMN alerts.status IS 'open, acknowledged or closed.';
COMMENT ON COLUMN alerts.verdict IS 'What it turned out to be when it was closed: true-positive, false-positive or benign (real, and legitimate). Null: nobody said.';
COMMENT ON COLUMN alerts.exception IS 'Name of the exception that suppressed it when it was raised; such an alert is told to nobody. Null: none.';
COMMENT ON COLUMN alerts.event_time IS 'UTC. It may be long before first_seen: CloudTrail delivers late.';
COMMENT ON COLUMN alerts.account_id IS 'Account that received the call.';
COMMENT ON COLUMN alerts.principal IS 'Who called, as api_calls.principal.';
COMMENT ON COLUMN alerts.session_issuer_arn IS 'ARN of the role whose session it was.';
COMMENT ON COLUMN alerts.facts IS 'What else the rule''s view said of the event: for an AMI query owners, image_ids, name_patterns, ...';

CREATE TABLE alert_history (
    alert_id   UUID NOT NULL,
    change     INTEGER NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    status     VARCHAR NOT NULL,
    verdict    VARCHAR,
    author     VARCHAR NOT NULL,
    note       VARCHAR
);
COMMENT ON TABLE alert_history IS 'What became of each alert, step by step; rows are only ever added.';
COMMENT ON COLUMN alert_history.change IS 'Number of the step, from 1: the raising of the alert.';
COMMENT ON COLUMN alert_history.changed_at IS 'UTC.';
COMMENT ON COLUMN alert_history.status IS 'Status from then on.';
COMMENT ON COLUMN alert_history.verdict IS 'Verdict from then on.';
COMMENT ON COLUMN alert_history.author IS 'Who did it; trailduck for the raising.';

CREATE TABLE alert_deliveries (
    alert_id        UUID NOT NULL,
    channel         VARCHAR NOT NULL CHECK (channel IN ('stdout', 'exec', 'webhook')),
    queued_at       TIMESTAMP NOT NULL,
    attempts        INTEGER NOT NULL,
    next_attempt_at TIMESTAMP,
    last_error      VARCHAR,
    delivered_at    TIMESTAMP,
    PRIMARY KEY (alert_id, channel)
);
COMMENT ON TABLE alert_deliveries IS 'The outbox: an alert for each way it is to be told, kept until it was, and then too.';
COMMENT ON COLUMN alert_deliveries.channel IS 'stdout, exec or webhook, as the watch that raised the alert was told.';
COMMENT ON COLUMN alert_deliveries.queued_at IS 'Since when it waits, UTC.';
COMMENT ON COLUMN alert_deliveries.attempts IS 'How often it was tried.';
COMMENT ON COLUMN alert_deliveries.next_attempt_at IS 'Not to be tried before, UTC; null once it is delivered.';
COMMENT ON COLUMN alert_deliveries.last_error IS 'Why the last attempt failed; null if none did, or it is delivered.';
COMMENT ON COLUMN alert_deliveries.delivered_at IS 'When it was delivered, UTC; null while it waits.';

CREATE TABLE rule_runs (
    rule        VARCHAR PRIMARY KEY,
    last_run_at TIMESTAMP NOT NULL,
    file_id     INTEGER NOT NULL
);
COMMENT ON TABLE rule_runs IS 'How far each rule has looked, one row each: what makes sure that no event is passed over, however late it comes and whoever loads it.';
COMMENT ON COLUMN rule_runs.last_run_at IS 'When it ran last, UTC.';
COMMENT ON COLUMN rule_runs.file_id IS 'The last file (files.file_id) whose events it has seen; file ids are given in the order in which files are stored.';
