//! What a file came to.

use crate::record::envelope::Reject;
use crate::record::format::Format;

/// How many rejects of a file are kept; of a file that is nothing but damage, a few tell as much as all.
const REJECTS_KEPT: usize = 10_000;

/// A file that was read to its end, or an archive.
#[derive(Debug)]
pub struct FileReport {
    pub file_id: i32,
    pub path: String,
    pub size: u64,
    /// Hexadecimal; empty for what could not be opened.
    pub sha256: String,
    /// Whether the user asked for this very file.
    pub named: bool,
    /// Ids of the archives it lies in, the outermost first.
    pub within: Vec<i32>,
    pub format: &'static str,
    pub new: u64,
    pub duplicate: u64,
    pub rejected: u64,
    /// The first of those rejected.
    pub rejects: Vec<Reject>,
}

/// An object of a bucket that was fetched.
#[derive(Debug)]
pub struct FetchedObject {
    pub uri: String,
    pub etag: String,
    pub size: u64,
    /// Hexadecimal.
    pub sha256: String,
    /// Whether it holds no log.
    pub passed_over: bool,
}

impl FileReport {
    pub fn reject(&mut self, reject: Reject) {
        self.rejected += 1;
        if self.rejects.len() < REJECTS_KEPT {
            self.rejects.push(reject);
        }
    }

    /// Rejects the file as a whole, or what comes behind `byte_offset`.
    pub fn reject_file(&mut self, reason: String, byte_offset: u64) {
        self.rejected += 1;
        // whatever else is wrong, this is kept
        self.rejects.push(Reject { record: None, byte_offset, reason, excerpt: String::new() });
    }

    pub fn is_archive(&self) -> bool {
        ["zip", "tar"].contains(&self.format)
    }

    /// Whether a file without a single good record is something else that happens to lie in a folder of logs, rather than
    /// a damaged log.
    pub fn is_no_log(&self, format: Format) -> bool {
        let begins_like_a_record = |reject: &Reject| {
            ["\"eventVersion\"", "\"eventTime\"", "\"eventID\""].iter().any(|key| reject.excerpt.contains(key))
        };
        matches!(format, Format::Other | Format::Record | Format::Ndjson)
            && !self.rejects.iter().any(begins_like_a_record)
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
