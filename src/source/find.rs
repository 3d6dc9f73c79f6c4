//! From the paths a user gives to the sources they stand for.

use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use globset::GlobBuilder;
use walkdir::WalkDir;

use super::layout::time_in_name;
use super::narrow::{Narrow, Verdict};
use super::{Arriving, Source};

/// What the given paths stand for.
#[derive(Debug, Default)]
pub struct Found {
    /// In the order they should be read: by the time in their names, then by path.
    pub sources: Vec<Source>,
    /// Folders and files that could not be looked into, with the reason.
    pub unreadable: Vec<(String, String)>,
    /// Files that are still to be fetched from elsewhere.
    pub arriving: Option<Arriving>,
}

impl Found {
    /// Keeps the files that are wanted. Returns how many of them are kept because their paths do not tell.
    pub fn narrow(&mut self, narrow: &Narrow) -> u64 {
        let mut unknown = 0;
        self.sources.retain(|source| match narrow.judge(&source.name()) {
            Verdict::Unwanted => false,
            Verdict::Wanted => true,
            Verdict::Unknown => {
                unknown += 1;
                true
            }
        });
        unknown
    }
}

/// A path that stands for nothing.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    #[error("{path}: {error}")]
    Path { path: String, error: io::Error },
    #[error("{pattern}: no file matches")]
    Pattern { pattern: String },
    #[error("{0}")]
    Glob(#[from] globset::Error),
}

/// Finds the sources that `paths` stand for: files, folders with all below them, patterns such as `logs/**/*.json.gz`,
/// `-` for standard input. No source is found twice.
pub fn find(paths: &[PathBuf]) -> Result<Found, Missing> {
    let mut found = Found::default();
    for path in paths {
        if path.as_os_str() == "-" {
            found.sources.push(Source::Stdin);
            continue;
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => walk(path, |_| true, &mut found),
            // a pipe or a device is read if the user names it, and passed over in a folder
            Ok(_) => found.sources.push(Source::File { path: path.clone(), named: true }),
            Err(error) => match path.to_str() {
                Some(pattern) if pattern.contains(['*', '?', '[', '{']) => glob(pattern, &mut found)?,
                _ => return Err(Missing::Path { path: path.display().to_string(), error }),
            },
        }
    }
    found.sources.sort_by_cached_key(|source| (time_of(source), source.clone()));
    // a file that is named and found in a folder as well is named
    found.sources.dedup_by(|later, earlier| match (later, earlier) {
        (Source::File { path: later, named: by_name }, Source::File { path: earlier, named }) => {
            *named |= *by_name && later == earlier;
            later == earlier
        }
        (later, earlier) => later == earlier,
    });
    Ok(found)
}

fn glob(pattern: &str, found: &mut Found) -> Result<(), Missing> {
    // `./a//b` is written `a/b`, as the paths below are
    let components = Path::new(pattern).components().filter(|component| *component != Component::CurDir);
    let normal: PathBuf = components.collect();
    let matcher = GlobBuilder::new(&normal.to_string_lossy()).literal_separator(true).build()?.compile_matcher();
    let literal = |component: &Component| !component.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
    let base: PathBuf = normal.components().take_while(literal).collect();
    let base = if base.as_os_str().is_empty() { Path::new(".") } else { &base };
    let before = found.sources.len();
    // a folder that matches stands for all below it
    let wanted = |path: &Path| path.strip_prefix(".").unwrap_or(path).ancestors().any(|path| matcher.is_match(path));
    walk(base, wanted, found);
    if found.sources.len() == before {
        return Err(Missing::Pattern { pattern: pattern.to_owned() });
    }
    Ok(())
}

fn walk(folder: &Path, wanted: impl Fn(&Path) -> bool, found: &mut Found) {
    for entry in WalkDir::new(folder).follow_links(true) {
        match entry {
            Ok(entry) if entry.file_type().is_file() && wanted(entry.path()) => {
                found.sources.push(Source::File { path: entry.into_path(), named: false });
            }
            Ok(_) => {}
            Err(error) => {
                let path = error.path().unwrap_or(folder).display().to_string();
                found.unreadable.push((path, error.to_string()));
            }
        }
    }
}

/// The time in a file's name; files without one come first.
fn time_of(source: &Source) -> Option<String> {
    let Source::File { path, .. } = source else { return None };
    time_in_name(path.file_name()?.to_str()?).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[PathBuf], below: &Path) -> Vec<String> {
        let found = find(paths).expect("they are there");
        let short = |source: &Source| source.name().replace(&format!("{}/", below.display()), "");
        found.sources.iter().map(short).collect()
    }

    #[test]
    fn folders_patterns_and_files_are_found_once_and_by_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("b")).expect("a folder");
        for name in ["x_20261006T0215Z_1.json", "b/x_20261005T0215Z_2.json", "notes.txt"] {
            fs::write(at(name), "").expect("a file");
        }
        let all = ["notes.txt", "b/x_20261005T0215Z_2.json", "x_20261006T0215Z_1.json"];
        assert_eq!(names(&[at("")], folder.path()), all);
        assert_eq!(names(&[at(""), at("notes.txt"), at("b")], folder.path()), all);
        assert_eq!(names(&[at("**/*.json")], folder.path()), all[1..]);
        assert_eq!(names(&[at("*.json")], folder.path()), all[2..]);
        assert_eq!(names(&[at(".//./[b]")], folder.path()), all[1..2]);
        assert!(find(&[at("*.gz")]).is_err_and(|error| error.to_string().ends_with("no file matches")));
        assert!(find(&[at("typo")]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_is_reported_and_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("a.json"), "").expect("a file");
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).expect("a link");
        let found = find(&[folder.path().to_owned()]).expect("it is there");
        assert_eq!((found.sources.len(), found.unreadable.len()), (1, 1));
    }
}
