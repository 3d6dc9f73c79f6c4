/* ---
title = "Triage: what this user or role normally does"
description = """
The usual APIs, regions, addresses, clients and hours of the user, or of all sessions of the role, up to a day before an
event: the five most used of each, and what the event itself has, usual or not."""

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The event of the alert."

[columns]
aspect = "address, api, client, hour (UTC) or region."
value = "Which."
calls = "Calls with it more than a day before the event; 0 if it is new."
first_seen = "The first of these, UTC."
last_seen = "The last of these, UTC."
of_this_event = "Whether the event has it."
--- */
WITH calls AS (
    SELECT
        c.established,
        c.is_event,
        c.event_time,
        c.event_source,
        c.event_name,
        c.aws_region,
        c.source_ip_address,
        k.client_text
    FROM related_calls(event_id => event_id) AS c
    LEFT JOIN clients AS k ON k.user_agent = c.user_agent
    WHERE c.same_identity
      AND (c.established OR c.is_event)
),

aspects AS (
    SELECT 'api' AS aspect, replace(event_source, '.amazonaws.com', '') || ':' || event_name AS value, established, is_event, event_time
    FROM calls
    UNION ALL
    SELECT 'region', aws_region, established, is_event, event_time
    FROM calls
    UNION ALL
    SELECT 'address', source_ip_address, established, is_event, event_time
    FROM calls
    UNION ALL
    SELECT 'client', client_text, established, is_event, event_time
    FROM calls
    UNION ALL
    SELECT 'hour', lpad(CAST(extract(HOUR FROM event_time) AS STRING), 2, '0') || ':00', established, is_event, event_time
    FROM calls
),

counted AS (
    SELECT
        aspect,
        value,
        count(CASE WHEN established THEN 1 END) AS calls,
        min(CASE WHEN established THEN event_time END) AS first_seen,
        max(CASE WHEN established THEN event_time END) AS last_seen,
        bool_or(is_event) AS of_this_event
    FROM aspects
    GROUP BY aspect, value
),

ranked AS (
    SELECT *, row_number() OVER (PARTITION BY aspect ORDER BY calls DESC, value) AS place
    FROM counted
)

SELECT aspect, value, calls, first_seen, last_seen, of_this_event
FROM ranked
WHERE place <= 5
   OR of_this_event
ORDER BY aspect, calls DESC, value
