//! Credentials as the AWS CLI finds them: environment, profiles (keys, SSO, roles, MFA, processes), web identity, container
//! and instance roles.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use async_trait::async_trait;
use aws_config::profile::{self, ProfileFileCredentialsProvider, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use tokio::sync::Mutex;

use super::config::{Access, FIRST_REGION};
use super::failure::NO_CREDENTIALS;
use super::mfa;

/// How long before they expire credentials are renewed: a request may be tried again with them for minutes.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);

/// Credentials that are renewed when they are about to expire.
#[derive(Debug)]
pub struct Credentials {
    provider: SharedCredentialsProvider,
    current: Mutex<Option<(Arc<AwsCredential>, Option<SystemTime>)>>,
}

/// The credentials of a profile, or of the environment, if they are to be used.
pub async fn load(access: &Access, region: Option<Region>) -> anyhow::Result<Option<Arc<Credentials>>> {
    if access.anonymous {
        return Ok(None);
    }
    let profile = access.profile.as_deref();
    let loader = aws_config::defaults(BehaviorVersion::latest());
    // STS has a region too
    let loader = loader.region(region.unwrap_or(Region::from_static(FIRST_REGION)));
    let loader = match profile {
        Some(profile) => loader.profile_name(profile),
        None => loader,
    };
    let config = loader.load().await;
    let keys_in_environment = profile.is_none() && std::env::var_os("AWS_ACCESS_KEY_ID").is_some();
    let with_code = match keys_in_environment {
        true => None,
        false => mfa::provider(profile, &config).await?,
    };
    let provider = match (with_code, profile) {
        (Some(provider), _) => Some(SharedCredentialsProvider::new(provider)),
        // a profile that is named goes before keys in the environment, as in the AWS CLI
        (None, Some(profile)) => Some(of_profile(profile, &config)),
        (None, None) => config.credentials_provider(),
    };
    let provider = provider.ok_or_else(|| anyhow::anyhow!("{NO_CREDENTIALS} are configured"))?;
    Ok(Some(Arc::new(Credentials { provider, current: Mutex::default() })))
}

/// The profiles there are, and which is selected: that of this name, or the environment's.
pub async fn profiles(name: Option<&str>) -> anyhow::Result<ProfileSet> {
    let wanted = name.map(|name| name.to_owned().into());
    let profiles = profile::load(&Default::default(), &Default::default(), &Default::default(), wanted).await;
    profiles.context("cannot read the AWS profiles")
}

/// What a profile says: keys, SSO, roles by others, a process.
pub fn of_profile(name: &str, config: &SdkConfig) -> SharedCredentialsProvider {
    // roles are assumed where the rest is
    let config = ProviderConfig::without_region().with_region(config.region().cloned());
    let provider = ProfileFileCredentialsProvider::builder().profile_name(name).configure(&config).build();
    SharedCredentialsProvider::new(provider)
}

#[async_trait]
impl CredentialProvider for Credentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        // whoever comes while they are renewed waits
        let mut current = self.current.lock().await;
        if let Some((credential, expiry)) = &*current
            && expiry.is_none_or(|expiry| expiry > SystemTime::now() + RENEW_BEFORE)
        {
            return Ok(credential.clone());
        }
        let provided = self.provider.provide_credentials().await.map_err(|error| object_store::Error::Generic {
            store: "S3",
            source: format!(
                "{NO_CREDENTIALS}: {} (name a --profile, sign in with `aws sso login`, set AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY, or read a public bucket with --no-sign-request)",
                innermost(&error)
            )
            .into(),
        })?;
        let credential = Arc::new(AwsCredential {
            key_id: provided.access_key_id().to_owned(),
            secret_key: provided.secret_access_key().to_owned(),
            token: provided.session_token().map(str::to_owned),
        });
        *current = Some((credential.clone(), provided.expiry()));
        Ok(credential)
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}
