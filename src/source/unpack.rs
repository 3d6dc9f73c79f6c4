//! From the bytes of a file to its text, or to the archive it is; recognised by content.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;

use flate2::bufread::GzDecoder;
use libdeflater::Decompressor;
use memchr::memmem;

use super::archive::Archive;
use super::content::{Bytes, Content};
use super::limits::{Budget, Limited};
use super::text::{Text, buffer};

/// Inflated at once up to this size, in bytes; beyond, a window at a time.
const AT_ONCE: usize = 32 << 20;

/// A file may be compressed so many times over.
const LAYERS: usize = 4;

/// How a gzip member compressed with deflate begins (RFC 1952).
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
/// How a Zstandard frame begins (RFC 8878).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Where the magic of a POSIX tar header ends (`ustar`, at 257).
const TAR_MAGIC: std::ops::Range<usize> = 257..262;

/// What was in a file.
pub enum Unpacked {
    Text(Text),
    Archive(Box<Archive>),
}

/// A file's bytes on the way from layer to layer.
enum Stage {
    Bytes(Bytes),
    Stream(Box<dyn Read + Send>),
}

/// Takes a file's compression off. What is damaged gives what could be read, and says why that is not all.
pub fn unpack(content: Content, budget: &Arc<Budget>) -> Unpacked {
    let Content { name, named, bytes, damage, .. } = content;
    match open(&name, named, Stage::Bytes(bytes), budget) {
        Ok(Unpacked::Text(text)) => Unpacked::Text(text.cut_short(damage)),
        Ok(archive) => archive,
        Err(error) => Unpacked::Text(Text::damaged(damage.unwrap_or_else(|| error.to_string()))),
    }
}

fn open(name: &str, named: bool, mut stage: Stage, budget: &Arc<Budget>) -> io::Result<Unpacked> {
    for _ in 0..=LAYERS {
        let head = head(&mut stage)?;
        stage = match stage {
            Stage::Bytes(Bytes::Memory(bytes)) if head.starts_with(&GZIP) => match at_once(&bytes, budget) {
                Some(inflated) => Stage::Bytes(Bytes::Memory(inflated)),
                None => Stage::Stream(gunzip(Cursor::new(bytes), budget)),
            },
            stage if head.starts_with(&GZIP) => Stage::Stream(gunzip(BufReader::new(stage.into_reader()), budget)),
            stage if head.starts_with(&ZSTD) => {
                let inner = zstd::Decoder::new(stage.into_reader())?;
                Stage::Stream(Box::new(Limited { inner, budget: budget.clone() }))
            }
            stage if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") => {
                let bytes = match stage {
                    Stage::Bytes(bytes) => bytes,
                    // a zip's directory is at its end
                    Stage::Stream(stream) => Content::of_stream(String::new(), false, stream)?.bytes,
                };
                return Ok(Unpacked::Archive(Box::new(Archive::zip(name, named, bytes, budget)?)));
            }
            stage if head.get(TAR_MAGIC) == Some(b"ustar") => {
                return Ok(Unpacked::Archive(Box::new(Archive::tar(name, named, stage.into_reader(), budget))));
            }
            Stage::Bytes(Bytes::Memory(bytes)) => return Ok(Unpacked::Text(Text::whole(bytes))),
            stage => return Ok(Unpacked::Text(Text::stream(stage.into_reader()))),
        };
    }
    Err(io::Error::other(format!("compressed more than {LAYERS} times over")))
}

impl Stage {
    fn into_reader(self) -> Box<dyn Read + Send> {
        match self {
            Self::Bytes(bytes) => bytes.into_reader(),
            Self::Stream(stream) => stream,
        }
    }
}

/// The first bytes; they are not used up.
fn head(stage: &mut Stage) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    match stage {
        Stage::Bytes(Bytes::Memory(bytes)) => head.extend_from_slice(&bytes[..bytes.len().min(TAR_MAGIC.end)]),
        Stage::Bytes(Bytes::File(file)) => {
            file.take(TAR_MAGIC.end as u64).read_to_end(&mut head)?;
            io::Seek::rewind(file)?;
        }
        Stage::Stream(stream) => {
            // if it is damaged right here, so it is when it is read
            let error = stream.take(TAR_MAGIC.end as u64).read_to_end(&mut head).err();
            let rest = std::mem::replace(stream, Box::new(io::empty()));
            *stream = match error {
                Some(error) => Box::new(Cursor::new(head.clone()).chain(Fails(Some(error)))),
                None => Box::new(Cursor::new(head.clone()).chain(rest)),
            };
        }
    }
    Ok(head)
}

/// Nothing but an error.
struct Fails(Option<io::Error>);

impl Read for Fails {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// The usual file: one undamaged gzip member, whose last four bytes tell how long it is.
fn at_once(bytes: &[u8], budget: &Budget) -> Option<Vec<u8>> {
    // the library stops behind the first member without a word; a chance hit only costs time
    if memmem::find(&bytes[GZIP.len()..], &GZIP).is_some() {
        return None;
    }
    let len = u32::from_le_bytes(*bytes.last_chunk()?) as usize;
    if len > AT_ONCE || len as u64 > budget.left() {
        return None;
    }
    let mut inflated = buffer(len);
    let written = Decompressor::new().gzip_decompress(bytes, &mut inflated).ok()?;
    (written == len && budget.spend(len as u64).is_ok()).then_some(inflated)
}

fn gunzip(reader: impl BufRead + Send + 'static, budget: &Arc<Budget>) -> Box<dyn Read + Send> {
    let inner = Gunzip { member: Some(GzDecoder::new(reader)), failed: false };
    Box::new(Limited { inner, budget: budget.clone() })
}

/// One gzip member after the other, as `gzip -d` reads them: zeros behind the last are padding, anything else is damage.
struct Gunzip<R> {
    member: Option<GzDecoder<R>>,
    failed: bool,
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() && !self.failed {
            let Some(member) = &mut self.member else { return Ok(0) };
            match member.read(buffer) {
                Ok(0) => self.next_member()?,
                Ok(read) => return Ok(read),
                Err(error) => {
                    self.failed = true;
                    return Err(io::Error::new(error.kind(), format!("gzip: {}", reason(&error))));
                }
            }
        }
        Ok(0)
    }
}

impl<R: BufRead> Gunzip<R> {
    fn next_member(&mut self) -> io::Result<()> {
        let Some(member) = self.member.take() else { return Ok(()) };
        let mut reader = member.into_inner();
        let mut garbage = 0;
        loop {
            let rest = reader.fill_buf()?;
            if rest.is_empty() {
                break;
            }
            if garbage == 0 && rest.starts_with(&GZIP[..rest.len().min(GZIP.len())]) {
                self.member = Some(GzDecoder::new(reader));
                return Ok(());
            }
            let len = rest.len();
            garbage += if garbage == 0 { rest.iter().skip_while(|byte| **byte == 0).count() } else { len };
            reader.consume(len);
        }
        if garbage > 0 {
            self.failed = true;
            return Err(io::Error::other(format!(
                "gzip: {garbage} bytes of something else behind the compressed data"
            )));
        }
        Ok(())
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the file is cut off".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::limits::Limits;
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).expect("memory");
        encoder.finish().expect("memory")
    }

    fn unpacked(bytes: Vec<u8>, limits: Limits) -> (String, Option<String>) {
        let budget = Budget::new(bytes.len() as u64, limits);
        let content = Content::of_stream("x".into(), true, bytes.as_slice()).expect("memory");
        let Unpacked::Text(mut text) = unpack(content, &budget) else { panic!("no archive") };
        let mut all = text.window().to_owned();
        while !text.is_last() {
            let len = text.window().len();
            text.advance(len);
            all.push_str(text.window());
        }
        (all, text.damage().map(str::to_owned))
    }

    #[test]
    fn compression_is_recognised_by_content() {
        let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 3).expect("memory");
        let long = "0123456789".repeat(4_000_000).into_bytes();
        for (bytes, expected) in [
            (b"plain".to_vec(), b"plain".as_slice()),
            (gzip(b"packed"), b"packed"),
            (gzip(b""), b""),
            (gzip(&gzip(b"twice")), b"twice"),
            ([gzip(b"one, "), gzip(b"two, "), gzip(b"three")].concat(), b"one, two, three"),
            ([gzip(b"padded"), vec![0; 512]].concat(), b"padded"),
            (zstd(b"packed"), b"packed"),
            ([zstd(b"one, "), zstd(b"two")].concat(), b"one, two"),
            (zstd(&gzip(b"both")), b"both"),
            (gzip(&long), &long),
        ] {
            let (text, damage) = unpacked(bytes, Limits::default());
            assert!(text.as_bytes() == expected && damage.is_none(), "{} bytes, {damage:?}", text.len());
        }
    }

    #[test]
    fn the_good_part_of_a_damaged_file_is_kept() {
        let text: String = (0..20_000).map(|number| number.to_string()).collect();
        let mut bytes = gzip(text.as_bytes());
        bytes.truncate(bytes.len() / 2);
        let (part, damage) = unpacked(bytes, Limits::default());
        assert!(part.len() > 1000 && text.starts_with(&part));
        assert_eq!(damage.as_deref(), Some("gzip: the file is cut off"));
        let (part, damage) = unpacked([gzip(b"good"), b"garbage".to_vec()].concat(), Limits::default());
        assert_eq!(part, "good");
        assert_eq!(damage.as_deref(), Some("gzip: 7 bytes of something else behind the compressed data"));
        assert!(unpacked(GZIP.to_vec(), Limits::default()).1.is_some());
        assert!(unpacked(ZSTD.to_vec(), Limits::default()).1.is_some());
    }

    #[test]
    fn a_bomb_is_cut_off_at_its_limit() {
        let bomb = gzip(&vec![b'0'; 100 << 20]);
        let (part, damage) = unpacked(bomb.clone(), Limits::default());
        assert_eq!(part.len(), 64 << 20);
        assert!(damage.is_some_and(|damage| damage.contains("--max-ratio")));
        let (part, _) = unpacked(bomb.clone(), Limits { max_size: 1 << 20, ..Limits::default() });
        assert_eq!(part.len(), 1 << 20);
        let (part, damage) = unpacked(bomb, Limits { max_ratio: 2000, ..Limits::default() });
        assert_eq!((part.len(), damage), (100 << 20, None));
        let mut nested = gzip(b"x");
        for _ in 0..10 {
            nested = gzip(&nested);
        }
        assert!(unpacked(nested, Limits::default()).1.is_some_and(|damage| damage.contains("times over")));
    }
}
