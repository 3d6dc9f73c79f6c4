/* ---
title = "Alerts that were raised, newest event first"
description = """
Every alert of the table alerts in one row: the rule, the event's who, from where and what, and what became of it. A row
is also what is told of an alert: `trailduck alerts --format ndjson`, and the channels of `trailduck watch`, write these
columns as one JSON object."""
display = ["event_time", "severity", "status", "rule", "principal_name", "source_ip_address", "note", "alert_id"]

[columns]
format = "What kind of object a row is: trailduck-alert."
version = "Version of these columns. Another version may add some; none changes its meaning."
alert_id = "The alert: the same for this rule and event wherever it is raised."
rule = "The detection that matched."
title = "Its title; null for a rule that this trailduck does not have."
severity = "low, medium, high or critical."
risk_score = "0 to 100."
tactic = "MITRE ATT&CK tactic, with its id."
technique = "MITRE ATT&CK technique, with its id."
status = "open, acknowledged or closed."
verdict = "true-positive, false-positive or benign, if someone said so when it was closed."
exception = "The exception that suppressed it when it was raised."
first_seen = "When it was raised, UTC."
changed_at = "When its status last changed or a note was added, UTC."
author = "Who did that; trailduck for the raising."
note = "The last note."
event_id = "The event."
event_time = "When it was, UTC."
event_source = "Service that was called."
event_name = "API."
account_id = "Account that received the call."
aws_region = "Region."
principal = "Who called."
principal_name = "The same without what stands before the resource in an ARN."
session_issuer_arn = "ARN of the role whose session it was."
access_key_id = "Access key."
source_ip_address = "From where."
user_agent = "With what, as it came."
facts = "What else the rule says of the event, as an object: for an AMI query owners, image_ids, name_patterns, ..."
triage = "The command that investigates it."
--- */
WITH latest AS (
    SELECT
        h.alert_id,
        max_by(h.changed_at, h.change) AS changed_at,
        max_by(h.author, h.change) AS author,
        max_by(h.note, CASE WHEN h.note IS NOT NULL THEN h.change END) AS note
    FROM alert_history AS h
    GROUP BY h.alert_id
)

SELECT
    'trailduck-alert' AS format,
    1 AS version,
    a.alert_id,
    a.rule,
    r.title,
    a.severity,
    a.risk_score,
    r.tactic,
    r.technique,
    a.status,
    a.verdict,
    a.exception,
    a.first_seen,
    l.changed_at,
    l.author,
    l.note,
    a.event_id,
    a.event_time,
    a.event_source,
    a.event_name,
    a.account_id,
    a.aws_region,
    a.principal,
    resource_name(a.principal) AS principal_name,
    a.session_issuer_arn,
    a.access_key_id,
    a.source_ip_address,
    a.user_agent,
    a.facts,
    'trailduck triage ' || CAST(a.event_id AS STRING) AS triage
FROM alerts AS a
LEFT JOIN latest AS l ON l.alert_id = a.alert_id
LEFT JOIN rules AS r ON r.rule = a.rule
ORDER BY a.event_time DESC, a.alert_id
