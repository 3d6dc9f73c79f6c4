//! A source is something with bytes in it: a file, or standard input.

mod find;
mod inflate;

pub use find::{Found, find};
pub use inflate::{Inflated, inflate};

use std::fs::File;
use std::io::{self, Read};
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

    /// Whether the user asked for this very source.
    pub fn named(&self) -> bool {
        matches!(self, Self::Stdin | Self::File { named: true, .. })
    }

    /// All its bytes, as they are stored.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self {
            Self::Stdin => io::stdin().lock().read_to_end(&mut bytes)?,
            Self::File { path, .. } => File::open(path)?.read_to_end(&mut bytes)?,
        };
        Ok(bytes)
    }
}
