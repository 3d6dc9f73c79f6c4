/* ---
title = "Accounts, and how much of the time the log covers"
description = """
One row per account with how many hours of the log's span no file delivered anything of it. The span runs from the hour
of the first event, of any of these accounts, to that of the last. An account in which nothing happened for an hour looks
like one whose files are missing: few accounts are that quiet."""

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
account_id = "The account that received the calls."
events = "Events."
first_event_time = "When the first was, UTC."
last_event_time = "When the last was."
hours = "Hours of the log's span."
hours_without_files = "Of these, hours in which there is no event of the account."
--- */
WITH hours AS (
    SELECT
        c.account_id,
        date_trunc('hour', c.event_time) AS hour,
        count(*) AS events,
        min(c.event_time) AS first_event_time,
        max(c.event_time) AS last_event_time
    FROM api_calls AS c
    WHERE in_scope(c.event_time, c.account_id, NULL, NULL, since, until, account, NULL)
    GROUP BY c.account_id, date_trunc('hour', c.event_time)
),

span AS (
    SELECT CAST(seconds_between(min(h.hour), max(h.hour)) / 3600 AS BIGINT) + 1 AS hours
    FROM hours AS h
)

SELECT
    h.account_id,
    CAST(sum(h.events) AS BIGINT) AS events,
    min(h.first_event_time) AS first_event_time,
    max(h.last_event_time) AS last_event_time,
    min(s.hours) AS hours,
    min(s.hours) - count(*) AS hours_without_files
FROM hours AS h
CROSS JOIN span AS s
GROUP BY h.account_id
ORDER BY events DESC, account_id
