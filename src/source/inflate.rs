//! Decompression, recognised by content.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use libdeflater::Decompressor;
use memchr::memmem;

/// How a gzip member compressed with deflate begins.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

/// Deflate packs at most 1,032 bytes into one (RFC 1951): a length beyond that is a lie.
const MAX_RATIO: usize = 1032;

/// What came out of a source's bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Inflated {
    pub bytes: Vec<u8>,
    /// What is wrong with the rest, if the whole could not be read.
    pub damage: Option<String>,
}

/// Decompresses gzip (RFC 1952), several members in one file too; anything else is returned as it is.
pub fn inflate(bytes: Vec<u8>) -> Inflated {
    if !bytes.starts_with(&MAGIC) {
        return Inflated { bytes, damage: None };
    }
    match at_once(&bytes) {
        Some(bytes) => Inflated { bytes, damage: None },
        None => in_pieces(&bytes),
    }
}

/// The usual file: one undamaged member, whose last four bytes tell how long it is.
fn at_once(bytes: &[u8]) -> Option<Vec<u8>> {
    // the library stops behind the first member without a word; a chance hit only costs time
    if memmem::find(&bytes[MAGIC.len()..], &MAGIC).is_some() {
        return None;
    }
    let len = u32::from_le_bytes(*bytes.last_chunk()?) as usize;
    if len > bytes.len().saturating_mul(MAX_RATIO) {
        return None;
    }
    let mut inflated = vec![0; len];
    let written = Decompressor::new().gzip_decompress(bytes, &mut inflated).ok()?;
    (written == len).then_some(inflated)
}

/// Several members, or a damaged file: slower, but what can be read is.
fn in_pieces(bytes: &[u8]) -> Inflated {
    let mut inflated = Vec::new();
    let damage = MultiGzDecoder::new(bytes).read_to_end(&mut inflated).err();
    Inflated { bytes: inflated, damage: damage.map(|error| format!("gzip: {error}")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    }

    fn inflated(bytes: Vec<u8>) -> (String, bool) {
        let inflated = inflate(bytes);
        (String::from_utf8(inflated.bytes).expect("text"), inflated.damage.is_some())
    }

    #[test]
    fn gzip_is_recognised_by_content() {
        assert_eq!(inflated(b"plain".to_vec()), ("plain".into(), false));
        assert_eq!(inflated(gzip("packed")), ("packed".into(), false));
        assert_eq!(inflated(gzip("")), (String::new(), false));
        assert_eq!(inflated([gzip("one, "), gzip("two")].concat()), ("one, two".into(), false));
    }

    #[test]
    fn the_good_part_of_a_damaged_file_is_kept() {
        let text: String = (0..20_000).map(|number| number.to_string()).collect();
        let mut bytes = gzip(&text);
        bytes.truncate(bytes.len() / 2);
        let (part, damaged) = inflated(bytes);
        assert!(damaged && part.len() > 1000 && text.starts_with(&part));
        assert_eq!(inflated([gzip("good"), b"garbage".to_vec()].concat()), ("good".into(), true));
        assert_eq!(inflated(MAGIC.to_vec()), (String::new(), true));
    }
}
