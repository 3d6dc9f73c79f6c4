/* ---
title = "Places that calls came from"
description = "Every place that a GeoIP database knows of an address that called, those with alerts first. Without a database there are none."
display = ["country_name", "city_name", "events", "alerts", "addresses", "principals"]

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

[columns]
country_iso_code = "ISO 3166-1, two letters."
country_name = "Country."
city_name = "City; null where it is not known."
latitude = "Latitude."
longitude = "Longitude."
events = "Calls from there."
alerts = "Events of these that raised an alert."
addresses = "Different addresses."
principals = "Different principals."
--- */
WITH called AS (
    SELECT
        c.source_ip_address,
        c.principal,
        count(*) AS events
    FROM api_calls AS c
    INNER JOIN places AS g ON g.source_ip_address = c.source_ip_address
    WHERE in_scope(c.event_time, c.account_id, c.principal, c.session_issuer_arn, since, until, account, arn)
    GROUP BY c.source_ip_address, c.principal
),

alerting AS (
    SELECT g.country_iso_code, g.country_name, g.city_name, g.latitude, g.longitude, count(DISTINCT a.event_id) AS alerts
    FROM rule_matches AS a
    INNER JOIN places AS g ON g.source_ip_address = a.source_ip_address
    WHERE in_scope(a.event_time, a.account_id, a.principal, a.session_issuer_arn, since, until, account, arn)
    GROUP BY g.country_iso_code, g.country_name, g.city_name, g.latitude, g.longitude
),

counted AS (
    SELECT
        g.country_iso_code,
        g.country_name,
        g.city_name,
        g.latitude,
        g.longitude,
        CAST(sum(c.events) AS BIGINT) AS events,
        count(DISTINCT c.source_ip_address) AS addresses,
        count(DISTINCT c.principal) AS principals
    FROM called AS c
    INNER JOIN places AS g ON g.source_ip_address = c.source_ip_address
    WHERE g.country_name IS NOT NULL
       OR g.latitude IS NOT NULL
    GROUP BY g.country_iso_code, g.country_name, g.city_name, g.latitude, g.longitude
)

SELECT
    p.country_iso_code,
    p.country_name,
    p.city_name,
    p.latitude,
    p.longitude,
    p.events,
    coalesce(a.alerts, 0) AS alerts,
    p.addresses,
    p.principals
FROM counted AS p
LEFT JOIN alerting AS a
    ON a.country_iso_code IS NOT DISTINCT FROM p.country_iso_code
    AND a.country_name IS NOT DISTINCT FROM p.country_name
    AND a.city_name IS NOT DISTINCT FROM p.city_name
    AND a.latitude IS NOT DISTINCT FROM p.latitude
    AND a.longitude IS NOT DISTINCT FROM p.longitude
ORDER BY alerts DESC, p.events DESC, p.country_iso_code, p.city_name, p.latitude, p.longitude
