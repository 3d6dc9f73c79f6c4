//! One watch a store: a lock on a file beside it, `trail.duckdb.watch`, in which its holder's process id is. The lock ends
//! with its process, however that ends; the file stays.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};

use super::beside;

/// Held while a watch runs.
pub struct Lock {
    _file: File,
}

/// Whoever asks whether a watch runs holds the lock for a moment too: so often it is tried again, and so much later.
const TRIES: u32 = 10;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

impl Lock {
    /// Fails if another watch has it.
    pub fn acquire(store: &Path) -> anyhow::Result<Self> {
        let path = path(store);
        let problem = || format!("cannot lock {}, which keeps a second watch away", path.display());
        let mut file = File::options().create(true).write(true).truncate(false).open(&path).with_context(problem)?;
        let mut tries = 0;
        while let Err(error) = file.try_lock() {
            tries += 1;
            match error {
                TryLockError::Error(error) => return Err(error).with_context(problem),
                TryLockError::WouldBlock if tries < TRIES => thread::sleep(BETWEEN_TRIES),
                TryLockError::WouldBlock => bail!(
                    "another watch keeps {} already{}: stop it first, or use another --db",
                    store.display(),
                    said_holder(&path).map(|pid| format!(" (process {pid})")).unwrap_or_default()
                ),
            }
        }
        // a full disk is no reason not to watch: the process id is for people
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }

    /// The process that watches a store, if one does.
    pub fn holder(store: &Path) -> Option<u32> {
        let path = path(store);
        let held = matches!(File::open(&path).ok()?.try_lock_shared(), Err(TryLockError::WouldBlock));
        // who has it may not have said who it is yet
        held.then(|| said_holder(&path).unwrap_or_default())
    }
}

fn path(store: &Path) -> PathBuf {
    beside(store, ".watch")
}

fn said_holder(path: &Path) -> Option<u32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_has_one_watch_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("trail.duckdb");
        assert_eq!(Lock::holder(&store), None);
        let lock = Lock::acquire(&store).expect("free");
        assert_eq!(Lock::holder(&store), Some(std::process::id()));
        let refused = Lock::acquire(&store).err().expect("held").to_string();
        assert!(refused.contains(&format!("(process {})", std::process::id())), "{refused}");
        drop(lock);
        assert_eq!(Lock::holder(&store), None);
        Lock::acquire(&store).expect("free again");
    }
}
