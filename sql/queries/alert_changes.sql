/* ---
title = "What became of an alert"
description = "The history of one alert, step by step, from its raising on."

[[parameters]]
name = "alert"
type = "UUID"
example = "aa379329-278a-8b95-a0de-2a8a8ffe2c08"
description = "The alert's alert_id."

[columns]
change = "Number of the step; 1 is the raising."
changed_at = "When, UTC."
status = "open, acknowledged or closed from then on."
verdict = "true-positive, false-positive or benign from then on, if someone said so."
author = "Who did it; trailduck for the raising."
note = "What was noted."
--- */
SELECT
    h.change,
    h.changed_at,
    h.status,
    h.verdict,
    h.author,
    h.note
FROM alert_history AS h
WHERE CAST(h.alert_id AS STRING) = lower(alert)
ORDER BY h.change
