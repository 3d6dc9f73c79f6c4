/* ---
title = "Countries seen in the alerts but never before"
description = "Alerts of deprecated_ami_discovery from a country that no one had called from before, or not this principal; for a session, not its role. What was called shortly before the alert makes no country known: it is part of the same visit. The newest first. Needs a GeoIP database."
display = ["event_time", "principal", "source_ip_address", "country_name", "city_name", "network", "new_in_logs", "new_for_principal", "event_id"]

[[parameters]]
name = "hours"
type = "INTEGER"
default = "24"
description = "How long before the alert the same visit may have begun: calls from then on do not make a country known."

[columns]
event_id = "The alert."
event_time = "When, UTC."
principal = "Who called."
identity = "Whom it is judged as: the role or user that issued the session, else the principal."
source_ip_address = "From where."
country_iso_code = "The address's country: ISO 3166-1, two letters."
country_name = "The same by name."
city_name = "Its city; null where it is not known."
network = "Whose network the address is in."
new_in_logs = "Whether no call at all came from this country before."
new_for_principal = "Whether no call by this identity came from this country before."
--- */
WITH alerts AS (
    SELECT
        r.event_id,
        r.event_time,
        r.event_time - hours * INTERVAL '1' HOUR AS visit_began,
        r.principal,
        coalesce(r.session_issuer_arn, r.principal) AS identity,
        r.source_ip_address,
        p.country_iso_code,
        p.country_name,
        p.city_name,
        p.network
    FROM deprecated_ami_discovery AS r
    INNER JOIN places AS p ON p.source_ip_address = r.source_ip_address
    WHERE p.country_name IS NOT NULL
),

-- since when each country is known
visits AS (
    SELECT
        p.country_name,
        coalesce(c.session_issuer_arn, c.principal) AS identity,
        min(c.event_time) AS first_seen
    FROM narrow_calls AS c
    INNER JOIN places AS p ON p.source_ip_address = c.source_ip_address
    WHERE p.country_name IN (SELECT country_name FROM alerts)
    GROUP BY p.country_name, coalesce(c.session_issuer_arn, c.principal)
),

known AS (
    SELECT
        a.event_id,
        min(v.first_seen) < min(a.visit_began) AS in_logs,
        coalesce(min(CASE WHEN v.identity = a.identity THEN v.first_seen END) < min(a.visit_began), FALSE) AS for_principal
    FROM alerts AS a
    INNER JOIN visits AS v ON v.country_name = a.country_name
    GROUP BY a.event_id
)

SELECT
    a.event_id,
    a.event_time,
    a.principal,
    a.identity,
    a.source_ip_address,
    a.country_iso_code,
    a.country_name,
    a.city_name,
    a.network,
    NOT k.in_logs AS new_in_logs,
    NOT k.for_principal AS new_for_principal
FROM alerts AS a
INNER JOIN known AS k ON k.event_id = a.event_id
WHERE NOT k.for_principal
ORDER BY a.event_time DESC, a.event_id
