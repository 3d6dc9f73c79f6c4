/* ---
title = "How the identity of a call came about"
description = """
From the first principal to a call, oldest first: each call that handed out an access key on the way, made with the key
that the one before it had handed out, and the call itself at the end. One row, the call itself, where the log does not
tell how its key was issued, and for long-lived keys."""
display = ["hop", "event_time", "event_name", "principal_name", "access_key_id", "role_arn", "source_ip_address", "mfa_authenticated"]

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The call at the end of the chain."

[columns]
hop = "From 1, the oldest."
event_id = "The call."
event_time = "When, UTC."
event_source = "Service."
event_name = "API: one of those that hand out keys, but in the last row."
principal = "Who called."
principal_name = "The same without what stands before the resource in an ARN."
principal_type = "Kind of identity."
access_key_id = "With which access key."
issued_access_key_id = "The key it handed out, with which the next call was made; null in the last row."
role_arn = "The role assumed."
session_name = "Name given to the session."
source_ip_address = "From where."
user_agent = "With what."
mfa_authenticated = "Whether the caller's own session was opened with MFA; null where the record does not say."
aws_region = "Region."
account_id = "Account that received the call."
--- */
-- apart from any table: beside one, the parameter could be the column of the same name
WITH parameter AS (
    SELECT event_id AS anchor_id
),

anchor AS (
    SELECT a.event_id, a.access_key_id
    FROM parameter AS p
    INNER JOIN api_calls AS a ON a.event_id = p.anchor_id
),

sessions AS (
    SELECT access_key_id, issued_by_event_id, role_arn, session_name, hops, access_keys
    FROM role_sessions
),

steps AS (
    SELECT a.event_id AS step_id, NULL AS issued_access_key_id, NULL AS role_arn, NULL AS session_name, 1000 AS hops
    FROM anchor AS a
    UNION ALL
    SELECT i.issued_by_event_id, i.access_key_id, i.role_arn, i.session_name, i.hops
    FROM anchor AS a
    INNER JOIN sessions AS own ON own.access_key_id = a.access_key_id
    INNER JOIN sessions AS i ON array_contains(own.access_keys, i.access_key_id)
)

SELECT
    row_number() OVER (ORDER BY s.hops) AS hop,
    c.event_id,
    c.event_time,
    c.event_source,
    c.event_name,
    c.principal,
    c.principal_name,
    c.principal_type,
    c.access_key_id,
    s.issued_access_key_id,
    s.role_arn,
    s.session_name,
    c.source_ip_address,
    c.user_agent,
    c.mfa_authenticated,
    c.aws_region,
    c.account_id
FROM steps AS s
INNER JOIN api_calls AS c ON c.event_id = s.step_id
ORDER BY hop
