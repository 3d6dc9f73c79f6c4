//! The shapes records arrive in: `{"Records": [...]}`, a list, one after the other (NDJSON), or alone.
//!
//! [`Reader`] finds the records in a file's text one by one, and goes on behind what it cannot read.

use super::Record;
use super::json::{Next, Scanner, SyntaxError};
use super::parse::{Document, Invalid, parse};

/// Every record AWS writes begins with this: where reading can go on after damage in a list.
const RECORD_BEGIN: &str = "{\"eventVersion\"";

const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// How many characters of what could not be read are kept.
const EXCERPT: usize = 200;

/// How far behind a damaged record its end is looked for, in bytes.
const BRACKETS_WITHIN: usize = 1 << 20;

/// Bytes that may be read in vain, beside sixteen times the file's own: a file made to be read over and over again is
/// given up.
const IN_VAIN: usize = 256 << 20;

/// What a file's text is, as the table `files` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Records,
    Ndjson,
    Array,
    Record,
    Digest,
    Other,
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Ndjson => "ndjson",
            Self::Array => "array",
            Self::Record => "record",
            Self::Digest => "digest",
            Self::Other => "other",
        }
    }
}

/// Something that could not be read, as the table `rejects` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// From 1; none where no record in particular is meant.
    pub record: Option<u64>,
    pub byte_offset: u64,
    pub reason: String,
    pub excerpt: String,
}

/// What a file's text holds, piece by piece.
#[derive(Debug, PartialEq)]
pub enum Item<'a> {
    Record(Record<'a>),
    Reject(Reject),
    Digest,
}

/// Where in the nesting of envelopes the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// A list of records.
    List,
    /// An object, behind its `Records`.
    Envelope,
}

/// A file's text. Bytes that are not UTF-8 spoil the record they are in and no other.
pub fn text(bytes: Vec<u8>) -> String {
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
            // as a control character it is refused, inside a string and outside, and no byte changes its place
            bytes[range].fill(0x01);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Reads the records of one file, in order. The text is handed to every call, so that it can be borrowed from.
#[derive(Debug, Default)]
pub struct Reader {
    at: usize,
    within: Vec<Within>,
    format: Option<Format>,
    found: u64,
    /// Bytes of text that were read and led to nothing.
    in_vain: usize,
}

impl Reader {
    /// What the file turned out to be; settled when all is read.
    pub fn format(&self) -> Format {
        self.format.unwrap_or(Format::Other)
    }

    /// Bytes read so far.
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn next<'a>(&mut self, text: &'a str) -> Option<Item<'a>> {
        loop {
            if self.in_vain > IN_VAIN + 16 * text.len() && self.at < text.len() {
                let reason = "too damaged to go on: the rest of the file is given up".to_owned();
                let reject = reject(text, None, self.at, reason);
                self.at = text.len();
                self.within.clear();
                return Some(Item::Reject(reject));
            }
            let rest = &text[self.at..];
            let trimmed = rest.trim_start_matches([' ', '\n', '\r', '\t', BYTE_ORDER_MARK]);
            self.at += rest.len() - trimmed.len();
            match (self.within.last(), trimmed.as_bytes().first()) {
                (None, None) => return None,
                (Some(_), None) => {
                    self.within.clear();
                    let reason = "the file ends before its list of records does".to_owned();
                    return Some(Item::Reject(reject(text, None, self.at, reason)));
                }
                // between records a comma says nothing, and in NDJSON some put one
                (Some(Within::List) | None, Some(b',')) => self.at += 1,
                (Some(Within::List), Some(b']')) => {
                    self.at += 1;
                    self.within.pop();
                }
                (Some(Within::Envelope), Some(_)) => {
                    self.within.pop();
                    if let Err(error) = self.end_of_envelope(text) {
                        let reject = reject(text, None, self.at, error.to_string());
                        self.resume(text);
                        return Some(Item::Reject(reject));
                    }
                }
                (None, Some(b'[')) => {
                    self.document(Format::Array);
                    self.at += 1;
                    self.within.push(Within::List);
                }
                (_, Some(b'{')) => {
                    if let Some(item) = self.object(text) {
                        return Some(item);
                    }
                }
                (Some(Within::List), Some(_)) => return Some(Item::Reject(self.no_object(text))),
                (None, Some(_)) => {
                    let reject = reject(text, None, self.at, "expected a JSON object or list".to_owned());
                    self.resume(text);
                    return Some(Item::Reject(reject));
                }
            }
        }
    }

    /// At `{`: a record, a digest, or an envelope, which is entered.
    fn object<'a>(&mut self, text: &'a str) -> Option<Item<'a>> {
        let begin = self.at;
        match parse(&text[begin..]) {
            Ok(Document::Envelope(at)) => {
                self.document(Format::Records);
                self.at += at + 1;
                self.within.extend([Within::Envelope, Within::List]);
                None
            }
            Ok(Document::Digest(len)) => {
                self.document(Format::Digest);
                self.at += len;
                Some(Item::Digest)
            }
            Ok(Document::Record(record, len)) => {
                self.document(Format::Record);
                self.found += 1;
                self.at += len;
                Some(Item::Record(record))
            }
            Err(invalid) => {
                self.document(Format::Record);
                self.found += 1;
                let reason = match &invalid {
                    Invalid::Syntax(error) => format!("{error}, at byte {}", begin + error.at),
                    other => other.to_string(),
                };
                let reject = reject(text, Some(self.found), begin, reason);
                match invalid {
                    Invalid::Syntax(error) => {
                        self.in_vain += error.at;
                        self.resume(text);
                    }
                    Invalid::NoEventTime { len } | Invalid::BadEventTime { len } | Invalid::RecordsNoList { len } => {
                        self.at += len;
                    }
                }
                Some(Item::Reject(reject))
            }
        }
    }

    /// Behind the list of an envelope: what else the object holds is of no interest, but it must end.
    fn end_of_envelope(&mut self, text: &str) -> Result<(), SyntaxError> {
        let mut scanner = Scanner::new(&text[self.at..]);
        while !scanner.skip_token(b'}') {
            scanner.expect(b',', "`,` or `}` behind Records")?;
            scanner.peek()?;
            let key = scanner.string()?;
            scanner.expect(b':', "`:` after a key")?;
            if key.raw == "Records" && scanner.peek()? == Next::List {
                // once more: a list is a list
                self.at += scanner.at() + 1;
                self.within.extend([Within::Envelope, Within::List]);
                return Ok(());
            }
            scanner.value()?;
        }
        self.at += scanner.at();
        Ok(())
    }

    /// In a list, at something that is no object.
    fn no_object(&mut self, text: &str) -> Reject {
        self.found += 1;
        let reject = reject(text, Some(self.found), self.at, "a record is a JSON object".to_owned());
        let mut scanner = Scanner::new(&text[self.at..]);
        match scanner.value() {
            Ok(value) => self.at += value.len(),
            Err(_) => self.resume(text),
        }
        reject
    }

    /// At something that cannot be read to its end: where does the next record begin?
    fn resume(&mut self, text: &str) {
        let rest = &text[self.at..];
        let in_list = !self.within.is_empty();
        let window = &rest.as_bytes()[..rest.len().min(BRACKETS_WITHIN)];
        let end = end_by_brackets(window);
        let (Ok(read) | Err(read)) = end;
        self.in_vain += read;
        let next = match end {
            Ok(end) if follows_on(&rest[end..], in_list) => Some(end),
            // a list may be spread over lines, one record after the other is not
            _ if in_list => next_in_list(rest),
            _ => rest.find('\n').map(|at| at + 1),
        };
        match next {
            Some(at) => self.at += at,
            None => {
                // the rest of the file belongs to what was just rejected
                self.at = text.len();
                self.within.clear();
            }
        }
    }

    /// Notes what stands at the outermost level.
    fn document(&mut self, format: Format) {
        if self.within.is_empty() {
            self.format = Some(match (self.format, format) {
                (Some(Format::Record | Format::Ndjson), Format::Record) => Format::Ndjson,
                (Some(before), _) => before,
                (None, format) => format,
            });
        }
    }
}

/// Where the object at the beginning of `rest` ends, going by its brackets and quotes alone; an error says how far it was
/// looked for. An object that holds what looks like a record, as a logged request may, is passed over whole.
fn end_by_brackets(rest: &[u8]) -> Result<usize, usize> {
    let mut open = Vec::new();
    let (mut in_string, mut escaped) = (false, false);
    for (at, &byte) in rest.iter().enumerate() {
        match byte {
            // no string goes on in the next line, and no pretty-printed object begins one
            b'\n' if in_string || rest[at + 1..].starts_with(b"{") => return Err(at),
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => open.push(byte),
            // in ASCII a closing bracket comes two behind its opening one
            b'}' | b']' if !in_string => match open.pop() {
                Some(opened) if opened + 2 == byte && open.is_empty() => return Ok(at + 1),
                Some(opened) if opened + 2 == byte => {}
                _ => return Err(at),
            },
            _ => {}
        }
        if open.is_empty() {
            return Err(at);
        }
    }
    Err(rest.len())
}

/// Whether what stands behind a record is what should: the list goes on or ends, or a line does.
fn follows_on(rest: &str, in_list: bool) -> bool {
    let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
    if in_list { trimmed.starts_with([',', ']']) } else { trimmed.is_empty() || trimmed.len() < rest.len() }
}

/// The next record of a list, where brackets are of no help. What begins a list of its own is nested in the damaged one.
fn next_in_list(rest: &str) -> Option<usize> {
    let mut begins = rest.match_indices(RECORD_BEGIN).map(|(at, _)| at);
    begins.find(|&at| rest[..at].trim_end_matches([' ', '\t', '\r', '\n']).ends_with(','))
}

fn reject(text: &str, record: Option<u64>, at: usize, reason: String) -> Reject {
    Reject { record, byte_offset: at as u64, reason, excerpt: text[at..].chars().take(EXCERPT).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(id: u32) -> String {
        format!(
            r#"{{"eventVersion":"1.11","eventTime":"2026-10-06T02:14:00Z","eventID":"00000000-0000-4000-8000-{id:012}","eventName":"A"}}"#
        )
    }

    /// What is in a text: `+` for a record, `-` for a reject, `d` for a digest.
    fn pieces(text: &str) -> (Format, String, Vec<Reject>) {
        let mut reader = Reader::default();
        let mut pieces = String::new();
        let mut rejects = Vec::new();
        while let Some(item) = reader.next(text) {
            match item {
                Item::Record(_) => pieces.push('+'),
                Item::Digest => pieces.push('d'),
                Item::Reject(reject) => {
                    pieces.push('-');
                    rejects.push(reject);
                }
            }
        }
        assert_eq!(reader.at(), text.len(), "everything is read");
        (reader.format(), pieces, rejects)
    }

    #[test]
    fn records_are_found_in_every_envelope() {
        let (a, b) = (record(1), record(2));
        for (text, format, expected) in [
            (format!(r#"{{"Records":[{a},{b}]}}"#), Format::Records, "++"),
            (format!(r#" {{ "Records" : [ {a} , {b} ] , "x": [1] }} "#), Format::Records, "++"),
            (format!(r#"{{"x":{{}},"Records":[{a}]}}"#), Format::Records, "+"),
            (r#"{"Records":[]}"#.to_owned(), Format::Records, ""),
            (format!("{a}\n{b}\n"), Format::Ndjson, "++"),
            (format!("{a}\r\n\r\n{b}"), Format::Ndjson, "++"),
            (format!("{{\"Records\":[{a}]}}\n{{\"Records\":[{b}]}}\n"), Format::Records, "++"),
            (format!("{{\"Records\":[{a}],\"Records\":[{b}]}}"), Format::Records, "++"),
            (format!("[{a},{b}]"), Format::Array, "++"),
            (format!("\u{FEFF}{a},\n\u{FEFF}{b}"), Format::Ndjson, "++"),
            (format!("[{{\"Records\":[{a}]}},{{\"Records\":[{b}]}}]"), Format::Array, "++"),
            (a.clone(), Format::Record, "+"),
            (format!("\u{FEFF}{a}"), Format::Record, "+"),
            (r#"{"digestS3Object":"x","logFiles":[]}"#.to_owned(), Format::Digest, "d"),
            (String::new(), Format::Other, ""),
        ] {
            let (found, pieces, rejects) = pieces(&text);
            assert_eq!((found, pieces.as_str(), rejects), (format, expected, vec![]), "{text}");
        }
    }

    #[test]
    fn reading_goes_on_behind_damage() {
        let (a, b, c) = (record(1), record(2), record(3));
        let broken = b.replace("\"eventName\":", "\"eventName\"");
        for (text, expected) in [
            (format!(r#"{{"Records":[{a},{broken},{c}]}}"#), "+-+"),
            (format!(r#"{{"Records":[{a},5,null,{c}]}}"#), "+--+"),
            (format!(r#"{{"Records":[{a},{}"#, &b[..60]), "+-"),
            (format!(r#"{{"Records":[{a},"#), "+-"),
            (format!("{a}\n{broken}\n{c}\n"), "+-+"),
            (format!("{a}\nplain words\n{c}\n"), "+-+"),
            (format!("{a}\n{{\"a\":1}}\n{c}\n"), "+-+"),
            (format!("{{\"Records\":[{a}] x\n{b}"), "+-+"),
            (r#"{"Records":{"a":1}}"#.to_owned(), "-"),
            // pretty-printed, other keys first
            (format!("{{\"Records\":[\n{{\n \"a\" 1,\n \"b\":{{}}\n}},\n{a}\n]}}"), "-+"),
            (format!("{{\n \"a\" 1,\n \"b\":{{}}\n}}\n{a}\n"), "-+"),
            // a record that is part of another's request is no record
            (
                format!(
                    r#"{{"Records":[{{"eventVersion":"1","requestParameters":{{"document":{a},"list":[{a},{a}]}},"x" 1}},{c}]}}"#
                ),
                "-+",
            ),
        ] {
            assert_eq!(pieces(&text).1, expected, "{text}");
        }
    }

    #[test]
    fn a_reject_says_which_record_and_where() {
        let text = format!("{{\"Records\":[{},{{\"eventTime\" 1}}]}}", record(1));
        let begin = text.find("{\"eventTime\" 1").expect("it is there");
        let (_, _, rejects) = pieces(&text);
        assert_eq!(
            rejects,
            [Reject {
                record: Some(2),
                byte_offset: begin as u64,
                reason: format!("expected `:` after a key, at byte {}", begin + 13),
                excerpt: "{\"eventTime\" 1}]}".to_owned(),
            }]
        );
    }

    #[test]
    fn bytes_that_are_not_utf8_spoil_one_record() {
        let mut bytes = format!("{}\n{}\n", record(1), record(2)).into_bytes();
        bytes[20] = 0xFF;
        assert_eq!(pieces(&text(bytes)).1, "-+");
    }

    #[test]
    fn many_damaged_lines_cost_no_good_one() {
        let (good, cut) = (record(1), &record(2)[..80]);
        let text = format!("{good}\n{good}\n{cut}\nwords\n").repeat(5000);
        let (_, pieces, _) = pieces(&text);
        assert_eq!((pieces.matches('+').count(), pieces.matches('-').count()), (10_000, 10_000));
    }

    #[test]
    fn a_file_made_to_be_read_over_and_over_again_is_given_up() {
        let text = "{\"eventVersion\":\"1\",\"a\":{\"b\":[\n".repeat(50_000);
        let (_, pieces, rejects) = pieces(&text);
        assert!(pieces.len() < 50_000 && rejects.last().is_some_and(|last| last.reason.starts_with("too damaged")));
    }

    proptest! {
        /// Whatever happens to one byte of one record, the records beside it are found.
        #[test]
        fn damage_stays_where_it_is(which in 0usize..5, at in any::<prop::sample::Index>(), byte in any::<u8>(), ndjson in any::<bool>()) {
            let mut records: Vec<_> = (0..5).map(|id| record(id).into_bytes()).collect();
            let at = at.index(records[which].len());
            records[which][at] = byte;
            let bytes = if ndjson {
                records.join(&b'\n')
            } else {
                [b"{\"Records\":[", records.join(&b',').as_slice(), b"]}"].concat()
            };
            let (_, pieces, _) = pieces(&text(bytes));
            prop_assert!(pieces.matches('+').count() >= 4, "{pieces}");
        }
    }
}
