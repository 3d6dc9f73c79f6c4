/* ---
title = "Impossible travel"
description = "Two consecutive calls by one principal from places farther apart than an aeroplane flies in the time between: someone else has its credentials, or it goes through a proxy. Only addresses with coordinates count, so that calls by AWS services do not; each session of an assumed role is judged on its own. The newest first. Needs a GeoIP database with cities."
display = ["event_time", "principal", "from_source_ip_address", "from_place", "source_ip_address", "place", "distance_km", "minutes", "speed_kmh", "same_access_key"]

[[parameters]]
name = "max_speed_kmh"
type = "INTEGER"
default = "1000"
description = "What is possible, in kilometres per hour."

[[parameters]]
name = "min_distance_km"
type = "INTEGER"
default = "100"
description = "Shorter distances do not count: a GeoIP database places addresses roughly."

[columns]
principal = "Who called: an ARN, for a role that of the session."
from_event_id = "The earlier call."
from_event_time = "When, UTC."
from_source_ip_address = "From where."
from_place = "City and country of that address, as far as known."
from_network = "Whose network that address is in."
event_id = "The later call; when both have the same time, either."
event_time = "When, UTC."
source_ip_address = "From where."
place = "City and country of that address, as far as known."
network = "Whose network that address is in."
distance_km = "Distance of the two places, along a great circle, to a tenth of a kilometre."
minutes = "Time between the two calls."
speed_kmh = "Speed it takes; infinite when both have the same time."
same_access_key = "Whether one access key was used in both places; null where a call has none."
--- */
-- apart from any table: beside one, a parameter could be the column of the same name
WITH parameter AS (
    SELECT max_speed_kmh AS max_speed, min_distance_km AS min_distance
),

-- numbers are compared and sorted faster than names
located AS (
    SELECT
        row_number() OVER (ORDER BY source_ip_address) AS number,
        source_ip_address,
        latitude,
        longitude,
        place,
        network
    FROM places
    WHERE latitude IS NOT NULL
      AND longitude IS NOT NULL
),

-- who was in one place only did not travel; a bare identity type is no one in particular
travellers AS (
    SELECT
        row_number() OVER (ORDER BY v.principal) AS number,
        v.principal
    FROM (SELECT DISTINCT principal, source_ip_address FROM api_calls WHERE principal <> principal_type) AS v
    INNER JOIN located AS l ON l.source_ip_address = v.source_ip_address
    GROUP BY v.principal
    HAVING min(l.latitude) < max(l.latitude) OR min(l.longitude) < max(l.longitude)
),

calls AS (
    SELECT
        t.number AS traveller,
        l.number AS location,
        c.event_id,
        c.event_time,
        c.access_key_id
    FROM api_calls AS c
    INNER JOIN travellers AS t ON t.principal = c.principal
    INNER JOIN located AS l ON l.source_ip_address = c.source_ip_address
),

steps AS (
    SELECT
        *,
        lag(location) OVER of_one AS from_location,
        lag(event_id) OVER of_one AS from_event_id,
        lag(event_time) OVER of_one AS from_event_time,
        lag(access_key_id) OVER of_one AS from_access_key_id
    FROM calls
    WINDOW of_one AS (PARTITION BY traveller ORDER BY event_time, location, event_id)
),

journeys AS (
    SELECT
        s.*,
        a.source_ip_address AS from_source_ip_address,
        a.place AS from_place,
        a.network AS from_network,
        b.source_ip_address,
        b.place,
        b.network,
        distance_km(a.latitude, a.longitude, b.latitude, b.longitude) AS distance_km,
        seconds_between(s.from_event_time, s.event_time) AS seconds
    FROM steps AS s
    INNER JOIN located AS a ON a.number = s.from_location
    INNER JOIN located AS b ON b.number = s.location
    WHERE s.from_location <> s.location
)

SELECT
    t.principal,
    j.from_event_id,
    j.from_event_time,
    j.from_source_ip_address,
    j.from_place,
    j.from_network,
    j.event_id,
    j.event_time,
    j.source_ip_address,
    j.place,
    j.network,
    round(j.distance_km, 1) AS distance_km,
    round(j.seconds / 60, 2) AS minutes,
    CASE WHEN j.seconds = 0 THEN CAST('Infinity' AS DOUBLE) ELSE round(j.distance_km / (j.seconds / 3600)) END AS speed_kmh,
    j.access_key_id = j.from_access_key_id AS same_access_key
FROM journeys AS j
CROSS JOIN parameter AS p
INNER JOIN travellers AS t ON t.number = j.traveller
WHERE j.distance_km >= p.min_distance
  -- a product: nothing is divided by no time at all
  AND j.distance_km > p.max_speed * j.seconds / 3600
ORDER BY j.event_time DESC, t.principal, j.event_id
