//! File events: what wakes the watch before its next tick is due. Where the system has none to give, nothing is lost: every
//! tick looks at all files.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::files::{Own, State};

/// Follows folders, and wakes the watch when a file in them is written.
pub struct Wake {
    watcher: Option<RecommendedWatcher>,
    /// The folders followed, each with its inode, which tells whether another took its place.
    followed: HashMap<PathBuf, u64>,
    /// What went wrong since it was asked for.
    problem: Arc<Mutex<Option<String>>>,
}

impl Wake {
    /// Sends to `wake` whenever a file that is not one of `own` was written.
    pub fn new(own: Own, wake: SyncSender<()>) -> Self {
        let problem = Arc::new(Mutex::new(None));
        let failed = problem.clone();
        let handler = move |event: notify::Result<Event>| {
            let is_news = match event {
                Ok(event) => {
                    event.need_rescan() || is_written(event.kind) && event.paths.iter().any(|path| !own.is(path))
                }
                Err(error) => {
                    *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
                    true
                }
            };
            if is_news {
                // full: it will wake anyway
                let _ = wake.try_send(());
            }
        };
        let watcher = notify::recommended_watcher(handler);
        let watcher =
            watcher.map_err(|error| *problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string()));
        Self { watcher: watcher.ok(), followed: HashMap::new(), problem }
    }

    /// Follows what is at `paths` and is not followed yet, or again. Returns what went wrong, here or before.
    pub fn follow(&mut self, paths: &[PathBuf]) -> Option<String> {
        for (folder, mode) in paths.iter().filter_map(|path| folder(path)) {
            let Some(watcher) = &mut self.watcher else { break };
            let Ok(metadata) = fs::metadata(&folder) else { continue };
            let inode = State::of(&metadata).inode;
            if self.followed.get(&folder) == Some(&inode) {
                continue;
            }
            match watcher.watch(&folder, mode) {
                Ok(()) => _ = self.followed.insert(folder, inode),
                Err(error) => {
                    let error = format!("{}: {error}", folder.display());
                    *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                }
            }
        }
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Whether there may be something to read.
fn is_written(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Access(AccessKind::Close(AccessMode::Write))
    )
}

/// The folder to follow for a path: it, that of a file, or that which a pattern begins with.
fn folder(path: &Path) -> Option<(PathBuf, RecursiveMode)> {
    let or_here = |path: &Path| if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() };
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Some((path.to_owned(), RecursiveMode::Recursive)),
        Ok(_) => Some((or_here(path.parent()?), RecursiveMode::NonRecursive)),
        Err(_) => {
            let is_plain =
                |part: &std::path::Component| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
            let plain: PathBuf = path.components().take_while(is_plain).collect();
            (plain != path).then(|| (or_here(&plain), RecursiveMode::Recursive))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_written_file_wakes_but_not_one_of_our_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let (send, woken) = sync_channel(1);
        let mut wake = Wake::new(Own::new(&at("trail.duckdb"), None), send);
        let problem = wake.follow(&[folder.path().to_owned(), at("*.json"), at("missing")]);
        if problem.is_some() {
            println!("skipped: {problem:?}");
            return;
        }
        fs::write(at("trail.duckdb.wal"), "1").expect("a file");
        fs::read(at("trail.duckdb.wal")).expect("a file");
        assert!(woken.recv_timeout(Duration::from_millis(100)).is_err());
        fs::create_dir_all(at("a/b")).expect("a folder");
        fs::write(at("a/b/c.json"), "1").expect("a file");
        assert!(woken.recv_timeout(Duration::from_secs(10)).is_ok());
    }
}
