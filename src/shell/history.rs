//! What was typed before: a file that only its owner can read.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use reedline::FileBackedHistory;

/// How many entries are kept.
const ENTRIES: usize = 10_000;

/// Where the history is: TRAILDUCK_HISTORY, none if that is empty; else where the XDG Base Directory Specification has
/// state.
pub fn path() -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).map(PathBuf::from);
    match set("TRAILDUCK_HISTORY") {
        Some(path) if path.as_os_str().is_empty() => None,
        Some(path) => Some(path),
        None => {
            // a relative path there is to be ignored
            let state = set("XDG_STATE_HOME").filter(|path| path.is_absolute());
            let state = state.or_else(|| Some(set("HOME")?.join(".local/state")))?;
            Some(state.join("trailduck/history"))
        }
    }
}

/// Opens the history; makes it if it is not there.
pub fn open(path: &Path) -> anyhow::Result<FileBackedHistory> {
    let shown = || format!("cannot keep the history in {}", path.display());
    keep_private(path).with_context(shown)?;
    FileBackedHistory::with_file(ENTRIES, path.to_owned()).with_context(shown)
}

/// Takes the file away from others than its owner: what was searched for is nobody else's business.
#[cfg(unix)]
fn keep_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    match fs::metadata(path) {
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        }
        // a new file is the owner's alone: the process's umask sees to that
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn keep_private(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_history_that_others_could_read_is_closed_to_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history");
        fs::write(&path, "SELECT 1;\n").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("its owner");
        open(&path).expect("a history");
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    }
}
