/* ---
title = "Triage: the alert"
description = "An event in one row, with the rules it matches and the exception that suppresses it, if there is one."

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The event of the alert."

[columns]
event_id = "The event."
event_time = "When, UTC."
event_source = "Service."
event_name = "API."
account_id = "Account that received the call."
aws_region = "Region."
outcome = "success or failure."
principal = "Who called."
source_ip_address = "From where."
rules = "Rules that it matches; empty if it is no alert."
severity = "Severity of the first of them."
risk_score = "The highest of their risk scores; null if it is no alert."
suppressed_by = "The exception that suppresses it."
tactics = "MITRE ATT&CK tactics."
techniques = "MITRE ATT&CK techniques."
status = "What became of the alert that was raised of it: open, acknowledged or closed. Null: none was raised."
verdict = "true-positive, false-positive or benign, if someone said so when it was closed."
first_seen = "When it was raised, UTC."
note = "The last note on it."
--- */
-- apart from any table: beside one, the parameter could be the column of the same name
WITH parameter AS (
    SELECT event_id AS anchor_id
),

matched AS (
    SELECT
        sorted_values(array_agg(DISTINCT m.rule)) AS rules,
        min_by(m.severity, m.rule) AS severity,
        max(m.risk_score) AS risk_score,
        min(m.suppressed_by) AS suppressed_by,
        sorted_values(array_agg(DISTINCT r.tactic)) AS tactics,
        sorted_values(array_agg(DISTINCT r.technique)) AS techniques
    FROM parameter AS p
    INNER JOIN all_rule_matches AS m ON m.event_id = p.anchor_id
    INNER JOIN rules AS r ON r.rule = m.rule
)

SELECT
    a.event_id,
    a.event_time,
    a.event_source,
    a.event_name,
    a.account_id,
    a.aws_region,
    a.outcome,
    a.principal,
    a.source_ip_address,
    m.rules,
    m.severity,
    m.risk_score,
    m.suppressed_by,
    m.tactics,
    m.techniques,
    s.status,
    s.verdict,
    s.first_seen,
    s.note
FROM parameter AS p
INNER JOIN api_calls AS a ON a.event_id = p.anchor_id
CROSS JOIN matched AS m
LEFT JOIN alert_states() AS s ON s.event_id = a.event_id
