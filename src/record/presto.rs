//! Rows as Presto and Trino print them, which is how Athena and CloudTrail Lake write nested fields into CSV:
//! `{type=IAMUser, sessioncontext={attributes=null}}`. Nothing is quoted in it, so that a value with `, x=` in it cannot
//! be told from two; what stands in it as JSON is read as JSON.

use serde_json::{Map, Value};

use super::json::Scanner;

/// Rows may nest this deep.
const MAX_DEPTH: usize = 32;

/// Reads a whole text; none if it is no row or list.
pub fn parse(text: &str) -> Option<Value> {
    let mut parser = Parser { rest: text.trim() };
    let value = parser.value(0)?;
    parser.rest.trim().is_empty().then_some(value)
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some(json) = self.json() {
            return Some(json);
        }
        match self.rest.as_bytes().first()? {
            b'{' => self.row(depth),
            b'[' => self.list(depth),
            _ => None,
        }
    }

    /// A value that is JSON: `{"a":1}`, `[{"a":1}]`, `["a"]`.
    fn json(&mut self) -> Option<Value> {
        let begins = self.rest.trim_start_matches(['[', '{', ' ']);
        if !begins.starts_with('"') || begins.len() == self.rest.len() {
            return None;
        }
        let json = Scanner::new(self.rest).value().ok()?;
        let value = serde_json::from_str(json).ok()?;
        self.rest = &self.rest[json.len()..];
        Some(value)
    }

    fn row(&mut self, depth: usize) -> Option<Value> {
        let mut row = Map::new();
        self.skip('{');
        while !self.skip('}') {
            let (key, rest) = self.rest.split_once('=')?;
            if !is_name(key) {
                return None;
            }
            self.rest = rest;
            let value = match self.value(depth + 1) {
                Some(value) => value,
                None => self.scalar('}')?,
            };
            if !value.is_null() {
                row.insert(key.to_owned(), value);
            }
            self.skip(',');
            self.rest = self.rest.trim_start();
        }
        Some(row.into())
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        let mut list = Vec::new();
        self.skip('[');
        while !self.skip(']') {
            let value = match self.value(depth + 1) {
                Some(value) => value,
                None => self.scalar(']')?,
            };
            list.push(value);
            self.skip(',');
            self.rest = self.rest.trim_start();
        }
        Some(list.into())
    }

    fn skip(&mut self, token: char) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Text up to `end`, or to a comma behind which the next element begins.
    fn scalar(&mut self, end: char) -> Option<Value> {
        let goes_on = |at: usize| {
            let next = &self.rest[at + 2..];
            end == ']' || next.split_once('=').is_some_and(|(key, _)| is_name(key))
        };
        let stops = self
            .rest
            .char_indices()
            .find(|&(at, char)| char == end || (char == ',' && self.rest[at..].starts_with(", ") && goes_on(at)));
        let (text, rest) = self.rest.split_at(stops?.0);
        self.rest = rest;
        Some(match text {
            "null" => Value::Null,
            text => text.into(),
        })
    }
}

fn is_name(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|char| char.is_alphanumeric() || "_-.:/".contains(char))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_and_lists_become_objects_and_lists() {
        for (text, value) in [
            ("{}", json!({})),
            (
                "{type=IAMUser, arn=arn:aws:iam::1:user/a b, x=null}",
                json!({"type": "IAMUser", "arn": "arn:aws:iam::1:user/a b"}),
            ),
            ("{a={b={c=1}}, d=[{e=2}, {e=3}]}", json!({"a": {"b": {"c": "1"}}, "d": [{"e": "2"}, {"e": "3"}]})),
            (
                "{includeDeprecated=true, ownersSet={\"items\":[{\"owner\":\"amazon\"}]}}",
                json!({"includeDeprecated": "true", "ownersSet": {"items": [{"owner": "amazon"}]}}),
            ),
            ("{agent=a, b, c=d}", json!({"agent": "a, b", "c": "d"})),
            ("[x, y]", json!(["x", "y"])),
        ] {
            assert_eq!(parse(text), Some(value), "{text}");
        }
        for text in ["", "a", "{a", "{a=", "{a=1", "[a", "{=1}", &"{a=".repeat(1000)] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
