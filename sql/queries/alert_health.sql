/* ---
title = "Alerts and their deliveries in numbers"
description = "One row: how many alerts there are and in which state, what waits to be told and why, and when the rules ran last."

[columns]
alerts = "Alerts that were raised, suppressed ones among them."
open = "Of those that no exception suppresses: open ones."
acknowledged = "The same of acknowledged ones."
closed = "The same of closed ones."
suppressed = "Alerts that an exception suppressed when they were raised."
last_first_seen = "When the last alert was raised, UTC."
delivered = "Deliveries that were made."
waiting = "Deliveries that wait."
failing = "Of these: those that were tried, and failed."
waiting_since = "Since when the oldest of them waits, UTC."
next_attempt_at = "When the next of them is due, UTC."
last_error = "Why the delivery failed that has been tried most often."
last_delivered_at = "When the last delivery was made, UTC."
last_run_at = "When an enabled rule ran last, UTC; null: none ever did."
files_not_looked_at = "Files in the store at which the enabled rule that is farthest behind has not looked yet."
--- */
WITH raised AS (
    SELECT
        count(*) AS alerts,
        count(CASE WHEN a.exception IS NULL AND a.status = 'open' THEN 1 END) AS open,
        count(CASE WHEN a.exception IS NULL AND a.status = 'acknowledged' THEN 1 END) AS acknowledged,
        count(CASE WHEN a.exception IS NULL AND a.status = 'closed' THEN 1 END) AS closed,
        count(a.exception) AS suppressed,
        max(a.first_seen) AS last_first_seen
    FROM alerts AS a
),

told AS (
    SELECT
        count(d.delivered_at) AS delivered,
        count(CASE WHEN d.delivered_at IS NULL THEN 1 END) AS waiting,
        count(CASE WHEN d.delivered_at IS NULL AND d.attempts > 0 THEN 1 END) AS failing,
        min(CASE WHEN d.delivered_at IS NULL THEN d.queued_at END) AS waiting_since,
        min(CASE WHEN d.delivered_at IS NULL THEN d.next_attempt_at END) AS next_attempt_at,
        max_by(d.last_error, CASE WHEN d.delivered_at IS NULL THEN d.attempts END) AS last_error,
        max(d.delivered_at) AS last_delivered_at
    FROM alert_deliveries AS d
),

ran AS (
    SELECT
        max(u.last_run_at) AS last_run_at,
        min(coalesce(u.file_id, 0)) AS file_id
    FROM rules AS r
    LEFT JOIN rule_runs AS u ON u.rule = r.rule
    WHERE r.enabled
),

unseen AS (
    SELECT count(*) AS files_not_looked_at
    FROM files AS f
    CROSS JOIN ran AS r
    WHERE f.file_id > r.file_id
)

SELECT
    a.*,
    t.*,
    r.last_run_at,
    u.files_not_looked_at
FROM raised AS a
CROSS JOIN told AS t
CROSS JOIN ran AS r
CROSS JOIN unseen AS u
