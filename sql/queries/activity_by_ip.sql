/* ---
title = "Every API call from an address"
description = "All calls from one address, or from all that match a pattern, in time order."
display = ["event_time", "event_source", "event_name", "outcome", "error_code", "principal_name", "source_ip_address"]

[[parameters]]
name = "address"
type = "VARCHAR"
example = "192.0.2.77"
description = "sourceIPAddress as CloudTrail has it: IPv4, IPv6, a service's name or AWS Internal; * stands for anything."

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
WHERE coalesce(source_ip_address, '') LIKE glob_to_like(address) ESCAPE '!'
ORDER BY event_time, event_id
