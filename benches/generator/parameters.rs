//! What the parameters and responses of each call look like: taken from CloudTrail where a call is
//! frequent, made up from the name of the call, but always the same, where it is not.

use super::text::{Scope, chance, fill, pick};
use fastrand::Rng;
use std::collections::HashSet;

/// The parameters of a call, or the elements of its response. Not all are in every call: two calls
/// of one name are similar, not equal.
pub struct Parameters {
    /// The name of the one object that some calls wrap them in.
    wrapped_in: Option<String>,
    all: Vec<Parameter>,
}

/// The share of calls (in percent) that carry it, and its template.
type Parameter = (u8, String);

impl Parameters {
    /// Those of the request and of the response of a call about a `noun`.
    pub fn of(source: &str, action: &str, noun: &str, read_only: bool, rng: &mut Rng) -> (Self, Self) {
        let shape = SHAPES.iter().find(|(known, ..)| *known == action);
        let (request, response) = match (shape, source) {
            (Some((_, request, response)), _) => (whole(request), whole(response)),
            (_, "s3") => (bucket_request(action, noun), Vec::new()),
            _ if read_only => (read_request(source, action, noun, rng), Vec::new()),
            _ => (write_request(source, noun, rng), write_response(source, noun, rng)),
        };
        let wrapped = shape.is_none() && chance(rng, if source == "ec2" { 0.15 } else { 0.5 });
        let (request_in, response_in) = match source {
            "ec2" => (wrapped.then(|| format!("{action}Request")), None),
            _ => (None, wrapped.then(|| noun.to_string())),
        };
        (Self::new(request, request_in), Self::new(response, response_in))
    }

    /// No key comes twice: the first parameter of a key stays.
    fn new(mut all: Vec<Parameter>, wrapped_in: Option<String>) -> Self {
        let mut keys = HashSet::new();
        all.retain(|(_, text)| keys.insert(text.split('"').nth(1).map(str::to_string)));
        Self { wrapped_in, all }
    }

    /// Appends them as an object, or null where the call has none.
    pub fn write(&self, out: &mut String, rng: &mut Rng, scope: Scope) {
        if self.all.is_empty() {
            *out += "null";
            return;
        }
        out.push('{');
        if let Some(name) = &self.wrapped_in {
            *out += &format!(r#""{name}":{{"#);
        }
        for (share, template) in &self.all {
            if rng.u8(..100) < *share {
                if !out.ends_with('{') {
                    out.push(',');
                }
                fill(out, template, rng, scope);
            }
        }
        *out += if self.wrapped_in.is_some() { "}}" } else { "}" };
    }
}

fn whole(template: &str) -> Vec<Parameter> {
    if template.is_empty() { Vec::new() } else { vec![(100, template.to_string())] }
}

fn bucket_request(action: &str, noun: &str) -> Vec<Parameter> {
    if action == "ListBuckets" {
        return whole(r#""Host":"s3.{region}.amazonaws.com""#);
    }
    let detail = noun.trim_start_matches("bucket").to_lowercase();
    vec![
        (100, r#""bucketName":"{name}","Host":"{name}.s3.{region}.amazonaws.com""#.to_string()),
        (100, format!(r#""{detail}":"""#)),
        (20, r#""x-amz-expected-bucket-owner":"{account}""#.to_string()),
    ]
}

fn read_request(source: &str, action: &str, noun: &str, rng: &mut Rng) -> Vec<Parameter> {
    if source == "ec2" {
        let set = format!(
            r#""{noun}Set":<{{}}|{{"items":[`{{"{noun}Id":"{{anotherId}}"}}`]}}|{{"items":[{{"{noun}Id":"{{id}}"}}]}}>"#
        );
        let mut request = vec![(90, set), (90, FILTER_SET.to_string())];
        request.extend(some_of(&READ_PARAMETERS[..4], 0..3, rng));
        return request;
    }
    if chance(rng, 0.1) {
        return Vec::new();
    }
    let share = if action.starts_with("List") { 40 } else { 100 };
    let mut request = vec![(share, subject(noun, rng))];
    request.extend(some_of(READ_PARAMETERS, 0..3, rng));
    request
}

fn write_request(source: &str, noun: &str, rng: &mut Rng) -> Vec<Parameter> {
    let mut request = vec![match source {
        "ec2" => (100, format!(r#""{noun}Id":"{{id}}""#)),
        _ => (100, subject(noun, rng)),
    }];
    let own = if source == "ec2" { EC2_PARAMETERS } else { WRITE_PARAMETERS };
    request.extend(some_of(own, 1..4, rng));
    request
}

fn write_response(source: &str, noun: &str, rng: &mut Rng) -> Vec<Parameter> {
    if source == "ec2" && rng.bool() {
        return whole(r#""requestId":"{requestId}","_return":true"#);
    }
    if chance(rng, 0.2) {
        return Vec::new();
    }
    let mut response = match source {
        "ec2" => vec![(100, format!(r#""{noun}Id":"{{id}}","requestId":"{{requestId}}""#))],
        _ => vec![(100, format!(r#""{noun}Arn":"{{arn}}""#)), (80, subject(noun, rng))],
    };
    response.extend(some_of(RESPONSE_ELEMENTS, 0..4, rng));
    response
}

/// How a call names what it is about.
fn subject(noun: &str, rng: &mut Rng) -> String {
    match pick(rng, &["Name", "Name", "Id", "Identifier", "Arn"]) {
        "Arn" => format!(r#""{noun}Arn":"{{arn}}""#),
        "Id" => format!(r#""{noun}Id":"{{id}}""#),
        suffix => format!(r#""{noun}{suffix}":"{{name}}""#),
    }
}

/// Some of these parameters, most of them optional.
fn some_of(from: &[&str], count: std::ops::Range<usize>, rng: &mut Rng) -> Vec<Parameter> {
    let count = rng.usize(count);
    let chosen = rng.choose_multiple(from.iter(), count);
    chosen.into_iter().map(|text| (pick(rng, &[20, 40, 60, 90, 100]), text.to_string())).collect()
}

const FILTER_SET: &str = r#""filterSet":<{}|{"items":[`{"name":"tag:{word}","valueSet":{"items":[{"value":"{word}-{word}"}]}}`]}|{"items":[{"name":"vpc-id","valueSet":{"items":[{"value":"vpc-0{hex}{hex}"}]}}]}>"#;

/// The first four are what EC2 knows too.
#[rustfmt::skip]
const READ_PARAMETERS: &[&str] = &[
    r#""maxResults":<5|50|100|500|1000|{byte}>"#,
    r#""nextToken":"{token}""#,
    r#""dryRun":false"#,
    r#""includeAllInstances":{bool}"#,
    r#""limit":{byte}"#,
    r#""marker":"{base64}""#,
    r#""maxItems":<10|100|1000>"#,
    r#""filters":[`{"key":"<Name|Status|tag:Team>","option":"Equals","values":["{word}-{word}"]}`]"#,
    r#""filter":{"criteria":{"<status|severity|type>":{"eq":["{word}"]},"updatedAt":{"gte":{millis}}}}"#,
    r#""startTime":"{date}","endTime":"{date}""#,
    r#""startTime":{millis},"endTime":{millis}"#,
    r#""sortBy":"<CREATION_TIME|NAME|STATUS>","sortOrder":"<ASC|DESC|Ascending>""#,
    r#""includeDetails":{bool}"#,
    r#""resourceArn":"arn:aws:<sns|sqs|states|ecr>:{region}:{account}:{word}-{word}""#,
    r#""statusFilter":[`"<ACTIVE|FAILED|PENDING|DELETED>"`]"#,
    r#""namespacePrefix":"{word}/{word}""#,
    r#""attributeNames":[`"<All|Arn|CreatedTimestamp|Policy|State>"`]"#,
    r#""queryExecutionId":"{uuid}""#,
    r#""scope":"<Local|All|AWS|REGIONAL>""#,
    r#""pathPrefix":"/{word}/""#,
    r#""pageSize":{byte},"pageToken":"{hex}{hex}""#,
    r#""accountIds":[`"{account}"`]"#,
];

#[rustfmt::skip]
const EC2_PARAMETERS: &[&str] = &[
    r#""tagSpecificationSet":{"items":[{"resourceType":"<volume|instance|snapshot|security-group>","tags":[`{"key":"<Name|Team|Environment|Owner|CostCenter>","value":"{word}-{word}"}`]}]}"#,
    r#""resourcesSet":{"items":[`{"resourceId":"<i|vol|eni|snap>-0{hex}{hex}"}`]},"tagSet":{"items":[`{"key":"<Name|Team|kubernetes.io/cluster/{word}>","value":"{word}"}`]}"#,
    r#""clientToken":"{uuid}""#,
    r#""vpcId":"vpc-0{hex}{hex}""#,
    r#""subnetId":"subnet-0{hex}{hex}""#,
    r#""groupId":"sg-0{hex}{hex}","ipPermissions":{"items":[`{"ipProtocol":"<tcp|udp>","fromPort":{byte},"toPort":{byte},"groups":{},"ipRanges":{"items":[{"cidrIp":"10.{byte}.{byte}.0/24"}]},"ipv6Ranges":{},"prefixListIds":{}}`]}"#,
    r#""size":"{byte}","volumeType":"<gp2|gp3|io2>","encrypted":{bool}"#,
    r#""iops":<3000|6000|{big}>"#,
    r#""zone":"{region}<a|b|c>""#,
    r#""instanceId":"i-0{hex}{hex}","device":"/dev/sd<f|g|h>""#,
    r#""description":"<Created by {word}|für {word} – {person}|{word} {word} {uuid}>""#,
    r#""destinationCidrBlock":"10.{byte}.0.0/16""#,
    r#""groupSet":{"items":[`{"groupId":"sg-0{hex}{hex}"}`]}"#,
    r#""force":{bool}"#,
    r#""dryRun":false"#,
    r#""deleteOnTermination":{bool}"#,
    r#""kmsKeyId":"arn:aws:kms:{region}:{account}:key/{uuid}""#,
    r#""privateIpAddressesSet":{"items":[`{"privateIpAddress":"10.{byte}.{byte}.{byte}","primary":{bool}}`]}"#,
];

#[rustfmt::skip]
const WRITE_PARAMETERS: &[&str] = &[
    r#""tags":[`{"key":"<Name|Team|Environment|Owner>","value":"<{word}-{word}|{person}|größe {small}>"}`]"#,
    r#""tags":{"Team":"{word}","Environment":"<prod|staging|dev>","CostCenter":"{big}"}"#,
    r#""clientToken":"{uuid}""#,
    r#""clientRequestToken":"{uuid}""#,
    r#""description":"<|Managed by Terraform|{word} {word} for {person}>""#,
    r#""roleArn":"arn:aws:iam::{account}:role/{word}-{word}-{hex}""#,
    r#""policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[`{\"Sid\":\"{word}{small}\",\"Effect\":\"<Allow|Deny>\",\"Action\":[\"<s3|sqs|kms|logs>:<Get|Put|List|Describe>*\",\"s3:Get{word}\"],\"Resource\":\"arn:aws:s3:::{word}-{word}-{account}/*\"}`]}""#,
    r#""policy":"{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Principal\": {\n        \"AWS\": \"arn:aws:iam::{account}:role/{word}-{hex}\"\n      },\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}""#,
    r#""policyArn":"arn:aws:iam::<aws|{account}>:policy/<ReadOnlyAccess|{word}-{word}|service-role/{word}>""#,
    r#""kmsKeyId":"<alias/{word}|arn:aws:kms:{region}:{account}:key/{uuid}>""#,
    r#""encryptionConfiguration":{"encryptionType":"<KMS|AES256>","kmsKey":"arn:aws:kms:{region}:{account}:key/{uuid}"}"#,
    r#""vpcConfig":{"subnetIds":[`"subnet-0{hex}{hex}"`],"securityGroupIds":[`"sg-0{hex}{hex}"`]}"#,
    r#""environment":{}"#,
    r#""password":"HIDDEN_DUE_TO_SECURITY_REASONS""#,
    r#""parameters":[`{"parameterKey":"{word}{word}","parameterValue":"<****|{word}-{hex}|{big}>"}`]"#,
    r#""capabilities":["CAPABILITY_IAM","CAPABILITY_NAMED_IAM"]"#,
    r#""retentionInDays":<7|14|30|365>"#,
    r#""timeout":{byte},"memorySize":<128|512|1024|3008>"#,
    r#""desiredCapacity":{small},"minSize":0,"maxSize":{byte},"honorCooldown":{bool}"#,
    r#""targets":[`{"id":"i-0{hex}{hex}","port":<80|443|8080|{byte}>}`]"#,
    r#""attributes":[`{"key":"<deletion_protection.enabled|idle_timeout.timeout_seconds|stickiness.enabled>","value":"<true|false|{byte}>"}`]"#,
    r#""attributes":{"<VisibilityTimeout|DelaySeconds>":"{byte}","KmsMasterKeyId":"alias/{word}"}"#,
    r#""scheduleExpression":"rate({small} <hours|minutes>)","state":"<ENABLED|DISABLED>""#,
    r#""findings":[`{"id":"arn:aws:securityhub:{region}:{account}:subscription/{word}/v/{small}/finding/{uuid}","productArn":"arn:aws:securityhub:{region}::product/aws/{word}"}`]"#,
    r#""changeBatch":{"changes":[`{"action":"<UPSERT|CREATE|DELETE>","resourceRecordSet":{"name":"{word}.{word}.example.com.","type":"<A|CNAME|TXT>","tTL":<60|300>,"resourceRecords":[{"value":"{byte}.{byte}.{byte}.{byte}"}]}}`]}"#,
    r#""containers":[`{"name":"{word}","image":"{account}.dkr.ecr.{region}.amazonaws.com/{word}:{hex}","cpu":<0|256|512>,"essential":{bool},"portMappings":[{"containerPort":{byte},"protocol":"tcp"}]}`]"#,
    r#""queryString":"SELECT {word}, count(*) FROM {word}_{word} WHERE day = date '2025-03-0<1|2|3>' GROUP BY 1""#,
    r#""force":{bool}"#,
];

#[rustfmt::skip]
const RESPONSE_ELEMENTS: &[&str] = &[
    r#""status":"<ACTIVE|CREATING|PENDING|IN_PROGRESS|Success>""#,
    r#""createdAt":"{date}""#,
    r#""creationDate":{millis}"#,
    r#""lastModified":"{time}","revisionId":"{uuid}""#,
    r#""version":<{small}|{byte}>"#,
    r#""versionId":"{uuid}""#,
    r#""ownerId":"{account}""#,
    r#""state":{"code":<0|16|32>,"name":"<pending|running|creating>"}"#,
    r#""endpoint":{"address":"{name}.{hex}.{region}.rds.amazonaws.com","port":<3306|5432>,"hostedZoneId":"Z{code}"}"#,
    r#""tagSet":{"items":[`{"key":"<Name|Team>","value":"{word}-{word}"}`]}"#,
    r#""createdBy":"arn:aws:iam::{account}:user/{person}.{word}""#,
    r#""eTag":"{hex}{hex}{hex}{hex}","id":"{code}""#,
    r#""failures":[]"#,
    r#""taskSets":[],"pendingCount":{small},"runningCount":{small},"deployments":[`{"id":"ecs-svc/{big}","status":"<PRIMARY|ACTIVE>","updatedAt":"{date}"}`]"#,
    r#""encrypted":{bool},"kmsKeyId":"arn:aws:kms:{region}:{account}:key/{uuid}""#,
    r#""vpcSecurityGroups":[`{"vpcSecurityGroupId":"sg-0{hex}{hex}","status":"active"}`]"#,
    r#""changeInfo":{"id":"/change/C{code}","status":"PENDING","submittedAt":"{date}"}"#,
    r#""tracingConfig":{"mode":"<PassThrough|Active>"},"codeSha256":"{base64}","codeSize":{big}"#,
    r#""queryExecutionId":"{uuid}","workGroup":"<primary|{word}>""#,
    r#""unprocessed":[],"enabled":{bool}"#,
];

/// The shapes of calls that are frequent, or that the detections look at: name, request, response.
#[rustfmt::skip]
const SHAPES: &[(&str, &str, &str)] = &[
    ("DescribeImages", r#""executableBySet":<{}|{}|{}|{"items":[{"user":"self"}]}>,"imagesSet":<{}|{}|{"items":[`{"imageId":"{image}"}`]}>,"ownersSet":{owners},"filterSet":<{}|{"items":[{"name":"name","valueSet":{"items":[{"value":"{pattern}"}]}}]}|{"items":[{"name":"name","valueSet":{"items":[{"value":"{pattern}"}]}},{"name":"state","valueSet":{"items":[{"value":"available"}]}}]}|{"items":[{"name":"tag:{word}","valueSet":{"items":[`{"value":"{word}"}`]}}]}>{deprecated}<|||,"maxResults":100|,"maxResults":1000>"#, ""),
    ("RunInstances", r#""instancesSet":{"items":[{"imageId":"{image}","minCount":1,"maxCount":<4|8>}]},<"keyName":"{word}-{word}",|>"groupSet":{"items":[`{"groupId":"sg-0{hex}{hex}"}`]},<|"userData":"\u003csensitiveDataRemoved\u003e",>"instanceType":"{instanceType}","blockDeviceMapping":<{}|{"items":[{"deviceName":"/dev/xvda","ebs":{"volumeSize":{byte},"deleteOnTermination":true,"volumeType":"gp3","encrypted":{bool}}}]}>,"monitoring":{"enabled":{bool}},"subnetId":"subnet-0{hex}{hex}","disableApiTermination":false,"disableApiStop":false,"clientToken":"{uuid}","iamInstanceProfile":{"name":"{word}-{word}"},"ebsOptimized":{bool},"tagSpecificationSet":{"items":[{"resourceType":"instance","tags":[`{"key":"<Name|Team|Environment|aws:autoscaling:groupName>","value":"{word}-{word}"}`]}]},"metadataOptions":{"httpTokens":"<required|optional>","httpPutResponseHopLimit":<1|2>}"#, r#""requestId":"{requestId}","reservationId":"r-0{hex}{hex}","ownerId":"{account}","groupSet":{},"instancesSet":{"items":[`{"instanceId":"i-0{hex}{hex}","imageId":"{image}","currentInstanceBootMode":"legacy-bios","instanceState":{"code":0,"name":"pending"},"privateDnsName":"ip-10-{byte}-{byte}-{byte}.{region}.compute.internal","amiLaunchIndex":0,"productCodes":{},"instanceType":"{instanceType}","launchTime":{millis},"placement":{"availabilityZone":"{region}<a|b|c>","tenancy":"default"},"monitoring":{"state":"<disabled|pending>"},"subnetId":"subnet-0{hex}{hex}","vpcId":"vpc-0{hex}{hex}","privateIpAddress":"10.{byte}.{byte}.{byte}","stateReason":{"code":"pending","message":"pending"},"architecture":"<x86_64|arm64>","rootDeviceType":"ebs","rootDeviceName":"/dev/xvda","blockDeviceMapping":{},"virtualizationType":"hvm","hypervisor":"xen","tagSet":{"items":[{"key":"Name","value":"{word}-{word}"}]},"clientToken":"{uuid}","groupSet":{"items":[{"groupId":"sg-0{hex}{hex}"}]},"sourceDestCheck":true,"networkInterfaceSet":{"items":[{"networkInterfaceId":"eni-0{hex}{hex}","attachment":{"attachmentId":"eni-attach-0{hex}{hex}","deviceIndex":0,"status":"attaching","deleteOnTermination":true}}]},"ebsOptimized":false,"enaSupport":true,"metadataOptions":{"state":"pending","httpTokens":"<required|optional>","httpPutResponseHopLimit":2}}`]}"#),
    ("GetCallerIdentity", "", ""),
    ("GetObject", r#""bucketName":"{name}","Host":"{name}.s3.{region}.amazonaws.com","key":"<{word}/{word}/{uuid}.parquet|{word}/2025/03/0{small}/{hex}.gz|{word}/{hex}.json>""#, ""),
    ("PutObject", r#""bucketName":"{name}","Host":"{name}.s3.{region}.amazonaws.com","key":"<AWSLogs/{account}/{word}/{region}/{hex}{hex}.gz|{word}/{word}/{uuid}.parquet>"<|,"x-amz-acl":"bucket-owner-full-control"|,"x-amz-storage-class":"STANDARD_IA">"#, r#""x-amz-server-side-encryption":"aws:kms","x-amz-server-side-encryption-aws-kms-key-id":"arn:aws:kms:{region}:{account}:key/{id}"<|,"x-amz-version-id":"{hex}{hex}">"#),
    ("HeadObject", r#""bucketName":"{name}","Host":"{name}.s3.{region}.amazonaws.com","key":"{word}/{word}/{uuid}""#, ""),
    ("DeleteObject", r#""bucketName":"{name}","Host":"{name}.s3.{region}.amazonaws.com","key":"{word}/tmp/{uuid}""#, ""),
    ("ListObjects", r#""list-type":"2","bucketName":"{name}","encoding-type":"url","max-keys":"<1|1000>","prefix":"{word}/{word}/","delimiter":"/","Host":"{name}.s3.{region}.amazonaws.com""#, ""),
    ("Decrypt", r#"<"keyId":"{arn}",|>"encryptionAlgorithm":"SYMMETRIC_DEFAULT","encryptionContext":<{"aws:s3:arn":"arn:aws:s3:::{word}-{word}-{account}"}|{"PARAMETER_ARN":"arn:aws:ssm:{region}:{account}:parameter/{word}/{word}"}|{"SecretARN":"arn:aws:secretsmanager:{region}:{account}:secret:{word}-{word}","SecretVersionId":"{uuid}"}|{"aws:lambda:FunctionArn":"arn:aws:lambda:{region}:{account}:function:{word}-{word}"}>"#, ""),
    ("GenerateDataKey", r#""keySpec":"AES_256","keyId":"{arn}","encryptionContext":<{"aws:s3:arn":"arn:aws:s3:::{word}-{word}/{word}/{hex}"}|{"aws:dynamodb:tableName":"{word}","aws:dynamodb:subscriberId":"{account}"}>"#, ""),
    ("GetParameter", r#""name":"/{word}/{name}","withDecryption":{bool}"#, ""),
    ("GetParameters", r#""names":[`"/{word}/{word}/{word}"`],"withDecryption":{bool}"#, ""),
    ("GetParametersByPath", r#""path":"/{word}/{name}/","recursive":true,"withDecryption":{bool}<|,"nextToken":"{token}">"#, ""),
    ("PutParameter", r#""name":"/{word}/{name}","value":"HIDDEN_DUE_TO_SECURITY_REASONS","type":"SecureString","overwrite":{bool},"tier":"Standard""#, r#""version":{small},"tier":"Standard""#),
    ("GetSecretValue", r#""secretId":"<{name}|{arn}>"<||,"versionStage":"AWSCURRENT">"#, ""),
    ("UpdateInstanceInformation", r#""instanceId":"i-0{hex}{hex}","agentVersion":"3.{small}.{byte}.0","agentStatus":"Active","platformType":"Linux","platformName":"Amazon Linux","platformVersion":"<2|2023>","iPAddress":"10.{byte}.{byte}.{byte}","computerName":"ip-10-{byte}-{byte}-{byte}.{region}.compute.internal","agentName":"amazon-ssm-agent","sSMConnectionChannel":"ssmmessages""#, ""),
    ("CreateLogStream", r#""logGroupName":"/aws/<lambda|ecs|codebuild>/{name}","logStreamName":"2025/03/0<1|2|3>/[$LATEST]{hex}{hex}{hex}{hex}""#, ""),
    ("GetItem", r#""tableName":"{name}","key":{"pk":"HIDDEN_DUE_TO_SECURITY_REASONS"},"consistentRead":{bool}"#, ""),
    ("Query", r#""tableName":"{name}","keyConditionExpression":"pk = :pk","limit":{byte},"scanIndexForward":{bool}<|,"indexName":"by-{word}">"#, ""),
    ("PutItem", r#""tableName":"{name}","key":{"pk":"{hex}","sk":"{word}#{uuid}"},"items":["pk","sk","{word}"]"#, ""),
    ("UpdateItem", r#""tableName":"{name}","key":{"pk":"{hex}"},"updateExpression":"SET #{word} = :{word}","returnValues":"<NONE|ALL_NEW>""#, ""),
    ("Invoke", r#""functionName":"{arn}","invocationType":"<Event|RequestResponse>""#, ""),
    ("BatchGetImage", r#""repositoryName":"{word}/{name}","imageIds":[{"imageTag":"<latest|{hex}>"}],"acceptedMediaTypes":["application/vnd.docker.distribution.manifest.v2+json","application/vnd.oci.image.manifest.v1+json"]"#, ""),
    ("GetDownloadUrlForLayer", r#""repositoryName":"{word}/{name}","layerDigest":"sha256:{hex}{hex}{hex}{hex}{hex}{hex}{hex}{hex}""#, ""),
    ("AssumeRole", r#""roleArn":"arn:aws:iam::{account}:role/{issuedRole}","roleSessionName":"{issuedSession}"<||,"durationSeconds":900|,"durationSeconds":3600|,"externalId":"{uuid}">"#, ISSUED),
    ("AssumeRoleWithWebIdentity", r#""roleArn":"arn:aws:iam::{account}:role/{issuedRole}","roleSessionName":"{issuedSession}","durationSeconds":3600"#, ISSUED),
    ("AssumeRoleWithSAML", r#""sAMLAssertionID":"_{uuid}","roleSessionName":"{issuedSession}","roleArn":"arn:aws:iam::{account}:role/{issuedRole}","principalArn":"arn:aws:iam::{account}:saml-provider/{word}","durationSeconds":<3600|28800>"#, ISSUED),
    ("ConsoleLogin", "", r#""ConsoleLogin":"Success""#),
    ("EnableImageDeprecation", r#""EnableImageDeprecationRequest":{"ImageId":"{image}","DeprecateAt":"{time}"}"#, r#""EnableImageDeprecationResponse":{"xmlns":"http://ec2.amazonaws.com/doc/2016-11-15/","requestId":"{requestId}","return":true}"#),
    ("DescribeInstanceStatus", r#""instancesSet":{"items":[`{"instanceId":"{anotherId}"}`]},"filterSet":{},"includeAllInstances":{bool}"#, ""),
    ("DescribeAccountAttributes", r#""accountAttributeNameSet":{"items":[{"attributeName":"<supported-platforms|default-vpc>"}]},"filterSet":{}"#, ""),
    ("CreateTags", r#""resourcesSet":{"items":[`{"resourceId":"<i|vol|eni>-0{hex}{hex}"}`]},"tagSet":{"items":[`{"key":"<Name|Team|Owner|aws:ec2:fleet-id>","value":"<{word}-{word}|{person}|{uuid}>"}`]}"#, r#""requestId":"{requestId}","_return":true"#),
    ("UserAuthentication", "", ""),
];

const ISSUED: &str = r#""credentials":{"accessKeyId":"{issuedKey}","sessionToken":"{sessionToken}","expiration":"{date}"},"assumedRoleUser":{"assumedRoleId":"{issuedId}:{issuedSession}","arn":"arn:aws:sts::{account}:assumed-role/{issuedRole}/{issuedSession}"}"#;
