-- What calls were made with: user agents, decoded.

-- The first fragment that occurs in a user agent, in lower case, names the client. What attackers use comes first, because
-- it stands among the names of the SDK it is built on. Sources: the user agents that AWS's SDKs build (SDKs and Tools
-- Reference Guide, "User agent"), and those that the named tools set in their published code.
CREATE OR REPLACE VIEW client_signatures AS
SELECT row_number() OVER () AS rank, fragment, client, client_kind
FROM (VALUES
    -- made to attack
    ('stratus-red-team', 'Stratus Red Team', 'offensive'),
    ('pacu', 'Pacu', 'offensive'),
    ('cloudfox', 'CloudFox', 'offensive'),
    ('weirdaal', 'WeirdAAL', 'offensive'),
    ('enumerate-iam', 'enumerate-iam', 'offensive'),
    ('cloudgoat', 'CloudGoat', 'offensive'),
    ('trufflehog', 'TruffleHog', 'offensive'),
    -- made to assess
    ('prowler', 'Prowler', 'scanner'),
    ('scoutsuite', 'ScoutSuite', 'scanner'),
    ('scout suite', 'ScoutSuite', 'scanner'),
    ('cloudsploit', 'CloudSploit', 'scanner'),
    ('cloudmapper', 'CloudMapper', 'scanner'),
    ('cloudsplaining', 'Cloudsplaining', 'scanner'),
    ('steampipe', 'Steampipe', 'scanner'),
    ('cloudquery', 'CloudQuery', 'scanner'),
    ('cartography', 'Cartography', 'scanner'),
    ('cloud-custodian', 'Cloud Custodian', 'scanner'),
    ('c7n', 'Cloud Custodian', 'scanner'),
    ('wiz.io', 'Wiz', 'scanner'),
    ('orca-security', 'Orca', 'scanner'),
    ('lacework', 'Lacework', 'scanner'),
    -- infrastructure as code
    ('terraform', 'Terraform', 'infrastructure_as_code'),
    ('opentofu', 'OpenTofu', 'infrastructure_as_code'),
    ('pulumi', 'Pulumi', 'infrastructure_as_code'),
    ('crossplane', 'Crossplane', 'infrastructure_as_code'),
    ('ansible', 'Ansible', 'infrastructure_as_code'),
    ('packer', 'Packer', 'infrastructure_as_code'),
    ('aws-cdk', 'AWS CDK', 'infrastructure_as_code'),
    ('serverless', 'Serverless Framework', 'infrastructure_as_code'),
    ('cloudformation.amazonaws.com', 'AWS CloudFormation', 'infrastructure_as_code'),
    -- the console, and what people browse with
    ('s3console', 'AWS console', 'console'),
    ('aws-console', 'AWS console', 'console'),
    (' console, aws-internal', 'AWS console', 'console'),
    ('console.amazonaws.com', 'AWS console', 'console'),
    ('signin.amazonaws.com', 'AWS console', 'console'),
    ('console.aws', 'AWS console', 'console'),
    ('cloudshell', 'AWS CloudShell', 'console'),
    ('aws toolkit', 'AWS Toolkit', 'sdk'),
    ('s3 browser', 'S3 Browser', 'file_browser'),
    ('s3browser', 'S3 Browser', 'file_browser'),
    ('winscp', 'WinSCP', 'file_browser'),
    ('cyberduck', 'Cyberduck', 'file_browser'),
    ('rclone', 'rclone', 'file_browser'),
    ('mozilla', 'web browser', 'console'),
    -- agents on instances and in clusters
    ('amazon-ssm-agent', 'SSM Agent', 'agent'),
    ('cloudwatchagent', 'CloudWatch agent', 'agent'),
    ('fluent-bit', 'Fluent Bit', 'agent'),
    ('datadog', 'Datadog', 'agent'),
    ('karpenter', 'Karpenter', 'agent'),
    ('cluster-autoscaler', 'Cluster Autoscaler', 'agent'),
    ('configure-aws-credentials-for-github-actions', 'GitHub Actions', 'agent'),
    -- the command line, and SDKs
    ('aws-cli', 'AWS CLI', 'cli'),
    ('aws-tools-for-powershell', 'AWS Tools for PowerShell', 'cli'),
    ('awspowershell', 'AWS Tools for PowerShell', 'cli'),
    ('boto3', 'Boto3', 'sdk'),
    ('aiobotocore', 'aiobotocore', 'sdk'),
    ('botocore', 'Botocore', 'sdk'),
    ('aws-sdk-go-v2', 'AWS SDK for Go v2', 'sdk'),
    ('aws-sdk-go', 'AWS SDK for Go', 'sdk'),
    ('aws-sdk-java', 'AWS SDK for Java', 'sdk'),
    ('aws-sdk-nodejs', 'AWS SDK for JavaScript', 'sdk'),
    ('aws-sdk-js', 'AWS SDK for JavaScript', 'sdk'),
    ('aws-sdk-rust', 'AWS SDK for Rust', 'sdk'),
    ('aws-sdk-dotnet', 'AWS SDK for .NET', 'sdk'),
    ('aws-sdk-php', 'AWS SDK for PHP', 'sdk'),
    ('aws-sdk-ruby', 'AWS SDK for Ruby', 'sdk'),
    ('aws-sdk-cpp', 'AWS SDK for C++', 'sdk'),
    ('aws-sdk-swift', 'AWS SDK for Swift', 'sdk'),
    ('aws-sdk-kotlin', 'AWS SDK for Kotlin', 'sdk'),
    ('python-requests', 'Requests', 'http'),
    ('python-urllib', 'urllib', 'http'),
    ('go-http-client', 'Go net/http', 'http'),
    ('curl', 'curl', 'http'),
    ('wget', 'Wget', 'http'),
    ('okhttp', 'OkHttp', 'http'),
    -- AWS itself
    ('aws internal', 'AWS', 'aws_service'),
    ('.amazonaws.com', 'AWS service', 'aws_service')
) AS signature(fragment, client, client_kind);

COMMENT ON VIEW client_signatures IS 'What a client is known by in a user agent, in lower case; the lowest rank that occurs in it decides.';
COMMENT ON COLUMN client_signatures.client_kind IS 'offensive, scanner, infrastructure_as_code, console, cli, sdk, file_browser, agent, http or aws_service.';

CREATE OR REPLACE VIEW clients AS
WITH agents AS (
    SELECT
        user_agent,
        count(*) AS calls,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen
    FROM api_calls
    GROUP BY user_agent
),

recognised AS (
    SELECT
        a.user_agent,
        min_by(s.client, s.rank) AS client,
        min_by(s.client_kind, s.rank) AS client_kind,
        min_by(s.fragment, s.rank) AS fragment
    FROM agents AS a
    INNER JOIN client_signatures AS s ON contains(lower(a.user_agent), s.fragment)
    GROUP BY a.user_agent
),

decoded AS (
    SELECT
        a.*,
        CASE
            WHEN r.client = 'AWS service' THEN regexp_extract(a.user_agent, '[a-z0-9.-]+\.amazonaws\.com')
            -- a product goes by its own name
            ELSE coalesce(r.client, nullif(regexp_extract(a.user_agent, '^\[?([^ /;(]{1,60})', 1), ''))
        END AS client,
        coalesce(r.client_kind, 'unknown') AS client_kind,
        nullif(regexp_extract(lower(a.user_agent), r.fragment || '[^ /#]*(?:[/# ]v?|-v)([0-9][0-9a-z.]*)', 1), '') AS client_version,
        -- os/linux#6.1, Linux/5.10, or what a browser says
        nullif(coalesce(
            nullif(replace(regexp_extract(a.user_agent, '(?:^|[ \[])(?:os|OS)/([^ \]]+)', 1), '#', ' '), ''),
            nullif(regexp_extract(a.user_agent, '(?:Linux|Darwin|Windows)/[^ \];]+'), ''),
            regexp_extract(a.user_agent, 'Windows NT [0-9.]+|Mac OS X [0-9._]+|Linux x86_64|Android [0-9.]+')
        ), '') AS os,
        nullif(replace(regexp_extract(a.user_agent, '(?:^| )lang/([^ \]]+)', 1), '#', ' '), '') AS runtime,
        nullif(regexp_extract(a.user_agent, 'md/command#([^ \]]+)', 1), '') AS command,
        -- distributions that come with the tools of the trade
        nullif(regexp_extract(lower(a.user_agent), '(kali|parrot|pentoo|blackarch)(?:[^a-z]|$)', 1), '') AS offensive_os
    FROM agents AS a
    LEFT JOIN recognised AS r ON r.user_agent = a.user_agent
)

SELECT
    user_agent,
    client,
    client_version,
    client_kind,
    os,
    runtime,
    command,
    CASE WHEN client_kind = 'offensive' THEN client ELSE offensive_os END AS offensive,
    concat_ws(' ', coalesce(client, 'unknown client'), client_version) || coalesce(' on ' || os, '') AS client_text,
    calls,
    first_seen,
    last_seen
FROM decoded;

COMMENT ON VIEW clients IS 'Every user agent, decoded. It is what the caller says of itself: anyone can claim any.';
COMMENT ON COLUMN clients.client_kind IS 'offensive, scanner, infrastructure_as_code, console, cli, sdk, file_browser, agent, http, aws_service or unknown.';
COMMENT ON COLUMN clients.command IS 'What the AWS CLI was asked to do, where it says so: ec2.describe-images.';
COMMENT ON COLUMN clients.offensive IS 'Name of a tool made to attack, or of a distribution made for it, that the user agent shows; else null.';
COMMENT ON COLUMN clients.client_text IS 'Client, version and operating system in one text.';
