/* ---
title = "Triage: who made the call"
description = "The identity behind an event: its kind, its key, how it signed in, whom it began with, and since when the user or role is known. One row."

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The event of the alert."

[columns]
principal = "Who called."
principal_type = "IAMUser, AssumedRole, Root, FederatedUser, WebIdentityUser, ... (userIdentity.type)."
principal_account_id = "Account the principal belongs to."
account_id = "Account that received the call."
other_account = "Whether these two differ."
access_key_id = "With which access key."
access_key_kind = "long_lived (AKIA) or temporary (ASIA)."
signed_in_by = "console or access_key."
mfa_authenticated = "Whether the session was opened with MFA; null where the record does not say."
session_created_at = "When the session was opened, UTC."
session_issuer_arn = "The role (or user) whose temporary credentials these are."
source_identity = "Who the chain of roles says that it began with (sts:SourceIdentity)."
invoked_by = "The AWS service that made the call on someone's behalf."
hops = "Calls that handed out credentials between the first principal and this session; 0 if none is in the logs."
first_principal = "Who the session began with."
first_access_key_id = "With which access key."
first_access_key_kind = "long_lived or temporary."
identity_name = "The user, or the role whose session it is: whose history is looked at."
identity_first_seen = "Its first call, UTC."
identity_last_seen = "Its last call, UTC."
identity_calls = "Its calls."
established_calls = "Those of them that were made more than a day before the event."
logs_since = "The first call in the logs at all, UTC: who is new can only be told of later ones."
--- */
-- apart from any table: beside one, the parameter could be the column of the same name
WITH parameter AS (
    SELECT event_id AS anchor_id
),

logs AS (
    SELECT min(event_time) AS logs_since
    FROM api_calls
),

history AS (
    SELECT
        min(c.identity_name) AS identity_name,
        min(c.event_time) AS identity_first_seen,
        max(c.event_time) AS identity_last_seen,
        count(*) AS identity_calls,
        count(CASE WHEN c.established THEN 1 END) AS established_calls
    FROM related_calls(event_id => event_id) AS c
    WHERE c.same_identity
)

SELECT
    a.principal,
    a.principal_type,
    a.principal_account_id,
    a.account_id,
    a.principal_account_id <> a.account_id AS other_account,
    a.access_key_id,
    access_key_kind(a.access_key_id) AS access_key_kind,
    CASE
        WHEN a.session_credential_from_console OR k.client_kind = 'console' THEN 'console'
        WHEN a.access_key_id IS NOT NULL THEN 'access_key'
    END AS signed_in_by,
    a.mfa_authenticated,
    a.session_created_at,
    a.session_issuer_arn,
    a.source_identity,
    a.invoked_by,
    coalesce(s.hops, 0) AS hops,
    coalesce(s.root_principal, a.principal) AS first_principal,
    CASE WHEN s.hops IS NULL THEN a.access_key_id ELSE s.root_access_key_id END AS first_access_key_id,
    access_key_kind(CASE WHEN s.hops IS NULL THEN a.access_key_id ELSE s.root_access_key_id END) AS first_access_key_kind,
    h.identity_name,
    h.identity_first_seen,
    h.identity_last_seen,
    h.identity_calls,
    h.established_calls,
    g.logs_since
FROM parameter AS p
INNER JOIN api_calls AS a ON a.event_id = p.anchor_id
CROSS JOIN history AS h
CROSS JOIN logs AS g
LEFT JOIN role_sessions AS s ON s.access_key_id = a.access_key_id
LEFT JOIN clients AS k ON k.user_agent = a.user_agent
