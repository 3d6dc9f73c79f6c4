-- Alerts known to be legitimate.

CREATE TABLE exceptions (
    exception_id      INTEGER PRIMARY KEY,
    name              VARCHAR NOT NULL UNIQUE,
    rule              VARCHAR,
    -- conditions
    principal         VARCHAR,
    account_id        VARCHAR,
    role              VARCHAR,
    access_key_id     VARCHAR,
    source_ip_address VARCHAR,
    user_agent        VARCHAR,
    aws_region        VARCHAR,
    owner             VARCHAR,
    -- why, by whom, for how long
    reason            VARCHAR NOT NULL,
    author            VARCHAR NOT NULL,
    created_at        TIMESTAMP NOT NULL,
    expires_at        TIMESTAMP,
    -- without a condition it would hide every alert there will ever be
    CHECK (coalesce(principal, account_id, role, access_key_id, source_ip_address, user_agent, aws_region, owner) IS NOT NULL)
);
COMMENT ON TABLE exceptions IS 'Alerts known to be legitimate: an alert that meets all conditions of one of them is suppressed. Conditions that are null are none; at least one is not.';
COMMENT ON COLUMN exceptions.rule IS 'The only rule it applies to; null: all.';
COMMENT ON COLUMN exceptions.principal IS 'Pattern of the principal, in which * stands for anything; case matters.';
COMMENT ON COLUMN exceptions.account_id IS 'Account that received the call, as account_id everywhere; that of the principal is part of its ARN.';
COMMENT ON COLUMN exceptions.role IS 'Pattern of the ARN of the role whose session it is (session_issuer_arn).';
COMMENT ON COLUMN exceptions.source_ip_address IS 'An address or a network (CIDR), IPv4 or IPv6, however written.';
COMMENT ON COLUMN exceptions.user_agent IS 'Pattern of the user agent.';
COMMENT ON COLUMN exceptions.owner IS 'Owner of the images asked for. A query that names other owners too is not covered.';
COMMENT ON COLUMN exceptions.created_at IS 'UTC.';
COMMENT ON COLUMN exceptions.expires_at IS 'UTC; from this moment on it suppresses nothing. Null: never.';
