//! The answers of `aws ec2 describe-images`: `{"Images": [...]}`, one or several; images in a list, or one a line.
//!
//! [`Reader`] finds the images in a text that it is shown a window at a time.

use crate::record::json::{Next, Reason, Scanner, Str, SyntaxError};

const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// The longest image that is read, in bytes. EC2's own have some two thousand.
const MAX_IMAGE: usize = 64 << 20;

/// How many keys of an object that is no answer are named.
const KEYS_NAMED: usize = 5;

/// How much of a text that is no JSON is shown, in characters.
const SHOWN: usize = 40;

/// What the reader comes to next.
#[derive(Debug, PartialEq)]
pub enum Step<'a> {
    Image(Image<'a>),
    /// Nothing can be done with an image: why.
    Reject(&'static str),
    /// The window ends too early: drop what [`Reader::release`] says, and show more.
    More,
    End,
}

/// An image as it was described.
#[derive(Debug, PartialEq)]
pub struct Image<'a> {
    pub id: String,
    pub json: &'a str,
}

/// Why a text cannot be read on.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Unreadable {
    #[error("byte {at}: {reason}")]
    Syntax { at: u64, reason: Reason },
    #[error("byte {at}: an image of more than {} MiB", MAX_IMAGE >> 20)]
    TooLong { at: u64 },
    #[error("looks like {what}, not like what `aws ec2 describe-images` answers")]
    Other { what: String },
}

/// Where in the nesting of answers the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// A list at the outermost level.
    List,
    /// An answer, behind its images.
    Answer,
    /// The images of an answer.
    Images,
}

/// What may come next in an object or list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// At its beginning: an item, or its end.
    ItemOrEnd,
    /// Behind a comma.
    Item,
    /// Behind an item: a comma, or its end.
    CommaOrEnd,
}

/// Reads the images of one text, in order.
#[derive(Debug)]
pub struct Reader {
    /// Bytes of the window read so far.
    at: usize,
    /// Where in the text the window begins.
    base: u64,
    within: Vec<Within>,
    expected: Expected,
    /// Answers begun so far.
    pub answers: u64,
    /// Images found so far, rejected ones too.
    pub images: u64,
}

/// An object that was read to its end.
struct Object<'a> {
    json: &'a str,
    id: Option<String>,
    refused: bool,
    keys: Vec<String>,
}

/// Why an object was not read to its end.
enum Stop {
    Syntax(SyntaxError),
    /// It is an answer: its list of images begins here.
    Images(usize),
    CloudTrail,
}

impl From<SyntaxError> for Stop {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

impl Reader {
    pub fn new() -> Self {
        Self { at: 0, base: 0, within: Vec::new(), expected: Expected::ItemOrEnd, answers: 0, images: 0 }
    }

    /// How many bytes at the front of the window were read; the caller drops them.
    pub fn release(&mut self) -> usize {
        self.base += self.at as u64;
        std::mem::take(&mut self.at)
    }

    /// Reads on. `last` says whether the window reaches to the end of the text.
    pub fn next<'a>(&mut self, window: &'a str, last: bool) -> Result<Step<'a>, Unreadable> {
        loop {
            let rest = &window[self.at..];
            let trimmed = rest.trim_start_matches([' ', '\n', '\r', '\t', BYTE_ORDER_MARK]);
            self.at += rest.len() - trimmed.len();
            let Some(first) = trimmed.bytes().next() else {
                return match () {
                    () if !last => Ok(Step::More),
                    () if !self.within.is_empty() => Err(self.syntax(0, Reason::End)),
                    () if self.answers + self.images == 0 => {
                        Err(Unreadable::Other { what: "an empty file".to_owned() })
                    }
                    () => Ok(Step::End),
                };
            };
            let step = match (self.within.last(), self.expected, first) {
                (Some(Within::Answer), Expected::CommaOrEnd, b'}')
                | (Some(Within::List | Within::Images), Expected::CommaOrEnd | Expected::ItemOrEnd, b']') => {
                    self.at += 1;
                    self.within.pop();
                    self.expected = Expected::CommaOrEnd;
                    None
                }
                (Some(_), Expected::CommaOrEnd, b',') => {
                    self.at += 1;
                    self.expected = Expected::Item;
                    None
                }
                (Some(_), Expected::CommaOrEnd, _) => return Err(self.syntax(0, Reason::Expected("`,` or the end"))),
                (Some(Within::Answer), ..) => self.member(trimmed, last)?,
                (None, _, b'[') => {
                    self.at += 1;
                    self.within.push(Within::List);
                    self.expected = Expected::ItemOrEnd;
                    None
                }
                (_, _, b'{') => self.object(trimmed, last)?,
                (Some(_), ..) => self.no_object(trimmed, last)?,
                (None, ..) if self.answers + self.images > 0 => {
                    return Err(self.syntax(0, Reason::Expected("an object")));
                }
                (None, ..) => return Err(Unreadable::Other { what: text(trimmed) }),
            };
            if let Some(step) = step {
                return Ok(step);
            }
        }
    }

    /// At `{`: an image, or an answer, which is entered.
    fn object<'a>(&mut self, rest: &'a str, last: bool) -> Result<Option<Step<'a>>, Unreadable> {
        let among_images = self.within.last() == Some(&Within::Images);
        let object = match object(rest, among_images) {
            Ok(object) => object,
            Err(Stop::Images(at)) => {
                self.enter(at);
                return Ok(None);
            }
            Err(Stop::CloudTrail) => {
                return Err(Unreadable::Other { what: "a CloudTrail log, which `trailduck load` reads".to_owned() });
            }
            Err(Stop::Syntax(error)) => return self.more(error, rest, last),
        };
        self.at += object.json.len();
        self.expected = Expected::CommaOrEnd;
        if object.id.is_none() && self.within.is_empty() {
            let what = match object.keys.as_slice() {
                [] => "an object without anything in it".to_owned(),
                keys => format!("an object with {}", keys.join(", ")),
            };
            return Err(Unreadable::Other { what });
        }
        self.images += 1;
        Ok(Some(match object {
            Object { refused: true, .. } => {
                Step::Reject("an unpaired surrogate, a number beyond a double, or more levels than 100")
            }
            Object { id: Some(id), json, .. } => Step::Image(Image { id, json }),
            Object { id: None, .. } => Step::Reject("no ImageId"),
        }))
    }

    /// In a list, at something that is no object.
    fn no_object<'a>(&mut self, rest: &'a str, last: bool) -> Result<Option<Step<'a>>, Unreadable> {
        match Scanner::new(rest).value() {
            // a number goes on, perhaps, in the next window
            Ok(value) if value.len() == rest.len() && !last => Ok(Some(Step::More)),
            Ok(value) => {
                self.at += value.len();
                self.expected = Expected::CommaOrEnd;
                self.images += 1;
                Ok(Some(Step::Reject("an image is an object")))
            }
            Err(error) if self.answers + self.images == 0 && error.reason != Reason::End => {
                Err(Unreadable::Other { what: text(rest) })
            }
            Err(error) => self.more(error, rest, last),
        }
    }

    /// In an answer, behind its images: what else it says is of no interest, but must be JSON.
    fn member<'a>(&mut self, rest: &'a str, last: bool) -> Result<Option<Step<'a>>, Unreadable> {
        let mut scanner = Scanner::new(rest);
        let mut member = || {
            let key = scanner.string()?;
            scanner.expect(b':', "`:` after a key")?;
            if is_images(&mut scanner, key)? {
                return Ok(true);
            }
            scanner.value()?;
            Ok(false)
        };
        match member() {
            Ok(true) => {
                let at = scanner.at();
                self.within.pop();
                self.enter(at);
                Ok(None)
            }
            Ok(false) if scanner.at() == rest.len() && !last => Ok(Some(Step::More)),
            Ok(false) => {
                self.at += scanner.at();
                self.expected = Expected::CommaOrEnd;
                Ok(None)
            }
            Err(error) => self.more(error, rest, last),
        }
    }

    /// Enters an answer whose list of images begins `at` bytes on.
    fn enter(&mut self, at: usize) {
        self.at += at + 1;
        self.within.extend([Within::Answer, Within::Images]);
        self.expected = Expected::ItemOrEnd;
        self.answers += 1;
    }

    fn more<'a>(&self, error: SyntaxError, rest: &str, last: bool) -> Result<Option<Step<'a>>, Unreadable> {
        // what ends a window may be the beginning of a word or an escape
        let cut_off = !last && (error.reason == Reason::End || error.at + 8 > rest.len());
        match () {
            () if cut_off && rest.len() > MAX_IMAGE => Err(Unreadable::TooLong { at: self.base + self.at as u64 }),
            () if cut_off => Ok(Some(Step::More)),
            () => Err(self.syntax(error.at, error.reason)),
        }
    }

    fn syntax(&self, at: usize, reason: Reason) -> Unreadable {
        Unreadable::Syntax { at: self.base + (self.at + at) as u64, reason }
    }
}

/// Reads an object: an image, unless it has a list of images where that may be.
fn object(rest: &str, is_image: bool) -> Result<Object<'_>, Stop> {
    let mut scanner = Scanner::new(rest);
    let (mut id, mut keys) = (None, Vec::new());
    scanner.object(|scanner, key| {
        if !is_image && is_images(scanner, key)? {
            return Err(Stop::Images(scanner.at()));
        }
        let key = key.decode();
        match (&*key, scanner.peek()?) {
            ("Records", Next::List) | ("eventVersion" | "eventID", Next::String) => return Err(Stop::CloudTrail),
            ("ImageId", Next::String) => id = Some(scanner.string()?.decode().into_owned()),
            _ => {
                scanner.value()?;
            }
        }
        if keys.len() < KEYS_NAMED {
            keys.push(key.into_owned());
        }
        Ok(())
    })?;
    let (json, refused) = (scanner.since(0), scanner.flaws.refused);
    Ok(Object { json, id: id.filter(|id| !id.is_empty()), refused, keys })
}

/// Whether a key is that of an answer's images, and these are next.
fn is_images(scanner: &mut Scanner, key: Str) -> Result<bool, SyntaxError> {
    Ok(key.decode() == "Images" && scanner.peek()? == Next::List)
}

/// What a text that is no JSON looks like.
fn text(rest: &str) -> String {
    let line = rest.lines().next().unwrap_or_default();
    match line.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("text ({}...)", &line[..at]),
        None => format!("text ({line})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids and rejects in a text that is shown `len` bytes more at a time, and how many answers there were.
    fn read(text: &str, len: usize) -> Result<(Vec<String>, u64), Unreadable> {
        let (mut reader, mut found) = (Reader::new(), Vec::new());
        let (mut begin, mut end) = (0, 0);
        loop {
            match reader.next(&text[begin..end], end == text.len())? {
                Step::Image(image) => {
                    assert!(image.json.starts_with('{') && image.json.ends_with('}'));
                    found.push(image.id);
                }
                Step::Reject(reason) => found.push(format!("{}: {reason}", reader.images)),
                Step::More => {
                    begin += reader.release();
                    end = text.len().min(end + len);
                }
                Step::End => return Ok((found, reader.answers)),
            }
        }
    }

    #[test]
    fn images_are_found_in_every_form_however_they_are_cut() {
        for (text, ids, answers) in [
            (r#"{"Images": []}"#, &[][..], 1),
            (r#"{"Images": [{"ImageId": "a", "Tags": [{}]}, {"ImageId":"b"}], "NextToken": null}"#, &["a", "b"], 1),
            (r#"{"ResponseMetadata": {"n": 1}, "Images": [{"ImageId": "a"}] , "n": 12.5 }"#, &["a"], 1),
            ("{\"Images\": [{\"ImageId\": \"a\"}]}\n{\"Images\": [{\"ImageId\": \"b\"}]}\n", &["a", "b"], 2),
            ("\u{FEFF}[{\"ImageId\": \"a\"}, {\"ImageId\": \"b\"}]", &["a", "b"], 0),
            (r#"[{"Images": [{"ImageId": "a"}]}, {"Images": []}]"#, &["a"], 2),
            ("{\"ImageId\": \"a\"}\r\n{\"ImageId\": \"b\"}", &["a", "b"], 0),
            (r#"{"Images": [{"Images": [1], "ImageId": "a"}], "Images": [{"ImageId": "\u0062"}]}"#, &["a", "b"], 2),
            (
                r#"{"Images": [{}, 12, {"ImageId": ""}, {"ImageId": 5}, {"ImageId": "a"}, {"ImageId": "b", "x": "\ud800"}]}"#,
                &[
                    "1: no ImageId",
                    "2: an image is an object",
                    "3: no ImageId",
                    "4: no ImageId",
                    "a",
                    "6: an unpaired surrogate, a number beyond a double, or more levels than 100",
                ],
                1,
            ),
        ] {
            for len in [1, 2, 3, 7, 1000] {
                let ids = ids.iter().map(ToString::to_string).collect();
                if text.is_ascii() || len >= 3 {
                    assert_eq!(read(text, len), Ok((ids, answers)), "{text} by {len}");
                }
            }
        }
    }

    #[test]
    fn what_is_damaged_is_said_with_its_place() {
        for (text, message) in [
            (r#"{"Images": [{"ImageId": "a"}"#, "byte 28: the text ends in the middle of a value"),
            (r#"{"Images": [{"ImageId": "a"} {"ImageId": "b"}]}"#, "byte 29: expected `,` or the end"),
            (r#"{"Images": [{"ImageId": a}]}"#, "byte 24: expected a value"),
            (r#"{"Images": [{"ImageId": "a"},]}"#, "byte 29: expected a value"),
            (r#"{"Images": []} Images"#, "byte 15: expected an object"),
            (r#"{"Images": [] "x": 1}"#, "byte 14: expected `,` or the end"),
            (r#"{"Images": [], 1}"#, "byte 15: expected a string"),
        ] {
            for len in [1, 9, 1000] {
                assert_eq!(
                    read(text, len).map_err(|error| error.to_string()),
                    Err(message.to_owned()),
                    "{text} by {len}"
                );
            }
        }
    }

    #[test]
    fn what_is_something_else_is_named() {
        for (text, what) in [
            ("", "an empty file"),
            (" \n", "an empty file"),
            (r#"{"Records": [{"eventVersion": "1.11"}]}"#, "a CloudTrail log, which `trailduck load` reads"),
            (r#"{"eventVersion": "1.11"}"#, "a CloudTrail log, which `trailduck load` reads"),
            (r#"[{"eventVersion": "1.11"}]"#, "a CloudTrail log, which `trailduck load` reads"),
            (r#"{"Reservations": [], "NextToken": ""}"#, "an object with Reservations, NextToken"),
            (r#"{"Images": null}"#, "an object with Images"),
            ("{}", "an object without anything in it"),
            ("12", "text (12)"),
            ("[package]\nname = 1", "text (package])"),
            (
                "Unable to locate credentials. You can configure credentials",
                "text (Unable to locate credentials. You can co...)",
            ),
        ] {
            assert_eq!(read(text, 1000), Err(Unreadable::Other { what: what.to_owned() }), "{text}");
        }
    }
}
