//! The objects that need not be fetched again.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::client::Object;

/// Objects whose content the store knows: by URI, ETag and size. Of each no more than a hash is kept, with a key that no
/// one can know beforehand.
#[derive(Debug, Default)]
pub struct Known {
    hasher: RandomState,
    hashes: HashSet<u64>,
}

impl Known {
    /// `passed_over` says that it holds no log: should it be named some day, it is fetched again.
    pub fn insert(&mut self, uri: &str, etag: &str, size: u64, passed_over: bool) {
        self.hashes.insert(self.hasher.hash_one((uri, etag, size, passed_over)));
    }

    pub fn has(&self, object: &Object) -> bool {
        let uri = object.uri();
        let has = |passed_over| {
            self.hashes.contains(&self.hasher.hash_one((uri.as_str(), object.etag.as_str(), object.size, passed_over)))
        };
        // without an ETag nothing tells whether it changed
        !object.etag.is_empty() && (has(false) || !object.named && has(true))
    }
}
