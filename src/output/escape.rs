//! Characters that would do something instead of being shown.

use std::fmt::Write;
use std::ops::RangeInclusive;

/// Whether a character may move a terminal's cursor, hide text or reverse its order: Unicode's categories Control, Format,
/// Line and Paragraph Separator, and letters without a shape; but not the variation selectors that emoji have.
fn acts(char: char) -> bool {
    const INVISIBLE: &[RangeInclusive<char>] = &[
        '\u{AD}'..='\u{AD}',
        '\u{34F}'..='\u{34F}',
        '\u{600}'..='\u{605}',
        '\u{61C}'..='\u{61C}',
        '\u{6DD}'..='\u{6DD}',
        '\u{70F}'..='\u{70F}',
        '\u{890}'..='\u{891}',
        '\u{8E2}'..='\u{8E2}',
        '\u{115F}'..='\u{1160}',
        '\u{17B4}'..='\u{17B5}',
        '\u{180B}'..='\u{180F}',
        '\u{200B}'..='\u{200F}',
        '\u{2028}'..='\u{202E}',
        '\u{2060}'..='\u{206F}',
        '\u{3164}'..='\u{3164}',
        '\u{FEFF}'..='\u{FEFF}',
        '\u{FFA0}'..='\u{FFA0}',
        '\u{FFF9}'..='\u{FFFB}',
        '\u{110BD}'..='\u{110CD}',
        '\u{13430}'..='\u{1343F}',
        '\u{1BCA0}'..='\u{1BCA3}',
        '\u{1D173}'..='\u{1D17A}',
        '\u{E0000}'..='\u{E0FFF}',
    ];
    char.is_control() || (char >= '\u{AD}' && INVISIBLE.iter().any(|range| range.contains(&char)))
}

/// `text` with such characters spelled out: `\n`, `\u{1b}`.
pub fn visible(text: &str) -> String {
    if !text.contains(acts) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        if acts(char) {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    shown
}

/// As [`visible`], but lines stay lines.
pub fn visible_lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

/// JSON with such characters as `\u` escapes, which stand for the same text. Between tokens there are none of them.
pub fn json(json: &str) -> String {
    if !json.contains(acts) {
        return json.to_owned();
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for char in json.chars() {
        if acts(char) {
            for unit in char.encode_utf16(&mut [0; 2]) {
                // writing to a String cannot fail
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(char);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_is_spelled_out() {
        assert_eq!(visible("plain é 😀"), "plain é 😀");
        assert_eq!(visible("a\x1b[31m\r\nb\u{9b}\u{202e}c"), r"a\u{1b}[31m\r\nb\u{9b}\u{202e}c");
        assert_eq!(json("\"a\u{9b}\u{202e}\u{e0041}\""), r#""a\u009b\u202e\udb40\udc41""#);
    }
}
