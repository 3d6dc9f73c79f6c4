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
    /// New events in them.
    pub events: AtomicU64,
    /// Set from outside to end the load early: files that are open are read to their end, no other is opened.
    pub stop: AtomicBool,
}

impl Progress {
    pub(super) fn add(count: &AtomicU64, more: u64) {
        count.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
