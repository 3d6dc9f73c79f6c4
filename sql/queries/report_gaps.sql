/* ---
title = "Hours that no file covers"
description = """
Stretches of the log's span in which no file delivered an event of an account, the longest first, in whole hours. The
span is that of report_accounts. An account in which nothing happened looks like one whose files are missing."""

[[parameters]]
name = "since"
type = "VARCHAR"
default = "NULL"
description = "Only events from this moment on, UTC."

[[parameters]]
name = "until"
type = "VARCHAR"
default = "NULL"
description = "Only events before this moment, UTC."

[[parameters]]
name = "account"
type = "VARCHAR"
default = "NULL"
description = "Only events of this account; * stands for anything."

[columns]
account_id = "The account."
gap_start = "Beginning of the first hour without an event, UTC."
gap_end = "End of the last such hour."
hours = "Hours in between."
--- */
WITH hours AS (
    SELECT DISTINCT
        c.account_id,
        date_trunc('hour', c.event_time) AS hour
    FROM api_calls AS c
    WHERE in_scope(c.event_time, c.account_id, NULL, NULL, since, until, account, NULL)
),

span AS (
    SELECT min(h.hour) AS first_hour, max(h.hour) AS last_hour
    FROM hours AS h
),

-- after each hour with events, and before the first
stretches AS (
    SELECT
        h.account_id,
        h.hour + INTERVAL '1' HOUR AS gap_start,
        coalesce(
            lead(h.hour) OVER (PARTITION BY h.account_id ORDER BY h.hour),
            s.last_hour + INTERVAL '1' HOUR
        ) AS gap_end
    FROM hours AS h
    CROSS JOIN span AS s
    UNION ALL
    SELECT h.account_id, min(s.first_hour), min(h.hour)
    FROM hours AS h
    CROSS JOIN span AS s
    GROUP BY h.account_id
)

SELECT
    g.account_id,
    g.gap_start,
    g.gap_end,
    CAST(seconds_between(g.gap_start, g.gap_end) / 3600 AS BIGINT) AS hours
FROM stretches AS g
WHERE g.gap_end > g.gap_start
ORDER BY hours DESC, gap_start, account_id
