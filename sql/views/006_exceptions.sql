-- Which alerts are suppressed: an exception is a row of the table exceptions, an alert one of a detection.
CREATE OR REPLACE VIEW exceptions_in_force AS
SELECT *
FROM exceptions
WHERE expires_at IS NULL OR expires_at > utc_now();

COMMENT ON VIEW exceptions_in_force IS 'Exceptions that have not expired: those that suppress alerts.';

CREATE OR REPLACE MACRO exception_state(expires_at) AS CASE
    WHEN expires_at <= utc_now() THEN 'expired'
    WHEN expires_at <= utc_now() + INTERVAL 14 DAY THEN 'expires soon'
    ELSE 'in force'
END;
COMMENT ON MACRO exception_state IS 'State of an exception that expires then: in force, expires soon (within 14 days), or expired.';

CREATE OR REPLACE MACRO exception_findings(state, covers, also_hidden_by) AS list_filter([
    CASE WHEN state <> 'in force' THEN state END,
    CASE WHEN covers = 0 THEN 'covers nothing' END,
    CASE WHEN state <> 'expired' THEN 'hides only what is also hidden by ' || array_to_string(also_hidden_by, ', ') END
], lambda finding: finding IS NOT NULL);
COMMENT ON MACRO exception_findings IS 'What can be said against an exception: see exception_check.';

-- A condition on something that the alert does not have is not met.
CREATE OR REPLACE MACRO exception_covers(
    exception, rule, principal, account_id, session_issuer_arn, access_key_id, source_ip_address, user_agent, aws_region, owners
) AS coalesce(
    (exception.rule IS NULL OR rule = exception.rule)
    AND (exception.principal IS NULL OR principal LIKE glob_to_like(exception.principal) ESCAPE '!')
    AND (exception.account_id IS NULL OR account_id = exception.account_id)
    AND (exception.role IS NULL OR session_issuer_arn LIKE glob_to_like(exception.role) ESCAPE '!')
    AND (exception.access_key_id IS NULL OR access_key_id = exception.access_key_id)
    -- CASE, because OR would have every address read for nothing
    AND CASE
        WHEN exception.source_ip_address IS NULL THEN true
        ELSE ip_in_network(source_ip_address, exception.source_ip_address)
    END
    AND (exception.user_agent IS NULL OR user_agent LIKE glob_to_like(exception.user_agent) ESCAPE '!')
    AND (exception.aws_region IS NULL OR aws_region = exception.aws_region)
    -- all owners asked for: one that is allowed must not hide another that is not
    AND (exception.owner IS NULL OR list_distinct(owners) = [exception.owner]),
    false
);
COMMENT ON MACRO exception_covers IS 'Whether an alert meets all conditions of an exception (a row of exceptions), be that in force or not.';

-- A list that is folded, because a join would stop conditions on the alerts from reaching the table of events.
CREATE OR REPLACE MACRO suppressing_exception(
    rule, principal, account_id, session_issuer_arn, access_key_id, source_ip_address, user_agent, aws_region, owners
) AS list_filter(
    (SELECT list(e ORDER BY e.created_at, e.name) FROM exceptions_in_force AS e),
    lambda e: exception_covers(
        e, rule, principal, account_id, session_issuer_arn, access_key_id, source_ip_address, user_agent, aws_region, owners
    )
)[1].name;
COMMENT ON MACRO suppressing_exception IS 'Name of the exception in force that covers an alert: of several, the one created first. Null: none does.';
