/* ---
title = "Triage: from place to place"
description = """
Where the session chain and the principal of an event called from within a day of it: each step from one place to another
at least 100 km away, with the speed it would take. Empty without a GeoIP database."""
display = ["event_time", "travel", "distance_km", "speed_kmh"]

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The event of the alert."

[columns]
event_time = "First call from the new place, UTC."
to_event_id = "That call."
from_address = "Address of the call before."
to_address = "Address of this call."
travel = "From where to where, in words."
distance_km = "Distance on the great circle, in km."
seconds = "Time between the calls, in seconds."
speed_kmh = "Speed it takes, in km/h; infinite for calls at the same moment."
--- */
WITH located AS (
    SELECT
        c.event_id,
        c.event_time,
        c.source_ip_address,
        g.latitude,
        g.longitude,
        g.place
    FROM related_calls(event_id => event_id) AS c
    INNER JOIN places AS g ON g.source_ip_address = c.source_ip_address
    WHERE (c.same_session_chain OR c.same_principal)
      AND c.seconds_from_event BETWEEN -86400 AND 86400
      AND g.latitude IS NOT NULL
      AND g.longitude IS NOT NULL
),

steps AS (
    SELECT
        l.event_id AS to_event_id,
        l.event_time,
        lag(l.source_ip_address) OVER (ORDER BY l.event_time, l.event_id) AS from_address,
        l.source_ip_address AS to_address,
        lag(l.place) OVER (ORDER BY l.event_time, l.event_id) || ' to ' || l.place AS travel,
        distance_km(
            lag(l.latitude) OVER (ORDER BY l.event_time, l.event_id),
            lag(l.longitude) OVER (ORDER BY l.event_time, l.event_id),
            l.latitude,
            l.longitude
        ) AS distance_km,
        seconds_between(lag(l.event_time) OVER (ORDER BY l.event_time, l.event_id), l.event_time) AS seconds
    FROM located AS l
)

SELECT
    event_time,
    to_event_id,
    from_address,
    to_address,
    travel,
    round(distance_km) AS distance_km,
    seconds,
    round(CASE WHEN seconds = 0 THEN CAST('infinity' AS DOUBLE) ELSE distance_km / (seconds / 3600.0) END) AS speed_kmh
FROM steps
WHERE distance_km >= 100
ORDER BY event_time, to_event_id
