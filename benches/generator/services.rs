//! What can be called: the services, their calls, and what each call is about.

use super::parameters::Parameters;
use super::text::{Weighted, seeded};
use fastrand::Rng;

/// One call of a service.
pub struct Api {
    pub source: &'static str,
    pub version: &'static str,
    pub action: &'static str,
    pub read_only: bool,
    pub data_event: bool,
    /// Templates of the id and the ARN of what the call is about, and the type of that.
    pub id: String,
    pub arn: String,
    pub resource: &'static str,
    pub request: Parameters,
    pub response: Parameters,
}

pub struct Apis {
    pub all: Vec<Api>,
    weights: Weighted,
}

impl Apis {
    pub fn new() -> Self {
        let (mut all, mut weights) = (Vec::new(), Vec::new());
        for service in SERVICES {
            let &(_, _, share, _, _, reads, writes) = service;
            for (names, read_only, share) in [(reads, true, share), (writes, false, share * 0.35)] {
                for (rank, action) in names.split_whitespace().enumerate() {
                    all.push(Api::new(service, action, read_only));
                    weights.push(share / (rank + 1) as f64);
                }
            }
        }
        Self { all, weights: Weighted::new(weights.into_iter()) }
    }

    pub fn draw(&self, rng: &mut Rng) -> usize {
        self.weights.draw(rng)
    }

    pub fn number_of(&self, action: &str) -> usize {
        let found = self.all.iter().position(|api| api.action == action);
        found.expect("a call of the table")
    }
}

impl Api {
    fn new(service: &Service, action: &'static str, read_only: bool) -> Self {
        let &(source, version, _, resource, arn, ..) = service;
        let mut rng = seeded(&format!("{source} {action}"), 0);
        let noun = noun(action);
        let (request, response) = Parameters::of(source, action, &noun, read_only, &mut rng);
        let thing = noun.to_lowercase();
        let prefix = ID_PREFIXES.iter().find(|(of, _)| source == "ec2" && thing.ends_with(of));
        let arn = if arn.is_empty() { "arn:aws:{source}:{region}:{account}:{noun}/{name}" } else { arn };
        Self {
            source,
            version,
            action,
            read_only,
            data_event: DATA_EVENTS.contains(&action),
            id: prefix.map_or("{uuid}".into(), |(_, prefix)| format!("{prefix}-0{{hex}}{{hex}}")),
            arn: arn.replace("{noun}", &noun),
            resource,
            request,
            response,
        }
    }
}

/// `DescribeDBInstances` is about a `dBInstance`: CloudTrail lowers the first letter only.
fn noun(action: &str) -> String {
    let action = action.split("20").next().unwrap_or(action);
    let verb = action[1..].find(|c: char| c.is_ascii_uppercase()).map_or(action.len(), |at| at + 1);
    let noun = match &action[verb..] {
        "" => "resource".to_string(),
        noun if noun.ends_with("ies") => format!("{}y", noun.trim_end_matches("ies")),
        noun if noun.ends_with("ss") || noun.ends_with("us") => noun.to_string(),
        noun => noun.trim_end_matches('s').to_string(),
    };
    noun[..1].to_lowercase() + &noun[1..]
}

/// How the ids of EC2 begin.
#[rustfmt::skip]
const ID_PREFIXES: &[(&str, &str)] = &[
    ("instance", "i"), ("image", "ami"), ("volume", "vol"), ("snapshot", "snap"), ("subnet", "subnet"),
    ("securitygroup", "sg"), ("networkinterface", "eni"), ("routetable", "rtb"), ("address", "eipalloc"),
    ("natgateway", "nat"), ("internetgateway", "igw"), ("launchtemplate", "lt"), ("vpcendpoint", "vpce"),
    ("vpc", "vpc"), ("flowlog", "fl"), ("networkacl", "acl"), ("fleet", "fleet"), ("attachment", "tgw-attach"),
];

#[rustfmt::skip]
const DATA_EVENTS: &[&str] = &[
    "GetObject", "PutObject", "HeadObject", "ListObjects", "DeleteObject", "CopyObject",
    "CompleteMultipartUpload", "Invoke", "GetItem", "Query", "BatchGetItem", "PutItem", "UpdateItem",
    "DeleteItem",
];

/// Name, API version, share of all calls, type and ARN of what it is about (made from the name of
/// a call where empty), calls that read, calls that write, the frequent ones first.
type Service = (&'static str, &'static str, f64, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const SERVICES: &[Service] = &[
    ("s3", "", 10.0, "AWS::S3::Bucket", "arn:aws:s3:::{name}",
        "GetObject HeadObject ListObjects GetBucketAcl GetBucketLocation ListBuckets GetBucketPolicy GetBucketEncryption GetBucketVersioning GetBucketTagging GetBucketPublicAccessBlock GetBucketLifecycle GetBucketLogging GetBucketPolicyStatus GetBucketNotification GetBucketReplication GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketCors GetBucketWebsite",
        "PutObject DeleteObject CopyObject CompleteMultipartUpload PutBucketPolicy CreateBucket PutBucketTagging PutBucketEncryption PutBucketLifecycle PutBucketPublicAccessBlock DeleteBucket PutBucketAcl"),
    ("kms", "", 9.0, "AWS::KMS::Key", "arn:aws:kms:{region}:{account}:key/{id}",
        "Decrypt GenerateDataKey DescribeKey Encrypt GenerateDataKeyWithoutPlaintext ListAliases GetKeyPolicy ListKeys GetKeyRotationStatus ListResourceTags ListGrants GetPublicKey Sign Verify",
        "CreateGrant RetireGrant CreateKey PutKeyPolicy EnableKeyRotation ScheduleKeyDeletion CreateAlias DisableKey"),
    ("ec2", "", 15.0, "", "",
        "DescribeInstances DescribeNetworkInterfaces DescribeSecurityGroups DescribeInstanceStatus DescribeVolumes DescribeSubnets DescribeVpcs DescribeTags DescribeRouteTables DescribeSnapshots DescribeRegions DescribeAvailabilityZones DescribeAccountAttributes DescribeInstanceTypes DescribeAddresses DescribeNatGateways DescribeVpcEndpoints DescribeLaunchTemplates DescribeLaunchTemplateVersions DescribeInternetGateways DescribeNetworkAcls DescribeVolumeStatus DescribeInstanceAttribute DescribeVpcAttribute DescribeKeyPairs DescribeFlowLogs DescribeSpotPriceHistory DescribeReservedInstances DescribeVpcPeeringConnections DescribeTransitGatewayAttachments GetConsoleOutput GetPasswordData DescribeImageAttribute GetEbsEncryptionByDefault",
        "CreateTags CreateNetworkInterface DeleteNetworkInterface AttachVolume TerminateInstances DetachVolume CreateVolume CreateSnapshot DeleteSnapshot ModifyInstanceAttribute AuthorizeSecurityGroupIngress StopInstances StartInstances CreateSecurityGroup CreateImage RevokeSecurityGroupIngress AssociateAddress DeregisterImage DeleteVolume CreateLaunchTemplateVersion AllocateAddress CopySnapshot ModifyImageAttribute EnableImageDeprecation CreateRoute CreateVpcEndpoint CreateFleet ModifySnapshotAttribute DeleteSecurityGroup CreateSubnet AssignPrivateIpAddresses"),
    ("ec2", "", 0.0, "", "", "DescribeImages", "RunInstances"),
    ("sts", "", 6.0, "AWS::IAM::Role", "arn:aws:iam::{account}:role/{issuedRole}",
        "AssumeRole", ""),
    ("sts", "", 3.0, "", "",
        "GetCallerIdentity GetSessionToken GetFederationToken DecodeAuthorizationMessage GetAccessKeyInfo", ""),
    ("sts", "", 0.0, "AWS::IAM::Role", "arn:aws:iam::{account}:role/{issuedRole}",
        "AssumeRoleWithWebIdentity AssumeRoleWithSAML", ""),
    ("ssm", "", 7.0, "", "",
        "UpdateInstanceInformation GetParameter GetParametersByPath GetParameters ListInstanceAssociations DescribeInstanceInformation DescribeParameters ListTagsForResource GetDocument ListCommands GetCommandInvocation DescribeDocument GetConnectionStatus DescribeAssociation",
        "PutParameter SendCommand StartSession PutInventory TerminateSession DeleteParameter PutComplianceItems UpdateInstanceAssociationStatus CreateAssociation"),
    ("logs", "", 6.0, "", "arn:aws:logs:{region}:{account}:log-group:/aws/{name}",
        "DescribeLogStreams DescribeLogGroups FilterLogEvents GetQueryResults DescribeMetricFilters DescribeSubscriptionFilters GetLogEvents ListTagsLogGroup DescribeQueries",
        "CreateLogStream CreateLogGroup PutRetentionPolicy StartQuery DeleteLogGroup PutSubscriptionFilter PutMetricFilter DeleteLogStream"),
    ("dynamodb", "2012-08-10", 6.0, "AWS::DynamoDB::Table", "arn:aws:dynamodb:{region}:{account}:table/{name}",
        "GetItem Query DescribeTable BatchGetItem ListTables DescribeTimeToLive DescribeContinuousBackups ListTagsOfResource DescribeStream",
        "PutItem UpdateItem DeleteItem UpdateTable CreateTable DeleteTable UpdateTimeToLive CreateBackup TagResource"),
    ("lambda", "2015-03-31", 5.0, "AWS::Lambda::Function", "arn:aws:lambda:{region}:{account}:function:{name}",
        "Invoke ListFunctions20150331 GetFunction20150331v2 GetFunctionConfiguration20150331v2 GetPolicy20150331v2 ListTags20170331 ListVersionsByFunction20150331 ListEventSourceMappings20150331",
        "UpdateFunctionCode20150331v2 UpdateFunctionConfiguration20150331v2 CreateFunction20150331 AddPermission20150331v2 PublishVersion20150331 CreateEventSourceMapping20150331 DeleteFunction20150331"),
    ("iam", "", 4.0, "", "arn:aws:iam::{account}:{noun}/{name}",
        "GetRole ListAttachedRolePolicies GetRolePolicy ListRolePolicies GetPolicy GetPolicyVersion GetUser ListRoles ListUsers GetInstanceProfile ListAccessKeys ListInstanceProfilesForRole GetAccountSummary ListMFADevices GetAccountPasswordPolicy GetAccessKeyLastUsed GenerateCredentialReport ListGroupsForUser GetAccountAuthorizationDetails",
        "AttachRolePolicy PutRolePolicy CreateRole DeleteRolePolicy CreateAccessKey CreateServiceLinkedRole DetachRolePolicy DeleteRole CreateUser AttachUserPolicy UpdateAssumeRolePolicy CreatePolicyVersion CreateLoginProfile DeactivateMFADevice"),
    ("secretsmanager", "", 4.0, "", "arn:aws:secretsmanager:{region}:{account}:secret:{name}",
        "GetSecretValue DescribeSecret ListSecrets GetResourcePolicy BatchGetSecretValue ListSecretVersionIds",
        "PutSecretValue CreateSecret RotateSecret UpdateSecret DeleteSecret UpdateSecretVersionStage"),
    ("monitoring", "2010-08-01", 3.0, "", "",
        "DescribeAlarms GetMetricStatistics ListMetrics GetMetricData DescribeAlarmsForMetric GetDashboard ListDashboards",
        "PutMetricAlarm DeleteAlarms SetAlarmState PutDashboard EnableAlarmActions"),
    ("ecr", "", 3.0, "", "arn:aws:ecr:{region}:{account}:repository/{name}",
        "BatchGetImage GetDownloadUrlForLayer GetAuthorizationToken BatchCheckLayerAvailability DescribeRepositories DescribeImageScanFindings ListImages GetLifecyclePolicy",
        "PutImage InitiateLayerUpload CompleteLayerUpload UploadLayerPart CreateRepository PutLifecyclePolicy BatchDeleteImage"),
    ("elasticloadbalancing", "2015-12-01", 2.5, "", "",
        "DescribeTargetHealth DescribeLoadBalancers DescribeTargetGroups DescribeListeners DescribeRules DescribeLoadBalancerAttributes DescribeInstanceHealth",
        "RegisterTargets DeregisterTargets ModifyRule CreateTargetGroup ModifyListener CreateLoadBalancer SetSecurityGroups"),
    ("autoscaling", "", 2.0, "", "",
        "DescribeAutoScalingGroups DescribeAutoScalingInstances DescribeScalingActivities DescribeLaunchConfigurations DescribeLifecycleHooks DescribePolicies",
        "SetDesiredCapacity UpdateAutoScalingGroup CompleteLifecycleAction TerminateInstanceInAutoScalingGroup CreateAutoScalingGroup StartInstanceRefresh"),
    ("ecs", "", 2.0, "", "",
        "DescribeServices DescribeTasks ListTasks DescribeContainerInstances DescribeTaskDefinition DescribeClusters ListClusters PollContainer",
        "SubmitTaskStateChange RegisterTaskDefinition UpdateService RunTask SubmitContainerStateChange StopTask RegisterContainerInstance"),
    ("rds", "", 2.0, "", "arn:aws:rds:{region}:{account}:db:{name}",
        "DescribeDBInstances DescribeDBClusters DescribeDBSnapshots DescribeDBEngineVersions DescribeOrderableDBInstanceOptions DescribeDBParameters DescribeEvents DescribeDBSubnetGroups DescribePendingMaintenanceActions DescribeCertificates",
        "CreateDBSnapshot ModifyDBInstance DeleteDBSnapshot CreateDBInstance RebootDBInstance ModifyDBSnapshotAttribute StartExportTask DeleteDBInstance"),
    ("sqs", "", 2.0, "", "arn:aws:sqs:{region}:{account}:{name}",
        "GetQueueAttributes GetQueueUrl ListQueues ListQueueTags ListDeadLetterSourceQueues", "SetQueueAttributes CreateQueue PurgeQueue DeleteQueue AddPermission"),
    ("eks", "", 1.5, "", "",
        "DescribeCluster ListClusters DescribeNodegroup ListNodegroups DescribeAddon ListUpdates ListFargateProfiles", "UpdateNodegroupConfig CreateNodegroup UpdateClusterVersion CreateCluster DeleteNodegroup"),
    ("sns", "", 1.5, "", "arn:aws:sns:{region}:{account}:{name}",
        "GetTopicAttributes ListTopics ListSubscriptionsByTopic GetSubscriptionAttributes ListSubscriptions GetSMSAttributes", "Subscribe SetTopicAttributes CreateTopic Unsubscribe DeleteTopic Publish"),
    ("cloudformation", "", 2.0, "", "",
        "DescribeStacks DescribeStackEvents ListStacks DescribeStackResources GetTemplate DescribeChangeSet ListStackResources ListExports GetTemplateSummary", "CreateChangeSet ExecuteChangeSet UpdateStack CreateStack DeleteStack DeleteChangeSet"),
    ("config", "", 1.5, "", "",
        "DescribeConfigRules DescribeComplianceByConfigRule GetComplianceDetailsByConfigRule DescribeConfigurationRecorders BatchGetResourceConfig SelectResourceConfig GetResourceConfigHistory", "PutEvaluations StartConfigRulesEvaluation PutConfigRule DeleteConfigRule StopConfigurationRecorder"),
    ("signin", "", 0.4, "", "", "CheckMfa", "ConsoleLogin GetSigninToken SwitchRole"),
    ("sso", "", 0.0, "", "", "ListAccounts GetRoleCredentials ListAccountRoles", "Federate UserAuthentication Authenticate CredentialVerification CredentialChallenge Logout"),
    ("cloudtrail", "", 0.7, "", "arn:aws:cloudtrail:{region}:{account}:trail/{name}", "DescribeTrails GetTrailStatus LookupEvents GetEventSelectors ListTrails", "StartLogging StopLogging UpdateTrail PutEventSelectors CreateTrail"),
    ("guardduty", "", 0.7, "", "", "ListDetectors GetDetector ListFindings GetFindings GetMasterAccount", "UpdateDetector ArchiveFindings CreateFilter DeleteDetector"),
    ("securityhub", "", 0.8, "", "", "GetFindings DescribeHub GetEnabledStandards ListMembers DescribeStandardsControls", "BatchImportFindings BatchUpdateFindings EnableImportFindingsForProduct"),
    ("route53", "2013-04-01", 0.8, "", "", "ListResourceRecordSets ListHostedZones GetChange GetHostedZone ListHostedZonesByName", "ChangeResourceRecordSets CreateHostedZone ChangeTagsForResource"),
    ("cloudfront", "2020-05-31", 0.4, "", "", "ListDistributions2020_05_31 GetDistribution2020_05_31 GetDistributionConfig2020_05_31 ListInvalidations2020_05_31", "CreateInvalidation2020_05_31 UpdateDistribution2020_05_31"),
    ("organizations", "", 0.5, "", "", "DescribeOrganization ListAccounts DescribeAccount ListPoliciesForTarget ListParents ListRoots", "MoveAccount AttachPolicy CreateAccount"),
    ("athena", "", 0.7, "", "", "GetQueryExecution GetQueryResults GetWorkGroup ListQueryExecutions GetTableMetadata", "StartQueryExecution CreateNamedQuery StopQueryExecution"),
    ("glue", "", 0.9, "", "", "GetTable GetPartitions GetDatabase GetTables GetJobRun GetDatabases GetCrawler GetJob", "BatchCreatePartition UpdateTable StartJobRun CreateTable UpdatePartition StartCrawler"),
    ("events", "", 0.6, "", "", "ListRules DescribeRule ListTargetsByRule ListEventBuses", "PutRule PutTargets DisableRule RemoveTargets DeleteRule"),
    ("states", "", 0.6, "", "arn:aws:states:{region}:{account}:stateMachine:{name}", "DescribeExecution DescribeStateMachine ListStateMachines GetExecutionHistory", "StartExecution SendTaskSuccess UpdateStateMachine StopExecution"),
    ("apigateway", "", 0.5, "", "", "GetRestApis GetResources GetStages GetIntegration GetDomainNames", "CreateDeployment PutIntegration UpdateStage ImportRestApi"),
    ("elasticache", "", 0.3, "", "", "DescribeCacheClusters DescribeReplicationGroups DescribeSnapshots", "ModifyReplicationGroup CreateSnapshot"),
    ("es", "", 0.3, "", "", "DescribeDomain ListDomainNames DescribeDomainHealth", "UpdateDomainConfig CreateDomain"),
    ("kinesis", "", 0.5, "", "", "DescribeStreamSummary ListShards ListStreams DescribeStream", "CreateStream UpdateShardCount IncreaseStreamRetentionPeriod"),
    ("firehose", "", 0.2, "", "", "DescribeDeliveryStream ListDeliveryStreams", "UpdateDestination CreateDeliveryStream"),
    ("redshift", "", 0.2, "", "", "DescribeClusters DescribeClusterSnapshots DescribeLoggingStatus", "CreateClusterSnapshot PauseCluster"),
    ("acm", "", 0.3, "", "", "DescribeCertificate ListCertificates ListTagsForCertificate", "RequestCertificate DeleteCertificate RenewCertificate"),
    ("wafv2", "", 0.2, "", "", "GetWebACL ListWebACLs GetIPSet GetLoggingConfiguration", "UpdateIPSet UpdateWebACL"),
    ("inspector2", "", 0.3, "", "", "ListFindings ListCoverage BatchGetAccountStatus", "Enable UpdateConfiguration"),
    ("access-analyzer", "", 0.2, "", "", "ListAnalyzers ListFindings ValidatePolicy", "CreateAnalyzer ArchiveFinding"),
    ("backup", "", 0.3, "", "", "ListBackupVaults DescribeBackupJob ListRecoveryPointsByBackupVault", "StartBackupJob StartCopyJob DeleteRecoveryPoint"),
    ("tagging", "", 0.4, "", "", "GetResources GetTagKeys GetTagValues", "TagResources UntagResources"),
    ("health", "", 0.4, "", "", "DescribeEventAggregates DescribeEvents DescribeAffectedEntities", ""),
    ("ce", "", 0.3, "", "", "GetCostAndUsage GetCostForecast GetReservationUtilization", "CreateAnomalyMonitor"),
    ("codebuild", "", 0.3, "", "", "BatchGetBuilds ListBuildsForProject BatchGetProjects", "StartBuild UpdateProject StopBuild"),
    ("codepipeline", "", 0.3, "", "", "GetPipelineState PollForJobs ListPipelineExecutions", "StartPipelineExecution PutJobSuccessResult"),
    ("sagemaker", "", 0.3, "", "", "DescribeEndpoint ListTrainingJobs DescribeTrainingJob", "CreateTrainingJob CreatePresignedNotebookInstanceUrl UpdateEndpoint"),
    ("bedrock", "", 0.4, "", "", "InvokeModel ListFoundationModels GetFoundationModelAvailability", "InvokeModelWithResponseStream PutUseCaseForModelAccess"),
    ("elasticfilesystem", "", 0.2, "", "", "DescribeFileSystems DescribeMountTargets", "CreateMountTarget CreateAccessPoint"),
    ("cognito-idp", "", 0.3, "", "", "DescribeUserPool ListUsers AdminGetUser", "AdminCreateUser AdminInitiateAuth AdminSetUserPassword"),
];
