-- The first fragment that occurs in a user agent, in lower case, names the client. What attackers use comes first, because
-- it stands among the names of the SDK it is built on. Sources: the user agents that AWS's SDKs build (SDKs and Tools
-- Reference Guide, "User agent"), and those that the named tools set in their published code.
CREATE OR REPLACE VIEW client_signatures AS
SELECT *
FROM (VALUES
    -- made to attack
    (1, 'stratus-red-team', 'Stratus Red Team', 'offensive'),
    (2, 'pacu', 'Pacu', 'offensive'),
    (3, 'cloudfox', 'CloudFox', 'offensive'),
    (4, 'weirdaal', 'WeirdAAL', 'offensive'),
    (5, 'enumerate-iam', 'enumerate-iam', 'offensive'),
    (6, 'cloudgoat', 'CloudGoat', 'offensive'),
    (7, 'trufflehog', 'TruffleHog', 'offensive'),
    -- made to assess
    (8, 'prowler', 'Prowler', 'scanner'),
    (9, 'scoutsuite', 'ScoutSuite', 'scanner'),
    (10, 'scout suite', 'ScoutSuite', 'scanner'),
    (11, 'cloudsploit', 'CloudSploit', 'scanner'),
    (12, 'cloudmapper', 'CloudMapper', 'scanner'),
    (13, 'cloudsplaining', 'Cloudsplaining', 'scanner'),
    (14, 'steampipe', 'Steampipe', 'scanner'),
    (15, 'cloudquery', 'CloudQuery', 'scanner'),
    (16, 'cartography', 'Cartography', 'scanner'),
    (17, 'cloud-custodian', 'Cloud Custodian', 'scanner'),
    (18, 'c7n', 'Cloud Custodian', 'scanner'),
    (19, 'wiz.io', 'Wiz', 'scanner'),
    (20, 'orca-security', 'Orca', 'scanner'),
    (21, 'lacework', 'Lacework', 'scanner'),
    -- infrastructure as code
    (22, 'terraform', 'Terraform', 'infrastructure_as_code'),
    (23, 'opentofu', 'OpenTofu', 'infrastructure_as_code'),
    (24, 'pulumi', 'Pulumi', 'infrastructure_as_code'),
    (25, 'crossplane', 'Crossplane', 'infrastructure_as_code'),
    (26, 'ansible', 'Ansible', 'infrastructure_as_code'),
    (27, 'packer', 'Packer', 'infrastructure_as_code'),
    (28, 'aws-cdk', 'AWS CDK', 'infrastructure_as_code'),
    (29, 'serverless', 'Serverless Framework', 'infrastructure_as_code'),
    (30, 'cloudformation.amazonaws.com', 'AWS CloudFormation', 'infrastructure_as_code'),
    -- the console, and what people browse with
    (31, 's3console', 'AWS console', 'console'),
    (32, 'aws-console', 'AWS console', 'console'),
    (33, ' console, aws-internal', 'AWS console', 'console'),
    (34, 'console.amazonaws.com', 'AWS console', 'console'),
    (35, 'signin.amazonaws.com', 'AWS console', 'console'),
    (36, 'console.aws', 'AWS console', 'console'),
    (37, 'cloudshell', 'AWS CloudShell', 'console'),
    (38, 'aws toolkit', 'AWS Toolkit', 'sdk'),
    (39, 's3 browser', 'S3 Browser', 'file_browser'),
    (40, 's3browser', 'S3 Browser', 'file_browser'),
    (41, 'winscp', 'WinSCP', 'file_browser'),
    (42, 'cyberduck', 'Cyberduck', 'file_browser'),
    (43, 'rclone', 'rclone', 'file_browser'),
    (44, 'mozilla', 'web browser', 'console'),
    -- agents on instances and in clusters
    (45, 'amazon-ssm-agent', 'SSM Agent', 'agent'),
    (46, 'cloudwatchagent', 'CloudWatch agent', 'agent'),
    (47, 'fluent-bit', 'Fluent Bit', 'agent'),
    (48, 'datadog', 'Datadog', 'agent'),
    (49, 'karpenter', 'Karpenter', 'agent'),
    (50, 'cluster-autoscaler', 'Cluster Autoscaler', 'agent'),
    (51, 'configure-aws-credentials-for-github-actions', 'GitHub Actions', 'agent'),
    -- the command line, and SDKs
    (52, 'aws-cli', 'AWS CLI', 'cli'),
    (53, 'aws-tools-for-powershell', 'AWS Tools for PowerShell', 'cli'),
    (54, 'awspowershell', 'AWS Tools for PowerShell', 'cli'),
    (55, 'boto3', 'Boto3', 'sdk'),
    (56, 'aiobotocore', 'aiobotocore', 'sdk'),
    (57, 'botocore', 'Botocore', 'sdk'),
    (58, 'aws-sdk-go-v2', 'AWS SDK for Go v2', 'sdk'),
    (59, 'aws-sdk-go', 'AWS SDK for Go', 'sdk'),
    (60, 'aws-sdk-java', 'AWS SDK for Java', 'sdk'),
    (61, 'aws-sdk-nodejs', 'AWS SDK for JavaScript', 'sdk'),
    (62, 'aws-sdk-js', 'AWS SDK for JavaScript', 'sdk'),
    (63, 'aws-sdk-rust', 'AWS SDK for Rust', 'sdk'),
    (64, 'aws-sdk-dotnet', 'AWS SDK for .NET', 'sdk'),
    (65, 'aws-sdk-php', 'AWS SDK for PHP', 'sdk'),
    (66, 'aws-sdk-ruby', 'AWS SDK for Ruby', 'sdk'),
    (67, 'aws-sdk-cpp', 'AWS SDK for C++', 'sdk'),
    (68, 'aws-sdk-swift', 'AWS SDK for Swift', 'sdk'),
    (69, 'aws-sdk-kotlin', 'AWS SDK for Kotlin', 'sdk'),
    (70, 'python-requests', 'Requests', 'http'),
    (71, 'python-urllib', 'urllib', 'http'),
    (72, 'go-http-client', 'Go net/http', 'http'),
    (73, 'curl', 'curl', 'http'),
    (74, 'wget', 'Wget', 'http'),
    (75, 'okhttp', 'OkHttp', 'http'),
    -- AWS itself
    (76, 'aws internal', 'AWS', 'aws_service'),
    (77, '.amazonaws.com', 'AWS service', 'aws_service')
) AS signature(rank, fragment, client, client_kind);

COMMENT ON VIEW client_signatures IS 'What a client is known by in a user agent, in lower case; the lowest rank that occurs in it decides.';
COMMENT ON COLUMN client_signatures.client_kind IS 'offensive, scanner, infrastructure_as_code, console, cli, sdk, file_browser, agent, http or aws_service.';
