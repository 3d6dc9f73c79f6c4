//! The text of a file, a window at a time: a file of any size is read in bounded memory.

use std::cell::Cell;
use std::io::{self, Read};

/// Bytes that are read at a time, at least.
const CHUNK: usize = 4 << 20;

/// A control character, which JSON allows nowhere unescaped: put in the place of bytes that are no text, it spoils the
/// record it is in and no other.
const NO_TEXT: u8 = 0x01;

/// A window on a file's text. It moves forward only.
pub struct Text {
    window: String,
    /// What comes behind the window; none if nothing does.
    rest: Option<Box<dyn Read + Send>>,
    encoding: Encoding,
    /// The beginning of a character whose other bytes are still to come.
    tail: Vec<u8>,
    damage: Option<String>,
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Utf8,
    Utf16(fn([u8; 2]) -> u16),
}

impl Text {
    /// A text that is in memory as a whole.
    pub fn whole(bytes: Vec<u8>) -> Self {
        match encoding(&bytes) {
            Encoding::Utf8 => {
                Self { window: utf8(bytes), rest: None, encoding: Encoding::Utf8, tail: Vec::new(), damage: None }
            }
            Encoding::Utf16(_) => Self::stream(Box::new(io::Cursor::new(bytes))),
        }
    }

    /// A text that is read as the window moves on.
    pub fn stream(reader: Box<dyn Read + Send>) -> Self {
        let mut text = Self {
            window: String::new(),
            rest: Some(reader),
            encoding: Encoding::Utf8,
            tail: Vec::new(),
            damage: None,
        };
        let bytes = text.read(CHUNK);
        text.encoding = encoding(&bytes);
        text.append(bytes);
        text
    }

    /// No text at all, because of what is wrong with the file.
    pub fn damaged(reason: String) -> Self {
        Self::whole(Vec::new()).cut_short(Some(reason))
    }

    /// The same text, of a file that ends early for a reason known before.
    pub fn cut_short(mut self, reason: Option<String>) -> Self {
        self.damage = reason.or(self.damage.take());
        self
    }

    pub fn window(&self) -> &str {
        &self.window
    }

    /// Whether the window reaches to the end of the text.
    pub fn is_last(&self) -> bool {
        self.rest.is_none()
    }

    /// Why the text ends early, if it does.
    pub fn damage(&self) -> Option<&str> {
        self.damage.as_deref()
    }

    /// Drops the first `read` bytes of the window and reads on, at least as much as is left in it.
    pub fn advance(&mut self, read: usize) {
        self.window.drain(..read);
        let bytes = self.read(CHUNK.max(self.window.len()));
        self.append(bytes);
    }

    fn read(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.tail);
        if let Some(rest) = &mut self.rest {
            match rest.take(len as u64).read_to_end(&mut bytes) {
                Ok(read) if read == len => {}
                Ok(_) => self.rest = None,
                Err(error) => {
                    self.damage = Some(error.to_string());
                    self.rest = None;
                }
            }
        }
        bytes
    }

    fn append(&mut self, mut bytes: Vec<u8>) {
        let complete = if self.is_last() { bytes.len() } else { complete(&bytes, self.encoding) };
        self.tail = bytes.split_off(complete);
        match self.encoding {
            Encoding::Utf8 => self.window.push_str(&utf8(bytes)),
            Encoding::Utf16(unit) => {
                let units = bytes.chunks(2).map(|pair| unit([pair[0], pair.get(1).copied().unwrap_or_default()]));
                let chars = char::decode_utf16(units).map(|char| char.unwrap_or(char::from(NO_TEXT)));
                self.window.extend(chars);
            }
        }
    }
}

/// The largest buffer that is kept for the next text, in bytes.
const KEPT: usize = 32 << 20;

thread_local! {
    /// The buffer of the text that was dropped last. Most files have some hundred thousand bytes: new memory for each
    /// would cost more than reading it.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A buffer of `len` bytes, whatever they are.
pub(super) fn buffer(len: usize) -> Vec<u8> {
    let mut buffer = SPARE.take();
    buffer.resize(len, 0);
    buffer
}

impl Drop for Text {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.window).into_bytes();
        if buffer.capacity() <= KEPT {
            // at the end of a thread there is nothing to keep it for
            let _ = SPARE.try_with(|spare| spare.set(buffer));
        }
    }
}

/// UTF-16 by its byte order mark, or by the zeros beside the two characters of ASCII, the first a bracket, that a JSON text
/// begins with (RFC 4627, section 3).
fn encoding(bytes: &[u8]) -> Encoding {
    match bytes {
        [0xFF, 0xFE, ..] | [b'{' | b'[', 0, _, 0, ..] => Encoding::Utf16(u16::from_le_bytes),
        [0xFE, 0xFF, ..] | [0, b'{' | b'[', 0, _, ..] => Encoding::Utf16(u16::from_be_bytes),
        _ => Encoding::Utf8,
    }
}

/// How many bytes at the front are whole characters.
fn complete(bytes: &[u8], encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => {
            // the last four bytes hold the beginning of the last character
            let from = bytes.len().saturating_sub(4);
            let last = bytes[from..].iter().rposition(|byte| byte & 0xC0 != 0x80).map_or(from, |at| from + at);
            match std::str::from_utf8(&bytes[last..]) {
                Err(error) if error.error_len().is_none() => last + error.valid_up_to(),
                _ => bytes.len(),
            }
        }
        Encoding::Utf16(unit) => {
            let even = bytes.len() & !1;
            let high = |pair: &[u8]| (0xD800..0xDC00).contains(&unit([pair[0], pair[1]]));
            if even >= 2 && high(&bytes[even - 2..even]) { even - 2 } else { even }
        }
    }
}

/// Bytes that are not UTF-8 spoil the record they are in and no other; no byte changes its place.
fn utf8(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let mut bytes = error.into_bytes();
        let mut at = 0;
        let mut invalid = Vec::new();
        for chunk in bytes.utf8_chunks() {
            at += chunk.valid().len();
            invalid.push(at..at + chunk.invalid().len());
            at += chunk.invalid().len();
        }
        for range in invalid {
            bytes[range].fill(NO_TEXT);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a few bytes at a time, to cut characters in two.
    struct Drops(Vec<u8>, usize);

    impl Read for Drops {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(buffer.len()).min(self.0.len());
            buffer[..len].copy_from_slice(&self.0[..len]);
            self.0.drain(..len);
            Ok(len)
        }
    }

    fn all(mut text: Text) -> String {
        let mut all = String::new();
        loop {
            all.push_str(text.window());
            if text.is_last() {
                return all;
            }
            let len = text.window().len();
            text.advance(len);
        }
    }

    #[test]
    fn a_window_shows_the_text_whole_or_in_parts() {
        let long = "{\"é€😀\": \"".to_owned() + &"é😀a".repeat(CHUNK / 3) + "\"}";
        for text in ["", "{}", long.as_str()] {
            assert_eq!(all(Text::whole(text.into())), text);
            assert_eq!(all(Text::stream(Box::new(Drops(text.into(), 7777)))), text);
        }
    }

    #[test]
    fn utf_16_is_recognised_and_decoded() {
        for text in ["{\"a\": \"é😀\"}", &format!("[{}1]", "\"😀\", ".repeat(CHUNK / 8))] {
            for (mark, bytes) in [("\u{FEFF}", true), ("\u{FEFF}", false), ("", true), ("", false)] {
                let encode = |unit: u16| if bytes { unit.to_le_bytes() } else { unit.to_be_bytes() };
                let encoded: Vec<u8> = format!("{mark}{text}").encode_utf16().flat_map(encode).collect();
                assert_eq!(all(Text::whole(encoded.clone())), format!("{mark}{text}"));
                assert_eq!(all(Text::stream(Box::new(Drops(encoded, 777)))), format!("{mark}{text}"));
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_become_control_characters() {
        assert_eq!(all(Text::whole(b"a\xFF\xC3b\xE2\x82".to_vec())), "a\u{1}\u{1}b\u{1}\u{1}");
        assert_eq!(all(Text::whole(b"{\0\"\0\x3D\xD8x\0}".to_vec())), "{\"\u{1}x\u{7d}");
    }
}
