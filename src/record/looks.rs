//! What a text that holds no records looks like, for the message that says so.

/// How known kinds of file begin. Bytes that are not UTF-8 stand as 0x01.
const BEGINNINGS: &[(&str, &str)] = &[
    ("PAR1", "a Parquet file"),
    ("Obj\u{1}", "an Avro file"),
    ("ORC", "an ORC file"),
    ("SQLite format 3", "an SQLite database"),
    ("%PDF", "a PDF"),
    ("\u{1}PNG", "an image"),
    ("GIF8", "an image"),
    ("\u{1}\u{1}\u{1}\u{1}", "binary data"),
    ("\u{7f}ELF", "a program"),
    ("MZ", "a program"),
    ("7z\u{1}", "a 7z archive"),
    ("\u{1}7zXZ", "an xz archive"),
    ("BZh", "a bzip2 archive"),
    ("Rar!", "a RAR archive"),
    ("<?xml", "XML"),
    ("<!DOCTYPE", "HTML"),
    ("<html", "HTML"),
    ("<", "XML or HTML"),
    ("version account-id", "VPC flow logs"),
    ("#Version:", "CloudFront logs"),
    ("h2 ", "load balancer logs"),
    ("https ", "load balancer logs"),
    ("\0", "zero bytes"),
];

/// How much of the text is looked at, in bytes.
const HEAD: usize = 256;

/// In words.
pub fn looks_like(text: &str) -> String {
    let head = &text[..text.floor_char_boundary(HEAD)];
    if let Some((_, what)) = BEGINNINGS.iter().find(|(begin, _)| head.starts_with(begin)) {
        return (*what).to_owned();
    }
    // DuckDB's magic stands behind a checksum
    if head.get(8..12) == Some("DUCK") {
        return "a DuckDB database".to_owned();
    }
    let odd = head.chars().filter(|char| char.is_control() && !char.is_whitespace()).count();
    if odd * 10 > head.len() {
        return "binary data".to_owned();
    }
    let line = head.lines().next().unwrap_or_default();
    if line.matches(',').count() >= 2 {
        return format!("a table whose columns are not those of CloudTrail ({})", shortened(line));
    }
    format!("text ({})", shortened(line))
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(60) {
        Some((at, _)) => format!("{}...", &line[..at]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_for_what_they_look_like() {
        for (text, expected) in [
            ("PAR1\u{15}", "a Parquet file"),
            ("<?xml version=\"1.0\"?>", "XML"),
            ("\0\0\0\0", "zero bytes"),
            ("\u{1}\u{2}\u{3}a", "binary data"),
            ("Permission is hereby granted", "text (Permission is hereby granted)"),
            ("a,b,c\n1,2,3", "a table whose columns are not those of CloudTrail (a,b,c)"),
            ("", "text ()"),
        ] {
            assert_eq!(looks_like(text), expected);
        }
    }
}
