//! A source is something with bytes in it: a file, or standard input.

mod archive;
mod arriving;
mod content;
mod find;
mod layout;
mod limits;
mod narrow;
mod text;
mod unpack;

pub use archive::{Archive, Member};
pub use arriving::{Arrival, Arriving};
pub use content::{Bytes, Content, IN_MEMORY};
pub use find::{Found, find};
pub use layout::{DIGESTS, Layout, is_account, time_in_name};
pub use limits::{Budget, Limits, MAX_RATIO, MAX_SIZE};
pub use narrow::{Narrow, Verdict};
pub use text::Text;
pub use unpack::{Unpacked, unpack};

use std::fs::{self, File, Metadata};
use std::io;
use std::path::PathBuf;

/// Where bytes come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Stdin,
    /// A file; `named` if the user gave its path, rather than a folder above it or a pattern.
    File {
        path: PathBuf,
        named: bool,
    },
}

impl Source {
    /// The path as it is shown and stored; `-` for standard input.
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "-".to_owned(),
            Self::File { path, .. } => path.to_string_lossy().into_owned(),
        }
    }

    /// Whether reading may wait for another program, without end.
    pub fn may_wait(&self) -> bool {
        match self {
            Self::Stdin => true,
            Self::File { path, .. } => fs::metadata(path).is_ok_and(|metadata| is_pipe(&metadata)),
        }
    }

    /// Its bytes, as they are stored.
    pub fn read(&self) -> io::Result<Content> {
        match self {
            Self::Stdin => Content::of_stream(self.name(), true, io::stdin().lock()),
            Self::File { path, named } => {
                let file = File::open(path)?;
                let metadata = file.metadata()?;
                match () {
                    () if metadata.is_file() => Content::of_file(self.name(), *named, file),
                    () if metadata.is_dir() => Err(io::Error::other("a folder")),
                    () if is_pipe(&metadata) => Content::of_stream(self.name(), *named, file),
                    () => Err(io::Error::other("a device, which may have no end: use `-` for standard input")),
                }
            }
        }
    }
}

#[cfg(unix)]
fn is_pipe(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_fifo()
}

#[cfg(not(unix))]
fn is_pipe(_: &Metadata) -> bool {
    false
}
