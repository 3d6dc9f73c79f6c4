//! Writing a file as a whole: what was there before stays until the new one is complete.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use tempfile::NamedTempFile;

use crate::store::Store;

/// Writes what `write` writes to a file, a pipe or a device; never over the store.
pub fn write_whole(
    store: &Store,
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    if store.owns(path) {
        bail!("{} is the store itself: write to another file", path.display());
    }
    // what a link points to is what is meant
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if path.exists() && !path.is_file() {
        // a pipe or a device
        let mut to = BufWriter::new(File::options().write(true).open(&path).with_context(cannot)?);
        write(&mut to).with_context(cannot)?;
        return to.flush().with_context(cannot);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        bail!("cannot write {}: there is no folder {}", path.display(), folder.display());
    }
    let mut file = NamedTempFile::new_in(folder).with_context(cannot)?;
    let mut to = BufWriter::new(&mut file);
    write(&mut to)?;
    to.flush().with_context(cannot)?;
    drop(to);
    file.persist(&path).with_context(cannot)?;
    Ok(())
}
