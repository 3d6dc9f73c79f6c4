//! The bytes of one file, as they are stored.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, Write};

use sha2::{Digest, Sha256};

/// What is held in memory, in bytes; larger files are read twice, larger streams put down in a temporary file.
pub const IN_MEMORY: u64 = 32 << 20;

const CHUNK: usize = 1 << 20;

/// A file, or a member of an archive.
pub struct Content {
    /// The path as it is shown and stored: `-` for standard input, `archive.zip!/member` for a member.
    pub name: String,
    /// Whether the user asked for this very file.
    pub named: bool,
    /// Bytes as they are stored.
    pub size: u64,
    /// SHA-256 of them.
    pub sha256: [u8; 32],
    /// What the place it was fetched from says its content is, if it was fetched.
    pub etag: Option<String>,
    /// Why the rest could not be read.
    pub damage: Option<String>,
    pub bytes: Bytes,
}

pub enum Bytes {
    Memory(Vec<u8>),
    /// At its beginning.
    File(File),
}

impl Bytes {
    pub fn into_reader(self) -> Box<dyn Read + Send> {
        match self {
            Self::Memory(bytes) => Box::new(Cursor::new(bytes)),
            Self::File(file) => Box::new(file),
        }
    }
}

impl Content {
    /// A file that can be read again from its beginning.
    pub fn of_file(name: String, named: bool, mut file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        if len <= IN_MEMORY {
            return Self::read(name, named, file, len as usize);
        }
        let mut hash = Hashed { to: io::sink(), hasher: Sha256::new(), size: 0 };
        io::copy(&mut file, &mut hash)?;
        file.rewind()?;
        let (size, sha256) = (hash.size, hash.hasher.finalize().into());
        Ok(Self { name, named, size, sha256, damage: None, etag: None, bytes: Bytes::File(file) })
    }

    /// What is in memory already.
    pub fn of_bytes(name: String, named: bool, bytes: Vec<u8>) -> Self {
        let (size, sha256) = (bytes.len() as u64, Sha256::digest(&bytes).into());
        Self { name, named, size, sha256, damage: None, etag: None, bytes: Bytes::Memory(bytes) }
    }

    /// What can be read only once. If that ends in an error, what came before it is kept.
    pub fn of_stream(name: String, named: bool, stream: impl Read) -> io::Result<Self> {
        Self::read(name, named, stream, 0)
    }

    /// Reads a stream that has, perhaps, `len` bytes.
    fn read(name: String, named: bool, mut stream: impl Read, len: usize) -> io::Result<Self> {
        // a byte more tells that there are no more
        let mut bytes = Vec::with_capacity(len + 1);
        let mut damage = (&mut stream).take(IN_MEMORY + 1).read_to_end(&mut bytes).err();
        if bytes.len() as u64 <= IN_MEMORY || damage.is_some() {
            let (size, sha256) = (bytes.len() as u64, Sha256::digest(&bytes).into());
            let damage = damage.map(|error| error.to_string());
            return Ok(Self { name, named, size, sha256, damage, etag: None, bytes: Bytes::Memory(bytes) });
        }
        let mut hashed = Hashed { to: tempfile::tempfile()?, hasher: Sha256::new(), size: 0 };
        hashed.write_all(&bytes)?;
        bytes.resize(CHUNK, 0);
        loop {
            match stream.read(&mut bytes) {
                Ok(0) => break,
                Ok(read) => hashed.write_all(&bytes[..read])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    damage = Some(error);
                    break;
                }
            }
        }
        let Hashed { to: mut file, hasher, size } = hashed;
        file.rewind()?;
        let damage = damage.map(|error| error.to_string());
        Ok(Self { name, named, size, sha256: hasher.finalize().into(), damage, etag: None, bytes: Bytes::File(file) })
    }
}

/// Counts and hashes what is written through it.
struct Hashed<W> {
    to: W,
    hasher: Sha256,
    size: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_streams_are_put_down_and_read_again_equal() {
        for len in [0, 10, IN_MEMORY, IN_MEMORY + 1, IN_MEMORY + 3 * CHUNK as u64] {
            let content = Content::of_stream("-".into(), true, io::repeat(b'x').take(len)).expect("a stream");
            assert_eq!((content.size, content.damage), (len, None));
            assert_eq!(matches!(content.bytes, Bytes::Memory(_)), len <= IN_MEMORY);
            let mut again = Hashed { to: io::sink(), hasher: Sha256::new(), size: 0 };
            io::copy(&mut content.bytes.into_reader(), &mut again).expect("memory or a file");
            assert_eq!((again.size, <[u8; 32]>::from(again.hasher.finalize())), (len, content.sha256));
        }
    }
}
