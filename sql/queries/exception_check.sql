/* ---
title = "Exceptions, and what can be said against them"
description = "Every exception with what it covers, and what `exceptions check` finds: it is expired or soon will be, covers nothing, or hides only what others hide."
display = ["name", "findings", "covers", "latest_alert", "latest_event_id"]

[columns]
name = "Its name."
state = "in force, expires soon (within 14 days), or expired."
findings = "What can be said against it."
covers = "Events that it covers, by any rule, even if it is expired."
latest_alert = "When the latest of them was, UTC."
latest_event_id = "Which that is."
also_hidden_by = "Exceptions in force that hide all that it hides; of two that hide the same, the older one stays."
expires_at = "Until when, UTC; null: without end."
--- */
WITH used AS (
    SELECT
        m.name,
        count(*) AS alerts,
        count(DISTINCT m.event_id) AS covers,
        max(m.event_time) AS latest_alert,
        max_by(m.event_id, order_in_time(m.event_time, m.event_id)) AS latest_event_id
    FROM exception_matches AS m
    GROUP BY m.name
),

shared AS (
    SELECT a.name, b.name AS other, count(*) AS alerts
    FROM exception_matches AS a
    INNER JOIN exception_matches AS b
        ON b.event_id = a.event_id
        AND b.rule = a.rule
        AND b.name <> a.name
    GROUP BY a.name, b.name
),

redundant AS (
    SELECT s.name, sorted_values(array_agg(s.other)) AS also_hidden_by
    FROM shared AS s
    INNER JOIN used AS u ON u.name = s.name AND u.alerts = s.alerts
    INNER JOIN used AS o ON o.name = s.other
    INNER JOIN exceptions AS e ON e.name = s.name
    INNER JOIN exceptions_in_force AS f ON f.name = s.other
    WHERE o.alerts > u.alerts
       OR f.created_at < e.created_at
       OR (f.created_at = e.created_at AND f.name < e.name)
    GROUP BY s.name
)

SELECT
    e.name,
    exception_state(e.expires_at) AS state,
    exception_findings(exception_state(e.expires_at), coalesce(u.covers, 0), r.also_hidden_by) AS findings,
    coalesce(u.covers, 0) AS covers,
    u.latest_alert,
    u.latest_event_id,
    r.also_hidden_by,
    e.expires_at
FROM exceptions AS e
LEFT JOIN used AS u ON u.name = e.name
LEFT JOIN redundant AS r ON r.name = e.name
