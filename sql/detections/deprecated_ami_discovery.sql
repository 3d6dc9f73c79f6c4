/* ---
title = "EC2 deprecated AMI discovery"
description = """
A principal asked EC2 which deprecated images a named owner has (DescribeImages with includeDeprecated).
Images past their deprecation date no longer get fixes; someone looking for them may want an instance with
known holes, or one that blends in with an old fleet. The call alone is no breach: judge who made it and what came next."""
severity = "low"
risk_score = 21
schedule = "5m"
lookback = "6m"
tactic = "Discovery (TA0007)"
technique = "Cloud Infrastructure Discovery (T1580)"
enabled = true
false_positives = [
  "Engineers who reproduce or support an old environment.",
  "Inventory, compliance and vulnerability scanners that list every image.",
  "Legacy automation pinned to images that have since been deprecated.",
]
investigation = [
  "Who: principal_arn, principal_type, access_key_id, session_issuer_arn. A long-lived key (AKIA) or a session without MFA weighs more.",
  "From where: source_ip_address and source_kind, and whether this principal ever came from there (activity_by_principal).",
  "With what: user_agent. A tool this principal never used weighs more.",
  "What was asked: owners, image_ids, name_patterns, other_filters; does a change or a scan explain it?",
  "What else: activity_around(event_id) for reconnaissance, activity_by_ip for other identities at the same address.",
  "What followed: launches_after_deprecated_query.",
]
response = [
  "Ask the owner of the identity whether the query was theirs.",
  "If it was not: disable the key or revoke the role's sessions, then isolate instances launched afterwards.",
  "Restrict ec2:DescribeImages and ec2:RunInstances to those who need them; allow launches of approved images only.",
  "Replace deprecated images still in use.",
]
references = [
  "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html",
  "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html",
  "https://attack.mitre.org/techniques/T1580/",
]
display = ["event_time", "severity", "principal_name", "source_ip_address", "owners", "image_ids", "name_patterns", "event_id"]
--- */
SELECT
    -- qualified: see api_calls
    q.event_id,
    event_time,

    -- who
    principal,
    principal_name,
    principal_arn,
    principal_type,
    principal_account_id,
    account_id,
    user_name,
    session_issuer_arn,
    session_name,
    access_key_id,
    mfa_authenticated,

    -- from where, with what
    source_ip_address,
    source_kind,
    user_agent,
    aws_region,

    -- what was asked
    owners,
    image_ids,
    name_patterns,
    other_filters,
    request_parameters
FROM ami_queries AS q
WHERE outcome = 'success'
  AND include_deprecated
  AND owner_requested
