//! What went wrong with a request, and what to do.

use std::error::Error;

use object_store::Error as StoreError;
use url::Url;

/// A request that failed for good.
#[derive(Debug, Clone)]
pub struct Failure {
    pub kind: Kind,
    /// What went wrong and what to do, without the object's name.
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There is no such object.
    Missing,
    /// This object or folder cannot be had; others may.
    This,
    /// It has a name that cannot be asked for.
    Nameless,
    /// Every other request fails as well.
    All,
    /// No usable answer, however often it was asked.
    NoAnswer,
}

impl Kind {
    /// Whether other objects and folders may be had all the same.
    pub fn is_of_one(self) -> bool {
        matches!(self, Self::Missing | Self::This | Self::Nameless)
    }
}

/// Codes of S3's errors with which every other request fails as well.
///
/// Source: S3 API Reference, "Error responses".
const CREDENTIALS: [&str; 9] = [
    "AccountProblem",
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidSecurity",
    "InvalidToken",
    "NotSignedUp",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

impl Failure {
    pub fn of(error: &StoreError) -> Self {
        let said = said(error);
        let code = element(&said, "Code").unwrap_or_default();
        let message = element(&said, "Message").unwrap_or_default();
        let text = [code, message].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
        let (kind, reason) = match error {
            _ if code == "NoSuchBucket" => (Kind::All, "there is no such bucket".to_owned()),
            _ if CREDENTIALS.contains(&code) => (Kind::All, format!("{text} ({})", advice(code))),
            StoreError::Unauthenticated { .. } => (Kind::All, format!("{text} ({})", advice(code))),
            StoreError::NotFound { .. } => {
                (Kind::Missing, "there is no such object: it was deleted after it was listed, perhaps".to_owned())
            }
            StoreError::Precondition { .. } => (
                Kind::This,
                "it was changed while it was being fetched: the next load fetches it as it is then".to_owned(),
            ),
            StoreError::PermissionDenied { .. } => (Kind::This, denied(code, message)),
            _ if said.contains("403 Forbidden") => (Kind::This, denied(code, message)),
            _ if said.contains(NO_CREDENTIALS) => (Kind::All, innermost(error)),
            _ if text.is_empty() => (
                Kind::NoAnswer,
                match server(&said) {
                    Some(server) => format!("{}: {server}", innermost(error)),
                    None => innermost(error),
                },
            ),
            _ => (Kind::NoAnswer, text),
        };
        Self { kind, reason }
    }

    /// Of what the library has no way to ask for.
    pub fn nameless() -> Self {
        let reason = "a folder or object whose name is empty, `.` or `..`, or has control characters, cannot be asked for: \
                      copy it with `aws s3 cp`, and load the copy";
        Self { kind: Kind::Nameless, reason: reason.to_owned() }
    }
}

/// How errors of [`Credentials`](super::credentials::Credentials) begin.
pub const NO_CREDENTIALS: &str = "no AWS credentials";

fn advice(code: &str) -> &'static str {
    match code {
        "ExpiredToken" | "InvalidToken" => "renew the credentials, with `aws sso login` for instance, and try again",
        "RequestTimeTooSkewed" => "set this machine's clock",
        _ => "see --profile and the variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
    }
}

fn denied(code: &str, message: &str) -> String {
    let advice = match code {
        "InvalidObjectState" => "it is archived: restore it first",
        _ if message.contains("kms:") => {
            "it is encrypted with a KMS key that these credentials may not use: kms:Decrypt"
        }
        _ => {
            "these credentials may not read it: s3:ListBucket and s3:GetObject, kms:Decrypt for what is encrypted with a \
             KMS key, and --request-payer where the requester pays"
        }
    };
    let said = if message.is_empty() { "access denied" } else { message };
    format!("{said} ({advice})")
}

/// All that an error and its causes say.
fn said(error: &StoreError) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said.push('\n');
        said.push_str(&error.to_string());
        cause = error.source();
    }
    said
}

fn innermost(error: &StoreError) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

/// The server that a request went to, as the error tells its address.
fn server(said: &str) -> Option<String> {
    let addresses = said.split_whitespace().filter_map(|word| Url::parse(word.trim_matches(['(', ')'])).ok());
    addresses.filter(|address| address.has_host()).map(|address| address.origin().ascii_serialization()).next()
}

/// The text of an element of S3's error in XML.
fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    Some(rest.split_once("</")?.0)
}
