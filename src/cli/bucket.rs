//! The arguments that say how to get at buckets.

use std::path::PathBuf;

use clap::Args;

use crate::bucket::{Access, Buckets, CONCURRENCY, NoBucket, Uri, endpoint_url};

// (No doc comment: see PrintArgs.)
#[derive(Debug, Clone, Args)]
pub struct BucketArgs {
    /// AWS profile whose credentials and region to use
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    profile: Option<String>,

    /// A service that speaks S3, instead of AWS's or what AWS_ENDPOINT_URL_S3 or the profile names
    #[arg(long, value_name = "URL", value_parser = endpoint_url, help_heading = HEADING)]
    endpoint_url: Option<String>,

    /// Pay for the requests, as some buckets of others demand
    #[arg(long, help_heading = HEADING)]
    request_payer: bool,

    /// Use no credentials, for public buckets
    #[arg(long, conflicts_with = "profile", help_heading = HEADING)]
    no_sign_request: bool,

    /// Objects that are fetched at a time
    #[arg(long, value_name = "N", default_value_t = CONCURRENCY as u16, help_heading = HEADING)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    concurrency: u16,
}

const HEADING: &str = "Buckets (s3://...); credentials are found as the AWS CLI finds them";

impl BucketArgs {
    /// The buckets that are named, if any are.
    pub fn open(&self, uris: &[Uri]) -> anyhow::Result<Option<Buckets>> {
        if uris.is_empty() {
            return Ok(None);
        }
        let access = Access {
            profile: self.profile.clone(),
            endpoint: self.endpoint_url.clone(),
            request_payer: self.request_payer,
            anonymous: self.no_sign_request,
        };
        Buckets::open(uris, &access).map(Some)
    }

    pub fn concurrency(&self) -> usize {
        self.concurrency.into()
    }
}

/// Tells URIs of buckets from paths.
pub fn split(paths: &[PathBuf]) -> Result<(Vec<Uri>, Vec<PathBuf>), NoBucket> {
    let (mut uris, mut local) = (Vec::new(), Vec::new());
    for path in paths {
        match Uri::of(path) {
            Some(uri) => uris.push(uri?),
            None => local.push(path.clone()),
        }
    }
    Ok((uris, local))
}
