/* ---
title = "What happened around an event"
description = "Calls by the same access key, session chain, principal, role or address shortly before and after an event, the event itself among them, in time order."
display = ["seconds_from_event", "link", "event_source", "event_name", "outcome", "error_code", "principal_name", "source_ip_address"]

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The event in the middle."

[[parameters]]
name = "minutes"
type = "INTEGER"
default = "30"
description = "How far to look to either side, in minutes."

[columns]
seconds_from_event = "Seconds after the event; negative before it."
link = "What connects the call with the event, strongest first: event (itself), access_key, session_chain (credentials that come from the same first ones), principal, role, address."
event_id = "The call."
event_time = "When, UTC."
event_source = "Service."
event_name = "API."
aws_region = "Region."
outcome = "success or failure."
error_code = "Why it failed."
principal = "Who called."
principal_name = "The same without what stands before the resource in an ARN."
access_key_id = "With which access key."
source_ip_address = "From where."
user_agent = "With what."
request_parameters = "What was asked."
--- */
-- apart from any table: beside one, the parameter could be the column of the same name
WITH parameter AS (
    SELECT event_id AS anchor_id
),

anchor AS (
    SELECT a.*
    FROM parameter AS p
    INNER JOIN api_calls AS a ON a.event_id = p.anchor_id
),

around AS (
    SELECT
        seconds_between(a.event_time, c.event_time) AS seconds_from_event,
        CASE
            WHEN c.event_id = a.event_id THEN 'event'
            WHEN c.access_key_id = a.access_key_id THEN 'access_key'
            WHEN coalesce(s.session_chain, c.access_key_id) = coalesce(o.session_chain, a.access_key_id) THEN 'session_chain'
            -- a bare identity type is no one in particular
            WHEN c.principal = a.principal AND a.principal <> coalesce(a.principal_type, '') THEN 'principal'
            WHEN c.session_issuer_arn = a.session_issuer_arn THEN 'role'
            WHEN c.source_ip_address = a.source_ip_address AND a.source_kind IN ('public', 'private', 'vpc_endpoint') THEN 'address'
        END AS link,
        c.event_id,
        c.event_time,
        c.event_source,
        c.event_name,
        c.aws_region,
        c.outcome,
        c.error_code,
        c.principal,
        c.principal_name,
        c.access_key_id,
        c.source_ip_address,
        c.user_agent,
        c.request_parameters
    FROM anchor AS a
    INNER JOIN api_calls AS c
        ON c.event_time >= a.event_time - minutes * INTERVAL '1' MINUTE
        AND c.event_time <= a.event_time + minutes * INTERVAL '1' MINUTE
    LEFT JOIN role_sessions AS o ON o.access_key_id = a.access_key_id
    LEFT JOIN role_sessions AS s ON s.access_key_id = c.access_key_id
)

SELECT *
FROM around
WHERE link IS NOT NULL
ORDER BY seconds_from_event, event_source NULLS LAST, event_name NULLS LAST, event_id
