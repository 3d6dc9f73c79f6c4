//! A bucket, and the requests that are made of it.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::list::{PaginatedListOptions, PaginatedListResult, PaginatedListStore};
use object_store::path::{Error as PathError, Path, PathPart};
use object_store::{
    ClientConfigKey, ClientOptions, Error as StoreError, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt,
};
use tokio::sync::Semaphore;

use super::config::Config;
use super::failure::{Failure, Kind};
use super::uri::Uri;

/// Requests for lists at a time.
const LISTS_AT_ONCE: usize = 16;

/// How long a server may say nothing, before it is asked again.
const SILENCE: Duration = Duration::from_secs(30);

/// Requests made.
#[derive(Debug, Default)]
pub struct Requests {
    pub lists: AtomicU64,
    /// GET and HEAD.
    pub gets: AtomicU64,
}

#[derive(Debug)]
pub struct Client {
    pub bucket: String,
    store: AmazonS3,
    lists: Semaphore,
    requests: Arc<Requests>,
}

/// An object as it was listed.
#[derive(Debug, Clone)]
pub struct Object {
    pub client: Arc<Client>,
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// With its quotes; empty if the server tells none.
    pub etag: String,
    /// Whether the user asked for this very object.
    pub named: bool,
}

impl Object {
    pub fn uri(&self) -> String {
        format!("s3://{}/{}", self.client.bucket, self.key)
    }
}

/// Part of a list.
#[derive(Default)]
pub struct Page {
    /// By key.
    pub objects: Vec<Object>,
    /// With the `/` they end in, if the list was asked for by folder.
    pub folders: Vec<String>,
    /// A folder with all in it, or an object, that cannot be asked for by its name.
    pub nameless: Option<String>,
    /// Where the next page begins, if there is one.
    pub next: Option<Next>,
}

/// Where a list goes on.
#[derive(Debug, Clone)]
pub struct Next {
    begin: Begin,
    /// What was passed over last.
    nameless: Option<String>,
    /// Keys of the page.
    max_keys: usize,
}

#[derive(Debug, Clone)]
enum Begin {
    /// Where S3 says that it does.
    Token(String),
    /// Behind this key.
    Behind(String),
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub prefix: String,
    /// Only keys behind this one.
    pub after: Option<String>,
    pub by_folder: bool,
    /// Keys of a page: at most, and usually, [`MAX_KEYS`].
    pub max_keys: Option<usize>,
}

/// Keys that S3 lists at a time.
///
/// Source: S3 API Reference, "ListObjectsV2".
pub const MAX_KEYS: usize = 1000;

impl Client {
    pub async fn new(bucket: &str, config: &Config, requests: Arc<Requests>) -> anyhow::Result<Self> {
        // not the whole of a request is bounded: large objects take their time
        let options = ClientOptions::new()
            .with_timeout_disabled()
            .with_config(ClientConfigKey::ReadTimeout, format!("{}s", SILENCE.as_secs()));
        let region = config.region(bucket, &options).await?;
        // what fails for a reason that may pass is tried again ten times, for three minutes: the library's own bounds
        let mut builder = AmazonS3Builder::new()
            .with_client_options(options)
            .with_bucket_name(bucket)
            .with_request_payer(config.access.request_payer)
            .with_skip_signature(config.access.anonymous);
        match &config.endpoint {
            Some(endpoint) => {
                builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
            }
            None if region.starts_with("cn-") => {
                builder = builder.with_endpoint(format!("https://s3.{region}.amazonaws.com.cn"));
            }
            None => {}
        }
        if let Some(credentials) = &config.credentials {
            builder = builder.with_credentials(credentials.clone());
        }
        let store = builder.with_region(region).build()?;
        Ok(Self { bucket: bucket.to_owned(), store, lists: Semaphore::new(LISTS_AT_ONCE), requests })
    }

    /// A page of a list; `next` is what the page before ended with.
    pub async fn list(self: &Arc<Self>, query: &Query, next: Option<Next>) -> Result<Page, Failure> {
        let most = query.max_keys.unwrap_or(MAX_KEYS);
        let mut max_keys = next.as_ref().map_or(most, |next| next.max_keys);
        let (begin, passed) = next.map_or((None, None), |next| (Some(next.begin), next.nameless));
        loop {
            match self.request(query, begin.as_ref(), max_keys).await {
                // one name spoils a page: smaller ones, up to it
                Err(StoreError::InvalidPath { .. }) if max_keys > 1 => max_keys /= 2,
                Err(StoreError::InvalidPath { source }) => {
                    let name = nameless(&source).ok_or_else(Failure::nameless)?;
                    if passed.is_some_and(|passed| passed >= name) {
                        let reason = format!("the server's list does not go on behind {name}");
                        return Err(Failure { kind: Kind::This, reason });
                    }
                    let behind = if name.ends_with('/') { format!("{name}{}", char::MAX) } else { name.clone() };
                    let begin = Begin::Behind(behind);
                    let next = Some(Next { begin, nameless: Some(name.clone()), max_keys: most.min(2) });
                    return Ok(Page { nameless: Some(name), next, ..Page::default() });
                }
                Err(error) => return Err(Failure::of(&error)),
                // the library takes the slash away from all that is listed
                Ok(page) if query.prefix.starts_with('/') => match page.result.objects.is_empty() {
                    true => return Ok(Page::default()),
                    false => return Err(Failure::nameless()),
                },
                Ok(PaginatedListResult { result, page_token, .. }) => {
                    let begin = page_token.map(Begin::Token);
                    return Ok(Page {
                        objects: result.objects.into_iter().map(|meta| self.object(meta, false)).collect(),
                        folders: result.common_prefixes.into_iter().map(|path| format!("{path}/")).collect(),
                        nameless: None,
                        next: begin.map(|begin| Next { begin, nameless: passed, max_keys: most.min(2 * max_keys) }),
                    });
                }
            }
        }
    }

    async fn request(
        &self,
        query: &Query,
        begin: Option<&Begin>,
        max_keys: usize,
    ) -> Result<PaginatedListResult, StoreError> {
        let (behind, page_token) = match begin.cloned() {
            Some(Begin::Token(token)) => (None, Some(token)),
            Some(Begin::Behind(key)) => (Some(key), None),
            None => (None, None),
        };
        let options = PaginatedListOptions {
            offset: behind.or_else(|| query.after.clone()),
            delimiter: query.by_folder.then_some("/".into()),
            max_keys: Some(max_keys),
            page_token,
            ..PaginatedListOptions::default()
        };
        let _permit = self.lists.acquire().await;
        self.requests.lists.fetch_add(1, Ordering::Relaxed);
        let prefix = (!query.prefix.is_empty()).then_some(query.prefix.as_str());
        self.store.list_paginated(prefix, options).await
    }

    /// Whether there is a key that begins so.
    pub async fn holds(self: &Arc<Self>, prefix: &str) -> Result<bool, Failure> {
        let query = Query { prefix: prefix.to_owned(), max_keys: Some(1), ..Query::default() };
        let page = self.list(&query, None).await?;
        Ok(!page.objects.is_empty() || page.nameless.is_some())
    }

    /// The object with this key.
    pub async fn head(self: &Arc<Self>, uri: &Uri) -> Result<Object, Failure> {
        self.requests.gets.fetch_add(1, Ordering::Relaxed);
        let meta = self.store.head(&path(&uri.key)?).await.map_err(|error| Failure::of(&error))?;
        Ok(self.object(meta, true))
    }

    /// Bytes of an object, if it still is what was listed.
    pub async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<Vec<u8>, Failure> {
        self.requests.gets.fetch_add(1, Ordering::Relaxed);
        let options = GetOptions {
            if_match: (!object.etag.is_empty()).then(|| object.etag.clone()),
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        let got = self.store.get_opts(&path(&object.key)?, options).await.map_err(|error| Failure::of(&error))?;
        Ok(got.bytes().await.map_err(|error| Failure::of(&error))?.into())
    }

    fn object(self: &Arc<Self>, meta: ObjectMeta, named: bool) -> Object {
        Object {
            client: self.clone(),
            key: meta.location.into(),
            size: meta.size,
            etag: meta.e_tag.unwrap_or_default(),
            named,
        }
    }
}

/// The outermost folder, with its `/`, of a key that cannot be asked for, or the key.
fn nameless(error: &PathError) -> Option<String> {
    let (PathError::EmptySegment { path } | PathError::BadSegment { path, .. }) = error else { return None };
    let mut end = 0;
    for part in path.split_inclusive('/') {
        end += part.len();
        let name = part.trim_end_matches('/');
        if name.is_empty() || PathPart::parse(name).is_err() {
            break;
        }
    }
    Some(path[..end].to_owned())
}

/// Fails if a key cannot be asked for.
pub fn path(key: &str) -> Result<Path, Failure> {
    match Path::parse(key) {
        Ok(path) if !key.starts_with('/') => Ok(path),
        _ => Err(Failure::nameless()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_asked_for_is_passed_over_as_a_whole() {
        for (key, expected) in [
            ("a//b/c", "a//"),
            ("a//", "a//"),
            ("//a", "/"),
            ("a/../b/c", "a/../"),
            ("a/.", "a/."),
            ("a/b\n", "a/b\n"),
            ("a/b\n/c//d", "a/b\n/"),
        ] {
            let error = Path::parse(key).expect_err("no name");
            assert_eq!(nameless(&error).as_deref(), Some(expected));
        }
    }
}
