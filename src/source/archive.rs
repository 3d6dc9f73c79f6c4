//! Zip and tar: files in a file. Nothing is ever written to disk under a member's name, so that absolute paths, `..`
//! and links are names like any other.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::sync::Arc;

use zip::ZipArchive;

use super::content::{Bytes, Content};
use super::limits::{Budget, Limited};

/// An archive, read member by member.
pub struct Archive {
    /// The path as it is shown and stored.
    pub name: String,
    pub named: bool,
    kind: Kind,
    budget: Arc<Budget>,
}

enum Kind {
    Zip { zip: ZipArchive<Box<dyn ReadSeek>>, next: usize },
    Tar(Blocks),
}

trait ReadSeek: Read + Seek + Send {}
impl ReadSeek for Cursor<Vec<u8>> {}
impl ReadSeek for BufReader<File> {}

/// One step through an archive.
pub enum Member {
    /// A file.
    Content(Content),
    /// A file that cannot be read: its path, the reason.
    Unreadable(String, String),
    /// The archive cannot be read further, for this reason.
    Damage(String),
}

impl Archive {
    pub(super) fn zip(name: &str, named: bool, bytes: Bytes, budget: &Arc<Budget>) -> io::Result<Self> {
        let reader: Box<dyn ReadSeek> = match bytes {
            Bytes::Memory(bytes) => Box::new(Cursor::new(bytes)),
            Bytes::File(file) => Box::new(BufReader::new(file)),
        };
        let zip = ZipArchive::new(reader).map_err(|error| io::Error::other(format!("zip: {error}")))?;
        Ok(Self { name: name.to_owned(), named, kind: Kind::Zip { zip, next: 0 }, budget: budget.clone() })
    }

    pub(super) fn tar(name: &str, named: bool, reader: Box<dyn Read + Send>, budget: &Arc<Budget>) -> Self {
        let blocks = Blocks { reader: BufReader::new(reader), read: 0 };
        Self { name: name.to_owned(), named, kind: Kind::Tar(blocks), budget: budget.clone() }
    }

    /// What it is, as the table `files` names it.
    pub fn format(&self) -> &'static str {
        match self.kind {
            Kind::Zip { .. } => "zip",
            Kind::Tar(_) => "tar",
        }
    }

    /// What may still come out of the file this archive is in.
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// The next member that is a file; none at the end.
    pub fn next_member(&mut self) -> Option<Member> {
        let path = |member: &str| format!("{}!/{member}", self.name);
        match &mut self.kind {
            Kind::Zip { zip, next } => loop {
                if *next >= zip.len() {
                    return None;
                }
                let index = *next;
                *next += 1;
                let name = match zip.name_for_index(index) {
                    Some(Ok(name)) => path(&name),
                    _ => path(&format!("#{}", index + 1)),
                };
                let file = match zip.by_index(index) {
                    Ok(file) if !file.is_file() => continue,
                    Ok(file) => file,
                    Err(error) => return Some(Member::Unreadable(name, format!("zip: {error}"))),
                };
                let file = Limited { inner: file, budget: self.budget.clone() };
                return Some(read(name, file));
            },
            Kind::Tar(blocks) => loop {
                match next_in_tar(blocks, path) {
                    Ok(None) => return None,
                    Ok(Some(None)) => {}
                    Ok(Some(Some(member))) => return Some(member),
                    Err(error) => {
                        *blocks = Blocks { reader: BufReader::new(Box::new(io::empty())), read: 0 };
                        let reason = match error.kind() {
                            io::ErrorKind::UnexpectedEof => "the file is cut off".to_owned(),
                            _ => error.to_string(),
                        };
                        return Some(Member::Damage(format!("tar: {reason}")));
                    }
                }
            },
        }
    }
}

fn read(name: String, reader: impl Read) -> Member {
    match Content::of_stream(name.clone(), false, reader) {
        Ok(content) => Member::Content(content),
        Err(error) => Member::Unreadable(name, error.to_string()),
    }
}

/// The next entry; inside, none if it is no file. A tar reader of its own for each: the library's would have to be kept
/// beside what it borrows from.
fn next_in_tar(blocks: &mut Blocks, path: impl Fn(&str) -> String) -> io::Result<Option<Option<Member>>> {
    let mut archive = tar::Archive::new(&mut *blocks);
    let Some(entry) = archive.entries()?.next() else { return Ok(None) };
    let mut entry = entry?;
    let member = if entry.header().entry_type().is_file() {
        let name = path(&String::from_utf8_lossy(&entry.path_bytes()));
        Some(read(name, &mut entry))
    } else {
        None
    };
    io::copy(&mut entry, &mut io::sink())?;
    blocks.skip_padding()?;
    Ok(Some(member))
}

/// A tar's blocks of 512 bytes; a member is padded to full ones.
struct Blocks {
    reader: BufReader<Box<dyn Read + Send>>,
    read: u64,
}

impl Blocks {
    fn skip_padding(&mut self) -> io::Result<()> {
        let padding = self.read.next_multiple_of(512) - self.read;
        match io::copy(&mut self.take(padding), &mut io::sink())? {
            skipped if skipped < padding => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

impl Read for Blocks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::super::limits::Limits;
    use super::super::unpack::{Unpacked, unpack};
    use super::*;
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    const MEMBERS: [(&str, &str); 4] =
        [("a.json", "one"), ("deep/b.json", "two"), ("../../etc/passwd", "three"), ("/abs", "")];

    fn zipped() -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.add_directory("deep", SimpleFileOptions::default()).expect("memory");
        for (name, text) in MEMBERS {
            zip.start_file(name, SimpleFileOptions::default()).expect("memory");
            zip.write_all(text.as_bytes()).expect("memory");
        }
        zip.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).expect("memory");
        zip.finish().expect("memory").into_inner()
    }

    fn tarred() -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, "link", "/etc/passwd").expect("memory");
        for (name, text) in MEMBERS {
            let mut header = tar::Header::new_ustar();
            header.set_size(text.len() as u64);
            // the library refuses to write such names; others do not
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, text.as_bytes()).expect("memory");
        }
        tar.into_inner().expect("memory")
    }

    fn members(bytes: &[u8]) -> Vec<(String, String)> {
        let budget = Budget::new(bytes.len() as u64, Limits::default());
        let content = Content::of_stream("x".into(), true, bytes).expect("memory");
        let Unpacked::Archive(mut archive) = unpack(content, &budget) else { panic!("an archive") };
        let mut members = Vec::new();
        while let Some(member) = archive.next_member() {
            members.push(match member {
                Member::Content(content) => {
                    let mut text = String::new();
                    content.bytes.into_reader().read_to_string(&mut text).expect("text");
                    (content.name, text)
                }
                Member::Unreadable(name, reason) => (name, reason),
                Member::Damage(reason) => (String::new(), reason),
            });
        }
        members
    }

    #[test]
    fn members_are_read_one_by_one_whatever_their_names() {
        let expected = MEMBERS.map(|(name, text)| (format!("x!/{name}"), text.to_owned()));
        assert_eq!(members(&zipped()), expected);
        assert_eq!(members(&tarred()), expected);
        assert_eq!(members(&zstd::encode_all(tarred().as_slice(), 3).expect("memory")), expected);
    }

    #[test]
    fn an_archive_that_is_cut_off_gives_what_comes_before() {
        let mut cut = tarred();
        cut.truncate(512 * 4 + 100);
        let members = members(&cut);
        assert_eq!(members[0].0, "x!/a.json");
        assert!(members.last().is_some_and(|(name, reason)| name.is_empty() && reason.starts_with("tar: ")));
    }
}
