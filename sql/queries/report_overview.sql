/* ---
title = "What a report is about, in numbers"
description = "One row: what of the events is in scope, and what was loaded altogether."

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
rejects = "What was rejected."
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
)

SELECT
    w.*,
    (SELECT count(*) FROM files) AS files,
    (SELECT count(*) FROM loads) AS loads,
    (SELECT max(l.finished_at) FROM loads AS l) AS last_load,
    (SELECT count(*) FROM rejects) AS rejects
FROM whole AS w
