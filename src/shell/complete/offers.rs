//! Candidates for what is being typed, and their order.

use std::collections::HashSet;
use std::ops::Range;

use reedline::{Span, Suggestion};

use crate::catalog::one_line;
use crate::output::visible;
use crate::shell::learned::is_harmless;

/// Suggestions shown at most.
const MOST: usize = 200;
/// Characters of a description.
const LONG: usize = 160;

/// Candidates for one place, which are ranked by how well they match, then by what is expected there.
pub struct Offers {
    pub typed: String,
    pub span: Range<usize>,
    found: Vec<(Match, u8, usize, Suggestion)>,
    seen: HashSet<String>,
    /// Whether upper and lower case tell candidates apart.
    pub exact: bool,
}

/// How a candidate matches what is typed, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    Begins,
    BeginsInOtherCase,
    /// At the beginning of a part: `name` in `event_name`.
    Part,
    Within,
}

impl Offers {
    pub fn new(typed: &str, span: Range<usize>) -> Self {
        Self { typed: typed.to_owned(), span, found: Vec::new(), seen: HashSet::new(), exact: false }
    }

    /// How a name matches what is typed, if it does.
    fn matches(&self, name: &str) -> Option<Match> {
        if name.starts_with(&self.typed) {
            return Some(Match::Begins);
        }
        let (name, typed) = (name.to_lowercase(), self.typed.to_lowercase());
        if name.starts_with(&typed) {
            return Some(Match::BeginsInOtherCase);
        }
        // one letter is within almost anything
        let at = name.find(&typed).filter(|_| typed.chars().count() > 1)?;
        let is_part = !name[..at].ends_with(char::is_alphanumeric);
        Some(if is_part { Match::Part } else { Match::Within })
    }

    /// Offers `value` under a name, in a group of things that are equally expected; groups come in order.
    pub fn offer(&mut self, group: u8, name: &str, value: String, description: String) {
        self.offer_ending(group, name, value, description, false);
    }

    /// As [`Offers::offer`]; a space may follow.
    pub fn offer_ending(&mut self, group: u8, name: &str, value: String, description: String, space: bool) {
        let Some(matches) = self.matches(name) else { return };
        let key = if self.exact { value.clone() } else { value.to_lowercase() };
        if !is_harmless(&value) || !self.seen.insert(key) {
            return;
        }
        let description = visible(&one_line(&description));
        let short = match description.char_indices().nth(LONG) {
            Some((end, _)) => format!("{}...", &description[..end]),
            None => description,
        };
        let suggestion = Suggestion {
            value,
            description: (!short.is_empty()).then_some(short),
            span: Span::new(self.span.start, self.span.end),
            append_whitespace: space,
            ..Suggestion::default()
        };
        self.found.push((matches, group, self.found.len(), suggestion));
    }

    /// The best of them, best first.
    pub fn suggestions(mut self) -> Vec<Suggestion> {
        self.found.sort_by_key(|(matches, group, order, _)| (*matches, *group, *order));
        self.found.into_iter().take(MOST).map(|(.., suggestion)| suggestion).collect()
    }
}
