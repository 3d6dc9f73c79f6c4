/* ---
title = "Alerts that are yet to be told"
description = """
The outbox: what was raised and has not been delivered by a channel it is to be told by, in the order in which it will be
tried."""
display = ["channel", "alert_id", "rule", "event_time", "queued_at", "attempts", "next_attempt_at", "last_error"]

[columns]
channel = "stdout, exec or webhook."
alert_id = "The alert."
rule = "The detection that matched."
severity = "low, medium, high or critical."
event_id = "The event."
event_time = "When it was, UTC."
queued_at = "Since when it waits, UTC."
attempts = "How often it was tried."
next_attempt_at = "When it will be tried, UTC, if a watch with such a channel runs then."
last_error = "Why the last attempt failed."
--- */
SELECT
    d.channel,
    d.alert_id,
    a.rule,
    a.severity,
    a.event_id,
    a.event_time,
    d.queued_at,
    d.attempts,
    d.next_attempt_at,
    d.last_error
FROM alert_deliveries AS d
INNER JOIN alerts AS a ON a.alert_id = d.alert_id
WHERE d.delivered_at IS NULL
ORDER BY d.next_attempt_at, d.queued_at, a.event_time, d.alert_id, d.channel
