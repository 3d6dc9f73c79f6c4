//! Roles that ask for the code of an MFA device (`mfa_serial` in a profile), which `aws-config` does not know.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::{Context, bail};
use aws_config::SdkConfig;
use aws_config::profile::{Profile, ProfileSet};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_sts::Client;

use super::credentials;

/// How many roles a profile may reach by others.
const MAX_ROLES: usize = 8;

/// Assumes the roles of a profile, one by the other, and asks for a code where one needs it.
#[derive(Debug)]
pub struct WithCode {
    base: SharedCredentialsProvider,
    /// In the order they are assumed.
    roles: Vec<Role>,
    config: SdkConfig,
}

#[derive(Debug)]
struct Role {
    arn: String,
    external_id: Option<String>,
    session_name: String,
    /// Seconds.
    duration: Option<i32>,
    mfa_serial: Option<String>,
}

/// The provider of a profile's credentials, if one of its roles asks for a code.
pub async fn provider(name: Option<&str>, config: &SdkConfig) -> anyhow::Result<Option<WithCode>> {
    let profiles = credentials::profiles(name).await?;
    let name = profiles.selected_profile();
    if profiles.get_profile(name).is_none() && name != "default" {
        bail!("there is no AWS profile {name}: see ~/.aws/config");
    }
    let (roles, source) = chain(&profiles)?;
    if roles.iter().all(|role| role.mfa_serial.is_none()) {
        return Ok(None);
    }
    let Some(source) = source else {
        bail!("the AWS profile {name} asks for an MFA code, but names no source_profile");
    };
    Ok(Some(WithCode { base: credentials::of_profile(source, config), roles, config: config.clone() }))
}

/// The roles of the selected profile, and the profile whose own credentials assume the first.
fn chain(profiles: &ProfileSet) -> anyhow::Result<(Vec<Role>, Option<&str>)> {
    let mut roles = Vec::new();
    let mut name = Some(profiles.selected_profile());
    while let Some(profile) = name.and_then(|name| profiles.get_profile(name))
        && let Some(role) = Role::of(profile)
    {
        if roles.len() == MAX_ROLES {
            bail!("the AWS profile {} leads from role to role without end", profiles.selected_profile());
        }
        roles.push(role);
        let source = profile.get("source_profile");
        // a profile that is its own source has keys beside the role
        let ends = source == Some(profile.name());
        name = source;
        if ends {
            break;
        }
    }
    roles.reverse();
    Ok((roles, name))
}

impl Role {
    fn of(profile: &Profile) -> Option<Self> {
        let get = |key| profile.get(key).map(str::to_owned);
        Some(Self {
            arn: get("role_arn")?,
            external_id: get("external_id"),
            session_name: get("role_session_name").unwrap_or_else(|| "trailduck".to_owned()),
            duration: get("duration_seconds").and_then(|seconds| seconds.parse().ok()),
            mfa_serial: get("mfa_serial"),
        })
    }
}

impl WithCode {
    async fn assume(&self) -> anyhow::Result<Credentials> {
        let mut credentials = self.base.provide_credentials().await?;
        for role in &self.roles {
            let code = match &role.mfa_serial {
                Some(serial) => {
                    let serial = serial.clone();
                    Some(tokio::task::spawn_blocking(move || ask(&serial)).await??)
                }
                None => None,
            };
            let config =
                self.config.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build();
            let assumed = Client::new(&config)
                .assume_role()
                .role_arn(&role.arn)
                .role_session_name(&role.session_name)
                .set_external_id(role.external_id.clone())
                .set_duration_seconds(role.duration)
                .set_serial_number(role.mfa_serial.clone())
                .set_token_code(code)
                .send()
                .await
                .map_err(aws_sdk_sts::Error::from)
                .with_context(|| format!("cannot assume the role {}", role.arn))?;
            let assumed = assumed.credentials.context("STS gave no credentials")?;
            credentials = Credentials::new(
                assumed.access_key_id,
                assumed.secret_access_key,
                Some(assumed.session_token),
                assumed.expiration.try_into().ok(),
                "AssumeRoleWithMfa",
            );
        }
        Ok(credentials)
    }
}

impl ProvideCredentials for WithCode {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            self.assume().await.map_err(|error| CredentialsError::provider_error(Described(format!("{error:#}"))))
        })
    }
}

/// An error, and its causes, in one.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Described(String);

/// Asks for a code on the terminal.
fn ask(serial: &str) -> anyhow::Result<String> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        bail!(
            "a code of the MFA device {serial} is needed, and there is no terminal to ask on: give temporary credentials \
             in the environment (`aws configure export-credentials --format env`)"
        );
    }
    write!(io::stderr(), "\rMFA code of {serial}: ")?;
    let mut code = String::new();
    stdin.lock().read_line(&mut code)?;
    Ok(code.trim().to_owned())
}
