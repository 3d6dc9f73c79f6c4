//! The kinds of principals: how each is named, called and identified in records.

/// A kind of principals that look and behave alike.
pub struct Style {
    /// Share of all calls.
    pub share: f64,
    /// Principals of this style in each account.
    pub members: usize,
    /// The template of `userIdentity`, up to its last brace.
    pub identity: &'static str,
    /// How their principalId and access key begin.
    pub id: &'static str,
    pub key: &'static str,
    pub name: &'static str,
    pub session: &'static str,
    /// So many sessions of a principal have names of their own, as a fleet has so many instances.
    pub seats: i64,
    pub addresses: &'static str,
    pub agents: &'static [&'static str],
    /// The only calls of this style; any where empty.
    pub calls: &'static [&'static str],
}

macro_rules! role {
    ($federation:literal, $more:literal) => {
        concat!(
            r#"{"type":"AssumedRole","principalId":"{id}:{session}","arn":"arn:aws:sts::{account}:assumed-role/{name}/{session}","accountId":"{account}","accessKeyId":"{sessionKey}","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"{id}","arn":"arn:aws:iam::{account}:role/{name}","accountId":"{account}","userName":"{name}"}"#,
            $federation,
            r#","attributes":{"creationDate":"{created}","mfaAuthenticated":"{mfa}"}"#,
            $more,
            "}"
        )
    };
}

const ROLE: &str = role!("", "");
const INSTANCE_ROLE: &str = role!("", r#","ec2RoleDelivery":"<1.0|2.0>""#);
const NAMED_ROLE: &str = role!("", r#","sourceIdentity":"{session}""#);
const POD_ROLE: &str = role!(
    r#","webIdFederationData":{"federatedProvider":"arn:aws:iam::{account}:oidc-provider/oidc.eks.amazonaws.com/id/{id}","attributes":{}}"#,
    ""
);
const PIPELINE_ROLE: &str = role!(
    r#","webIdFederationData":{"federatedProvider":"arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com","attributes":{}}"#,
    ""
);
const USER: &str = r#"{"type":"IAMUser","principalId":"{id}","arn":"arn:aws:iam::{account}:user/{name}","accountId":"{account}","accessKeyId":"{key}","userName":"{name}""#;
const CONSOLE_USER: &str = r#"{"type":"IAMUser","principalId":"{id}","arn":"arn:aws:iam::{account}:user/{name}","accountId":"{account}","accessKeyId":"{sessionKey}","userName":"{name}","sessionContext":{"attributes":{"creationDate":"{created}","mfaAuthenticated":"{mfa}"}}"#;
const ROOT: &str = r#"{"type":"Root","principalId":"{account}","arn":"arn:aws:iam::{account}:root","accountId":"{account}","accessKeyId":"{sessionKey}","sessionContext":{"attributes":{"creationDate":"{created}","mfaAuthenticated":"{mfa}"}}"#;
const FEDERATED_USER: &str = r#"{"type":"FederatedUser","principalId":"{account}:{name}","arn":"arn:aws:sts::{account}:federated-user/{name}","accountId":"{account}","accessKeyId":"{sessionKey}","sessionContext":{"sessionIssuer":{"type":"IAMUser","principalId":"{id}","arn":"arn:aws:iam::{account}:user/token-broker","accountId":"{account}","userName":"token-broker"},"attributes":{"creationDate":"{created}","mfaAuthenticated":"false"}}"#;
const SERVICE: &str = r#"{"type":"AWSService","invokedBy":"{name}""#;
const ACCOUNT: &str = r#"{"type":"AWSAccount","principalId":"{id}:{session}","accountId":"{name}""#;
const WEB_IDENTITY: &str =
    r#"{"type":"WebIdentityUser","principalId":"{id}:{name}","userName":"{name}","identityProvider":"{id}""#;
const SAML_USER: &str =
    r#"{"type":"SAMLUser","principalId":"{id}:{name}","userName":"{name}","identityProvider":"{id}""#;
const IDENTITY_CENTER: &str = r#"{"type":"IdentityCenterUser","accountId":"{account}","onBehalfOf":{"userId":"{id}","identityStoreArn":"arn:aws:identitystore::{account}:identitystore/d-9067f4a2b1"},"credentialId":"{key}""#;
const UNKNOWN: &str = r#"{"type":"Unknown","principalId":"{id}","accountId":"{account}","userName":"{name}""#;

// User agents: dozens of families, a few versions of each.
const SDKS: &[&str] = &[
    "Boto3/1.<26|28|34|35>.{byte} md/Botocore#1.<29|31|34|35>.{byte} ua/2.0 os/linux#5.10.{byte}-{byte}.942.amzn2.x86_64 md/arch#x86_64 lang/python#3.<9|10|11|12>.{small} md/pyimpl#CPython cfg/retry-mode#<legacy|standard> Botocore/1.34.{byte}",
    "aws-sdk-go/1.<44|50|55>.{byte} (go1.<19|20|21|22>.{small}; linux; amd64)",
    "aws-sdk-go-v2/1.{small}.{small} os/linux lang/go#1.<21|22|23>.{small} md/GOOS#linux md/GOARCH#<amd64|arm64> api/<s3|sqs|dynamodb|ec2>#1.{byte}.{small}",
    "aws-sdk-java/1.12.{byte} Linux/5.10.{byte}-{byte}.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/<11|17>.0.{small}+9-LTS java/<11|17>.0.{small} vendor/Amazon.com_Inc. cfg/retry-mode/legacy",
    "aws-sdk-java/2.<20|25|29>.{small} Linux/6.1.{byte} OpenJDK_64-Bit_Server_VM/21.0.{small}+9-LTS Java/21.0.{small} vendor/Eclipse_Adoptium io/sync http/Apache cfg/retry-mode/<legacy|standard>",
    "aws-sdk-js/3.<350|490|620>.0 ua/2.<0|1> os/linux#6.1.{byte} lang/js md/nodejs#<18|20|22>.{small}.{small} api/<dynamodb|s3|sqs>#3.490.0 exec-env/AWS_Lambda_nodejs<18|20|22>.x",
    "aws-sdk-nodejs/2.{byte}.0 linux/v<16|18>.{small}.{small} exec-env/AWS_Lambda_nodejs16.x promise",
    "aws-sdk-ruby3/3.{byte}.{small} ua/2.1 api/s3#1.{byte}.0 os/linux#5.15 md/x86_64 lang/ruby#3.<1|2|3>.{small} md/3.2.2",
    "aws-sdk-php/3.<2|3>{small}.{small} OS/Linux#5.15.0-{byte} lang/php#8.<1|2|3>.{small} GuzzleHttp/7",
    "aws-sdk-rust/1.{small}.{small} os/linux lang/rust/1.<75|80|84>.0 api/sqs/1.{small}.0",
    "aws-sdk-dotnet-coreclr/3.7.{byte}.{small} ua/2.0 os/linux#6.1 lang/.NET_Core#<6|8>.0.{small} md/ARCH#X64",
    "amazon-ssm-agent/3.{small}.{byte}.0 aws-sdk-go/1.44.{byte} (go1.20.{small}; linux; amd64)",
    "aws-fluent-bit-plugin-cloudwatch_logs/1.9.{small} fluent-bit-container",
    "CloudWatchAgent/1.30000{small}.0b{byte} (go1.2{small}; linux; amd64) aws-sdk-go/1.48.{small}",
    "Hadoop 3.3.{small}, aws-sdk-java/1.12.{byte} Linux/5.10 spark/3.<3|4|5>.{small} emr-7.<0|1|2>.0",
];
const CLUSTER: &[&str] = &[
    "cluster-autoscaler/1.<27|28|29>.{small} aws-sdk-go/1.48.{small} (go1.21.{small}; linux; amd64)",
    "karpenter.sh-v0.<32|36|37>.{small} aws-sdk-go/1.50.{small} (go1.22.{small}; linux; amd64)",
    "elbv2.k8s.aws/v2.<6|7|8>.{small} aws-sdk-go/1.51.{small} (go1.22.{small}; linux; amd64)",
    "external-dns/v0.14.{small} aws-sdk-go/1.50.{small} (go1.21.{small}; linux; amd64)",
    "amazon-vpc-cni-k8s/v1.1{small}.{small} aws-sdk-go-v2/1.3{small} os/linux lang/go#1.22.{small}",
    "aws-ebs-csi-driver-v1.{small}.0 aws-sdk-go-v2/1.2{small}.{small} os/linux lang/go#1.22.{small} md/GOARCH#arm64",
    "argo-workflows/v3.5.{small} argo-executor minio-go/v7.0.{byte}",
    "secrets-store-csi-driver-provider-aws/1.0.r2-{byte}-g{hex} aws-sdk-go/1.47.{small}",
    SDKS[0],
    SDKS[2],
    SDKS[4],
];
const TOOLS: &[&str] = &[
    "APN/1.0 HashiCorp/1.0 Terraform/1.<5|6|9>.{small} (+https://www.terraform.io) terraform-provider-aws/5.{byte}.{small} (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.3{small}.{small} os/linux lang/go#1.2<1|2|3> md/GOOS#linux md/GOARCH#amd64 api/<ec2|iam|s3>#1.{byte}.0",
    "APN/1.0 Pulumi/1.0 PulumiAWS/6.{byte}.0 (+https://www.pulumi.com) aws-sdk-go/1.50.{small}",
    "aws-cli/2.<13|15|17|22>.{small} md/awscrt#0.<19|20|21>.{small} ua/2.0 os/<linux#6.5.0-{byte}-azure|linux#6.1.{byte}> md/arch#x86_64 lang/python#3.11.{small} md/pyimpl#CPython exec-env/CodeBuild cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#<s3.sync|cloudformation.deploy|ecr.get-login-password>",
    "aws-cdk/2.{byte}.{small} aws-sdk-js/3.6{small}.0 os/linux lang/js md/nodejs#20.{small}.{small}",
    "aws-sdk-js/3.<490|620>.0 ua/2.0 os/linux#6.5.0-{byte}-azure lang/js md/nodejs#20.{small}.0 api/sts#3.490.0 configure-aws-credentials-for-github-actions",
    "Ansible/2.1{small}.{small} Boto3/1.34.{byte} Botocore/1.34.{byte} Python/3.11",
    "packer/1.<9|10|11>.{small} aws-sdk-go/1.44.{byte} (go1.21.{small}; linux; amd64)",
    "Serverless/3.3{small}.0 aws-sdk-nodejs/2.1{small}.0 linux/v18.{small}.0",
];
const SCANNERS: &[&str] = &[
    "Boto3/1.34.{byte} md/Botocore#1.34.{byte} os/linux lang/python#3.12 md/pyimpl#CPython Prowler/4.{small}.0 APN_1826889",
    "c7n/0.9.{small} cloud-custodian Boto3/1.34.{byte} Botocore/1.34.{byte}",
    "Datadog/aws-integration aws-sdk-go/1.50.{small}",
    "steampipe/0.2{small}.0 steampipe-plugin-aws/0.1{small}.0 aws-sdk-go-v2/1.2{small}.{small}",
];
const BROWSERS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/1<18|22|26|33>.0.0.0 Safari/537.36<| Edg/122.0.{byte}.{byte}>",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/<537.36|605.1.15> (KHTML, like Gecko) <Chrome/124.0.0.0 Safari/537.36|Version/17.{small} Safari/605.1.15>",
    "Mozilla/5.0 (X11; Linux x86_64; rv:1<15|24|28|35>.0) Gecko/20100101 Firefox/1<15|24|28|35>.0",
];
const PERSONAL: &[&str] = &[
    BROWSERS[0],
    BROWSERS[1],
    BROWSERS[2],
    "AWS-Console/1.0 signin.amazonaws.com aws-internal/3 aws-sdk-java/1.12.{byte}",
    "S3Console/0.4, aws-internal/3 aws-sdk-java/1.11.1030 Linux/5.4.{byte}-{byte}.amzn2int.x86_64 OpenJDK_64-Bit_Server_VM/25.{byte}-b09 java/1.8.0_{byte} vendor/Oracle_Corporation",
    "aws-cli/1.<27|29|32>.{byte} Python/3.<8|9|10>.{small} Linux/5.15.{byte}-microsoft-standard-WSL2 botocore/1.3<1|4>.{byte}",
    "aws-cli/2.<13|15|17|22>.{small} md/awscrt#0.<19|20|21>.{small} ua/2.0 os/macos#2<2|3|4>.{small}.0 md/arch#<arm64|x86_64> lang/python#3.11.{small} md/pyimpl#CPython cfg/retry-mode#standard md/installer#<exe|source> md/prompt#off md/command#<ec2.describe-instances|s3.ls|sts.get-caller-identity>",
    "AWS Toolkit For VS Code/1.9{small}.0 Visual-Studio-Code/1.8{small}.{small} aws-sdk-nodejs/2.13{small}.0",
    "console.amazonaws.com",
];
const ITSELF: &[&str] = &["{name}"];

const CLOUD: &str = "<3|18|34|52|54>.{byte}.{byte}.{byte}";
const PRIVATE: &str = "<10|10|172>.{small}.{byte}.{byte}";
const EITHER: &str =
    "<10.{small}.{byte}.{byte}|10.{small}.{byte}.{byte}|52.{byte}.{byte}.{byte}|2600:1f18:{small}:{byte}::{byte}>";
const OFFICE: &str = "<84|91|178|203|81>.{byte}.<16|64>.{byte}";
const HOME: &str =
    "<93.{byte}.{byte}.{byte}|109.{byte}.{byte}.{byte}|2003:e1:{byte}:{small}::{byte}|2a02:8109:{byte}::{byte}>";

const BASE: Style = Style {
    share: 0.0,
    members: 0,
    identity: ROLE,
    id: "AROA{code}",
    key: "",
    name: "",
    session: "",
    seats: i64::MAX,
    addresses: CLOUD,
    agents: SDKS,
    calls: &[],
};

#[rustfmt::skip]
pub const STYLES: &[Style] = &[
    Style { share: 16.0, members: 260, identity: INSTANCE_ROLE, name: "{word}-{word}-{hex}", session: "i-0{hex}{hex}", seats: 8, addresses: EITHER, ..BASE },
    Style { share: 14.0, members: 240, name: "{word}-lambda-{hex}", session: "{word}-{word}", seats: 1, ..BASE },
    Style { share: 9.0, members: 120, identity: POD_ROLE, name: "eks-{word}-{hex}", session: "botocore-session-17{hex}", addresses: EITHER, agents: CLUSTER, ..BASE },
    Style { share: 8.0, members: 100, name: "{word}-task-{hex}", session: "{hex}{hex}{hex}{hex}", seats: 12, addresses: PRIVATE, ..BASE },
    Style { share: 5.0, members: 60, identity: NAMED_ROLE, name: "AWSReservedSSO_<AdministratorAccess|PowerUser|ReadOnly|Billing>_{hex}{hex}", session: "{person}.{word}@example.com", seats: 25, addresses: OFFICE, agents: PERSONAL, ..BASE },
    Style { share: 4.0, members: 50, identity: PIPELINE_ROLE, name: "github-{word}-{hex}", session: "<GitHubActions|gha-{hex}>", agents: TOOLS, ..BASE },
    Style { share: 5.0, members: 30, name: "terraform-{word}-{hex}", session: "aws-go-sdk-{hex}{hex}", agents: TOOLS, ..BASE },
    Style { share: 3.0, members: 6, name: "audit-{word}-{hex}", session: "<prowler|cspm|inventory>-{hex}", agents: SCANNERS, ..BASE },
    Style { share: 3.0, members: 8, name: "AWSServiceRoleForAutoScaling_{hex}", session: "AutoScaling", addresses: "autoscaling.amazonaws.com", agents: &["autoscaling.amazonaws.com"], ..BASE },
    Style { share: 3.0, members: 4, name: "AWSServiceRoleForConfig_{hex}", session: "AWSConfig-Describe", addresses: "config.amazonaws.com", agents: &["config.amazonaws.com"], ..BASE },
    Style { share: 1.0, members: 8, name: "AWSServiceRoleForECS_{hex}", session: "ecs-service-scheduler", addresses: "ecs.amazonaws.com", agents: &["ecs.amazonaws.com"], ..BASE },
    Style { share: 14.0, members: 160, identity: USER, id: "AIDA{code}", key: "AKIA{code}", name: "svc-{word}-{word}-{small}", ..BASE },
    Style { share: 2.0, members: 100, identity: USER, id: "AIDA{code}", key: "AKIA{code}", name: "{person}.{word}", addresses: HOME, agents: PERSONAL, ..BASE },
    Style { share: 2.5, members: 120, identity: CONSOLE_USER, id: "AIDA{code}", name: "{person}.{word}{small}", addresses: OFFICE, agents: PERSONAL, ..BASE },
    Style { share: 0.3, members: 1, identity: ROOT, addresses: OFFICE, agents: BROWSERS, id: "", ..BASE },
    Style { share: 0.6, members: 60, identity: FEDERATED_USER, id: "AIDA{code}", name: "{person}-{word}", addresses: OFFICE, agents: PERSONAL, ..BASE },
    Style { share: 13.0, members: 40, identity: SERVICE, name: "<lambda|ec2|ecs-tasks|cloudtrail|config|delivery.logs|rds|states|eks|firehose|glue|events|scheduler|backup|elasticmapreduce|codebuild|sagemaker|ssm|vpc-flow-logs|apigateway>.amazonaws.com", addresses: "{name}", agents: ITSELF, calls: &["Decrypt", "AssumeRole", "PutObject", "GenerateDataKey", "CreateLogStream", "GetBucketAcl", "GetBucketLocation"], id: "", ..BASE },
    Style { share: 1.6, members: 150, identity: ACCOUNT, id: "A<IDA|ROA>{code}", name: "{digits}", session: "{word}-{hex}", calls: &["GetObject", "AssumeRole", "Decrypt", "ListObjects", "GetSecretValue"], ..BASE },
    Style { share: 1.2, members: 80, identity: WEB_IDENTITY, id: "<arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com|accounts.google.com|cognito-identity.amazonaws.com>", name: "repo:example/{word}-{word}:ref:refs/heads/<main|release>", agents: TOOLS, calls: &["AssumeRoleWithWebIdentity"], ..BASE },
    Style { share: 0.4, members: 120, identity: SAML_USER, id: "{base64}", name: "{person}.{word}@example.com", addresses: HOME, agents: BROWSERS, calls: &["AssumeRoleWithSAML"], ..BASE },
    Style { share: 0.7, members: 250, identity: IDENTITY_CENTER, id: "{uuid}", key: "{uuid}", addresses: HOME, agents: BROWSERS, calls: &["Authenticate", "UserAuthentication", "Federate", "CredentialVerification", "CredentialChallenge", "Logout", "ListAccountRoles"], ..BASE },
    Style { share: 0.15, members: 40, identity: UNKNOWN, id: "{uuid}", name: "{person}@example.com", addresses: HOME, agents: BROWSERS, calls: &["UserAuthentication", "CredentialChallenge"], ..BASE },
];
