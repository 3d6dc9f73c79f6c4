//! CloudTrail's files where they are delivered: in S3, or in whatever speaks its language.
//!
//! Nothing here is asked for unless a bucket is named: then there is a runtime, whose threads list and fetch while those of
//! the load read.

mod client;
mod config;
pub mod cost;
mod credentials;
mod failure;
mod fetch;
mod known;
mod list;
mod mfa;
mod uri;

pub use client::{Object, Requests};
pub use config::{Access, endpoint_url};
pub use fetch::{CONCURRENCY, Fetching, requests_for};
pub use known::Known;
pub use list::Counts;
pub use uri::{NoBucket, Uri};

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::timeout;

use crate::source::{Arriving, Narrow};
use client::Client;
use config::Config;
use failure::Kind;
use list::{Listed, Place};

/// Threads that list and fetch: they mostly wait.
const THREADS: usize = 2;

/// How long an answer is waited for the first time, tries included; later it may take minutes.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often one who waits looks whether to go on waiting.
const LOOK_UP: Duration = Duration::from_millis(50);

/// Buckets, and places in them, that can be reached.
pub struct Buckets {
    runtime: Runtime,
    places: Vec<Place>,
    pub requests: Arc<Requests>,
    pub counts: Arc<Counts>,
}

/// Objects as they are listed.
pub struct Objects(Receiver<Listed>);

/// What a look at buckets found to be new.
#[derive(Debug, Default)]
pub struct News {
    pub objects: Vec<Object>,
    /// Folders that could not be listed, with the reason.
    pub problems: Vec<String>,
    /// Whether one of them may be another time.
    pub is_passing: bool,
}

impl Buckets {
    /// Finds out what URIs stand for. Fails if one stands for nothing, or may not be listed.
    pub fn open(uris: &[Uri], access: &Access) -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
        let requests = Arc::<Requests>::default();
        let places = runtime.block_on(async {
            let config = Config::load(access).await?;
            let mut clients = HashMap::new();
            let mut places = Vec::new();
            for uri in uris {
                let client = match clients.get(&uri.bucket) {
                    Some(client) => Arc::clone(client),
                    None => {
                        let client = Arc::new(Client::new(&uri.bucket, &config, requests.clone()).await?);
                        clients.insert(uri.bucket.clone(), client.clone());
                        client
                    }
                };
                let place = timeout(PATIENCE, place(&client, uri)).await;
                places.push(place.map_err(|_| anyhow::anyhow!("{uri}: no answer from {}", config.endpoint()))??);
            }
            anyhow::Ok(without_nested(places))
        })?;
        Ok(Self { runtime, places, requests, counts: Arc::default() })
    }

    /// Lists the objects that are wanted, about in the order in which they were delivered.
    pub fn list(&self, narrow: &Narrow) -> Objects {
        let _runtime = self.runtime.enter();
        Objects(list::objects(self.places.clone(), narrow.clone(), self.counts.clone()))
    }

    /// The objects that are wanted and not known, for whoever looks often: `narrow` keeps that from listing all there is.
    /// Fails if nothing at all can be listed; ends early when `give_up` says so.
    pub fn new_objects(&self, narrow: &Narrow, known: &Known, give_up: impl Fn() -> bool) -> anyhow::Result<News> {
        let mut news = News::default();
        let Objects(mut listed) = self.list(narrow);
        while !give_up() {
            match self.runtime.block_on(async { timeout(LOOK_UP, listed.recv()).await }) {
                Ok(Some(Ok(object))) if known.has(&object) => {}
                Ok(Some(Ok(object))) => news.objects.push(object),
                Ok(Some(Err(unlisted))) if unlisted.failure.kind.is_of_one() => {
                    news.is_passing |= unlisted.failure.kind != Kind::Nameless;
                    news.problems.push(unlisted.to_string());
                }
                Ok(Some(Err(unlisted))) => bail!("{unlisted}"),
                Ok(None) => break,
                Err(_) => {}
            }
        }
        Ok(news)
    }

    /// An object that was asked for by its own name, if one was.
    pub fn named_object(&self) -> Option<String> {
        self.places.iter().find_map(|place| match place {
            Place::Object(object) => Some(object.uri()),
            Place::Folder(..) => None,
        })
    }

    /// Fetches objects, which arrive about in their order. This must live as long as they are waited for.
    pub fn fetch(&self, objects: Objects, fetching: Fetching) -> Arriving {
        let _runtime = self.runtime.enter();
        fetch::fetch(objects.0, fetching)
    }
}

impl Iterator for Objects {
    /// An object, or what could not be listed, with the reason; an error if nothing more can be.
    type Item = anyhow::Result<Result<Object, String>>;

    /// Waits for the next object.
    fn next(&mut self) -> Option<Self::Item> {
        Some(match self.0.blocking_recv()? {
            Ok(object) => Ok(Ok(object)),
            Err(unlisted) if unlisted.failure.kind.is_of_one() => Ok(Err(unlisted.to_string())),
            Err(unlisted) => Err(anyhow::anyhow!("{unlisted}")),
        })
    }
}

impl From<Vec<Object>> for Objects {
    fn from(objects: Vec<Object>) -> Self {
        let (to, receiver) = mpsc::channel(objects.len().max(1));
        for object in objects {
            // there is room for all of them
            let _ = to.try_send(Ok(object));
        }
        Self(receiver)
    }
}

/// Places that are in none of the others: nothing is fetched twice.
fn without_nested(places: Vec<Place>) -> Vec<Place> {
    let mut kept: Vec<Place> = Vec::new();
    for place in places {
        if !kept.iter().any(|other| other.has(&place)) {
            kept.retain(|other| !place.has(other));
            kept.push(place);
        }
    }
    kept
}

/// What a URI stands for.
async fn place(client: &Arc<Client>, uri: &Uri) -> anyhow::Result<Place> {
    if let Err(failure) = client::path(&uri.key) {
        // a variable in the URI may have been empty
        let meant = uri.without_empty_names();
        let hint = if meant == *uri { String::new() } else { format!("; or is {meant} meant?") };
        bail!("{uri}: {}{hint}", failure.reason);
    }
    let mut refused = None;
    if !uri.key.is_empty() && !uri.key.ends_with('/') {
        match client.head(uri).await {
            Ok(object) => return Ok(Place::Object(object)),
            Err(failure) if failure.kind == Kind::Missing => {}
            Err(failure) if failure.kind == Kind::This => refused = Some(failure.reason),
            Err(failure) => bail!("{uri}: {}", failure.reason),
        }
    }
    let folder = match uri.key.as_str() {
        "" => String::new(),
        key => format!("{}/", key.trim_end_matches('/')),
    };
    let holds = client.holds(&folder).await.map_err(|failure| anyhow::anyhow!("{uri}: {}", failure.reason))?;
    // a bucket may be empty yet
    if !holds && !folder.is_empty() {
        let missing = match uri.key.contains(['*', '?']) {
            true => "there is no such folder, and patterns are for files here: name a folder of the bucket",
            false => "there is no such object, and no folder of this name",
        };
        let reason = refused.as_deref().unwrap_or(missing);
        bail!("{uri}: {reason}");
    }
    Ok(Place::Folder(client.clone(), folder))
}
