/* ---
title = "Triage: what speaks for and against an alert"
description = """
Every signal of the view signal_weights, with the weight it has, whether it is there, and the evidence. The scores add up
to that of the alert; the first row is the risk score of the rule itself. What a GeoIP database or an inventory of images
would tell is not there without one."""
display = ["signal", "score", "evidence"]

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The event of the alert."

[[parameters]]
name = "moment"
type = "VARCHAR"
default = "'now'"
description = "The moment at which images are judged, as in 2026-10-06T02:45:52Z, UTC."

[columns]
signal = "Its name in signal_weights; that of the rule in the first row."
present = "Whether it is there."
score = "Its weight if it is there, else 0."
weight = "Its weight."
meaning = "What it means."
evidence = "What was seen."
--- */
WITH parameter AS (
    SELECT event_id AS anchor_id
),

anchor AS (
    SELECT a.event_time
    FROM parameter AS p
    INNER JOIN api_calls AS a ON a.event_id = p.anchor_id
),

identity AS (
    SELECT *
    FROM triage_identity(event_id => event_id)
),

source AS (
    SELECT *
    FROM triage_source(event_id => event_id)
),

own_queries AS (
    SELECT *
    FROM triage_similar_queries(event_id => event_id)
    WHERE is_same_identity
),

activity AS (
    SELECT *
    FROM triage_activity(event_id => event_id)
    WHERE own_calls > 0
),

launches AS (
    SELECT *
    FROM triage_launches(event_id => event_id)
),

images AS (
    SELECT *
    FROM triage_images(event_id => event_id, moment => moment)
),

found AS (
    -- who
    SELECT 'root_user' AS signal, i.principal AS evidence
    FROM identity AS i
    WHERE i.principal_type = 'Root'
    UNION ALL
    SELECT 'long_lived_access_key', i.first_access_key_id || ' of ' || i.first_principal
    FROM identity AS i
    WHERE i.first_access_key_kind = 'long_lived'
    UNION ALL
    SELECT 'no_mfa', 'mfaAuthenticated is false'
    FROM identity AS i
    WHERE NOT i.mfa_authenticated
    UNION ALL
    SELECT 'role_chain', CAST(i.hops AS STRING) || ' hops from ' || i.first_principal
    FROM identity AS i
    WHERE i.hops >= 2
    UNION ALL
    SELECT 'new_principal', i.identity_name || ' was first seen at ' || CAST(i.identity_first_seen AS STRING)
    FROM identity AS i
    WHERE i.established_calls = 0
      AND i.logs_since < i.identity_first_seen - INTERVAL '1' DAY

    -- from where, with what
    UNION ALL
    SELECT 'new_address', s.source_ip_address || ' was first used by ' || i.identity_name || ' at ' || CAST(s.address_first_seen AS STRING)
    FROM source AS s
    CROSS JOIN identity AS i
    WHERE s.new_address
    UNION ALL
    SELECT 'new_country', s.country_name || ' was first seen by ' || i.identity_name || ' at ' || CAST(s.country_first_seen AS STRING)
    FROM source AS s
    CROSS JOIN identity AS i
    WHERE s.new_country
    UNION ALL
    SELECT 'impossible_travel', list_text(sorted_values(array_agg(DISTINCT t.travel || ' in ' || duration_text(t.seconds))))
    FROM triage_travel(event_id => event_id) AS t
    WHERE t.speed_kmh > 1000
    HAVING count(*) > 0
    UNION ALL
    SELECT 'shared_address', list_text(sorted_values(array_agg(u.principal_name)))
    FROM triage_source_users(event_id => event_id) AS u
    CROSS JOIN anchor AS a
    WHERE NOT u.is_same_identity
      AND NOT u.is_same_chain
      AND u.last_seen >= a.event_time - INTERVAL '1' DAY
      AND u.first_seen <= a.event_time + INTERVAL '1' DAY
    HAVING count(*) > 0
    UNION ALL
    SELECT 'new_client', s.client_text || ' was first used by ' || i.identity_name || ' at ' || CAST(s.client_first_seen AS STRING)
    FROM source AS s
    CROSS JOIN identity AS i
    WHERE s.new_client
    UNION ALL
    SELECT 'offensive_client', s.offensive || ': ' || s.client_text
    FROM source AS s
    WHERE s.offensive IS NOT NULL

    -- what was asked
    UNION ALL
    SELECT 'first_deprecated_query', q.identity_name || ' first asked at ' || CAST(q.first_seen AS STRING)
    FROM own_queries AS q
    CROSS JOIN identity AS i
    CROSS JOIN anchor AS a
    WHERE q.days_before = 0
      AND q.first_seen <= a.event_time
      AND i.established_calls > 0
    UNION ALL
    SELECT 'old_images_asked_for', list_text(sorted_values(array_agg(DISTINCT n.name_pattern || ': ' || n.age)))
    FROM parameter AS p
    INNER JOIN ami_name_ages AS n ON n.event_id = p.anchor_id
    WHERE n.out_of_support
       OR array_max(n.years) <= extract(YEAR FROM n.event_time) - 3
    HAVING count(*) > 0

    -- what else
    UNION ALL
    SELECT 'reconnaissance_burst', CAST(count(*) AS STRING) || ' APIs, such as ' || list_text(list_head(sorted_values(array_agg(a.api)), 8))
    FROM activity AS a
    WHERE a.phase = 'reconnaissance'
    HAVING count(*) >= 5
    UNION ALL
    SELECT 'denied_calls', list_text(sorted_values(array_agg(a.api)))
    FROM activity AS a
    WHERE a.denied > 0
    HAVING sum(a.denied) >= 2
    UNION ALL
    SELECT 'credentials_changed', list_text(sorted_values(array_agg(a.api)))
    FROM activity AS a
    WHERE a.phase = 'credentials'
    HAVING count(*) > 0
    UNION ALL
    SELECT 'network_opened', list_text(sorted_values(array_agg(a.api)))
    FROM activity AS a
    WHERE a.api IN ('ec2:AuthorizeSecurityGroupIngress', 'ec2:ModifySecurityGroupRules')
    HAVING count(*) > 0
    UNION ALL
    SELECT 'logging_changed', list_text(sorted_values(array_agg(a.api)))
    FROM activity AS a
    WHERE a.phase = 'logging'
    HAVING count(*) > 0

    -- what followed; an address alone links strangers too
    UNION ALL
    SELECT 'launch_followed', CAST(count(*) AS STRING) || ' launches, the first after ' || min(l.after)
    FROM launches AS l
    WHERE l.outcome = 'success'
      AND l.launch_kind IN ('instances', 'request')
      AND l.link <> 'address'
    HAVING count(*) > 0
    UNION ALL
    SELECT 'launch_attempted', CAST(count(*) AS STRING) || ' attempts, the first after ' || min(l.after)
    FROM launches AS l
    WHERE l.outcome <> 'success'
      AND l.link <> 'address'
    HAVING count(*) > 0
    UNION ALL
    SELECT 'asked_image_launched', list_text(sorted_values(array_agg(m.image_id)))
    FROM images AS m
    WHERE m.asked_for
      AND m.launches > 0
    HAVING count(*) > 0
    UNION ALL
    SELECT 'deprecated_image_launched', list_text(sorted_values(array_agg(m.image_id)))
    FROM images AS m
    WHERE m.deprecated_at_launch
    HAVING count(*) > 0
    UNION ALL
    SELECT 'instance_still_running', list_text(sorted_values(array_agg(n.instance_id)))
    FROM triage_instances(event_id => event_id) AS n
    WHERE n.terminated_at IS NULL
    HAVING count(*) > 0

    -- what speaks against it
    UNION ALL
    SELECT 'routine_query', q.identity_name || ' asked on ' || CAST(q.days_before AS STRING) || ' days before'
    FROM own_queries AS q
    CROSS JOIN source AS s
    WHERE q.days_before >= 3
      AND NOT s.new_address
    UNION ALL
    SELECT 'known_scanner', s.client_text
    FROM source AS s
    WHERE s.client_kind = 'scanner'
      AND NOT s.new_address
),

rule AS (
    SELECT
        min(m.rule) AS rule,
        max(m.risk_score) AS risk_score
    FROM parameter AS p
    INNER JOIN all_rule_matches AS m ON m.event_id = p.anchor_id
    HAVING count(*) > 0
),

signals AS (
    SELECT
        0 AS rank,
        r.rule AS signal,
        true AS present,
        r.risk_score AS score,
        r.risk_score AS weight,
        'The risk score of the rule.' AS meaning,
        CAST(NULL AS STRING) AS evidence
    FROM rule AS r
    UNION ALL
    SELECT
        w.rank,
        w.signal,
        f.signal IS NOT NULL,
        CASE WHEN f.signal IS NULL THEN 0 ELSE w.weight END,
        w.weight,
        w.meaning,
        f.evidence
    FROM signal_weights AS w
    LEFT JOIN found AS f ON f.signal = w.signal
)

SELECT signal, present, score, weight, meaning, evidence
FROM signals
ORDER BY rank
