/* ---
title = "Triage: where the call came from, and with what"
description = """
The address of an event with its place and network, and the client decoded from the user agent, with when this user or
role was first seen with either. One row. New is what was first seen less than a day before the event; null where the
user or role itself is that new."""

[[parameters]]
name = "event_id"
type = "UUID"
example = "a1e27003-e65c-4408-968f-ecee9c645d75"
description = "The event of the alert."

[columns]
source_ip_address = "The address, a service's name, or AWS Internal."
source_kind = "public, private, vpc_endpoint, aws_service, aws_internal or unknown."
vpc_endpoint_id = "The VPC endpoint that it came through."
country_name = "Country of the address."
city_name = "City of the address."
as_number = "Autonomous system of the address (AS number)."
as_organization_name = "Who runs that."
country_first_seen = "First call of this user or role from the country, UTC."
new_country = "Whether the country is new for this user or role."
aws_region = "The region that was called."
region_place = "Where that is."
address_first_seen = "First call of this user or role from there, UTC."
new_address = "Whether the address is new for this user or role."
other_identities = "Other users and roles that called from there, ever."
client = "What the call was made with, as the user agent says."
client_kind = "offensive, scanner, infrastructure_as_code, console, cli, sdk, file_browser, agent, http, aws_service or unknown."
client_text = "Client, version and operating system."
command = "What the AWS CLI was asked to do."
offensive = "The tool made to attack, or the distribution made for it, that the user agent names."
client_first_seen = "First call of this user or role with it, UTC."
new_client = "Whether it is new for this user or role."
user_agent = "The user agent as it came."
--- */
-- apart from any table: beside one, the parameter could be the column of the same name
WITH parameter AS (
    SELECT event_id AS anchor_id
),

-- read once, however often it is looked at
related AS (
    SELECT
        c.event_time,
        c.established,
        c.same_identity,
        c.same_address,
        c.identity_name,
        c.user_agent,
        g.country_iso_code
    FROM related_calls(event_id => event_id) AS c
    LEFT JOIN places AS g ON g.source_ip_address = c.source_ip_address
),

anchor AS (
    SELECT
        a.source_ip_address,
        a.source_kind,
        a.vpc_endpoint_id,
        a.aws_region,
        a.user_agent,
        k.client,
        k.client_kind,
        k.client_text,
        k.command,
        k.offensive,
        a.event_time,
        g.country_iso_code,
        g.country_name,
        g.city_name,
        g.as_number,
        g.as_organization_name
    FROM parameter AS p
    INNER JOIN api_calls AS a ON a.event_id = p.anchor_id
    LEFT JOIN clients AS k ON k.user_agent = a.user_agent
    LEFT JOIN places AS g ON g.source_ip_address = a.source_ip_address
),

history AS (
    SELECT
        bool_or(r.established AND r.same_identity) AS is_known,
        min(CASE WHEN r.same_identity AND r.same_address THEN r.event_time END) AS address_first_seen,
        bool_or(r.established AND r.same_identity AND r.country_iso_code IS NOT NULL) AS is_located,
        min(CASE WHEN r.same_identity AND r.country_iso_code = a.country_iso_code THEN r.event_time END) AS country_first_seen,
        count(DISTINCT CASE WHEN r.same_address AND NOT r.same_identity THEN r.identity_name END) AS other_identities,
        min(CASE WHEN r.same_identity AND k.client_text = a.client_text THEN r.event_time END) AS client_first_seen
    FROM related AS r
    CROSS JOIN anchor AS a
    LEFT JOIN clients AS k ON k.user_agent = r.user_agent
)

SELECT
    a.source_ip_address,
    a.source_kind,
    a.vpc_endpoint_id,
    a.country_name,
    a.city_name,
    a.as_number,
    a.as_organization_name,
    h.country_first_seen,
    CASE WHEN h.is_located THEN h.country_first_seen >= a.event_time - INTERVAL '1' DAY END AS new_country,
    a.aws_region,
    w.place AS region_place,
    h.address_first_seen,
    CASE WHEN h.is_known THEN h.address_first_seen >= a.event_time - INTERVAL '1' DAY END AS new_address,
    h.other_identities,
    a.client,
    a.client_kind,
    a.client_text,
    a.command,
    a.offensive,
    h.client_first_seen,
    CASE WHEN h.is_known THEN h.client_first_seen >= a.event_time - INTERVAL '1' DAY END AS new_client,
    a.user_agent
FROM anchor AS a
CROSS JOIN history AS h
LEFT JOIN aws_regions AS w ON w.aws_region = a.aws_region
