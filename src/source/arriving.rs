//! Files that arrive one by one, fetched from elsewhere by threads of their own.

use std::any::Any;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::content::{Bytes, Content};

/// How often one who waits looks whether to go on waiting.
const LOOK_UP: Duration = Duration::from_millis(50);

/// A file that arrived, or did not.
pub struct Arrival {
    /// The path as it is shown and stored.
    pub name: String,
    /// Whether the user asked for this very file.
    pub named: bool,
    /// What its place says its content is, opaque: it changes when that does.
    pub etag: String,
    /// Its bytes, or why it has none.
    pub bytes: Result<Bytes, String>,
    /// Room that was taken for it, and is given back when this is dropped.
    pub room: Box<dyn Any + Send>,
}

impl Arrival {
    pub fn read(self) -> io::Result<Content> {
        let Self { name, named, etag, bytes, .. } = self;
        let mut content = match bytes.map_err(io::Error::other)? {
            Bytes::Memory(bytes) => Content::of_bytes(name, named, bytes),
            Bytes::File(file) => Content::of_file(name, named, file)?,
        };
        content.etag = Some(etag);
        Ok(content)
    }
}

/// What arrives: files, and at the end perhaps the reason why no more do.
#[derive(Debug)]
pub struct Arriving {
    arrivals: Mutex<Receiver<Result<Arrival, String>>>,
    ended: AtomicBool,
    failure: Mutex<Option<String>>,
}

impl Arriving {
    pub fn new(arrivals: Receiver<Result<Arrival, String>>) -> Self {
        Self { arrivals: Mutex::new(arrivals), ended: AtomicBool::new(false), failure: Mutex::default() }
    }

    /// Waits for the next file; none if there are no more, or `give_up` says so.
    pub fn next(&self, give_up: impl Fn() -> bool) -> Option<Arrival> {
        while !give_up() && !self.ended() {
            let arrival = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(LOOK_UP);
            match arrival {
                Ok(Ok(arrival)) => return Some(arrival),
                Ok(Err(failure)) => *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => self.ended.store(true, Ordering::Relaxed),
            }
        }
        None
    }

    /// Whether all have arrived that will.
    pub fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Why not all arrived.
    pub fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
