//! Where reading goes on behind what cannot be read.

/// Every record AWS writes begins with this: where reading can go on after damage in a list.
pub const RECORD_BEGIN: &str = "{\"eventVersion\"";

/// Every file that CloudTrail delivers begins with this, and a record.
const HEAD: &str = "{\"Records\":[";

/// Where the first record begins behind a head that differs from [`HEAD`] in one byte.
pub fn behind_almost_head(rest: &str) -> Option<usize> {
    let within = rest.floor_char_boundary(HEAD.len() + RECORD_BEGIN.len());
    let at = rest[..within].find(RECORD_BEGIN)?;
    let head = &rest[..at];
    let different = head.bytes().zip(HEAD.bytes()).filter(|(found, expected)| found != expected).count();
    // white space in place of the brace was passed over
    (head.len() == HEAD.len() && different == 1 || head == &HEAD[1..]).then_some(at)
}

/// Where the object at the beginning of `rest` ends, going by its brackets and quotes alone; an error says how far it was
/// looked for. An object that holds what looks like a record, as a logged request may, is passed over whole.
pub fn end_by_brackets(rest: &[u8]) -> Result<usize, usize> {
    let mut open = Vec::new();
    let (mut in_string, mut escaped) = (false, false);
    let mut before = b' ';
    for (at, &byte) in rest.iter().enumerate() {
        match byte {
            // no string goes on in the next line, and no pretty-printed object begins one
            b'\n' if in_string || rest[at + 1..].starts_with(b"{") => return Err(at),
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            // where no string can begin, one ends: a quote is missing, and what looks like brackets may be in strings
            b'"' if !in_string && !b"{[,:\"".contains(&before) => return Err(at),
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
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    Err(rest.len())
}

/// Whether what stands behind a record is what should: the list goes on or ends, or a line does.
pub fn follows_on(rest: &str, in_list: bool) -> bool {
    let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
    if in_list { trimmed.starts_with([',', ']']) } else { trimmed.is_empty() || trimmed.len() < rest.len() }
}

/// The next record of a list, where brackets are of no help. What begins a list of its own is nested in the damaged one.
pub fn next_in_list(rest: &str) -> Option<usize> {
    let mut begins = rest.match_indices(RECORD_BEGIN).map(|(at, _)| at);
    begins.find(|&at| rest[..at].trim_end_matches([' ', '\t', '\r', '\n']).ends_with(','))
}
