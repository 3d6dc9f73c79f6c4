//! One event: a call by somebody, written as the record CloudTrail would deliver.

use super::identities::{Caller, Place, Population, Principal, Session};
use super::services::{Api, Apis};
use super::text::{Scope, chance, fill, filled, pick, rfc3339, seeded, skewed};
use fastrand::Rng;
use std::ops::Range;

/// Where and when the events of a delivery happen, and what they share.
pub struct Scene<'a> {
    pub place: Place,
    pub seconds: Range<i64>,
    /// The role sessions that begin there and then.
    pub beginning: Vec<(&'a Principal, Session)>,
    /// Who called last, and when.
    pub last: Option<(Caller<'a>, i64)>,
}

/// An event that the plan wants, on top of chance.
#[derive(Clone)]
pub struct Planted<'a> {
    pub principal: &'a Principal,
    pub session: i64,
    pub time: i64,
    pub image: String,
    /// RunInstances after all, or the DescribeImages that the detection must find.
    pub launch: bool,
}

/// Code and message, the message a template.
type Error = (&'static str, &'static str);

/// What is known of a call before its record is written.
struct Call<'a> {
    api: &'a Api,
    caller: &'a Caller<'a>,
    time: i64,
    error: Option<Error>,
    /// Of DescribeImages: the owners asked for, and the flag for deprecated images.
    owners: &'static str,
    deprecated: &'static str,
    image: &'a str,
    /// Of AssumeRole: the session that begins.
    issued: Option<(&'a Principal, Session)>,
}

pub struct Events {
    apis: Apis,
    pub population: Population,
}

impl Events {
    pub fn new() -> Self {
        let apis = Apis::new();
        let population = Population::new(&apis);
        Self { apis, population }
    }

    /// Appends an event of anybody about anything; returns its time.
    pub fn write_any<'a>(&'a self, out: &mut String, scene: &mut Scene<'a>, rng: &mut Rng) -> i64 {
        let (caller, time) = self.next_caller(scene, rng);
        let api = self.next_api(&caller, scene.place, rng);
        let error = error(api, rng);
        let issues = api.action.starts_with("AssumeRole") && error.is_none();
        let issued = issues.then(|| {
            scene.beginning.pop().unwrap_or_else(|| {
                // One that nobody uses later on.
                let role = self.population.draw_role(scene.place, rng);
                (role, role.session(-rng.i64(1..1 << 40)))
            })
        });
        let time = match &issued {
            Some((_, session)) if scene.seconds.contains(&session.created) => session.created,
            _ => time,
        };
        let mut call = Call {
            api,
            caller: &caller,
            time: time.max(caller.session.created),
            error,
            owners: if rng.bool() { NO_OWNERS } else { pick(rng, OWNERS) },
            deprecated: pick(rng, &["", "", NOT_DEPRECATED]),
            image: &image("image", 400, rng),
            issued,
        };
        if api.action == "DescribeImages" && chance(rng, 0.02) {
            // Without owners or without success: the detection must not mind these.
            call.deprecated = DEPRECATED;
            match rng.bool() {
                true => call.owners = NO_OWNERS,
                false => call.error = Some(error_of("ec2", rng)),
            }
        }
        call.write(out, scene.place, rng);
        let time = call.time;
        scene.last = Some((caller, time));
        time
    }

    pub fn write_planted(&self, out: &mut String, planted: &Planted, place: Place, rng: &mut Rng) {
        let call = Call {
            api: self.api(if planted.launch { "RunInstances" } else { "DescribeImages" }),
            caller: &planted.principal.calling_in(planted.session, rng),
            time: planted.time,
            error: None,
            owners: pick(rng, OWNERS),
            deprecated: DEPRECATED,
            image: &planted.image,
            issued: None,
        };
        call.write(out, place, rng);
    }

    fn next_caller<'a>(&'a self, scene: &mut Scene<'a>, rng: &mut Rng) -> (Caller<'a>, i64) {
        match scene.last.take() {
            // People and tools make several calls in a row.
            Some((caller, time)) if chance(rng, 0.7) => (caller, (time + rng.i64(0..3)).min(scene.seconds.end - 1)),
            _ => {
                let time = rng.i64(scene.seconds.clone());
                let principal = self.population.draw(scene.place, rng);
                (principal.calling(time, rng), time)
            }
        }
    }

    fn next_api(&self, caller: &Caller, place: Place, rng: &mut Rng) -> &Api {
        let unbound = caller.principal.may_call_anything();
        loop {
            let api = match rng.f64() {
                ..0.007 if unbound => self.api("DescribeImages"),
                ..0.0105 if unbound => self.api("RunInstances"),
                _ => caller.principal.api(&self.apis, rng),
            };
            if place.is_global() || !GLOBAL.contains(&api.source) {
                return api;
            }
        }
    }

    fn api(&self, action: &str) -> &Api {
        &self.apis.all[self.apis.number_of(action)]
    }
}

pub fn image(label: &str, of: usize, rng: &mut Rng) -> String {
    let mut image = seeded(label, skewed(rng, of) as u64);
    filled("ami-0{hex}{hex}", &mut image, Scope::new(0, &[]))
}

fn error(api: &Api, rng: &mut Rng) -> Option<Error> {
    match api.action {
        "RunInstances" => chance(rng, 0.15).then(|| error_of("RunInstances", rng)),
        _ if !chance(rng, 0.06) => None,
        _ => Some(error_of(if chance(rng, 0.8) { api.source } else { "" }, rng)),
    }
}

/// An error of a service, or one that any has where none are its own.
fn error_of(source: &str, rng: &mut Rng) -> Error {
    let own = |of: &str| ERRORS.iter().filter(|error| error.0 == of).collect::<Vec<_>>();
    let errors = Some(own(source)).filter(|errors| !errors.is_empty());
    let &(_, code, message) = pick(rng, &errors.unwrap_or_else(|| own("")));
    (code, message)
}

impl Call<'_> {
    /// Appends the record.
    fn write(&self, out: &mut String, place: Place, rng: &mut Rng) {
        let &Call { api, caller, time, .. } = self;
        let (account, region) = (place.account(), place.region());
        let values = [("account", account), ("region", region)];
        let here = Scope::new(time, &values);

        // What the call is about: mostly something well known, else something new.
        let mut about = match chance(rng, 0.75) {
            true => seeded(api.source, skewed(rng, 20_000) as u64),
            false => Rng::with_seed(rng.u64(..)),
        };
        let name = filled(NAMES, &mut about, here);
        let id = filled(&api.id, &mut about, here);
        let another_id = filled(&api.id, rng, here);
        let request_id = filled(if api.source == "s3" { "{code}" } else { "{uuid}" }, rng, here);
        let event_time = rfc3339(time);
        let caller_arn = caller.arn();
        let owners = filled(self.owners, rng, here);
        let (role_name, role_id, issued) = match &self.issued {
            Some((role, session)) => (role.name(), role.id(), session),
            None => ("", "", &caller.session),
        };
        let mut values = vec![
            ("account", account),
            ("region", region),
            ("name", &name),
            ("id", &id),
            ("anotherId", &another_id),
            ("source", api.source),
            ("action", api.action),
            ("version", api.version),
            ("readOnly", if api.read_only { "true" } else { "false" }),
            ("management", if api.data_event { "false" } else { "true" }),
            ("category", if api.data_event { "Data" } else { "Management" }),
            ("resource", api.resource),
            ("requestId", &request_id),
            ("eventTime", &event_time),
            ("address", caller.address),
            ("agent", caller.agent),
            ("caller", &caller_arn),
            ("owners", &owners),
            ("deprecated", self.deprecated),
            ("image", self.image),
            ("pattern", pick(rng, PATTERNS)),
            ("instanceType", pick(rng, INSTANCE_TYPES)),
            ("issuedRole", role_name),
            ("issuedId", role_id),
            ("issuedSession", &issued.name),
            ("issuedKey", &issued.key),
        ];
        let arn = filled(&api.arn, rng, Scope::new(time, &values));
        values.push(("arn", &arn));
        let scope = Scope::new(time, &values);

        let login = api.action == "ConsoleLogin";
        *out += r#"{"eventVersion":"1."#;
        *out += pick(rng, &["08", "09", "10", "11"]);
        *out += r#"","userIdentity":"#;
        caller.write(out, rng);
        fill(out, EVENT, rng, scope);
        if let Some((code, message)) = self.error {
            if !code.is_empty() {
                *out += r#","errorCode":""#;
                *out += code;
                out.push('"');
            }
            *out += r#","errorMessage":""#;
            fill(out, message, rng, scope);
            out.push('"');
        }
        *out += r#","requestParameters":"#;
        match self.error {
            Some((code, _)) if code.starts_with("AccessDenied") && rng.bool() => *out += "null",
            _ => api.request.write(out, rng, scope),
        }
        *out += r#","responseElements":"#;
        match self.error {
            Some(_) if login => *out += r#"{"ConsoleLogin":"Failure"}"#,
            Some(_) => *out += "null",
            None => api.response.write(out, rng, scope),
        }

        let about_resource = !api.resource.is_empty() && self.error.is_none();
        let listing = api.action == "ListObjects";
        let signing_in = ["signin", "sso"].contains(&api.source);
        let direct = !caller.is_service();
        let tls = direct && chance(rng, 0.9);
        let private = direct && caller.address.starts_with("10.") && chance(rng, 0.6);
        let by_service = !direct && self.issued.is_some();
        let shared = by_service || api.source == "kms" && chance(rng, 0.05);
        #[rustfmt::skip]
        let rest = [
            (api.source == "s3", S3_DATA),
            (api.source == "kms" && chance(rng, 0.5), KMS_DATA),
            (login, LOGIN_DATA),
            (!signing_in, r#","requestID":"{requestId}""#),
            (true, r#","eventID":"{uuid}","readOnly":{readOnly}"#),
            (about_resource && !listing, r#","resources":[{"accountId":"{account}","type":"{resource}","ARN":"{arn}"}]"#),
            (about_resource && listing, r#","resources":[{"type":"AWS::S3::Object","ARNPrefix":"{arn}/"},{"accountId":"{account}","type":"{resource}","ARN":"{arn}"}]"#),
            (!signing_in, r#","eventType":"AwsApiCall""#),
            (login, r#","eventType":"AwsConsoleSignIn""#),
            (signing_in && !login, r#","eventType":"AwsServiceEvent","serviceEventDetails":{"{action}":"Success"}"#),
            (!api.version.is_empty(), r#","apiVersion":"{version}""#),
            (true, r#","managementEvent":{management},"recipientAccountId":"{account}""#),
            (shared, r#","sharedEventID":"{uuid}""#),
            (private, r#","vpcEndpointId":"vpce-0{hex}{hex}","vpcEndpointAccountId":"{account}""#),
            (true, r#","eventCategory":"{category}""#),
            (tls && api.source == "s3", r#","tlsDetails":{"tlsVersion":"TLSv1.<2|3>","cipherSuite":"<TLS_AES_128_GCM_SHA256|ECDHE-RSA-AES128-GCM-SHA256>","clientProvidedHostHeader":"{name}.s3.{region}.amazonaws.com"}"#),
            (tls && api.source != "s3", r#","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{source}.{region}.amazonaws.com"}"#),
            (caller.is_console() && !signing_in, r#","sessionCredentialFromConsole":"true""#),
            (chance(rng, 0.0001), NEW_FIELDS),
        ];
        for (_, template) in rest.iter().filter(|(present, _)| *present) {
            fill(out, template, rng, scope);
        }
        out.push('}');
    }
}

const EVENT: &str = r#","eventTime":"{eventTime}","eventSource":"{source}.amazonaws.com","eventName":"{action}","awsRegion":"{region}","sourceIPAddress":"{address}","userAgent":"{agent}""#;
const S3_DATA: &str = r#","additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"<TLS_AES_128_GCM_SHA256|ECDHE-RSA-AES128-GCM-SHA256>","bytesTransferredIn":{byte},"AuthenticationMethod":"AuthHeader","x-amz-id-2":"{base64}","bytesTransferredOut":<0|{byte}|{big}>}"#;
const KMS_DATA: &str = r#","additionalEventData":{"keyMaterialId":"{hex}{hex}{hex}{hex}{hex}{hex}{hex}{hex}"}"#;
const LOGIN_DATA: &str = r#","additionalEventData":{"LoginTo":"https://{region}.console.aws.amazon.com/<console/home|ec2/v2/home|s3/buckets>?region={region}&state=hashArgs%23&isauthcode=true","MobileVersion":"No","MFAUsed":"<Yes|Yes|No>"}"#;
/// What a later version of the record format may bring.
const NEW_FIELDS: &str = r#"<,"networkPathDetails":{"hops":{small},"encrypted":{bool}}|,"policyEvaluation":["{word}-{word}",null,{byte}]|,"traceHeader":"Root=1-{hex}-{hex}{hex}{hex}">"#;

/// Names of what customers make.
const NAMES: &str = "<{word}-{word}|{word}-{word}-prod|{word}-{word}-staging|{word}-{hex}|{word}-{word}-{small}|stack-{word}-{word}-{hex}|{word}-{word}-{hex}{hex}>";

/// Services that are in one region only.
const GLOBAL: &[&str] = &["iam", "route53", "cloudfront", "organizations", "health", "ce"];

const DEPRECATED: &str = r#","includeDeprecated":true"#;
const NOT_DEPRECATED: &str = r#","includeDeprecated":false"#;
const NO_OWNERS: &str = "{}";
const OWNERS: &[&str] = &[
    r#"{"items":[{"owner":"amazon"}]}"#,
    r#"{"items":[{"owner":"<self|{account}|099720109477>"}]}"#,
    r#"{"items":[{"owner":"amazon"},{"owner":"<self|aws-marketplace|{digits}>"}]}"#,
];
#[rustfmt::skip]
const PATTERNS: &[&str] = &[
    "amzn2-ami-hvm-*-x86_64-gp2", "al2023-ami-2023.*-x86_64", "amzn-ami-2018.03.*", "RHEL-7.?*GA*", "CentOS 7*",
    "ubuntu/images/hvm-ssd/ubuntu-bionic-18.04-amd64-server-*", "amazon-eks-node-1.2*-v*",
    "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*", "bottlerocket-aws-k8s-1.29-*",
    "Windows_Server-2012-R2_RTM-English-64Bit-Base-*",
];
#[rustfmt::skip]
const INSTANCE_TYPES: &[&str] = &["t3.micro", "t3.large", "m5.xlarge", "c6i.2xlarge", "r6g.large", "g5.xlarge"];

/// The service it is of (any where empty; or the call), its code and its message.
#[rustfmt::skip]
const ERRORS: &[(&str, &str, &str)] = &[
    ("", "AccessDenied", "User: {caller} is not authorized to perform: {source}:{action} on resource: {arn} because no <identity|session|resource>-based policy allows the {source}:{action} action"),
    ("", "AccessDeniedException", "User: {caller} is not authorized to perform: {source}:{action} on resource: {arn} with an explicit deny in a service control policy"),
    ("", "ThrottlingException", "Rate exceeded"),
    ("", "ResourceNotFoundException", "Requested resource not found: {name}"),
    ("", "ValidationException", "1 validation error detected: Value '{name}' at '{word}' failed to satisfy constraint: Member must have length less than or equal to {byte}"),
    ("", "InternalFailure", "An unknown error occurred"),
    ("ec2", "Client.UnauthorizedOperation", "You are not authorized to perform this operation. User: {caller} is not authorized to perform: ec2:{action} because no identity-based policy allows the ec2:{action} action. Encoded authorization failure message: {sessionToken}"),
    ("ec2", "Client.RequestLimitExceeded", "Request limit exceeded."),
    ("ec2", "Client.InvalidParameterValue", "Value ({name}) for parameter {word} is invalid."),
    ("ec2", "Client.InvalidInstanceID.NotFound", "The instance ID 'i-0{hex}{hex}' does not exist"),
    ("ec2", "Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set."),
    ("s3", "AccessDenied", "Access Denied"),
    ("s3", "NoSuchKey", "The specified key does not exist."),
    ("s3", "NoSuchBucketPolicy", "The bucket policy does not exist"),
    ("s3", "NoSuchTagSet", "The TagSet does not exist"),
    ("s3", "ServerSideEncryptionConfigurationNotFoundError", "The server side encryption configuration was not found"),
    ("iam", "NoSuchEntityException", "The <role|user|policy> with name {name} cannot be found."),
    ("iam", "EntityAlreadyExistsException", "Role with name {name} already exists."),
    ("iam", "LimitExceededException", "Cannot exceed quota for PoliciesPerRole: 10"),
    ("kms", "AccessDenied", "User: {caller} is not authorized to perform: kms:{action} on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"),
    ("kms", "NotFoundException", "Alias arn:aws:kms:{region}:{account}:alias/{name} is not found."),
    ("ssm", "ParameterNotFound", "Parameter /{word}/{name} not found."),
    ("ssm", "InvalidInstanceId", "Instances not in a valid state for account {account}"),
    ("dynamodb", "ConditionalCheckFailedException", "The conditional request failed"),
    ("dynamodb", "ProvisionedThroughputExceededException", "The level of configured provisioned throughput for the table was exceeded"),
    ("signin", "", "Failed authentication"),
    ("signin", "", "No username found in supplied account"),
    ("RunInstances", "Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set."),
    ("RunInstances", "Client.VcpuLimitExceeded", "You have requested more vCPU capacity than your current vCPU limit of {byte} allows for the instance bucket that the specified instance type belongs to."),
    ("RunInstances", "Client.InvalidAMIID.NotFound", "The image id '[{image}]' does not exist"),
    ("RunInstances", "Server.InsufficientInstanceCapacity", "We currently do not have sufficient {instanceType} capacity in the Availability Zone you requested ({region}<a|b|c>)."),
    ("RunInstances", "Client.UnauthorizedOperation", "You are not authorized to perform this operation. Encoded authorization failure message: {sessionToken}"),
];
