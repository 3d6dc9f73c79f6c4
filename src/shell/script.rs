//! A script: statements and dot commands, as they come line by line.

use std::collections::VecDeque;
use std::io::{self, BufRead};
use std::ops::Range;

use crate::store::{Kind, tokens};

/// What a script is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A line that begins with a dot outside of a statement.
    Command(String),
    /// A statement, without its semicolon.
    Statement(String),
}

/// Reads a script. Each item is there as soon as its last line is.
pub struct Script<R> {
    lines: R,
    /// Lines read so far.
    line: usize,
    /// What was read of a statement that has not ended.
    pending: String,
    /// The line on which that begins.
    begin: usize,
    ready: VecDeque<(usize, Item)>,
}

impl<R: BufRead> Script<R> {
    pub fn new(lines: R) -> Self {
        Self { lines, line: 0, pending: String::new(), begin: 1, ready: VecDeque::new() }
    }

    /// The next item, with the line on which it begins.
    pub fn next(&mut self) -> io::Result<Option<(usize, Item)>> {
        while self.ready.is_empty() {
            let mut bytes = Vec::new();
            if self.lines.read_until(b'\n', &mut bytes)? == 0 {
                // the last statement needs no semicolon
                self.take_statements(true);
                break;
            }
            self.line += 1;
            let line = String::from_utf8(bytes).map_err(|_| {
                io::Error::new(io::ErrorKind::InvalidData, format!("line {} is not UTF-8 text", self.line))
            })?;
            let line = if self.line == 1 { line.trim_start_matches('\u{feff}') } else { &line };
            if self.pending.is_empty() {
                self.begin = self.line;
                if line.trim_start().starts_with('.') {
                    self.ready.push_back((self.line, Item::Command(line.trim().to_owned())));
                    break;
                }
            }
            // a long statement is not taken apart again with each of its lines
            let may_end = self.pending.is_empty() || line.contains(';') || line.contains("*/");
            self.pending.push_str(line);
            if may_end {
                self.take_statements(false);
            }
        }
        Ok(self.ready.pop_front())
    }

    /// Takes the statements that have ended out of what is pending, and what says nothing. At the end of the script, all
    /// have.
    fn take_statements(&mut self, at_end: bool) {
        let mut end = 0;
        // the first token of the statement that says something
        let mut first = None;
        let mut open = false;
        for token in tokens(&self.pending) {
            open = !token.closed;
            if token.kind == Kind::Semicolon {
                if let Some(first) = first.take() {
                    self.ready.push_back(self.statement(first..token.range.start));
                }
                end = token.range.end;
            } else if !token.is_blank() && first.is_none() {
                first = Some(token.range.start);
            }
        }
        if at_end && let Some(first) = first.take() {
            self.ready.push_back(self.statement(first..self.pending.len()));
        }
        if first.is_none() && !open || at_end {
            end = self.pending.len();
        }
        self.begin += self.pending[..end].matches('\n').count();
        self.pending.drain(..end);
    }

    fn statement(&self, range: Range<usize>) -> (usize, Item) {
        let line = self.begin + self.pending[..range.start].matches('\n').count();
        (line, Item::Statement(self.pending[range].trim_end().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(script: &str) -> Vec<(usize, String)> {
        let mut script = Script::new(script.as_bytes());
        let mut items = Vec::new();
        while let Some((line, item)) = script.next().expect("text") {
            let (Item::Command(text) | Item::Statement(text)) = item;
            items.push((line, text));
        }
        items
    }

    #[test]
    fn statements_and_commands_come_with_their_lines() {
        for (script, expected) in [
            ("", vec![]),
            ("SELECT 1", vec![(1, "SELECT 1")]),
            ("\u{feff}SELECT 1;\r\n", vec![(1, "SELECT 1")]),
            ("-- a;\n\nSELECT 1; SELECT\n 2; SELECT 3", vec![(3, "SELECT 1"), (3, "SELECT\n 2"), (4, "SELECT 3")]),
            (".mode csv\nSELECT\n.5;\n.quit\n", vec![(1, ".mode csv"), (2, "SELECT\n.5"), (4, ".quit")]),
            ("/* a\n.quit; */\n.mode\n", vec![(3, ".mode")]),
            ("SELECT 1; -- b\n.mode", vec![(1, "SELECT 1"), (2, ".mode")]),
            ("SELECT ';\n.x\n'; ;;\n.y", vec![(1, "SELECT ';\n.x\n'"), (4, ".y")]),
            ("SELECT 1;\n\n  ;\nSELECT 'open", vec![(1, "SELECT 1"), (4, "SELECT 'open")]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(line, text)| (line, text.to_owned())).collect();
            assert_eq!(items(script), expected, "{script}");
        }
    }

    #[test]
    fn what_is_no_text_is_named_by_its_line() {
        let mut script = Script::new(&b"SELECT 1;\n\xff;\n"[..]);
        assert!(script.next().is_ok());
        assert_eq!(script.next().expect_err("no text").to_string(), "line 2 is not UTF-8 text");
    }
}
