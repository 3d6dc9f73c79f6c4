//! The folder of an export: what is in it, and how more is put there so that nobody sees half of it.
//!
//! Files are written to `_staging`, which engines pass over as they do all that begins with `_`. When all are complete,
//! `_staging/manifest.json` says so, and they are moved to their places. An export that is killed before that leaves
//! nothing; one that is killed while it moves is completed by the next.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::Depth;

/// What was exported.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// Digest of the store's files up to the last one exported: whose folder this is.
    pub files_sha256: String,
    /// How its events are divided; none before the first export.
    pub depth: Option<Depth>,
    pub exports: Vec<Export>,
}

/// One export.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Export {
    /// From 1; the names of its files begin with it.
    pub number: usize,
    /// UTC, RFC 3339.
    pub exported_at: String,
    /// Events of the store's files up to this one were exported (files.file_id).
    pub last_file_id: i64,
    pub events: i64,
    pub files: usize,
}

/// An open folder; no other process can open it as long.
pub struct Folder {
    path: PathBuf,
    /// Keeps others away.
    _lock: File,
}

const README: &str = include_str!("README.md");

impl Folder {
    /// How many files of events there are.
    pub fn files(&self) -> usize {
        let entries = WalkDir::new(self.path.join("events")).into_iter().filter_map(Result::ok);
        entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "parquet")).count()
    }

    /// Opens a folder, made if it is not there; what an export that was killed left is completed or cleared away.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        fs::create_dir_all(path).with_context(|| format!("cannot make the folder {shown}"))?;
        let known = path.join("manifest.json").exists() || path.join("_lock").exists();
        if !known && fs::read_dir(path).with_context(|| format!("cannot read {shown}"))?.next().is_some() {
            bail!("{shown} holds something else: export to a new folder, or to one that was exported to before");
        }
        let lock = File::create(path.join("_lock")).with_context(|| format!("cannot write to {shown}"))?;
        if lock.try_lock().is_err() {
            bail!("another export is writing to {shown}: try again when it is done");
        }
        let folder = Self { path: path.to_owned(), _lock: lock };
        if folder.staging().join("manifest.json").exists() {
            folder.move_staged()?;
        }
        remove(&folder.staging())?;
        remove(&folder.spill())?;
        fs::create_dir_all(folder.staging())?;
        Ok(folder)
    }

    pub fn manifest(&self) -> anyhow::Result<Manifest> {
        let path = self.path.join("manifest.json");
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Manifest::empty()),
            text => text.with_context(|| format!("cannot read {}", path.display()))?,
        };
        serde_json::from_str(&text).with_context(|| format!("{} is no manifest of an export", path.display()))
    }

    /// Where files are until all are complete.
    pub fn staging(&self) -> PathBuf {
        self.path.join("_staging")
    }

    /// Where a sort that does not fit into memory may be written.
    pub fn spill(&self) -> PathBuf {
        self.path.join("_spill")
    }

    /// The path under which a file of a partition is to be written.
    pub fn stage(&self, partition: &str, name: &str) -> anyhow::Result<PathBuf> {
        self.staged(&format!("events/{partition}/{name}"))
    }

    /// The same for a table.
    pub fn stage_table(&self, table: &str) -> anyhow::Result<PathBuf> {
        self.staged(&format!("tables/{table}.parquet"))
    }

    fn staged(&self, place: &str) -> anyhow::Result<PathBuf> {
        let path = self.staging().join(place);
        if let Some(above) = path.parent() {
            fs::create_dir_all(above).with_context(|| format!("cannot make the folder {}", above.display()))?;
        }
        Ok(path)
    }

    /// Moves all that was staged to its place.
    pub fn publish(&self, manifest: Manifest) -> anyhow::Result<()> {
        fs::write(self.staged("README.md")?, README)?;
        for file in WalkDir::new(self.staging()).into_iter().collect::<Result<Vec<_>, _>>()? {
            if file.file_type().is_file() {
                File::open(file.path())?.sync_all()?;
            }
        }
        // from here on it is done, however far it comes
        let complete = tempfile::NamedTempFile::new_in(self.staging())?;
        serde_json::to_writer_pretty(&complete, &manifest)?;
        complete.as_file().sync_all()?;
        complete.persist(self.staging().join("manifest.json"))?;
        self.move_staged()
    }

    /// Moves files from `_staging`, the manifest last.
    fn move_staged(&self) -> anyhow::Result<()> {
        let staging = self.staging();
        let mut files = Vec::new();
        for file in WalkDir::new(&staging).sort_by_file_name() {
            let file = file?;
            if file.file_type().is_file() && file.path() != staging.join("manifest.json") {
                files.push(file.into_path());
            }
        }
        files.push(staging.join("manifest.json"));
        for file in files {
            let to = self.path.join(file.strip_prefix(&staging)?);
            if let Some(above) = to.parent() {
                fs::create_dir_all(above)?;
            }
            fs::rename(&file, &to).with_context(|| format!("cannot move {} to {}", file.display(), to.display()))?;
        }
        remove(&self.spill())?;
        remove(&staging)
    }
}

impl Manifest {
    /// That of a folder to which nothing was exported.
    fn empty() -> Self {
        // SHA-256 of no text
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        Self { files_sha256: nothing.to_owned(), depth: None, exports: Vec::new() }
    }
}

/// Removes a folder with all in it, if it is there.
fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
