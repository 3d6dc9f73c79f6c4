/* ---
title = "What became of the alerts of each event"
description = """
One row for each event of which an alert was raised: `report` and `triage` show it beside what the rules match. Where
several rules raised one, the status is the one that most is left to do about."""

[columns]
event_id = "The event."
alerts = "How many alerts were raised of it."
status = "open, acknowledged or closed."
verdict = "true-positive, false-positive or benign, if someone said so when it was closed."
first_seen = "When the first was raised, UTC."
note = "The last note."
--- */
WITH noted AS (
    SELECT
        h.alert_id,
        -- in order of time, and always the same one of those that were written together
        max(concat(
            CAST(h.changed_at AS STRING), ' ', CAST(h.alert_id AS STRING), ' ', lpad(CAST(h.change AS STRING), 9, '0')
        )) AS place,
        max_by(h.note, h.change) AS note
    FROM alert_history AS h
    WHERE h.note IS NOT NULL
    GROUP BY h.alert_id
)

SELECT
    a.event_id,
    count(*) AS alerts,
    CASE
        WHEN count(CASE WHEN a.status = 'open' THEN 1 END) > 0 THEN 'open'
        WHEN count(CASE WHEN a.status = 'acknowledged' THEN 1 END) > 0 THEN 'acknowledged'
        ELSE 'closed'
    END AS status,
    -- the worst of them, which is also the last in the alphabet
    max(a.verdict) AS verdict,
    min(a.first_seen) AS first_seen,
    max_by(n.note, n.place) AS note
FROM alerts AS a
LEFT JOIN noted AS n ON n.alert_id = a.alert_id
GROUP BY a.event_id
ORDER BY a.event_id
