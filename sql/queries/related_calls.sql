/* ---
title = "Calls related to an event, however long ago"
description = """
Every call by the same access key, session chain, principal or role as an event's, and every call from its address, the
event itself among them, with what connects them. What triage stands on."""
display = ["event_time", "event_source", "event_name", "outcome", "principal_name", "source_ip_address", "same_access_key", "same_principal", "same_address"]

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The event."

[columns]
event_id = "The call."
event_time = "When, UTC."
is_event = "Whether it is the event itself."
seconds_from_event = "Seconds after the event; negative before it."
established = "Whether it was made more than a day before the event: what counts as usual."
same_access_key = "Whether it was made with the event's access key."
same_session_chain = "Whether its credentials and the event's come from the same first ones."
same_principal = "Whether the same principal made it."
same_identity = "Whether the same user made it, or any session of the same role."
same_address = "Whether it came from the same address; never for AWS services, who share theirs."
event_source = "Service."
event_name = "API."
aws_region = "Region."
account_id = "Account that received it."
outcome = "success or failure."
error_code = "Why it failed."
read_only = "Whether it changes nothing."
principal = "Who called."
principal_name = "The same without what stands before the resource in an ARN."
identity_name = "The user, or the role whose session it is, by name."
access_key_id = "With which access key."
source_ip_address = "From where."
user_agent = "With what."
--- */
-- apart from any table: beside one, the parameter could be the column of the same name
WITH parameter AS (
    SELECT event_id AS anchor_id
),

anchor AS (
    SELECT
        a.event_id,
        a.event_time,
        a.access_key_id,
        -- a bare identity type, or a service, is no one in particular
        CASE WHEN a.principal <> coalesce(a.principal_type, '') THEN a.principal END AS principal,
        CASE WHEN a.principal <> coalesce(a.principal_type, '') THEN a.identity END AS identity,
        CASE WHEN a.source_kind IN ('public', 'private', 'vpc_endpoint') THEN a.source_ip_address END AS source_ip_address
    FROM parameter AS p
    INNER JOIN api_calls AS a ON a.event_id = p.anchor_id
),

-- the keys of all sessions that come from the same first credentials, and these themselves
chain AS (
    SELECT coalesce(s.session_chain, a.access_key_id) AS session_chain
    FROM anchor AS a
    LEFT JOIN role_sessions AS s ON s.access_key_id = a.access_key_id
),

chain_keys AS (
    SELECT s.access_key_id
    FROM role_sessions AS s
    INNER JOIN chain AS h ON h.session_chain = s.session_chain
    UNION
    SELECT h.session_chain
    FROM chain AS h
    WHERE h.session_chain IS NOT NULL
),

-- of all calls, only columns that take no computing: the rest is computed for the related ones
related AS (
    SELECT
        c.event_id,
        c.event_time,
        c.event_source,
        c.event_name,
        c.aws_region,
        c.account_id,
        c.error_code,
        c.error_message,
        c.read_only,
        c.principal,
        c.identity,
        c.access_key_id,
        c.source_ip_address,
        c.user_agent
    FROM api_calls AS c
    WHERE c.source_ip_address = (SELECT a.source_ip_address FROM anchor AS a)
       OR c.identity = (SELECT a.identity FROM anchor AS a)
    UNION ALL
    SELECT
        c.event_id,
        c.event_time,
        c.event_source,
        c.event_name,
        c.aws_region,
        c.account_id,
        c.error_code,
        c.error_message,
        c.read_only,
        c.principal,
        c.identity,
        c.access_key_id,
        c.source_ip_address,
        c.user_agent
    FROM chain_keys AS k
    INNER JOIN api_calls AS c ON c.access_key_id = k.access_key_id
    WHERE NOT coalesce(c.source_ip_address = (SELECT a.source_ip_address FROM anchor AS a), false)
      AND NOT coalesce(c.identity = (SELECT a.identity FROM anchor AS a), false)
)

SELECT
    c.event_id,
    c.event_time,
    c.event_id = a.event_id AS is_event,
    seconds_between(a.event_time, c.event_time) AS seconds_from_event,
    c.event_time < a.event_time - INTERVAL '1' DAY AS established,
    coalesce(c.access_key_id = a.access_key_id, false) AS same_access_key,
    k.access_key_id IS NOT NULL AS same_session_chain,
    coalesce(c.principal = a.principal, false) AS same_principal,
    coalesce(c.identity = a.identity, false) AS same_identity,
    coalesce(c.source_ip_address = a.source_ip_address, false) AS same_address,
    c.event_source,
    c.event_name,
    c.aws_region,
    c.account_id,
    call_outcome(c.error_code, c.error_message) AS outcome,
    c.error_code,
    c.read_only,
    c.principal,
    resource_name(c.principal) AS principal_name,
    resource_name(c.identity) AS identity_name,
    c.access_key_id,
    c.source_ip_address,
    c.user_agent
FROM related AS c
CROSS JOIN anchor AS a
LEFT JOIN chain_keys AS k ON k.access_key_id = c.access_key_id
ORDER BY c.event_time, c.event_id
