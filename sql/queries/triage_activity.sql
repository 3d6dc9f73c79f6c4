/* ---
title = "Triage: what else was done"
description = """
Calls by the same session chain, principal or role, or from the same address, around an event, grouped into what they
may be for, one row per API: launches, credentials and access, logging, network, data, other changes, sign-ins, and
reconnaissance (Describe, Get, List); denied calls among them are counted."""
display = ["phase", "api", "calls", "denied", "first", "last", "principals", "links"]

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The event of the alert."

[[parameters]]
name = "minutes"
type = "INTEGER"
default = "60"
description = "How far to look to either side, in minutes."

[columns]
phase = "reconnaissance, sign_in, credentials, network, logging, launch, data or change."
api = "Service and API."
calls = "Calls."
own_calls = "Those of them by the same session chain or principal."
denied = "Those that were denied for want of permission."
failed = "Those that failed otherwise, rehearsals included."
first_seconds = "Seconds from the event to the first; negative before it."
last_seconds = "Seconds from the event to the last."
first = "The former as a time."
last = "The latter as a time."
regions = "Regions called."
principals = "Who called, by name."
links = "What connects the calls with the event: access_key, session_chain, principal, role, address."
--- */
WITH around AS (
    SELECT
        c.event_source,
        c.event_name,
        c.outcome,
        c.seconds_from_event,
        c.aws_region,
        c.principal_name,
        call_phase(c.event_source, c.event_name, c.read_only) AS phase,
        c.error_code LIKE '%AccessDenied%' OR c.error_code LIKE '%Unauthorized%' OR c.error_code LIKE '%Forbidden%' AS denied,
        CASE
            WHEN c.same_access_key THEN 'access_key'
            WHEN c.same_session_chain THEN 'session_chain'
            WHEN c.same_principal THEN 'principal'
            WHEN c.same_identity THEN 'role'
            ELSE 'address'
        END AS link
    FROM related_calls(event_id => event_id) AS c
    WHERE c.seconds_from_event BETWEEN -60 * minutes AND 60 * minutes
      AND NOT c.is_event
)

SELECT
    phase,
    replace(event_source, '.amazonaws.com', '') || ':' || event_name AS api,
    count(*) AS calls,
    count(CASE WHEN link IN ('access_key', 'session_chain', 'principal') THEN 1 END) AS own_calls,
    count(CASE WHEN denied THEN 1 END) AS denied,
    count(CASE WHEN outcome = 'failure' AND NOT coalesce(denied, false) THEN 1 END) AS failed,
    min(seconds_from_event) AS first_seconds,
    max(seconds_from_event) AS last_seconds,
    duration_text(min(seconds_from_event)) AS first,
    duration_text(max(seconds_from_event)) AS last,
    sorted_values(array_agg(DISTINCT aws_region) FILTER (WHERE aws_region IS NOT NULL)) AS regions,
    sorted_values(array_agg(DISTINCT principal_name) FILTER (WHERE principal_name IS NOT NULL)) AS principals,
    sorted_values(array_agg(DISTINCT link)) AS links
FROM around
GROUP BY phase, event_source, event_name
ORDER BY
    CASE phase
        WHEN 'launch' THEN 1
        WHEN 'credentials' THEN 2
        WHEN 'logging' THEN 3
        WHEN 'network' THEN 4
        WHEN 'data' THEN 5
        WHEN 'change' THEN 6
        WHEN 'sign_in' THEN 7
        ELSE 8
    END,
    first_seconds, api
