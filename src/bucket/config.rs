//! What all buckets have in common: how to get at them, and where they are.

use std::sync::Arc;

use anyhow::bail;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use object_store::aws::resolve_bucket_region;
use object_store::{ClientOptions, CredentialProvider};
use url::Url;

use super::credentials::{self, Credentials};
use super::failure::Failure;

/// Where S3's own regions are told of each other; also the region of servers that have none.
pub const FIRST_REGION: &str = "us-east-1";

/// How to get at buckets.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The AWS profile to use, instead of the environment's.
    pub profile: Option<String>,
    /// URL of a service that speaks S3, instead of AWS's.
    pub endpoint: Option<String>,
    /// Whether to pay for requests to buckets of others that ask for it.
    pub request_payer: bool,
    /// Whether to send requests without credentials, as public buckets allow.
    pub anonymous: bool,
}

/// What all buckets have in common.
pub struct Config {
    pub access: Access,
    pub endpoint: Option<String>,
    region: Option<String>,
    pub credentials: Option<Arc<Credentials>>,
}

/// Takes the URL of a service that speaks S3.
pub fn endpoint_url(text: &str) -> Result<String, String> {
    match Url::parse(text) {
        Ok(url) if ["http", "https"].contains(&url.scheme()) => Ok(text.to_owned()),
        _ => Err("expected http://host:port or https://host".to_owned()),
    }
}

/// The endpoint that the environment or the profile names. One that is no URL `aws-config` passes over, so that requests
/// would go to AWS.
async fn configured_endpoint(profile: Option<&str>) -> anyhow::Result<Option<String>> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    // where they are needed, that they cannot be read is said
    let profiles = credentials::profiles(profile).await.unwrap_or_default();
    let of_profile = |key| profiles.get(key).map(str::to_owned);
    let ignore = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
        .or_else(|| of_profile("ignore_configured_endpoint_urls"))
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let named = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
        .into_iter()
        .find_map(|name| Some((name.to_owned(), variable(name)?)))
        .or_else(|| {
            Some((format!("endpoint_url of the profile {}", profiles.selected_profile()), of_profile("endpoint_url")?))
        });
    let Some((name, url)) = named.filter(|_| !ignore) else { return Ok(None) };
    match endpoint_url(&url) {
        Ok(url) => Ok(Some(url)),
        Err(expected) => bail!("{name} is {url:?}: {expected}"),
    }
}

impl Config {
    pub async fn load(access: &Access) -> anyhow::Result<Self> {
        let profile = access.profile.as_deref();
        let mut of_profile = ProfileFileRegionProvider::builder();
        if let Some(profile) = profile {
            of_profile = of_profile.profile_name(profile);
        }
        // the instance's own is not asked for: off AWS that takes seconds, and the bucket tells its own
        let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
            .or_else(of_profile.build())
            .region()
            .await;
        let endpoint = match &access.endpoint {
            Some(endpoint) => Some(endpoint.clone()),
            None => configured_endpoint(profile).await?,
        };
        let credentials = credentials::load(access, region.clone()).await?;
        if let Some(credentials) = &credentials {
            // now, when they can be asked for
            let got = credentials.get_credential().await;
            got.map_err(|error| anyhow::anyhow!(Failure::of(&error).reason))?;
        }
        Ok(Self { access: access.clone(), endpoint, region: region.map(|region| region.to_string()), credentials })
    }

    /// Where requests go.
    pub fn endpoint(&self) -> &str {
        self.endpoint.as_deref().unwrap_or("S3")
    }

    /// A bucket's region: its own for one of AWS's.
    pub async fn region(&self, bucket: &str, options: &ClientOptions) -> anyhow::Result<String> {
        let configured = self.region.as_deref();
        // of these, the others know nothing
        let apart =
            configured.is_some_and(|region| ["cn-", "us-gov-", "us-iso"].iter().any(|part| region.starts_with(part)));
        if self.endpoint.is_some() || apart {
            return Ok(configured.unwrap_or(FIRST_REGION).to_owned());
        }
        match (resolve_bucket_region(bucket, options).await, configured) {
            (Ok(region), _) => Ok(region),
            (Err(error), _) if error.to_string().contains("not found") => {
                bail!("s3://{bucket}: there is no such bucket")
            }
            (Err(_), Some(configured)) => Ok(configured.to_owned()),
            (Err(error), None) => {
                bail!("s3://{bucket}: cannot find out its region: {} (set AWS_REGION)", Failure::of(&error).reason)
            }
        }
    }
}
