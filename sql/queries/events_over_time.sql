/* ---
title = "Events, alerts and launches over time"
description = """
Equal intervals of a natural width (1, 5, 15, 30 minutes, 1, 3, 6, 12 hours, 1, 7, 30, 365 days, ...) from the first event
to the last, without holes: the narrowest that are no more than asked for. In time order."""

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

[[parameters]]
name = "arn"
type = "VARCHAR"
default = "NULL"
description = "Only events of this principal, or of the sessions of this role; * stands for anything."

[[parameters]]
name = "buckets"
type = "INTEGER"
default = "96"
description = "How many intervals there may be, from 2 to 10000."

[columns]
begin_time = "When the interval begins, UTC."
end_time = "When it ends, and the next begins."
events = "Events in it."
alerts = "Events of these that raised an alert."
launches = "Successful calls to launch instances, whoever made them: RunInstances, RequestSpotInstances, RequestSpotFleet, CreateFleet."
--- */
-- every width is so many minutes
WITH minutes AS (
    SELECT
        date_trunc('minute', c.event_time) AS minute,
        count(*) AS events,
        count(CASE
            WHEN c.event_source = 'ec2.amazonaws.com'
                AND c.event_name IN ('RunInstances', 'RequestSpotInstances', 'RequestSpotFleet', 'CreateFleet')
                AND call_outcome(c.error_code, c.error_message) = 'success'
                THEN 1
        END) AS launches
    FROM api_calls AS c
    WHERE in_scope(c.event_time, c.account_id, c.principal, c.session_issuer_arn, since, until, account, arn)
    GROUP BY date_trunc('minute', c.event_time)
),

alert_minutes AS (
    SELECT
        date_trunc('minute', a.event_time) AS minute,
        count(DISTINCT a.event_id) AS alerts
    FROM rule_matches AS a
    WHERE in_scope(a.event_time, a.account_id, a.principal, a.session_issuer_arn, since, until, account, arn)
    GROUP BY date_trunc('minute', a.event_time)
),

-- counted from a Monday, on which weeks begin
counted AS (
    SELECT
        CAST(seconds_between(TIMESTAMP '1969-12-29 00:00:00', m.minute) / 60 AS BIGINT) AS minute,
        m.events,
        m.launches,
        coalesce(a.alerts, 0) AS alerts
    FROM minutes AS m
    LEFT JOIN alert_minutes AS a ON a.minute = m.minute
),

widths AS (
    SELECT CAST(w.width AS BIGINT) AS width
    FROM (VALUES
        (1), (5), (15), (30), (60), (180), (360), (720), (1440), (7 * 1440), (30 * 1440),
        -- events that lie that far apart have a wrong clock
        (365 * 1440), (3650 * 1440), (36500 * 1440), (365000 * 1440), (3650000 * CAST(1440 AS BIGINT))
    ) AS w(width)
),

span AS (
    SELECT min(c.minute) AS first_minute, max(c.minute) AS last_minute
    FROM counted AS c
),

divided AS (
    SELECT
        w.width,
        CAST(floor(s.first_minute / w.width) AS BIGINT) AS first_bucket,
        CAST(floor(s.last_minute / w.width) AS BIGINT) AS last_bucket
    FROM span AS s
    CROSS JOIN widths AS w
),

chosen AS (
    SELECT
        min(d.width) AS width,
        min_by(d.first_bucket, d.width) AS first_bucket,
        min_by(d.last_bucket, d.width) AS last_bucket
    FROM divided AS d
    WHERE d.last_bucket - d.first_bucket < greatest(buckets, 2)
),

filled AS (
    SELECT
        CAST(floor(c.minute / w.width) AS BIGINT) AS bucket,
        CAST(sum(c.events) AS BIGINT) AS events,
        CAST(sum(c.alerts) AS BIGINT) AS alerts,
        CAST(sum(c.launches) AS BIGINT) AS launches
    FROM counted AS c
    CROSS JOIN chosen AS w
    GROUP BY CAST(floor(c.minute / w.width) AS BIGINT)
)

SELECT
    minutes_after(TIMESTAMP '1969-12-29 00:00:00', (w.first_bucket + n.number) * w.width) AS begin_time,
    minutes_after(TIMESTAMP '1969-12-29 00:00:00', (w.first_bucket + n.number + 1) * w.width) AS end_time,
    coalesce(f.events, 0) AS events,
    coalesce(f.alerts, 0) AS alerts,
    coalesce(f.launches, 0) AS launches
FROM chosen AS w
INNER JOIN numbers AS n ON n.number <= w.last_bucket - w.first_bucket
LEFT JOIN filled AS f ON f.bucket = w.first_bucket + n.number
ORDER BY begin_time
