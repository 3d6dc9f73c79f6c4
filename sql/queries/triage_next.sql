/* ---
title = "Triage: what to do next"
description = """
Commands to look further, the response that the rule advises, and the exception to add if the call is legitimate, ready
to paste: every value from the logs is quoted for a POSIX shell."""

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The event of the alert."

[[parameters]]
name = "program"
type = "VARCHAR"
default = "'trailduck'"
description = "How trailduck is called, with the store if it is not the usual one."

[columns]
kind = "look, respond or except."
position = "Order within its kind."
step = "What to do, or what the command is for."
command = "The command; null for a step that people do."
--- */
-- apart from any table: beside one, the parameter could be the column of the same name
WITH parameter AS (
    SELECT event_id AS anchor_id
),

anchor AS (
    SELECT
        a.event_id,
        a.event_time,
        a.principal,
        a.principal_type,
        a.principal_name,
        a.user_name,
        a.session_issuer_arn,
        a.identity,
        a.source_ip_address,
        a.source_kind,
        a.aws_region,
        CASE WHEN s.hops IS NULL THEN a.access_key_id ELSE s.root_access_key_id END AS first_access_key_id,
        CASE WHEN s.hops IS NULL THEN a.principal ELSE s.root_principal END AS first_principal
    FROM parameter AS p
    INNER JOIN api_calls AS a ON a.event_id = p.anchor_id
    LEFT JOIN role_sessions AS s ON s.access_key_id = a.access_key_id
),

launched AS (
    SELECT
        n.aws_region,
        list_words(sorted_values(array_agg(DISTINCT shell_quote(n.instance_id)))) AS instance_ids
    FROM triage_instances(event_id => event_id) AS n
    WHERE n.terminated_at IS NULL
    GROUP BY n.aws_region
),

steps AS (
    SELECT 'look' AS kind, 1 AS position,
        'all that happened two hours around it' AS step,
        program || ' query activity_around --event_id ' || CAST(event_id AS STRING) || ' --minutes 120' AS command
    FROM anchor
    UNION ALL
    SELECT 'look', 2,
        'everything this user or role ever did',
        program || ' query activity_by_principal --arn ' || shell_quote(identity)
    FROM anchor
    UNION ALL
    SELECT 'look', 3,
        'everything that ever came from the address',
        program || ' query activity_by_ip --address ' || shell_quote(source_ip_address)
    FROM anchor
    WHERE source_kind IN ('public', 'private', 'vpc_endpoint')
    UNION ALL
    SELECT 'look', 4,
        'launches up to a week later',
        program || ' query triage_launches --event_id ' || CAST(event_id AS STRING) || ' --hours 168'
    FROM anchor
    UNION ALL
    SELECT 'look', 5,
        'the deprecated images in use, and what to replace them with',
        program || ' amis --deprecated'
    FROM anchor
    UNION ALL
    SELECT 'look', 6,
        'the record as CloudTrail wrote it',
        program || ' export --format ndjson --where "event_id = ''' || CAST(event_id AS STRING) || '''"'
    FROM anchor

    UNION ALL
    SELECT 'respond', 1,
        'if it was not them: disable the access key that it began with',
        'aws iam update-access-key --status Inactive --access-key-id ' || shell_quote(first_access_key_id)
            || ' --user-name ' || shell_quote(regexp_replace(first_principal, '^.*/', ''))
    FROM anchor
    WHERE access_key_kind(first_access_key_id) = 'long_lived'
      AND first_principal LIKE 'arn:%:user/%'
    UNION ALL
    SELECT 'respond', 2,
        'revoke the sessions that the role handed out until now',
        'aws iam put-role-policy --role-name ' || shell_quote(regexp_replace(session_issuer_arn, '^.*/', ''))
            || ' --policy-name AWSRevokeOlderSessions --policy-document ''{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*",'
            || '"Condition":{"DateLessThan":{"aws:TokenIssueTime":"''"$(date -u +%Y-%m-%dT%H:%M:%SZ)"''"}}}]}'''
    FROM anchor
    WHERE session_issuer_arn LIKE 'arn:%:role/%'
    UNION ALL
    SELECT 'respond', 3,
        'stop what was launched in ' || aws_region || ' (isolate it first if memory is wanted as evidence)',
        'aws ec2 stop-instances --region ' || shell_quote(aws_region) || ' --instance-ids ' || instance_ids
    FROM launched
    UNION ALL
    SELECT 'respond', 10 + r.position, r.step, CAST(NULL AS STRING)
    FROM rule_steps AS r
    WHERE r.kind = 'response'
      AND r.rule = (
          SELECT min(m.rule)
          FROM parameter AS p
          INNER JOIN all_rule_matches AS m ON m.event_id = p.anchor_id
      )

    UNION ALL
    SELECT 'except', 1,
        CASE
            WHEN source_kind IN ('public', 'private', 'vpc_endpoint')
                THEN 'if it is legitimate: no more alerts for this user or role from this address, for 90 days'
            ELSE 'if it is legitimate: no more alerts for this user or role, wherever from, for 90 days'
        END,
        program || ' exceptions add '
            || name_words(resource_name(identity)) || '-' || substr(CAST(event_id AS STRING), 1, 8)
            || CASE WHEN session_issuer_arn IS NOT NULL THEN ' --role ' || shell_quote(session_issuer_arn) ELSE ' --principal ' || shell_quote(principal) END
            || CASE WHEN source_kind IN ('public', 'private', 'vpc_endpoint') THEN ' --address ' || shell_quote(source_ip_address) ELSE '' END
            || ' --expires 90d --reason ''why it is legitimate'''
    FROM anchor
)

SELECT kind, position, step, command
FROM steps
ORDER BY CASE kind WHEN 'look' THEN 1 WHEN 'respond' THEN 2 ELSE 3 END, position
