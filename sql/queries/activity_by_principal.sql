/* ---
title = "Every API call of a principal"
description = "All calls of one principal, or of all that match a pattern, in time order. The ARN of a role finds the calls of its sessions."
display = ["event_time", "event_source", "event_name", "outcome", "error_code", "principal_name", "source_ip_address"]

[[parameters]]
name = "arn"
type = "VARCHAR"
example = "arn:aws:iam::111122223333:user/*"
description = "ARN of a user, a role session or a role; * stands for anything. A principal without an ARN goes by the name in column principal."

[columns]
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
SELECT
    event_id,
    event_time,
    event_source,
    event_name,
    aws_region,
    outcome,
    error_code,
    principal,
    principal_name,
    access_key_id,
    source_ip_address,
    user_agent,
    request_parameters
FROM api_calls
WHERE coalesce(principal, '') LIKE glob_to_like(arn) ESCAPE '!'
   OR session_issuer_arn LIKE glob_to_like(arn) ESCAPE '!'
ORDER BY event_time, event_id
