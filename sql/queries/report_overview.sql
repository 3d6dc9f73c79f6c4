/* ---
title = "A report in numbers"
description = """
One row: what of the events is in scope, the alerts among them and what followed, what was loaded altogether, and the
images and exceptions as of a moment."""

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
name = "moment"
type = "VARCHAR"
default = "'now'"
description = "The moment at which images and exceptions are judged, as in 2026-10-06T02:45:52Z, UTC."

[columns]
events = "Events in scope."
first_event_time = "When the first of them was, UTC."
last_event_time = "When the last was."
accounts = "Different accounts they are of."
regions = "Different regions."
principals = "Different principals."
source_addresses = "Different addresses they came from."
located_addresses = "Addresses of these that a GeoIP database knows."
files = "Files loaded, whatever is in scope, as all that follows."
loads = "How often something was loaded."
last_load = "When that was done last, UTC."
rejects = "Records and files that could not be read, the first 10,000 of each file."
hours_without_files = "Hours of the log's span, of each account, in which no file delivered an event of it, added up: see report_accounts."
alerts = "Events in scope that raised an alert."
suppressed_alerts = "Events in scope whose alerts exceptions suppress."
alerting_principals = "Different principals that raised alerts."
alerts_without_events = "Alerts in scope that were raised elsewhere, of events that are not in this store."
launches = "Launches that followed an alert within 24 hours and are linked to it."
attempted_launches = "The same of launches that were refused or rehearsed."
instances_running = "Instances of these launches that were never seen terminated."
deprecated_images_in_use = "Deprecated images with an instance that was never seen terminated."
unknown_images_in_use = "The same of images of which neither log nor inventory says whether they are deprecated."
exceptions_in_force = "Exceptions that had not expired."
--- */
WITH counted AS (
    SELECT
        c.source_ip_address,
        c.principal,
        c.account_id,
        c.aws_region,
        count(*) AS events,
        min(c.event_time) AS first_event_time,
        max(c.event_time) AS last_event_time
    FROM api_calls AS c
    WHERE in_scope(c.event_time, c.account_id, c.principal, c.session_issuer_arn, since, until, account, arn)
    GROUP BY c.source_ip_address, c.principal, c.account_id, c.aws_region
),

whole AS (
    SELECT
        CAST(coalesce(sum(c.events), 0) AS BIGINT) AS events,
        min(c.first_event_time) AS first_event_time,
        max(c.last_event_time) AS last_event_time,
        count(DISTINCT c.account_id) AS accounts,
        count(DISTINCT c.aws_region) AS regions,
        count(DISTINCT c.principal) AS principals,
        count(DISTINCT c.source_ip_address) AS source_addresses,
        count(DISTINCT g.source_ip_address) AS located_addresses
    FROM counted AS c
    LEFT JOIN places AS g ON g.source_ip_address = c.source_ip_address
),

alerting AS (
    SELECT
        count(*) AS alerts,
        count(DISTINCT a.principal) AS alerting_principals
    FROM report_alerts(since => since, until => until, account => account, arn => arn) AS a
),

suppressed AS (
    SELECT count(DISTINCT a.event_id) AS suppressed_alerts
    FROM rule_matches_with_suppressed AS a
    WHERE in_scope(a.event_time, a.account_id, a.principal, a.session_issuer_arn, since, until, account, arn)
      AND a.suppressed_by IS NOT NULL
),

elsewhere AS (
    SELECT count(*) AS alerts_without_events
    FROM alerts AS a
    LEFT JOIN events AS e ON e.event_id = a.event_id
    WHERE in_scope(a.event_time, a.account_id, a.principal, a.session_issuer_arn, since, until, account, arn)
      AND a.exception IS NULL
      AND e.event_id IS NULL
),

launched AS (
    SELECT
        count(DISTINCT CASE WHEN l.outcome = 'success' THEN l.launch_event_id END) AS launches,
        count(DISTINCT CASE WHEN l.outcome <> 'success' THEN l.launch_event_id END) AS attempted_launches,
        count(DISTINCT CASE WHEN n.terminated_at IS NULL THEN n.instance_id END) AS instances_running
    FROM report_launches(since => since, until => until, account => account, arn => arn) AS l
    LEFT JOIN instances AS n ON n.launch_event_id = l.launch_event_id
),

stored AS (
    SELECT
        (SELECT count(*) FROM files) AS files,
        (SELECT count(*) FROM loads) AS loads,
        (SELECT max(l.finished_at) FROM loads AS l) AS last_load,
        (SELECT count(*) FROM rejects) AS rejects
),

missing AS (
    SELECT CAST(coalesce(sum(h.hours_without_files), 0) AS BIGINT) AS hours_without_files
    FROM report_accounts(since => since, until => until, account => account) AS h
),

in_use AS (
    SELECT
        count(CASE WHEN i.state = 'deprecated' THEN 1 END) AS deprecated_images_in_use,
        count(CASE WHEN i.state = 'unknown' THEN 1 END) AS unknown_images_in_use
    FROM report_images(moment => moment, account => account) AS i
    WHERE i.running > 0
),

in_force AS (
    SELECT count(*) AS exceptions_in_force
    FROM report_exceptions(moment => moment) AS e
)

SELECT
    w.*,
    d.files,
    d.loads,
    d.last_load,
    d.rejects,
    h.hours_without_files,
    a.alerts,
    s.suppressed_alerts,
    a.alerting_principals,
    o.alerts_without_events,
    l.launches,
    l.attempted_launches,
    l.instances_running,
    i.deprecated_images_in_use,
    i.unknown_images_in_use,
    e.exceptions_in_force
FROM whole AS w
CROSS JOIN stored AS d
CROSS JOIN missing AS h
CROSS JOIN alerting AS a
CROSS JOIN suppressed AS s
CROSS JOIN elsewhere AS o
CROSS JOIN launched AS l
CROSS JOIN in_use AS i
CROSS JOIN in_force AS e
