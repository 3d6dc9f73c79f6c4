//! The fields of a CloudTrail record that have a column of their own.
//!
//! One tree drives everything: what is parsed, the columns of a batch, and how a row becomes a record again.
//! Names and meanings: CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element".

use std::sync::LazyLock;

use Kind::{Bool, Json, List, Struct, Text, Time, Uuid};

/// A field: its name in CloudTrail's JSON, its column in the table `events`, its kind.
#[derive(Debug)]
pub struct Field {
    pub json: &'static str,
    pub column: &'static str,
    pub kind: Kind,
}

/// How a field's value is stored.
#[derive(Debug)]
pub enum Kind {
    /// VARCHAR.
    Text,
    /// BOOLEAN.
    Bool,
    /// TIMESTAMP, microseconds since the epoch, UTC.
    Time,
    /// UUID.
    Uuid,
    /// VARIANT; travels as JSON text.
    Json,
    /// STRUCT.
    Struct(&'static [Field]),
    /// List of STRUCT.
    List(&'static [Field]),
}

const fn field(json: &'static str, column: &'static str, kind: Kind) -> Field {
    Field { json, column, kind }
}

/// Node of `eventID`.
pub const EVENT_ID: u32 = 0;
/// Node of `eventTime`.
pub const EVENT_TIME: u32 = 1;
/// Node of `eventSource`.
pub const EVENT_SOURCE: u32 = 7;
/// Node of `eventName`.
pub const EVENT_NAME: u32 = 8;

/// How many nodes a field of this kind has: one for itself, and those of what is inside it. Nodes are numbered from the
/// first field to the last, each before those inside it; a list's elements have one between.
pub fn nodes(kind: &Kind) -> u32 {
    let inside = |fields: &[Field]| fields.iter().map(|field| nodes(&field.kind)).sum::<u32>();
    match kind {
        Kind::Struct(fields) => 1 + inside(fields),
        Kind::List(fields) => 2 + inside(fields),
        _ => 1,
    }
}

/// Fields with their nodes, to be found by name.
#[derive(Debug)]
pub struct Plan {
    pub fields: &'static [Field],
    /// For each field, its node.
    pub nodes: Vec<u32>,
    /// For each field, the plan of what is inside it.
    pub inside: Vec<Option<Plan>>,
    /// Positions of fields by the length of their name: seldom more than three.
    by_length: Vec<Vec<u8>>,
}

/// The plan of [`FIELDS`].
pub static PLAN: LazyLock<Plan> = LazyLock::new(|| Plan::new(FIELDS, 0));

impl Plan {
    fn new(fields: &'static [Field], first: u32) -> Self {
        let mut node = first;
        let mut plan = Self { fields, nodes: Vec::new(), inside: Vec::new(), by_length: Vec::new() };
        for (position, field) in (0..).zip(fields) {
            plan.nodes.push(node);
            plan.inside.push(match field.kind {
                Kind::Struct(inside) => Some(Self::new(inside, node + 1)),
                Kind::List(inside) => Some(Self::new(inside, node + 2)),
                _ => None,
            });
            node += nodes(&field.kind);
            let length = field.json.len();
            plan.by_length.resize(plan.by_length.len().max(length + 1), Vec::new());
            plan.by_length[length].push(position);
        }
        plan
    }

    /// Position of the field that CloudTrail names so.
    pub fn find(&self, name: &str) -> Option<usize> {
        let positions = self.by_length.get(name.len())?;
        positions.iter().map(|&position| usize::from(position)).find(|&position| self.fields[position].json == name)
    }
}

/// The top-level fields, in the order of the columns of `events`.
pub static FIELDS: &[Field] = &[
    field("eventID", "event_id", Uuid),
    field("eventTime", "event_time", Time),
    field("eventVersion", "event_version", Text),
    field("eventType", "event_type", Text),
    field("eventCategory", "event_category", Text),
    field("sharedEventID", "shared_event_id", Text),
    field("requestID", "request_id", Text),
    field("eventSource", "event_source", Text),
    field("eventName", "event_name", Text),
    field("apiVersion", "api_version", Text),
    field("awsRegion", "aws_region", Text),
    field("recipientAccountId", "recipient_account_id", Text),
    field("readOnly", "read_only", Bool),
    field("managementEvent", "management_event", Bool),
    field("errorCode", "error_code", Text),
    field("errorMessage", "error_message", Text),
    field("sourceIPAddress", "source_ip_address", Text),
    field("userAgent", "user_agent", Text),
    field("vpcEndpointId", "vpc_endpoint_id", Text),
    field("vpcEndpointAccountId", "vpc_endpoint_account_id", Text),
    field("sessionCredentialFromConsole", "session_credential_from_console", Text),
    field("tlsDetails", "tls_details", Struct(TLS_DETAILS)),
    field("userIdentity", "user_identity", Struct(USER_IDENTITY)),
    field("resources", "resources", List(RESOURCE)),
    field("requestParameters", "request_parameters", Json),
    field("responseElements", "response_elements", Json),
    field("additionalEventData", "additional_event_data", Json),
    field("serviceEventDetails", "service_event_details", Json),
    field("insightDetails", "insight_details", Json),
    field("addendum", "addendum", Json),
    field("edgeDeviceDetails", "edge_device_details", Json),
    field("eventContext", "event_context", Json),
];

static TLS_DETAILS: &[Field] = &[
    field("tlsVersion", "tls_version", Text),
    field("cipherSuite", "cipher_suite", Text),
    field("clientProvidedHostHeader", "client_provided_host_header", Text),
];

static USER_IDENTITY: &[Field] = &[
    field("type", "type", Text),
    field("principalId", "principal_id", Text),
    field("arn", "arn", Text),
    field("accountId", "account_id", Text),
    field("accessKeyId", "access_key_id", Text),
    field("userName", "user_name", Text),
    field("invokedBy", "invoked_by", Text),
    field("identityProvider", "identity_provider", Text),
    field("credentialId", "credential_id", Text),
    field("sessionContext", "session_context", Struct(SESSION_CONTEXT)),
    field("onBehalfOf", "on_behalf_of", Struct(ON_BEHALF_OF)),
    field("inScopeOf", "in_scope_of", Struct(IN_SCOPE_OF)),
];

static SESSION_CONTEXT: &[Field] = &[
    field("attributes", "attributes", Struct(ATTRIBUTES)),
    field("sessionIssuer", "session_issuer", Struct(SESSION_ISSUER)),
    field("webIdFederationData", "web_id_federation_data", Struct(WEB_ID_FEDERATION_DATA)),
    field("sourceIdentity", "source_identity", Text),
    field("ec2RoleDelivery", "ec2_role_delivery", Text),
    field("assumedRoot", "assumed_root", Text),
];

static ATTRIBUTES: &[Field] =
    &[field("creationDate", "creation_date", Time), field("mfaAuthenticated", "mfa_authenticated", Text)];

static SESSION_ISSUER: &[Field] = &[
    field("type", "type", Text),
    field("principalId", "principal_id", Text),
    field("arn", "arn", Text),
    field("accountId", "account_id", Text),
    field("userName", "user_name", Text),
];

static WEB_ID_FEDERATION_DATA: &[Field] = &[field("federatedProvider", "federated_provider", Text)];

static ON_BEHALF_OF: &[Field] =
    &[field("userId", "user_id", Text), field("identityStoreArn", "identity_store_arn", Text)];

static IN_SCOPE_OF: &[Field] = &[
    field("sourceArn", "source_arn", Text),
    field("sourceAccount", "source_account", Text),
    field("issuerType", "issuer_type", Text),
    field("credentialsIssuedTo", "credentials_issued_to", Text),
];

static RESOURCE: &[Field] =
    &[field("ARN", "arn", Text), field("accountId", "account_id", Text), field("type", "type", Text)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_those_of_the_fields_they_are_named_after() {
        for (node, json) in
            [(EVENT_ID, "eventID"), (EVENT_TIME, "eventTime"), (EVENT_SOURCE, "eventSource"), (EVENT_NAME, "eventName")]
        {
            assert_eq!(PLAN.find(json).map(|position| PLAN.nodes[position]), Some(node));
        }
        assert_eq!(PLAN.find("eventid"), None);
    }
}
