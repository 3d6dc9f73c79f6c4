//! What time it is: by the machine's clock, or by one that is moved by hand.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

/// Says what time it is.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;

    /// How long to sleep at most before it is asked again: it may be set, or the machine suspended, meanwhile.
    fn patience(&self) -> Duration;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// A clock that stands still until the time in its file, as RFC 3339, is another.
pub struct FileClock {
    path: PathBuf,
    last: Mutex<DateTime<Utc>>,
}

impl FileClock {
    pub fn new(path: PathBuf) -> Self {
        Self { path, last: Mutex::default() }
    }
}

impl Clock for FileClock {
    fn now(&self) -> DateTime<Utc> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        // while it is being written, it is as late as it was
        if let Ok(now) = DateTime::parse_from_rfc3339(text.trim()) {
            *last = now.to_utc();
        }
        *last
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(5)
    }
}
