/* ---
title = "Clients that alerts were raised with"
description = "Every user agent that an alert was raised with, decoded, those with the most alerts first. It is what the caller says of itself: anyone can claim any."
display = ["client_text", "client_kind", "offensive", "alerts", "principals", "addresses"]

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
user_agent = "The user agent as it came."
client_text = "Client, version and operating system."
client_kind = "offensive, scanner, infrastructure_as_code, console, cli, sdk, file_browser, agent, http, aws_service or unknown."
offensive = "The tool made to attack, or the distribution made for it, that it names."
alerts = "Alerts raised with it."
principals = "Different principals these are of."
addresses = "Different addresses these came from."
--- */
WITH alerting AS (
    SELECT
        a.user_agent,
        count(*) AS alerts,
        count(DISTINCT a.principal) AS principals,
        count(DISTINCT a.source_ip_address) AS addresses
    FROM report_alerts(since => since, until => until, account => account, arn => arn) AS a
    GROUP BY a.user_agent
)

SELECT
    a.user_agent,
    c.client_text,
    c.client_kind,
    c.offensive,
    a.alerts,
    a.principals,
    a.addresses
FROM alerting AS a
LEFT JOIN clients AS c ON c.user_agent = a.user_agent
ORDER BY a.alerts DESC, a.user_agent
