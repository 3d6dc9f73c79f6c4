/* ---
title = "Who raised alerts"
description = "Everyone who raised an alert, those with the most alerts first: since when, from where, and what was launched afterwards."
display = ["principal_name", "account_id", "alerts", "first_alert_time", "last_alert_time", "addresses", "countries", "launches", "attempts"]

[[parameters]]
name = "since"
type = "VARCHAR"
default = "NULL"
description = "Only alerts from this moment on, UTC."

[[parameters]]
name = "until"
type = "VARCHAR"
default = "NULL"
description = "Only alerts before this moment, UTC."

[[parameters]]
name = "account"
type = "VARCHAR"
default = "NULL"
description = "Only alerts of this account; * stands for anything."

[[parameters]]
name = "arn"
type = "VARCHAR"
default = "NULL"
description = "Only alerts of this principal, or of the sessions of this role; * stands for anything."

[columns]
principal = "Who called."
principal_name = "The same without what stands before the resource in an ARN."
account_id = "Account that received the calls."
alerts = "Alerts raised."
first_alert_time = "When the first was, UTC."
last_alert_time = "When the last was."
addresses = "Different addresses the alerts came from."
countries = "Their countries, as far as known."
launches = "Launches that followed the alerts within 24 hours, each counted once."
attempts = "The same of those that were refused or rehearsed."
--- */
WITH followed AS (
    SELECT
        k.query_principal AS principal,
        count(DISTINCT CASE WHEN k.outcome = 'success' THEN k.launch_event_id END) AS launches,
        count(DISTINCT CASE WHEN k.outcome <> 'success' THEN k.launch_event_id END) AS attempts
    FROM report_links(since => since, until => until, account => account, arn => arn) AS k
    GROUP BY k.query_principal
),

alerting AS (
    SELECT
        a.principal,
        min(a.principal_name) AS principal_name,
        sorted_values(array_agg(DISTINCT a.account_id)) AS account_ids,
        count(*) AS alerts,
        min(a.event_time) AS first_alert_time,
        max(a.event_time) AS last_alert_time,
        count(DISTINCT a.source_ip_address) AS addresses,
        sorted_values(array_agg(DISTINCT coalesce(a.country_name, 'unknown'))) AS countries
    FROM report_alerts(since => since, until => until, account => account, arn => arn) AS a
    GROUP BY a.principal
)

SELECT
    a.principal,
    a.principal_name,
    list_text(a.account_ids) AS account_id,
    a.alerts,
    a.first_alert_time,
    a.last_alert_time,
    a.addresses,
    a.countries,
    coalesce(f.launches, 0) AS launches,
    coalesce(f.attempts, 0) AS attempts
FROM alerting AS a
LEFT JOIN followed AS f ON f.principal IS NOT DISTINCT FROM a.principal
ORDER BY a.alerts DESC, a.last_alert_time DESC, a.principal
