/* ---
title = "Addresses that alerts came from"
description = "Every address that an alert came from, those with the most alerts first: where it is, and all calls from it."
display = ["source_ip_address", "kind", "country", "city", "network", "alerts", "events", "principals"]

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
source_ip_address = "The address, a service's name, or AWS Internal."
kind = "public, private, vpc_endpoint, aws_service, aws_internal or unknown."
country = "Its country; null where it is not known, as the two after it."
city = "Its city."
network = "Whose network it is in."
alerts = "Alerts from there."
events = "Calls from there."
principals = "Different principals that called from there."
first_seen = "First call from there, UTC."
last_seen = "Last call from there."
--- */
WITH alerting AS (
    SELECT
        a.source_ip_address,
        min(a.source_kind) AS kind,
        min(a.country_name) AS country,
        min(a.city_name) AS city,
        nullif(min(a.network), 'unknown') AS network,
        count(*) AS alerts
    FROM report_alerts(since => since, until => until, account => account, arn => arn) AS a
    GROUP BY a.source_ip_address
),

called AS (
    SELECT
        c.source_ip_address,
        count(*) AS events,
        count(DISTINCT c.principal) AS principals,
        min(c.event_time) AS first_seen,
        max(c.event_time) AS last_seen
    FROM api_calls AS c
    INNER JOIN alerting AS a ON a.source_ip_address = c.source_ip_address
    WHERE in_scope(c.event_time, c.account_id, c.principal, c.session_issuer_arn, since, until, account, arn)
    GROUP BY c.source_ip_address
)

SELECT
    a.source_ip_address,
    a.kind,
    a.country,
    a.city,
    a.network,
    a.alerts,
    c.events,
    c.principals,
    c.first_seen,
    c.last_seen
FROM alerting AS a
LEFT JOIN called AS c ON c.source_ip_address = a.source_ip_address
ORDER BY a.alerts DESC, c.events DESC, a.source_ip_address
