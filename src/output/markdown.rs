//! A Markdown table (GitHub Flavored Markdown, "Tables").

use std::io::Write;

use super::{Output, escape, plain};
use crate::store::{Cell, Column, Rows};

pub struct Markdown<'w> {
    to: &'w mut dyn Write,
    null: Option<String>,
}

impl<'w> Markdown<'w> {
    pub fn new(to: &'w mut dyn Write, null: Option<String>) -> Self {
        Self { to, null }
    }
}

impl Rows for Markdown<'_> {
    fn columns(&mut self, columns: &[Column]) -> anyhow::Result<()> {
        let names: Vec<_> = columns.iter().map(|column| inert(&column.name)).collect();
        writeln!(self.to, "| {} |", names.join(" | "))?;
        writeln!(self.to, "|{}", "---|".repeat(columns.len()))?;
        Ok(())
    }

    fn row(&mut self, cells: Vec<Cell>) -> anyhow::Result<bool> {
        let cells = cells.iter().map(|cell| match (cell, &self.null) {
            (Cell::Null, Some(null)) => inert(null),
            (cell, _) => value(&plain(cell)),
        });
        let cells: Vec<_> = cells.collect();
        writeln!(self.to, "| {} |", cells.join(" | "))?;
        Ok(true)
    }
}

impl Output for Markdown<'_> {
    fn end(&mut self) -> anyhow::Result<()> {
        Ok(())
    }
}

/// A value: as it is if nothing in it is markup; as code, which can be read and copied where no one renders it, if there is
/// no more than what ARNs, addresses and names are made of; else escaped.
pub fn value(text: &str) -> String {
    let escaped = inert(text);
    let is_code = text.chars().all(|char| char.is_alphanumeric() || " :;/_*.,@#-+=()".contains(char))
        && text.trim() == text
        && !text.contains("//")
        && !text.contains("www");
    if escaped != text && is_code { format!("`{text}`") } else { escaped }
}

/// Text without markup: what would begin a link, an image, HTML or another cell is escaped.
pub fn inert(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for char in escape::visible(text).chars() {
        match char {
            '<' => cell.push_str("&lt;"),
            '>' => cell.push_str("&gt;"),
            '&' => cell.push_str("&amp;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '!' | '#' | '~' => cell.extend(['\\', char]),
            // an address would become a link by itself
            ':' => cell.push_str("&#58;"),
            '@' => cell.push_str("&#64;"),
            '$' => cell.push_str("&#36;"),
            '.' if cell.ends_with("www") => cell.push_str("&#46;"),
            char => cell.push(char),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_and_addresses_are_code() {
        assert_eq!(value("ops-admin 192.0.2.77"), "ops-admin 192.0.2.77");
        assert_eq!(value("arn:aws:iam::1:role/a_b"), "`arn:aws:iam::1:role/a_b`");
        assert_eq!(value("2001:db8:5:77::a1"), "`2001:db8:5:77::a1`");
        assert_eq!(value("<img src=x>"), "&lt;img src=x&gt;");
        assert_eq!(value("https://e.example"), "https&#58;//e.example");
        assert_eq!(value("a`b_c"), r"a\`b\_c");
        assert_eq!(value(" a_b"), r" a\_b");
        assert_eq!(value("a|b\u{202e}c"), r"a\|b\\u{202e}c");
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(inert("a|b\n"), r"a\|b\\n");
        assert_eq!(inert("www.e.example a@b $x$"), "www&#46;e.example a&#64;b &#36;x&#36;");
        assert_eq!(inert("[x](https://e.example) <img>"), r"\[x\](https&#58;//e.example) &lt;img&gt;");
    }
}
