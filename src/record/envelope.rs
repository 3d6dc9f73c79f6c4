//! The shapes records arrive in: `{"Records": [...]}`, a list, one after the other (NDJSON), alone, as rows of CSV, or
//! carried by something else.
//!
//! [`Reader`] finds the records in a file's text one by one, and goes on behind what it cannot read. It is shown the text
//! a window at a time.

use std::collections::VecDeque;

use super::Record;
use super::damage::{RECORD_BEGIN, behind_almost_head, end_by_brackets, follows_on, next_in_list};
use super::format::Format;
use super::json::{Next, Reason, Scanner, SyntaxError};
use super::looks::looks_like;
use super::parse::{Document, Invalid, list_of, parse};
use super::table::Table;
use super::wrapped::{self, Carried};

const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// How many characters of what could not be read are kept.
const EXCERPT: usize = 200;

/// How far behind a damaged record its end is looked for, in bytes.
const BRACKETS_WITHIN: usize = 1 << 20;

/// The longest record that is read, in bytes. CloudTrail's own end at 1 MiB.
const MAX_RECORD: usize = 64 << 20;

/// The longest first line that is looked at for the columns of a table, in bytes.
const MAX_HEADER: usize = 64 << 10;

/// Records may be carried in messages in messages, so deep.
const MAX_DEPTH: usize = 8;

/// Bytes that may be read in vain, beside sixteen times the file's own: a file made to be read over and over again is
/// given up.
const IN_VAIN: usize = 256 << 20;

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
    /// A record, and how many bytes of text it takes up.
    Record(Record<'a>, usize),
    Reject(Reject),
    Digest,
}

/// What the reader comes to next.
#[derive(Debug, PartialEq)]
pub enum Step<'a> {
    Item(Item<'a>),
    /// The window ends too early: drop what [`Reader::release`] says, and show more.
    More,
    End,
}

/// Where in the nesting of envelopes the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// A list of records.
    List,
    /// An object, behind its list of records.
    Envelope,
    /// An object, at the value of a key that is an envelope.
    Inner,
}

/// What is passed over before reading goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Skip {
    /// Everything up to the next record of a list.
    ToRecord,
    /// Everything up to the end of the line.
    Line,
}

/// Reads the records of one file, in order. The window is handed to every call, so that it can be borrowed from.
#[derive(Debug, Default)]
pub struct Reader {
    /// Bytes of the window read so far.
    at: usize,
    /// Where in the text the window begins.
    base: u64,
    within: Vec<Within>,
    format: Option<Format>,
    found: u64,
    /// Bytes of text that were read and led to nothing.
    in_vain: usize,
    skip: Option<Skip>,
    /// Whether something at the outermost level was no JSON.
    rejected: bool,
    table: Option<Table>,
    /// Items of something that carried several.
    carried: VecDeque<Item<'static>>,
    /// How deep in messages in messages this text was.
    depth: usize,
}

impl Reader {
    /// What the file turned out to be; settled when all is read.
    pub fn format(&self) -> Format {
        self.format.unwrap_or(Format::Other)
    }

    /// How many bytes at the front of the window were read; the caller drops them.
    pub fn release(&mut self) -> usize {
        self.base += self.at as u64;
        std::mem::take(&mut self.at)
    }

    /// Bytes of text read so far.
    pub fn position(&self) -> u64 {
        self.base + self.at as u64
    }

    /// Reads on. `last` says whether the window reaches to the end of the text.
    pub fn next<'a>(&mut self, window: &'a str, last: bool) -> Step<'a> {
        loop {
            if let Some(item) = self.carried.pop_front() {
                return Step::Item(item);
            }
            if self.in_vain as u64 > IN_VAIN as u64 + 16 * (self.base + window.len() as u64) && self.at < window.len() {
                let reason = "too damaged to go on: the rest of the file is given up".to_owned();
                let reject = self.reject(window, None, reason);
                self.at = window.len();
                self.within.clear();
                self.skip = None;
                self.in_vain = 0;
                return Step::Item(Item::Reject(reject));
            }
            if let Some(skip) = self.skip
                && !self.skip(window, skip, last)
            {
                return if last { Step::End } else { Step::More };
            }
            let rest = &window[self.at..];
            let trimmed = rest.trim_start_matches([' ', '\n', '\r', '\t', BYTE_ORDER_MARK]);
            self.at += rest.len() - trimmed.len();
            let Some(first) = trimmed.bytes().next() else {
                if !last {
                    return Step::More;
                }
                if self.within.is_empty() {
                    return Step::End;
                }
                self.within.clear();
                let reason = "the file ends before its list of records does".to_owned();
                return Step::Item(Item::Reject(self.reject(window, None, reason)));
            };
            let step = match (self.within.last(), first) {
                (None, _) if self.table.is_some() => self.row(window, last),
                (None, _)
                    if let Some(len) = behind_almost_head(trimmed)
                        && !matches!(parse(trimmed), Ok(Document::Envelope(..))) =>
                {
                    self.document(Format::Records);
                    let reason = "expected `{\"Records\":[`: damaged".to_owned();
                    let reject = self.reject(window, None, reason);
                    self.at += len;
                    self.within.extend([Within::Envelope, Within::List]);
                    Some(Step::Item(Item::Reject(reject)))
                }
                // between records a comma says nothing, and in NDJSON some put one
                (Some(Within::List) | None, b',') => {
                    self.at += 1;
                    None
                }
                (Some(Within::List), b']') => {
                    self.at += 1;
                    self.within.pop();
                    None
                }
                (Some(Within::Envelope), _) => self.end_of_envelope(window, last),
                (None, b'[') => self.list(window, last),
                (Some(Within::Inner), b'{') => {
                    self.within.pop();
                    let step = self.object(window, last);
                    if step == Some(Step::More) {
                        self.within.push(Within::Inner);
                    }
                    step
                }
                (_, b'{') => self.object(window, last),
                (Some(_), _) => self.no_object(window, last),
                (None, _) => self.no_json(window, last),
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    /// At `[` at the outermost level: a list, or an object whose brace is damaged.
    fn list<'a>(&mut self, window: &'a str, last: bool) -> Option<Step<'a>> {
        let rest = &window[self.at..];
        let mut scanner = Scanner::new(&rest[1..]);
        let is_text = scanner.peek() == Ok(Next::String);
        if is_text && needs_more(rest, last) {
            return Some(Step::More);
        }
        let key = if is_text { scanner.string().ok().filter(|_| scanner.skip_token(b':')) } else { None };
        let Some(key) = key else {
            self.document(Format::Array);
            self.at += 1;
            self.within.push(Within::List);
            return None;
        };
        let reason = "expected `{` before a key".to_owned();
        if let Some(format) = list_of(key.raw)
            && scanner.peek() == Ok(Next::List)
        {
            self.document(format);
            let reject = self.reject(window, None, reason);
            self.at += 1 + scanner.at() + 1;
            self.within.extend([Within::Envelope, Within::List]);
            return Some(Step::Item(Item::Reject(reject)));
        }
        self.document(Format::Record);
        self.found += 1;
        let reject = self.reject(window, Some(self.found), reason);
        self.resume(window);
        Some(Step::Item(Item::Reject(reject)))
    }

    /// At `{`: a record, a digest, an envelope, which is entered, or something that carries records.
    fn object<'a>(&mut self, window: &'a str, last: bool) -> Option<Step<'a>> {
        let begin = self.at;
        let rest = &window[begin..];
        let invalid = match parse(rest) {
            Ok(Document::Record(record, len)) => {
                self.document(Format::Record);
                self.found += 1;
                let item = match len > MAX_RECORD {
                    true => Item::Reject(self.reject(window, Some(self.found), too_long("a record"))),
                    false => Item::Record(record, len),
                };
                self.at += len;
                return Some(Step::Item(item));
            }
            Ok(Document::Envelope(at, format)) => {
                self.document(format);
                self.at += at + 1;
                self.within.extend([Within::Envelope, Within::List]);
                return None;
            }
            Ok(Document::Outer(at)) => {
                self.at += at;
                self.within.extend([Within::Envelope, Within::Inner]);
                return None;
            }
            Ok(Document::Digest(len)) => {
                self.document(Format::Digest);
                self.at += len;
                return Some(Step::Item(Item::Digest));
            }
            Err(Invalid::Syntax(error)) => {
                let cut_off = error.reason == Reason::End && !last;
                if (cut_off || needs_more(rest, last)) && rest.len() < MAX_RECORD {
                    return Some(Step::More);
                }
                self.document(Format::Record);
                self.found += 1;
                let reason = match cut_off {
                    true => too_long("a record"),
                    false => format!("{error}, at byte {}", self.base + (begin + error.at) as u64),
                };
                let reject = self.reject(window, Some(self.found), reason);
                self.in_vain += error.at;
                self.resume(window);
                return Some(Step::Item(Item::Reject(reject)));
            }
            Err(invalid) => invalid,
        };
        let len = invalid.read();
        if matches!(invalid, Invalid::NoEventTime { .. })
            && let Some((format, carried)) = wrapped::unwrap(&rest[..len])
        {
            self.carry(window, format, carried);
            self.at += len;
            return None;
        }
        self.document(Format::Record);
        self.found += 1;
        let reason = match invalid {
            Invalid::NoEventTime { .. } => format!("{invalid}, but an object with {}", wrapped::keys(&rest[..len])),
            invalid => invalid.to_string(),
        };
        let reject = self.reject(window, Some(self.found), reason);
        self.at += len;
        Some(Step::Item(Item::Reject(reject)))
    }

    /// Behind the list of an envelope: what else the object holds is of no interest, but it must end.
    fn end_of_envelope<'a>(&mut self, window: &'a str, last: bool) -> Option<Step<'a>> {
        let rest = &window[self.at..];
        let mut scanner = Scanner::new(rest);
        match rest_of_envelope(&mut scanner) {
            Ok(list) => {
                let read = scanner.at();
                self.at += read;
                self.within.pop();
                if list {
                    // once more: a list is a list
                    self.at += 1;
                    self.within.extend([Within::Envelope, Within::List]);
                }
                None
            }
            Err(error)
                if (error.reason == Reason::End || needs_more(rest, last)) && !last && rest.len() < MAX_RECORD =>
            {
                Some(Step::More)
            }
            Err(error) => {
                let reject = self.reject(window, None, error.to_string());
                let line = rest.find('\n').unwrap_or(rest.len());
                if rest.starts_with(RECORD_BEGIN) || next_in_list(&rest[..line]).is_some() {
                    // the list ended too early: it goes on
                    self.within.push(Within::List);
                    self.skip = (!rest.starts_with('{')).then_some(Skip::ToRecord);
                } else {
                    self.within.pop();
                    self.resume(window);
                }
                Some(Step::Item(Item::Reject(reject)))
            }
        }
    }

    /// In a list, at something that is no object.
    fn no_object<'a>(&mut self, window: &'a str, last: bool) -> Option<Step<'a>> {
        let rest = &window[self.at..];
        let value = Scanner::new(rest).value();
        // a number goes on, perhaps, in the next window
        let complete = value.as_ref().is_ok_and(|value| last || value.len() < rest.len());
        if !complete && needs_more(rest, last) {
            return Some(Step::More);
        }
        if let Ok(value) = value
            && let Some((format, carried)) = wrapped::unwrap_row(value)
        {
            self.carry(window, format, carried);
            self.at += value.len();
            return None;
        }
        self.found += 1;
        let reject = self.reject(window, Some(self.found), "a record is a JSON object".to_owned());
        match value {
            Ok(value) => self.at += value.len(),
            Err(_) => self.resume(window),
        }
        Some(Step::Item(Item::Reject(reject)))
    }

    /// At the outermost level, at something that is no JSON: a table, a line of a log, or nothing that is known.
    fn no_json<'a>(&mut self, window: &'a str, last: bool) -> Option<Step<'a>> {
        let rest = &window[self.at..];
        if self.format.is_none() && self.found == 0 && self.depth == 0 {
            let header = &rest[..rest.floor_char_boundary(MAX_HEADER)];
            if let Some((table, len)) = Table::begin(header, last) {
                self.table = Some(table);
                self.format = Some(Format::Csv);
                self.at += len;
                return None;
            }
        }
        if let Some(len) = line_prefix(rest) {
            self.wrapping(Format::CloudWatchLogs);
            self.at += len;
            return None;
        }
        if needs_more(rest, last) {
            return Some(Step::More);
        }
        let expected = "expected a JSON object or list";
        let first = !std::mem::replace(&mut self.rejected, true) && self.found == 0;
        let reason = match first {
            true => format!("{expected}, or CSV with CloudTrail's columns; this looks like {}", looks_like(rest)),
            false => expected.to_owned(),
        };
        let reject = self.reject(window, None, reason);
        let line = rest.find('\n').unwrap_or(rest.len());
        let listed = matches!(self.format, Some(Format::Records | Format::Array));
        if listed && next_in_list(&rest[..line]).is_some() {
            // a list ended too early: it goes on
            self.within.extend([Within::Envelope, Within::List]);
            self.skip = Some(Skip::ToRecord);
        } else {
            self.resume(window);
        }
        Some(Step::Item(Item::Reject(reject)))
    }

    /// A row of a table.
    fn row<'a>(&mut self, window: &'a str, last: bool) -> Option<Step<'a>> {
        let rest = &window[self.at..];
        match self.table.as_mut()?.row(rest, last) {
            Some((carried, len)) => {
                self.carry(window, Format::Csv, carried);
                self.at += len;
                None
            }
            None if rest.len() < MAX_RECORD => Some(Step::More),
            None => {
                self.found += 1;
                let reason = too_long("a row, perhaps with a quote that is left open,");
                let reject = self.reject(window, Some(self.found), reason);
                self.skip = Some(Skip::Line);
                Some(Step::Item(Item::Reject(reject)))
            }
        }
    }

    /// Reads what something carries. Its records count as this file's.
    fn carry(&mut self, window: &str, format: Format, carried: Carried) {
        self.wrapping(format);
        let reason = match carried {
            Carried::Nothing => return,
            Carried::NoRecord(reason) => reason.to_owned(),
            Carried::Text(_) if self.depth == MAX_DEPTH => format!("messages in messages, more than {MAX_DEPTH} deep"),
            Carried::Text(text) => {
                let mut inner = Self { depth: self.depth + 1, ..Self::default() };
                let before = self.found;
                while let Step::Item(item) = inner.next(&text, true) {
                    self.found += u64::from(!matches!(item, Item::Digest));
                    self.carried.push_back(match item {
                        Item::Record(record, len) => Item::Record(record.into_owned(), len),
                        Item::Digest => Item::Digest,
                        Item::Reject(reject) => Item::Reject(Reject {
                            record: Some(self.found),
                            byte_offset: self.position(),
                            reason: match self.depth {
                                0 => format!("in {}: {}", format.name(), reject.reason),
                                _ => reject.reason,
                            },
                            excerpt: reject.excerpt,
                        }),
                    });
                }
                if self.found > before || !self.carried.is_empty() {
                    return;
                }
                match inner.format {
                    Some(_) => return,
                    None => "empty".to_owned(),
                }
            }
        };
        self.found += 1;
        let reason = if self.depth == 0 { format!("{}: {reason}", format.name()) } else { reason };
        let reject = self.reject(window, Some(self.found), reason);
        self.carried.push_back(Item::Reject(reject));
    }

    /// At something that cannot be read to its end: where does the next record begin?
    fn resume(&mut self, window: &str) {
        let rest = &window[self.at..];
        let in_list = !self.within.is_empty();
        let end = end_by_brackets(&rest.as_bytes()[..rest.len().min(BRACKETS_WITHIN)]);
        let (Ok(read) | Err(read)) = end;
        self.in_vain += read;
        match end {
            Ok(end) if follows_on(&rest[end..], in_list) => self.at += end,
            // a list may be spread over lines, one record after the other is not
            _ => self.skip = Some(if in_list { Skip::ToRecord } else { Skip::Line }),
        }
    }

    /// Passes over what is to be skipped. Returns whether it came to an end.
    fn skip(&mut self, window: &str, skip: Skip, last: bool) -> bool {
        let rest = &window[self.at..];
        let next = match skip {
            Skip::Line => rest.find('\n').map(|at| at + 1),
            Skip::ToRecord => next_in_list(rest),
        };
        match next {
            Some(next) => {
                self.at += next;
                self.skip = None;
                true
            }
            None if last => {
                // the rest of the file belongs to what was just rejected
                self.at = window.len();
                self.within.clear();
                false
            }
            None => {
                // a comma and the beginning of a record may stand at the end of the window
                self.at += rest.floor_char_boundary(rest.len().saturating_sub(BRACKETS_WITHIN));
                false
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
        } else if !format.is_plain() {
            self.wrapping(format);
        }
    }

    /// Notes what carries the records; the outermost counts.
    fn wrapping(&mut self, format: Format) {
        if self.format.is_none_or(Format::is_plain) {
            self.format = Some(format);
        }
    }

    fn reject(&self, window: &str, record: Option<u64>, reason: String) -> Reject {
        let excerpt = window[self.at..].chars().take(EXCERPT).collect();
        Reject { record, byte_offset: self.position(), reason, excerpt }
    }
}

fn too_long(what: &str) -> String {
    format!("{what} longer than {} MiB", MAX_RECORD >> 20)
}

/// Whether more of the text is needed to see where something damaged ends.
fn needs_more(rest: &str, last: bool) -> bool {
    !last && rest.len() < 2 * BRACKETS_WITHIN
}

/// Reads the members behind an envelope's list, up to its end or to a second list. Returns whether it is at one.
fn rest_of_envelope(scanner: &mut Scanner) -> Result<bool, SyntaxError> {
    while !scanner.skip_token(b'}') {
        scanner.expect(b',', "`,` or `}` behind a list of records")?;
        scanner.peek()?;
        let key = scanner.string()?;
        scanner.expect(b':', "`:` after a key")?;
        if key.raw == "Records" && scanner.peek()? == Next::List {
            return Ok(true);
        }
        scanner.value()?;
    }
    Ok(false)
}

/// The time in front of a record, as an export of CloudWatch Logs has it on each line: `2026-10-06T02:14:00.000Z {`.
fn line_prefix(rest: &str) -> Option<usize> {
    let brace = rest.as_bytes().iter().take(64).position(|&byte| byte == b'{')?;
    let time = |byte: &u8| byte.is_ascii_digit() || b"TZ:.+- \t".contains(byte);
    (rest.starts_with(|char: char| char.is_ascii_digit()) && rest.as_bytes()[..brace].iter().all(time)).then_some(brace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Text;
    use proptest::prelude::*;

    fn record(id: u32) -> String {
        format!(
            r#"{{"eventVersion":"1.11","eventTime":"2026-10-06T02:14:00Z","eventID":"00000000-0000-4000-8000-{id:012}","eventName":"A"}}"#
        )
    }

    /// What is in a text: `+` for a record, `-` for a reject, `d` for a digest.
    fn pieces(text: &str) -> (Format, String, Vec<Reject>) {
        pieces_of(Text::whole(text.into()))
    }

    fn pieces_of(mut text: Text) -> (Format, String, Vec<Reject>) {
        let mut reader = Reader::default();
        let mut pieces = String::new();
        let mut rejects = Vec::new();
        loop {
            match reader.next(text.window(), text.is_last()) {
                Step::End => break,
                Step::More => {
                    let read = reader.release();
                    text.advance(read);
                }
                Step::Item(Item::Record(..)) => pieces.push('+'),
                Step::Item(Item::Digest) => pieces.push('d'),
                Step::Item(Item::Reject(reject)) => {
                    pieces.push('-');
                    rejects.push(reject);
                }
            }
        }
        let left = text.window().len() - reader.release();
        assert_eq!((left, text.is_last()), (0, true), "everything is read");
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
            // a bracket in place of a brace
            (format!("{a}\n[{}\n{c}\n", &b[1..]), "+-+"),
            (format!("[\"Records\": [{a}, {b},\n{c}]}}"), "-+++"),
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
        assert_eq!(pieces_of(Text::whole(bytes)).1, "-+");
    }

    #[test]
    fn many_damaged_lines_cost_no_good_one() {
        let (good, cut) = (record(1), &record(2)[..80]);
        let text = format!("{good}\n{good}\n{cut}\nwords\n").repeat(5000);
        let (_, pieces, _) = pieces(&text);
        assert_eq!((pieces.matches('+').count(), pieces.matches('-').count()), (10_000, 10_000));
    }

    #[test]
    fn a_text_in_windows_gives_what_it_gives_as_a_whole() {
        let long = record(3).replace("\"A\"", &format!("\"{}\"", "é".repeat(3 << 20)));
        let cut = &record(4)[..80];
        let broken = long.replace("\"eventName\":", "\"eventName\"");
        let many = vec![record(1); 20_000].join(",\n");
        for text in [
            format!("{{\"Records\":[{many},{long},{many},{broken},{many}]}}"),
            format!("{{\"Records\":[{many},{cut},{},{many}]}}", "x".repeat(9 << 20)),
            format!("{}\n{broken}\n{}\nwords\n{long}", many.replace(",\n", "\n"), many.replace(",\n", "\n")),
            format!("eventTime,eventName\n{}", "2026-10-06T02:14:00Z,\"a\nb\"\n".repeat(300_000)),
            format!("{}{}", " ".repeat(9 << 20), record(1)),
        ] {
            let windows = pieces_of(Text::stream(Box::new(std::io::Cursor::new(text.clone().into_bytes()))));
            let whole = pieces(&text);
            assert!(whole.1.len() > 300 || text.starts_with(' '));
            assert!(
                windows == whole,
                "{} and {} pieces, {:?}, {:?}",
                windows.1.len(),
                whole.1.len(),
                windows.2,
                whole.2
            );
        }
    }

    #[test]
    fn what_is_longer_than_any_record_is_passed_over() {
        let text = format!("{}\n[{}\n{}", record(1), "{\"a\":".repeat(MAX_RECORD / 5), record(2));
        let (_, pieces, rejects) = pieces_of(Text::stream(Box::new(std::io::Cursor::new(text.into_bytes()))));
        assert!(pieces.starts_with("+-"), "{pieces} {rejects:?}");
    }

    #[test]
    fn a_file_made_to_be_read_over_and_over_again_is_given_up() {
        let text = "{\"eventVersion\":\"1\",\"a\":{\"b\":[\n".repeat(50_000);
        let (_, pieces, rejects) = pieces(&text);
        assert!(pieces.len() < 50_000 && rejects.last().is_some_and(|last| last.reason.starts_with("too damaged")));
    }

    proptest! {
        /// Whatever happens to one byte of what stands before the records, they are found.
        #[test]
        fn a_damaged_head_costs_no_record(at in 0..r#"{"Records":["#.len(), byte in any::<u8>()) {
            let mut bytes = format!("{{\"Records\":[{},{}]}}\n", record(1), record(2)).into_bytes();
            bytes[at] = byte;
            let (format, pieces, rejects) = pieces_of(Text::whole(bytes));
            prop_assert!(format == Format::Records && pieces.matches('+').count() == 2, "{pieces} {rejects:?}");
        }

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
            let (_, pieces, _) = pieces_of(Text::whole(bytes));
            prop_assert!(pieces.matches('+').count() >= 4, "{pieces}");
        }
    }
}
