//! Fetching objects, several at a time, as fast as they are read.

use std::any::Any;
use std::io::{self, Seek, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Sender};

use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Receiver;

use super::client::Object;
use super::failure::{Failure, Kind};
use super::known::Known;
use super::list::{Listed, Unlisted};
use crate::source::{Arrival, Arriving, Bytes, IN_MEMORY};

/// Requests for objects at a time, usually.
pub const CONCURRENCY: usize = 32;

/// What may be in memory of objects that are being fetched, or wait to be read, in KiB.
const ROOM: usize = 64 << 10;

/// Objects larger than [`IN_MEMORY`] are fetched in parts of so many bytes, so many at a time, and put down in a
/// temporary file.
const PART: u64 = 8 << 20;
const PARTS_AT_ONCE: usize = 4;

/// Failures in a row, without an object that was fetched in between, after which the server counts as gone.
const PATIENCE: u32 = 5;

/// How many requests fetch an object of so many bytes.
pub fn requests_for(size: u64) -> u64 {
    if size > IN_MEMORY { size.div_ceil(PART) } else { 1 }
}

/// How to fetch.
pub struct Fetching {
    /// What is not fetched.
    pub known: Known,
    /// Requests for objects at a time.
    pub concurrency: usize,
    /// Called with each object that is going to be fetched.
    pub on_new: Box<dyn Fn(&Object) + Send + Sync>,
    /// Called with each object that is not.
    pub on_known: Box<dyn Fn(&Object) + Send + Sync>,
}

/// No more is wanted, or can be had.
struct Over;

struct Fetcher {
    fetching: Fetching,
    to: Sender<Result<Arrival, String>>,
    room: Arc<Semaphore>,
    /// How often in a row there was no answer.
    unanswered: AtomicU32,
}

/// Fetches what is listed.
pub fn fetch(mut listed: Receiver<Listed>, fetching: Fetching) -> Arriving {
    let (to, arrivals) = mpsc::channel();
    let concurrency = fetching.concurrency;
    let fetcher = Fetcher { fetching, to, room: Arc::new(Semaphore::new(ROOM)), unanswered: AtomicU32::new(0) };
    tokio::spawn(async move {
        let listed = stream::poll_fn(|context| listed.poll_recv(context)).map(Ok);
        // it ends early when no one waits for it any more, or after what it failed for was said
        let _ = listed.try_for_each_concurrent(concurrency, |listed| fetcher.take(listed)).await;
    });
    Arriving::new(arrivals)
}

impl Fetcher {
    async fn take(&self, listed: Listed) -> Result<(), Over> {
        let object = match listed {
            Ok(object) => object,
            Err(Unlisted { uri, failure }) => return self.fail(uri, true, &failure, Box::new(())),
        };
        if self.fetching.known.has(&object) {
            (self.fetching.on_known)(&object);
            return Ok(());
        }
        (self.fetching.on_new)(&object);
        let kibibytes = object.size.min(IN_MEMORY).div_ceil(1 << 10).max(1) as u32;
        let room = self.room.clone().acquire_many_owned(kibibytes).await.map_err(|_| Over)?;
        let fetched = match object.size > IN_MEMORY {
            true => in_parts(&object).await,
            false => object.client.get(&object, None).await.map(Bytes::Memory),
        };
        match fetched {
            Ok(bytes) => {
                self.unanswered.store(0, Ordering::Relaxed);
                self.send(object.uri(), object.named, object.etag, Ok(bytes), Box::new(room))
            }
            Err(failure) => self.fail(object.uri(), object.named, &failure, Box::new(room)),
        }
    }

    fn fail(&self, uri: String, named: bool, failure: &Failure, room: Box<dyn Any + Send>) -> Result<(), Over> {
        let unanswered = match failure.kind {
            Kind::NoAnswer => self.unanswered.fetch_add(1, Ordering::Relaxed) + 1,
            _ => 0,
        };
        if failure.kind == Kind::All || unanswered >= PATIENCE {
            // whoever waits for it may have given up
            let _ = self.to.send(Err(format!("{uri}: {}", failure.reason)));
            return Err(Over);
        }
        self.send(uri, named, String::new(), Err(failure.reason.clone()), room)
    }

    fn send(
        &self,
        name: String,
        named: bool,
        etag: String,
        bytes: Result<Bytes, String>,
        room: Box<dyn Any + Send>,
    ) -> Result<(), Over> {
        self.to.send(Ok(Arrival { name, named, etag, bytes, room })).map_err(|_| Over)
    }
}

/// Fetches a large object into a temporary file.
async fn in_parts(object: &Object) -> Result<Bytes, Failure> {
    let here = |error: io::Error| Failure { kind: Kind::This, reason: format!("cannot put it down here: {error}") };
    let mut file = tempfile::tempfile().map_err(here)?;
    let ranges = (0..object.size).step_by(PART as usize).map(|begin| begin..(begin + PART).min(object.size));
    let mut parts = stream::iter(ranges).map(|range| object.client.get(object, Some(range))).buffered(PARTS_AT_ONCE);
    while let Some(part) = parts.next().await {
        file.write_all(&part?).map_err(here)?;
    }
    file.rewind().map_err(here)?;
    Ok(Bytes::File(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetcher() -> (Fetcher, mpsc::Receiver<Result<Arrival, String>>) {
        let (to, arrivals) = mpsc::channel();
        let fetching =
            Fetching { known: Known::default(), concurrency: 1, on_new: Box::new(|_| ()), on_known: Box::new(|_| ()) };
        let room = Arc::new(Semaphore::new(ROOM));
        (Fetcher { fetching, to, room, unanswered: AtomicU32::new(0) }, arrivals)
    }

    fn fails(fetcher: &Fetcher, kind: Kind) -> bool {
        let failure = Failure { kind, reason: "a reason".to_owned() };
        fetcher.fail("s3://bucket/key".to_owned(), false, &failure, Box::new(())).is_err()
    }

    #[test]
    fn what_fails_alone_is_passed_on_and_what_fails_for_all_ends_it() {
        let (fetcher, arrivals) = fetcher();
        for _ in 0..100 {
            assert!(!fails(&fetcher, Kind::This));
        }
        assert!(fails(&fetcher, Kind::All));
        let arrivals: Vec<_> = arrivals.try_iter().collect();
        assert_eq!((arrivals.len(), arrivals.iter().filter(|arrival| arrival.is_ok()).count()), (101, 100));
    }

    #[test]
    fn a_server_that_does_not_answer_several_times_in_a_row_is_gone() {
        let (fetcher, _arrivals) = fetcher();
        for _ in 1..PATIENCE {
            assert!(!fails(&fetcher, Kind::NoAnswer));
        }
        fetcher.unanswered.store(0, Ordering::Relaxed);
        for _ in 1..PATIENCE {
            assert!(!fails(&fetcher, Kind::NoAnswer));
        }
        assert!(fails(&fetcher, Kind::NoAnswer));
    }
}
