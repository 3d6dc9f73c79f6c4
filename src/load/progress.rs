//! How far a load is. Other threads may look, and stop it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counts of a running load.
#[derive(Debug, Default)]
pub struct Progress {
    /// Files that were found; 0 until all are.
    pub files_found: AtomicU64,
    /// Files read so far.
    pub files: AtomicU64,
    /// Bytes of them, as they are stored.
    pub bytes: AtomicU64,
    /// Bytes of the files that are to be fetched, as far as they are listed; 0 if none are.
    pub bytes_found: AtomicU64,
    /// New events in them.
    pub events: AtomicU64,
    /// How many files are being read that may wait for another program without end: pipes.
    pub waiting: AtomicU64,
    /// Whether the load has begun.
    pub begun: AtomicBool,
    /// Set from outside to end the load early: what was read to its end is kept, what is still being read is not.
    pub stop: AtomicBool,
}

impl Progress {
    pub(super) fn add(count: &AtomicU64, more: u64) {
        count.fetch_add(more, Ordering::Relaxed);
    }

    /// Counts a file that will be read.
    pub fn add_found(&self, bytes: u64) {
        Self::add(&self.files_found, 1);
        Self::add(&self.bytes_found, bytes);
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
