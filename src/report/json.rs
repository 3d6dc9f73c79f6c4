//! A report as JSON: indented down to the rows, of which each stands on a line.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};

use super::Document;
use crate::output::harmless_json;

/// How deep in the document rows are: sections, tables, rows, each a list of objects.
const ROW: usize = 7;

impl Document {
    /// As JSON, as it is.
    pub(super) fn to_json(&self) -> anyhow::Result<String> {
        let mut bytes = Vec::new();
        self.serialize(&mut Serializer::with_formatter(&mut bytes, RowsInLines::default()))?;
        // no line ends within a value
        Ok(String::from_utf8(bytes)?.lines().map(|line| harmless_json(line) + "\n").collect())
    }
}

#[derive(Default)]
struct RowsInLines {
    pretty: PrettyFormatter<'static>,
    depth: usize,
}

impl RowsInLines {
    fn in_row(&self) -> bool {
        self.depth >= ROW
    }
}

impl Formatter for RowsInLines {
    fn begin_array<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.depth += 1;
        if self.in_row() { to.write_all(b"[") } else { self.pretty.begin_array(to) }
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.depth -= 1;
        if self.depth + 1 >= ROW { to.write_all(b"]") } else { self.pretty.end_array(to) }
    }

    fn begin_array_value<W: io::Write + ?Sized>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        match (self.in_row(), first) {
            (false, _) => self.pretty.begin_array_value(to, first),
            (true, true) => Ok(()),
            (true, false) => to.write_all(b", "),
        }
    }

    fn end_array_value<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        if self.in_row() { Ok(()) } else { self.pretty.end_array_value(to) }
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.depth += 1;
        if self.in_row() { to.write_all(b"{") } else { self.pretty.begin_object(to) }
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.depth -= 1;
        if self.depth + 1 >= ROW { to.write_all(b"}") } else { self.pretty.end_object(to) }
    }

    fn begin_object_key<W: io::Write + ?Sized>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        match (self.in_row(), first) {
            (false, _) => self.pretty.begin_object_key(to, first),
            (true, true) => Ok(()),
            (true, false) => to.write_all(b", "),
        }
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(b": ")
    }

    fn end_object_value<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        if self.in_row() { Ok(()) } else { self.pretty.end_object_value(to) }
    }
}
