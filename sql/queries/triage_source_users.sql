/* ---
title = "Triage: who else used the address"
description = "Every principal that called from the address of an event, ever, the latest first. Empty for AWS services, who share theirs."
display = ["principal_name", "is_same_identity", "is_same_chain", "calls", "failures", "first_seen", "last_seen", "clients"]

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The event of the alert."

[columns]
principal = "Who called from there."
principal_name = "The same without what stands before the resource in an ARN."
is_same_identity = "Whether it is the user of the event, or a session of its role."
is_same_chain = "Whether its credentials and the event's come from the same first ones."
calls = "Calls from there."
failures = "Those that failed."
first_seen = "First call from there, UTC."
last_seen = "Last call from there, UTC."
clients = "What they were made with."
--- */
SELECT
    c.principal,
    min(c.principal_name) AS principal_name,
    bool_or(c.same_identity) AS is_same_identity,
    bool_or(c.same_session_chain) AS is_same_chain,
    count(*) AS calls,
    count(CASE WHEN c.outcome = 'failure' THEN 1 END) AS failures,
    min(c.event_time) AS first_seen,
    max(c.event_time) AS last_seen,
    sorted_values(array_agg(DISTINCT k.client_text) FILTER (WHERE k.client_text IS NOT NULL)) AS clients
FROM related_calls(event_id => event_id) AS c
LEFT JOIN clients AS k ON k.user_agent = c.user_agent
WHERE c.same_address
GROUP BY c.principal
ORDER BY last_seen DESC, c.principal
