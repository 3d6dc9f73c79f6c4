/* ---
title = "EC2 deprecated AMI discovery, any owner"
description = """
As deprecated_ami_discovery, without its condition that an owner is named: the wider net. A query that names
image ids or filters but no owner is caught here only. Runs when it is asked for by name."""
severity = "low"
risk_score = 21
schedule = "5m"
lookback = "6m"
tactic = "Discovery (TA0007)"
technique = "Cloud Infrastructure Discovery (T1580)"
enabled = false
false_positives = [
  "Tools that set includeDeprecated on every DescribeImages call to resolve the names of images in use.",
]
investigation = [
  "As for deprecated_ami_discovery; compare the two to see what the owner condition leaves out.",
]
response = [
  "As for deprecated_ami_discovery.",
]
references = [
  "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html",
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
