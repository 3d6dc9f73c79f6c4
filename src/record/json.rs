//! A strict JSON scanner that borrows what it reads and says what a store could not give back equal.
//!
//! Parsers decode; the loader mostly wants to know where a value begins and ends, that it is valid (RFC 8259), and
//! whether DuckDB's VARIANT would return it unchanged. That last question no general parser answers: numbers beyond
//! 64 bits or a double, duplicate keys and unpaired surrogates are all legal JSON.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

/// Objects and lists may nest this deep in a value that is stored as VARIANT; serde_json, which reads it back, stops at
/// 128 levels.
pub const MAX_DEPTH: usize = 100;

/// From this many keys on, an object's keys are looked up in a set.
const MANY_KEYS: usize = 16;

/// What is wrong with a text, and where: `at` counts bytes from the beginning of the scanned text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SyntaxError {
    pub at: usize,
    pub reason: Reason,
}

/// Why a text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    End,
    Expected(&'static str),
    ControlCharacter,
    Escape,
    Number,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::End => f.write_str("the text ends in the middle of a value"),
            Self::Expected(what) => write!(f, "expected {what}"),
            Self::ControlCharacter => f.write_str("a control character, or a byte that is not UTF-8, in a string"),
            Self::Escape => f.write_str("an unknown escape in a string"),
            Self::Number => f.write_str("a malformed number"),
        }
    }
}

/// What VARIANT would change about a value that is valid all the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flaws {
    /// A number that is neither a 64-bit integer nor exact as a double, or a repeated key: stored, but not equal.
    pub inexact: bool,
    /// An unpaired surrogate, a number beyond a double, or nesting beyond [`MAX_DEPTH`]: DuckDB would refuse it.
    pub refused: bool,
}

impl Flaws {
    pub fn any(self) -> bool {
        self.inexact || self.refused
    }
}

/// A JSON string as it stands in the text, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Str<'a> {
    pub raw: &'a str,
    pub escaped: bool,
}

impl<'a> Str<'a> {
    /// The characters it stands for. An unpaired surrogate becomes U+FFFD.
    pub fn decode(self) -> Cow<'a, str> {
        if self.escaped { Cow::Owned(unescape(self.raw)) } else { Cow::Borrowed(self.raw) }
    }
}

/// What kind of value comes next, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Object,
    List,
    String,
    Null,
    Other,
}

/// Reads one JSON text from the front.
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
    pub flaws: Flaws,
    keys: NestedKeys<'a>,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, flaws: Flaws::default(), keys: NestedKeys::default() }
    }

    /// Bytes read so far.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The text from byte `begin` to here.
    pub fn since(&self, begin: usize) -> &'a str {
        &self.text[begin..self.at]
    }

    pub fn peek(&mut self) -> Result<Next, SyntaxError> {
        self.white_space();
        Ok(match self.byte() {
            None => return Err(self.error(Reason::End)),
            Some(b'{') => Next::Object,
            Some(b'[') => Next::List,
            Some(b'"') => Next::String,
            Some(b'n') => Next::Null,
            Some(_) => Next::Other,
        })
    }

    /// Steps over `token` and white space around it, if it is next.
    pub fn skip_token(&mut self, token: u8) -> bool {
        self.white_space();
        let found = self.byte() == Some(token);
        self.at += usize::from(found);
        found
    }

    pub fn expect(&mut self, token: u8, what: &'static str) -> Result<(), SyntaxError> {
        if self.skip_token(token) { Ok(()) } else { Err(self.unexpected(what)) }
    }

    /// Reads an object: `member` is called for each key and must read the value.
    pub fn object<E: From<SyntaxError>>(
        &mut self,
        mut member: impl FnMut(&mut Self, Str<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.expect(b'{', "an object")?;
        if self.skip_token(b'}') {
            return Ok(());
        }
        loop {
            self.white_space();
            let key = self.string()?;
            self.expect(b':', "`:` after a key")?;
            member(self, key)?;
            if self.skip_token(b'}') {
                return Ok(());
            }
            self.expect(b',', "`,` or `}` in an object")?;
        }
    }

    /// Reads a list: `element` is called for each and must read it.
    pub fn list<E: From<SyntaxError>>(&mut self, mut element: impl FnMut(&mut Self) -> Result<(), E>) -> Result<(), E> {
        self.expect(b'[', "a list")?;
        if self.skip_token(b']') {
            return Ok(());
        }
        loop {
            element(self)?;
            if self.skip_token(b']') {
                return Ok(());
            }
            self.expect(b',', "`,` or `]` in a list")?;
        }
    }

    /// Reads any value and returns its text.
    pub fn value(&mut self) -> Result<&'a str, SyntaxError> {
        self.white_space();
        let begin = self.at;
        match self.byte() {
            Some(b'{' | b'[') => self.container()?,
            _ => self.scalar()?,
        }
        Ok(&self.text[begin..self.at])
    }

    /// Reads a string.
    pub fn string(&mut self) -> Result<Str<'a>, SyntaxError> {
        if self.byte() != Some(b'"') {
            return Err(self.unexpected("a string"));
        }
        self.at += 1;
        let begin = self.at;
        let mut escaped = false;
        loop {
            self.at += plain_prefix(&self.text.as_bytes()[self.at..]);
            match self.byte() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.error(Reason::ControlCharacter)),
                None => return Err(self.error(Reason::End)),
            }
        }
        let raw = &self.text[begin..self.at];
        self.at += 1;
        Ok(Str { raw, escaped })
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn error(&self, reason: Reason) -> SyntaxError {
        SyntaxError { at: self.at, reason }
    }

    fn unexpected(&self, what: &'static str) -> SyntaxError {
        self.error(if self.byte().is_none() { Reason::End } else { Reason::Expected(what) })
    }

    fn white_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    /// An object or list with all it holds. Its own stack: nesting is limited by memory, not by the thread's stack.
    fn container(&mut self) -> Result<(), SyntaxError> {
        let mut keys = std::mem::take(&mut self.keys);
        keys.clear();
        let read = self.nested(&mut keys);
        self.keys = keys;
        read
    }

    fn nested(&mut self, keys: &mut NestedKeys<'a>) -> Result<(), SyntaxError> {
        loop {
            // at the beginning of a value
            self.white_space();
            match self.byte() {
                Some(b'{') => {
                    self.at += 1;
                    keys.open(true);
                    self.flaws.refused |= keys.depth() > MAX_DEPTH;
                    if !self.skip_token(b'}') {
                        self.key(keys)?;
                        continue;
                    }
                    keys.close();
                }
                Some(b'[') => {
                    self.at += 1;
                    keys.open(false);
                    self.flaws.refused |= keys.depth() > MAX_DEPTH;
                    if !self.skip_token(b']') {
                        continue;
                    }
                    keys.close();
                }
                _ => self.scalar()?,
            }
            // behind a value: close what ends here, go on where something follows
            loop {
                match keys.in_object() {
                    None => return Ok(()),
                    Some(true) => {
                        if !self.skip_token(b'}') {
                            self.expect(b',', "`,` or `}` in an object")?;
                            self.key(keys)?;
                            break;
                        }
                    }
                    Some(false) => {
                        if !self.skip_token(b']') {
                            self.expect(b',', "`,` or `]` in a list")?;
                            break;
                        }
                    }
                }
                keys.close();
            }
        }
    }

    fn key(&mut self, keys: &mut NestedKeys<'a>) -> Result<(), SyntaxError> {
        self.white_space();
        let key = self.string()?;
        self.flaws.inexact |= keys.repeats(key);
        self.expect(b':', "`:` after a key")
    }

    fn scalar(&mut self) -> Result<(), SyntaxError> {
        match self.byte() {
            Some(b'"') => self.string().map(drop),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn literal(&mut self, word: &'static str) -> Result<(), SyntaxError> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        let cut_short = word.starts_with(&self.text[self.at..]);
        Err(self.error(if cut_short { Reason::End } else { Reason::Expected("a value") }))
    }

    fn digits(&mut self) -> Result<usize, SyntaxError> {
        let begin = self.at;
        while let Some(b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
        match self.at - begin {
            0 => Err(self.error(if self.byte().is_none() { Reason::End } else { Reason::Number })),
            count => Ok(count),
        }
    }

    fn number(&mut self) -> Result<(), SyntaxError> {
        let begin = self.at;
        self.at += usize::from(self.byte() == Some(b'-'));
        let first = self.byte();
        let mut significant = self.digits()?;
        if first == Some(b'0') && significant > 1 {
            return Err(self.error(Reason::Number));
        }
        let mut integer = true;
        if self.byte() == Some(b'.') {
            integer = false;
            self.at += 1;
            significant += self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            integer = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        let token = &self.text[begin..self.at];
        if integer {
            // -0 comes back as 0
            let exact = significant <= 18 || token.parse::<i64>().is_ok() || token.parse::<u64>().is_ok();
            self.flaws.inexact |= !exact || token == "-0";
        } else {
            let value: f64 = token.parse().unwrap_or(f64::INFINITY);
            // 15 significant digits survive a double (IEEE 754); a number that underflows does not
            self.flaws.inexact |= significant > 15 || (value != 0.0 && !value.is_normal()) || is_lost(token, value);
            self.flaws.refused |= value.is_infinite();
        }
        // an integer beyond a double's range overflows as well
        self.flaws.refused |= integer && significant > 300;
        Ok(())
    }

    /// At a backslash: steps over the escape, a surrogate pair as one.
    fn escape(&mut self) -> Result<(), SyntaxError> {
        self.at += 1;
        match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                let high = self.code_unit()?;
                if (0xD800..0xDC00).contains(&high) && self.text[self.at..].starts_with("\\u") {
                    self.at += 1;
                    let before = self.at - 1;
                    if !(0xDC00..0xE000).contains(&self.code_unit()?) {
                        self.flaws.refused = true;
                        self.at = before;
                    }
                } else if (0xD800..0xE000).contains(&high) {
                    self.flaws.refused = true;
                }
            }
            Some(_) => return Err(self.error(Reason::Escape)),
            None => return Err(self.error(Reason::End)),
        }
        Ok(())
    }

    /// At the `u` of `\uXXXX`.
    fn code_unit(&mut self) -> Result<u16, SyntaxError> {
        self.at += 1;
        match self.text.as_bytes().get(self.at..self.at + 4) {
            None => {
                self.at = self.text.len();
                Err(self.error(Reason::End))
            }
            Some(hex) => {
                let unit = hex
                    .iter()
                    .try_fold(0, |unit, &digit| char::from(digit).to_digit(16).map(|digit| unit << 4 | digit as u16));
                self.at += 4;
                unit.ok_or_else(|| SyntaxError { at: self.at - 4, reason: Reason::Escape })
            }
        }
    }
}

/// A number that is not zero, but is as a double.
fn is_lost(token: &str, value: f64) -> bool {
    let mantissa = token.split(['e', 'E']).next().unwrap_or(token);
    value == 0.0 && mantissa.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}

/// The keys an object has had so far.
#[derive(Debug, Default)]
pub struct Keys<'a> {
    few: Vec<&'a str>,
    many: HashSet<&'a str>,
}

impl<'a> Keys<'a> {
    /// Notes a key. An escaped key counts as a repetition: it may spell one that was there.
    pub fn repeats(&mut self, key: Str<'a>) -> bool {
        if self.few.len() < MANY_KEYS {
            let repeated = self.few.contains(&key.raw);
            self.few.push(key.raw);
            return repeated || key.escaped;
        }
        if self.many.is_empty() {
            self.many.extend(&self.few);
        }
        !self.many.insert(key.raw) || key.escaped
    }
}

/// The keys of objects in objects, all in one list: an object of a few keys, which most are, needs no memory of its own.
#[derive(Debug, Default)]
struct NestedKeys<'a> {
    /// For each object or list that is open, where its keys begin; none for a list.
    begins: Vec<Option<usize>>,
    keys: Vec<&'a str>,
    /// Keys of objects that have many, by their depth.
    many: Vec<(usize, HashSet<&'a str>)>,
}

impl<'a> NestedKeys<'a> {
    fn clear(&mut self) {
        self.begins.clear();
        self.keys.clear();
        self.many.clear();
    }

    fn depth(&self) -> usize {
        self.begins.len()
    }

    fn open(&mut self, object: bool) {
        self.begins.push(object.then_some(self.keys.len()));
    }

    /// Whether the innermost that is open is an object; none if nothing is.
    fn in_object(&self) -> Option<bool> {
        self.begins.last().map(Option::is_some)
    }

    fn close(&mut self) {
        if self.many.last().is_some_and(|(depth, _)| *depth == self.depth()) {
            self.many.pop();
        }
        if let Some(Some(begin)) = self.begins.pop() {
            self.keys.truncate(begin);
        }
    }

    /// Notes a key of the innermost object, as [`Keys::repeats`] does.
    fn repeats(&mut self, key: Str<'a>) -> bool {
        let depth = self.depth();
        let Some(&Some(begin)) = self.begins.last() else { return false };
        let few = &self.keys[begin..];
        if few.len() < MANY_KEYS {
            let repeated = few.contains(&key.raw);
            self.keys.push(key.raw);
            return repeated || key.escaped;
        }
        if self.many.last().is_none_or(|(many, _)| *many != depth) {
            self.many.push((depth, few.iter().copied().collect()));
        }
        let repeated = self.many.last_mut().is_some_and(|(_, keys)| !keys.insert(key.raw));
        repeated || key.escaped
    }
}

/// How many bytes at the front are neither a quote, a backslash nor a control character; eight at a time.
fn plain_prefix(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let mut at = 0;
    while let Some(&chunk) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(chunk);
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        // a byte's high bit is set where it is zero (the two compared) or below 0x20
        let found = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        if found & HIGHS != 0 {
            // borrows only spread upwards: the lowest hit is a true one
            return at + (found & HIGHS).trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes[at..].iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20);
    rest.map_or(bytes.len(), |rest| at + rest)
}

/// Decodes the escapes of a string that was scanned before; an unpaired surrogate becomes U+FFFD.
fn unescape(raw: &str) -> String {
    let mut units: Vec<u16> = Vec::new();
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        if at > 0 {
            flush(&mut units, &mut text);
            text.push_str(&rest[..at]);
        }
        let escape = rest.as_bytes()[at + 1];
        rest = &rest[at + 2..];
        if escape == b'u' {
            units.push(u16::from_str_radix(&rest[..4], 16).unwrap_or(0xFFFD));
            rest = &rest[4..];
        } else {
            flush(&mut units, &mut text);
            text.push(match escape {
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                other => char::from(other),
            });
        }
    }
    flush(&mut units, &mut text);
    text.push_str(rest);
    text
}

fn flush(units: &mut Vec<u16>, text: &mut String) {
    if !units.is_empty() {
        text.push_str(&String::from_utf16_lossy(units));
        units.clear();
    }
}

/// `text` as a JSON string, quotes included (RFC 8259, section 7).
pub fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A value that DuckDB would refuse, as close as it would accept: unpaired surrogates become U+FFFD, numbers beyond a
/// double and whatever nests too deep become strings of their text.
pub fn repair(raw: &str) -> String {
    let mut repaired = String::with_capacity(raw.len());
    let mut depth = 0;
    let mut scanner = Scanner::new(raw);
    while let Some(byte) = scanner.byte() {
        let begin = scanner.at;
        match byte {
            b'"' => match scanner.string() {
                Ok(string) => repaired.push_str(&quote(&string.decode())),
                Err(_) => break,
            },
            b'{' | b'[' if depth == MAX_DEPTH => match scanner.value() {
                Ok(value) => repaired.push_str(&quote(value)),
                Err(_) => break,
            },
            b'-' | b'0'..=b'9' => {
                scanner.flaws = Flaws::default();
                if scanner.number().is_err() {
                    break;
                }
                let token = &raw[begin..scanner.at];
                if scanner.flaws.refused {
                    repaired.push_str(&quote(token));
                } else {
                    repaired.push_str(token);
                }
            }
            _ => {
                match byte {
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                repaired.push(char::from(byte));
                scanner.at += 1;
            }
        }
    }
    repaired
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scan(text: &str) -> Result<(&str, Flaws), SyntaxError> {
        let mut scanner = Scanner::new(text);
        let value = scanner.value()?;
        Ok((value, scanner.flaws))
    }

    #[test]
    fn a_value_ends_where_it_ends() {
        for (text, value) in [
            (r#" {"a": [1, {"b": "}"}]} , 2"#, r#"{"a": [1, {"b": "}"}]}"#),
            (r#""a\"b" rest"#, r#""a\"b""#),
            ("[] []", "[]"),
            ("{}{}", "{}"),
            ("true,", "true"),
            ("-1.5e+3]", "-1.5e+3"),
            (r#"[[],{},[{}]]x"#, "[[],{},[{}]]"),
        ] {
            assert_eq!(scan(text).map(|(value, _)| value), Ok(value));
        }
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        for (text, at, reason) in [
            (r#"{"a" 1}"#, 5, Reason::Expected("`:` after a key")),
            (r#"[1 2]"#, 3, Reason::Expected("`,` or `]` in a list")),
            ("[1,]", 3, Reason::Expected("a value")),
            ("[01]", 3, Reason::Number),
            ("[1.]", 3, Reason::Number),
            ("\"a\nb\"", 2, Reason::ControlCharacter),
            (r#""\x""#, 2, Reason::Escape),
            (r#""\u12g4""#, 3, Reason::Escape),
            (r#"{"a": [1, "b"#, 12, Reason::End),
            ("tru", 0, Reason::End),
            ("nope", 0, Reason::Expected("a value")),
        ] {
            assert_eq!(scan(text).map(|(value, _)| value), Err(SyntaxError { at, reason }), "{text}");
        }
    }

    #[test]
    fn flaws_name_what_a_variant_would_change() {
        let inexact = Flaws { inexact: true, refused: false };
        let refused = Flaws { inexact: false, refused: true };
        for (text, flaws) in [
            ("12345678901234567890", Flaws::default()),
            ("-9223372036854775808", Flaws::default()),
            ("-9223372036854775809", inexact),
            ("18446744073709551616", inexact),
            ("-0", inexact),
            ("0.1", Flaws::default()),
            ("1.0E5", Flaws::default()),
            ("0.1000000000000000055", inexact),
            ("1e-999", inexact),
            ("0e-999", Flaws::default()),
            (r#"{"a":1,"b":{"a":2}}"#, Flaws::default()),
            (r#"{"a":1,"a":1}"#, inexact),
            (r#"{"a":1,"\u0061":1}"#, inexact),
            (r#""\ud83d\ude00""#, Flaws::default()),
            (r#""\ud83d""#, refused),
            (r#""\ude00\ud83d""#, refused),
            (r#""\ud83d\u0041""#, refused),
        ] {
            assert_eq!(scan(text), Ok((text, flaws)), "{text}");
        }
        assert!(scan("1e999").is_ok_and(|(_, flaws)| flaws.refused));
        let many: Vec<_> = (0..100).map(|key| format!("\"k{key}\":0")).collect();
        assert_eq!(scan(&format!("{{{}}}", many.join(","))).map(|(_, flaws)| flaws), Ok(Flaws::default()));
        assert_eq!(scan(&format!("{{{},\"k7\":0}}", many.join(","))).map(|(_, flaws)| flaws), Ok(inexact));
    }

    #[test]
    fn a_million_levels_do_not_exhaust_the_stack() {
        let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        let (value, flaws) = scan(&deep).expect("valid");
        assert!(value.len() == deep.len() && flaws.refused);
        assert!(!scan(&repair(&deep)).expect("valid").1.refused);
    }

    #[test]
    fn repair_keeps_what_it_can() {
        for (raw, repaired) in [
            (r#"{"a":"x\ud800y","b":[1e999,2.50]}"#, r#"{"a":"x�y","b":["1e999",2.50]}"#),
            (r#"["é\u00e9\n\"", null, true]"#, r#"["éé\n\"", null, true]"#),
        ] {
            assert_eq!(repair(raw), repaired);
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::hash_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json_on_valid_text(value in any_json(), pretty in any::<bool>()) {
            let text = if pretty { format!("{value:#}") } else { value.to_string() };
            prop_assert_eq!(scan(&text).map(|(value, _)| value), Ok(text.as_str()));
        }

        #[test]
        fn agrees_with_serde_json_on_damaged_text(value in any_json(), at in any::<prop::sample::Index>(), byte in 0u8..128) {
            let mut text = value.to_string();
            let at = at.index(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
                text.replace_range(at..=at, &char::from(byte).to_string());
            }
            // what JSON takes for blanks, which is less than Unicode does
            let text = text.trim_matches([' ', '\n', '\r', '\t']);
            let whole = |text: &str| Scanner::new(text).value().is_ok_and(|value| value.len() == text.len());
            // serde_json refuses numbers beyond a double and unpaired surrogates, which the scanner only notes
            if serde_json::from_str::<serde_json::Value>(text).is_ok() {
                prop_assert!(whole(text), "{}", text);
            } else if whole(text) {
                prop_assert!(scan(text).is_ok_and(|(_, flaws)| flaws.refused), "{}", text);
            }
        }

        #[test]
        fn decodes_strings_as_serde_json_does(text in any::<String>()) {
            let json = serde_json::Value::from(text.clone()).to_string();
            let string = Scanner::new(&json).string().expect("a string");
            prop_assert_eq!(string.decode(), text);
        }
    }
}
