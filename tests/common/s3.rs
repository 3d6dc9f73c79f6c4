//! A server that speaks S3, on loopback, with one bucket in memory: it checks signatures, counts requests, and has the
//! faults it is told to have.

#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures::stream::{self, StreamExt};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::dto::{
    CommonPrefix, ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
    ListObjectsV2Input, ListObjectsV2Output, Object, Range, RequestPayer, StreamingBlob, Timestamp,
};
use s3s::service::S3ServiceBuilder;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub const BUCKET: &str = "my-trail";
pub const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
pub const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// Bytes of a body that are sent at a time.
const CHUNK: usize = 64 << 10;

/// What goes wrong, and what is asked for.
#[derive(Debug, Default)]
pub struct Faults {
    /// So many requests for objects are answered with 503 SlowDown.
    pub slow_downs: u32,
    /// How long each request waits.
    pub delay: Duration,
    /// How often the connection breaks in the middle of the object's body.
    pub breaks: HashMap<String, u32>,
    /// Objects that are listed, and not there.
    pub vanished: Vec<String>,
    /// Objects that are not what they were when they were listed.
    pub changed: Vec<String>,
    /// Objects that may not be read, and prefixes that may not be listed, with what S3 says.
    pub denied: HashMap<String, String>,
    /// Whether whoever asks must say that they pay.
    pub requester_pays: bool,
    /// Whether no signature is asked for.
    pub public: bool,
    /// After so many requests for objects, the credentials have expired.
    pub expires_after: Option<usize>,
}

/// What was asked for.
#[derive(Debug, Default, Clone)]
pub struct Asked {
    /// Prefixes.
    pub lists: Vec<String>,
    /// Keys.
    pub gets: Vec<String>,
    /// Ranges of them, where any were asked for.
    pub ranges: Vec<(u64, u64)>,
}

#[derive(Default)]
struct Bucket {
    objects: Mutex<BTreeMap<String, Bytes>>,
    faults: Mutex<Faults>,
    asked: Mutex<Asked>,
}

/// A running server; it ends when this is dropped.
pub struct Server {
    bucket: Arc<Bucket>,
    pub address: SocketAddr,
    _runtime: Runtime,
}

impl Server {
    pub fn start() -> Self {
        let bucket = Arc::<Bucket>::default();
        let mut builder = S3ServiceBuilder::new(Shared(bucket.clone()));
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        builder.set_access(Shared(bucket.clone()));
        let service = builder.build();
        let runtime = Runtime::new().expect("threads");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    // a broken connection is none of its own concern
                    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self { bucket, address, _runtime: runtime }
    }

    pub fn put(&self, key: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        lock(&self.bucket.objects).insert(key.into(), Bytes::from(bytes.into()));
    }

    pub fn delete(&self, key: &str) {
        lock(&self.bucket.objects).remove(key);
    }

    /// Puts all files of a folder below a prefix.
    pub fn put_folder(&self, folder: &Path, prefix: &str) -> usize {
        let files = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.expect("a folder"));
        let files = files.filter(|entry| entry.file_type().is_file());
        let mut count = 0;
        for file in files {
            let below = file.path().strip_prefix(folder).expect("in it").to_str().expect("UTF-8");
            self.put(format!("{prefix}{below}"), std::fs::read(file.path()).expect("a file"));
            count += 1;
        }
        count
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Environment of a program that is to use it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL_S3", self.endpoint()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
            ("AWS_CONFIG_FILE", "/nowhere".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("NO_PROXY", "127.0.0.1".to_owned()),
        ]
    }

    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.bucket.faults)
    }

    /// What was asked for since this was asked last.
    pub fn asked(&self) -> Asked {
        std::mem::take(&mut *lock(&self.bucket.asked))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Shared(Arc<Bucket>);

#[async_trait::async_trait]
impl S3Access for Shared {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if context.credentials().is_none() && !lock(&self.0.faults).public {
            return Err(s3_error!(AccessDenied, "Signature is required"));
        }
        Ok(())
    }
}

impl Bucket {
    /// What every request meets.
    async fn meet(&self, bucket: &str, payer: Option<&RequestPayer>) -> S3Result<()> {
        let delay = lock(&self.faults).delay;
        tokio::time::sleep(delay).await;
        let faults = lock(&self.faults);
        if bucket != BUCKET {
            return Err(s3_error!(NoSuchBucket, "The specified bucket does not exist"));
        }
        if faults.requester_pays && payer.is_none_or(|payer| payer.as_str() != RequestPayer::REQUESTER) {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        }
        Ok(())
    }

    fn etag(&self, key: &str, bytes: &Bytes) -> String {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        (key, bytes.len(), &bytes[..bytes.len().min(4096)]).hash(&mut hasher);
        format!("{:032x}", hasher.finish())
    }
}

#[async_trait::async_trait]
impl S3 for Shared {
    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let prefix = input.prefix.clone().unwrap_or_default();
        lock(&self.0.asked).lists.push(prefix.clone());
        self.0.meet(&input.bucket, input.request_payer.as_ref()).await?;
        if let Some(message) = lock(&self.0.faults).denied.get(&prefix) {
            return Err(s3_error!(AccessDenied, "{message}"));
        }
        let max_keys = input.max_keys.unwrap_or(1000).min(1000) as usize;
        let after = input.continuation_token.or(input.start_after).unwrap_or_default();
        let objects = lock(&self.0.objects);
        let (mut contents, mut folders, mut last) = (Vec::new(), Vec::<String>::new(), None);
        let mut truncated = false;
        for (key, bytes) in objects.range(after.clone().max(prefix.clone())..) {
            if !key.starts_with(&prefix) {
                break;
            }
            if *key == after {
                continue;
            }
            let folder = input.delimiter.as_ref().and_then(|delimiter| {
                key[prefix.len()..].find(delimiter.as_str()).map(|at| key[..=prefix.len() + at].to_owned())
            });
            if folder.as_ref().is_some_and(|folder| folders.last() == Some(folder) || after.starts_with(folder)) {
                continue;
            }
            if contents.len() + folders.len() == max_keys {
                truncated = true;
                break;
            }
            last = Some(key.clone());
            match folder {
                Some(folder) => folders.push(folder),
                None => contents.push(Object {
                    key: Some(key.clone()),
                    size: Some(bytes.len() as i64),
                    e_tag: Some(ETag::Strong(self.0.etag(key, bytes))),
                    last_modified: Some(Timestamp::from(SystemTime::UNIX_EPOCH)),
                    ..Object::default()
                }),
            }
        }
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: Some((contents.len() + folders.len()) as i32),
            contents: Some(contents),
            common_prefixes: Some(folders.into_iter().map(|prefix| CommonPrefix { prefix: Some(prefix) }).collect()),
            is_truncated: Some(truncated),
            next_continuation_token: last.filter(|_| truncated),
            ..ListObjectsV2Output::default()
        }))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        self.0.meet(&input.bucket, input.request_payer.as_ref()).await?;
        if lock(&self.0.faults).denied.contains_key(&input.key) {
            return Err(s3_error!(AccessDenied));
        }
        let bytes = lock(&self.0.objects).get(&input.key).cloned().ok_or_else(|| s3_error!(NoSuchKey))?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(bytes.len() as i64),
            e_tag: Some(ETag::Strong(self.0.etag(&input.key, &bytes))),
            last_modified: Some(Timestamp::from(SystemTime::UNIX_EPOCH)),
            ..HeadObjectOutput::default()
        }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let key = input.key;
        let asked = {
            let mut asked = lock(&self.0.asked);
            asked.gets.push(key.clone());
            asked.gets.len()
        };
        self.0.meet(&input.bucket, input.request_payer.as_ref()).await?;
        let bytes = lock(&self.0.objects).get(&key).cloned();
        let mut faults = lock(&self.0.faults);
        if faults.slow_downs > 0 {
            faults.slow_downs -= 1;
            return Err(s3_error!(SlowDown, "Please reduce your request rate."));
        }
        if faults.expires_after.is_some_and(|after| asked > after) {
            return Err(s3_error!(ExpiredToken, "The provided token has expired."));
        }
        if let Some(message) = faults.denied.get(&key) {
            return Err(s3_error!(AccessDenied, "{message}"));
        }
        let bytes = bytes.filter(|_| !faults.vanished.contains(&key)).ok_or_else(|| s3_error!(NoSuchKey))?;
        let etag = self.0.etag(&key, &bytes);
        let etag = if faults.changed.contains(&key) { format!("{etag}-2") } else { etag };
        if let Some(ETagCondition::ETag(wanted)) = &input.if_match
            && wanted.value() != etag
        {
            return Err(s3_error!(PreconditionFailed));
        }
        let len = bytes.len() as u64;
        let (range, content_range) = match input.range {
            Some(range @ Range::Int { .. }) => {
                let range = range.check(len).map_err(|_| s3_error!(InvalidRange))?;
                lock(&self.0.asked).ranges.push((range.start, range.end));
                let text = format!("bytes {}-{}/{len}", range.start, range.end - 1);
                (range, Some(text))
            }
            _ => (0..len, None),
        };
        let body = bytes.slice(range.start as usize..range.end as usize);
        let content_length = Some(body.len() as i64);
        let breaks = faults.breaks.get_mut(&key).filter(|left| **left > 0);
        let is_broken = breaks.map(|left| *left -= 1).is_some();
        let sent = if is_broken { body.slice(..body.len() / 2) } else { body };
        let chunks: Vec<_> = sent.chunks(CHUNK).map(|chunk| sent.slice_ref(chunk)).collect();
        let end = is_broken.then(|| Err(std::io::Error::other("the cable was cut")));
        let body = stream::iter(chunks.into_iter().map(Ok).chain(end)).then(|chunk| async {
            if chunk.is_err() {
                // what was sent before is to arrive
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            chunk
        });
        Ok(S3Response::new(GetObjectOutput {
            body: Some(StreamingBlob::wrap(body)),
            content_length,
            content_range,
            e_tag: Some(ETag::Strong(etag)),
            last_modified: Some(Timestamp::from(SystemTime::UNIX_EPOCH)),
            ..GetObjectOutput::default()
        }))
    }
}
