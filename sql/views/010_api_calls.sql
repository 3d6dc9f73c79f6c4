-- Every event as an API call: who, from where, what, with which outcome.
CREATE OR REPLACE VIEW api_calls AS
SELECT
    -- identity; qualified, because a macro with a parameter of this name that reads
    -- this view would otherwise be refused ("conflicting column names", DuckDB 2.0)
    e.event_id,
    event_time,
    event_type,
    event_category,

    -- action
    event_source,
    event_name,
    aws_region,
    recipient_account_id AS account_id,
    read_only,

    -- outcome
    CASE
        WHEN event_name = 'ConsoleLogin' AND sign_in_outcome(response_elements) IS NOT NULL
            THEN sign_in_outcome(response_elements)
        ELSE call_outcome(error_code, error_message)
    END AS outcome,
    error_code,
    error_message,

    -- principal
    coalesce(user_identity.arn, user_identity.invoked_by, user_identity.on_behalf_of.user_id, user_identity.principal_id, user_identity.type) AS principal,
    resource_name(coalesce(user_identity.arn, user_identity.invoked_by, user_identity.on_behalf_of.user_id, user_identity.principal_id, user_identity.type)) AS principal_name,
    coalesce(
        user_identity.session_context.session_issuer.arn,
        user_identity.arn, user_identity.invoked_by, user_identity.on_behalf_of.user_id, user_identity.principal_id, user_identity.type
    ) AS identity,
    user_identity.arn AS principal_arn,
    user_identity.type AS principal_type,
    user_identity.principal_id AS principal_id,
    user_identity.account_id AS principal_account_id,
    coalesce(user_identity.user_name, user_identity.session_context.session_issuer.user_name) AS user_name,
    -- the root user signs in with an empty one, which connects no two calls
    nullif(user_identity.access_key_id, '') AS access_key_id,
    user_identity.session_context.session_issuer.arn AS session_issuer_arn,
    -- the part of AROA...:session-name behind the colon
    CASE WHEN user_identity.type = 'AssumedRole' AND user_identity.principal_id LIKE '%:%'
        THEN substr(user_identity.principal_id, instr(user_identity.principal_id, ':') + 1)
    END AS session_name,
    user_identity.session_context.attributes.creation_date AS session_created_at,
    user_identity.session_context.attributes.mfa_authenticated = 'true' AS mfa_authenticated,
    user_identity.session_context.source_identity AS source_identity,
    session_credential_from_console = 'true' AS session_credential_from_console,
    user_identity.invoked_by AS invoked_by,

    -- source
    source_ip_address,
    CASE
        WHEN coalesce(vpc_endpoint_id, '') <> '' AND source_kind(source_ip_address) IN ('public', 'private') THEN 'vpc_endpoint'
        ELSE source_kind(source_ip_address)
    END AS source_kind,
    user_agent,
    vpc_endpoint_id,

    -- what was asked and answered, as it came
    request_parameters,
    response_elements,

    -- lineage
    file_id
FROM events AS e;

COMMENT ON VIEW api_calls IS 'Every event as an API call: who, from where, what, with which outcome.';
COMMENT ON COLUMN api_calls.account_id IS 'Account that received the call (recipientAccountId).';
COMMENT ON COLUMN api_calls.outcome IS 'success or failure (ECS event.outcome): failure if errorCode or errorMessage is present and not empty; for ConsoleLogin what the response says.';
COMMENT ON COLUMN api_calls.principal IS 'The best name there is for who called: ARN, else the invoking service, the Identity Center user, principalId, the identity type.';
COMMENT ON COLUMN api_calls.principal_name IS 'principal without what stands before the resource in an ARN: user/alice, or role/session.';
COMMENT ON COLUMN api_calls.identity IS 'Whose permissions they are: the role (session_issuer_arn) for a session of it, else the principal.';
COMMENT ON COLUMN api_calls.user_name IS 'userIdentity.userName, or that of the role which issued the session.';
COMMENT ON COLUMN api_calls.session_issuer_arn IS 'ARN of the role (or user) whose temporary credentials these are.';
COMMENT ON COLUMN api_calls.mfa_authenticated IS 'Whether the session was opened with MFA; null where the record does not say.';
COMMENT ON COLUMN api_calls.session_credential_from_console IS 'Whether the credentials are those of a session in the console; null where the record does not say.';
COMMENT ON COLUMN api_calls.source_identity IS 'Who a chain of roles began with, where the first of them was assumed with a source identity.';
COMMENT ON COLUMN api_calls.source_kind IS 'public, private, vpc_endpoint (an address that came through one), aws_service, aws_internal or unknown.';
