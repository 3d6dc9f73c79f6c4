//! What DuckDB says about a statement that it cannot run.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;

/// An error in a statement, with the place that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementError {
    /// `Binder`, `Parser`, `Interrupt`, ...
    pub kind: String,
    /// What is wrong; on further lines, what might be meant.
    pub message: String,
    /// The bytes of the statement that it is about.
    pub at: Option<Range<usize>>,
}

/// As DuckDB writes errors where `errors_as_json` is set.
#[derive(Deserialize)]
struct Written {
    exception_type: String,
    exception_message: String,
    /// The first byte: `"7"`.
    position: Option<String>,
    /// The first byte and how many there are: `"[7,3]"`.
    location: Option<String>,
}

impl StatementError {
    /// Reads what DuckDB wrote about a statement that stands behind so many bytes of our own. What is not written as JSON
    /// stays as it is.
    pub fn locate(error: duckdb::Error, before: usize) -> anyhow::Error {
        match Self::parse(&error.to_string(), before) {
            Some(located) => located.into(),
            None => error.into(),
        }
    }

    /// Reads an error that DuckDB wrote as JSON.
    pub fn parse(error: &str, before: usize) -> Option<Self> {
        let written: Written = serde_json::from_str(&error[error.find('{')?..]).ok()?;
        let span: Option<[usize; 2]> = written.location.and_then(|location| serde_json::from_str(&location).ok());
        let span = span.or_else(|| Some([written.position?.parse().ok()?, 0]));
        let at = span.and_then(|[begin, length]| {
            let begin = begin.checked_sub(before)?;
            Some(begin..begin.checked_add(length)?)
        });
        Some(Self { kind: written.exception_type, message: written.exception_message, at })
    }
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} Error: {}", self.kind, self.message)
    }
}

impl std::error::Error for StatementError {}

/// What went wrong, from the outside in; without the code that DuckDB's errors end in, which is always the same.
pub fn describe(error: &anyhow::Error) -> String {
    let causes = error.chain().filter(|cause| !cause.is::<duckdb::ffi::Error>());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_where_in_the_statement_it_is() {
        let written = r#"Binder Error: {"exception_type":"Binder","exception_message":"no \"x\"","location":"[17,3]","position":"17"}"#;
        let error = StatementError::parse(written, 10).expect("an error");
        assert_eq!((error.to_string(), error.at), ("Binder Error: no \"x\"".to_owned(), Some(7..10)));
        let bare = r#"{"exception_type":"Conversion","exception_message":"no","position":"3"}"#;
        assert_eq!(StatementError::parse(bare, 0).expect("an error").at, Some(3..3));
        // a place before the statement is none in it
        assert_eq!(StatementError::parse(bare, 5).expect("an error").at, None);
        assert_eq!(StatementError::parse("IO Error: no such file {", 0), None);
    }
}
