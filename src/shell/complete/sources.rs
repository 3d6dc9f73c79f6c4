//! What a statement selects from: relations, calls, subqueries, and the queries it names itself.

use std::ops::Range;

use crate::shell::statement::{BEFORE_RELATION, BESIDE, CLAUSES, Statement, is_name, unquoted};
use crate::store::Kind;

/// Something that is selected from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name, without quotes; the parts of a qualified one joined by dots. Empty for a subquery.
    pub name: String,
    /// Where the name stands, or the subquery with its parentheses.
    pub range: Range<usize>,
    pub alias: Option<String>,
    /// Where its arguments stand, with their parentheses, if it is called.
    pub arguments: Option<Range<usize>>,
    /// How many SELECTs out of the cursor's it stands.
    pub distance: usize,
}

/// A query that is named in a WITH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cte {
    pub name: String,
    /// Where all up to the end of its body stands, beginning with WITH; none if it has no end yet.
    pub text: Option<Range<usize>>,
}

/// Functions in whose parentheses FROM names no relation.
const FROM_IN_CALL: &[&str] = &["extract", "substring", "trim", "overlay", "position"];

/// Parentheses around a token, from the outside in: where each opens, and which of the SELECTs side by side it is in.
type Path = Vec<(usize, usize)>;

impl Statement<'_> {
    /// The parentheses around a token.
    pub(in crate::shell) fn path(&self, index: usize) -> Path {
        let mut path = vec![(0, 0)];
        for (at, token) in self.tokens[..index].iter().enumerate() {
            match token.text(self.sql) {
                "(" => path.push((at + 1, 0)),
                ")" if path.len() > 1 => {
                    path.pop();
                }
                text if token.kind == Kind::Word && BESIDE.contains(&text.to_lowercase().as_str()) => {
                    if let Some((_, select)) = path.last_mut() {
                        *select += 1;
                    }
                }
                _ => {}
            }
        }
        path
    }

    /// What the statement selects from where the cursor sees it, the nearest first.
    pub fn sources(&self) -> Vec<Source> {
        let path = self.path(self.before);
        let mut sources: Vec<_> = self
            .all_sources()
            .into_iter()
            .filter_map(|(index, mut source)| {
                let of = self.path(index);
                source.distance = path.starts_with(&of).then(|| path.len() - of.len())?;
                Some(source)
            })
            .collect();
        // parentheses of a call or an expression put all equally far
        let nearest = sources.iter().map(|source| source.distance).min().unwrap_or(0);
        sources.iter_mut().for_each(|source| source.distance -= nearest);
        sources.sort_by_key(|source| source.distance);
        sources
    }

    /// All that the statement selects from, with the index of the token that names it.
    pub fn all_sources(&self) -> Vec<(usize, Source)> {
        let mut sources = Vec::new();
        // whether a comma names another relation, for each parenthesis
        let mut in_from = vec![false];
        for (index, token) in self.tokens.iter().enumerate() {
            let text = token.text(self.sql).to_lowercase();
            let named_next = match token.kind {
                Kind::Operator if text == "(" => {
                    in_from.push(false);
                    false
                }
                Kind::Operator if text == ")" => {
                    if in_from.len() > 1 {
                        in_from.pop();
                    }
                    false
                }
                Kind::Operator => text == "," && in_from.last() == Some(&true),
                Kind::Word if BEFORE_RELATION.contains(&text.as_str()) => {
                    let names = !self.is_other_from(index, &text);
                    if names && let Some(last) = in_from.last_mut() {
                        *last = matches!(text.as_str(), "from" | "join");
                    }
                    names
                }
                Kind::Word if CLAUSES.contains(&text.as_str()) => {
                    // the list goes on behind ON and USING
                    if let Some(last) = in_from.last_mut().filter(|_| text != "on" && text != "using") {
                        *last = false;
                    }
                    false
                }
                _ => false,
            };
            if named_next && let Some(source) = self.source(index + 1) {
                sources.push((index + 1, source));
            }
        }
        sources
    }

    /// Whether a FROM belongs to an operator or function, or DESCRIBE and UPDATE to something else.
    fn is_other_from(&self, index: usize, word: &str) -> bool {
        let back = |count: usize| self.word(index.checked_sub(count).map(|index| &self.tokens[index]));
        match word {
            "from" => {
                let open = self.path(index).last().and_then(|(open, _)| open.checked_sub(1));
                let called = open.and_then(|open| open.checked_sub(1)).map(|at| self.word(self.tokens.get(at)));
                let begins = open.is_some_and(|open| self.word(self.tokens.get(open + 1)) == "select");
                (back(1) == "distinct" && back(2) != "select")
                    || (!begins && called.is_some_and(|called| FROM_IN_CALL.contains(&called.as_str())))
            }
            "describe" | "summarize" | "update" => index > 0,
            _ => false,
        }
    }

    /// What is named at a token.
    fn source(&self, mut index: usize) -> Option<Source> {
        let begin = self.tokens.get(index)?;
        // the word that is being typed is no name yet
        if self.typed.as_ref().is_some_and(|typed| typed.range == begin.range) {
            return None;
        }
        let mut name = String::new();
        let mut range = begin.range.clone();
        let mut arguments = None;
        if self.is(Some(begin), "(") {
            let close = self.closing(index)?;
            range.end = self.tokens[close].range.end;
            index = close + 1;
        } else {
            while let Some(token) = self.tokens.get(index).filter(|token| is_name(token)) {
                name.push_str(&unquoted(token.text(self.sql)));
                range.end = token.range.end;
                index += 1;
                if !self.is(self.tokens.get(index), ".") {
                    break;
                }
                name.push('.');
                index += 1;
            }
            if name.is_empty() || BEFORE_RELATION.contains(&name.to_lowercase().as_str()) || name == "select" {
                return None;
            }
            if self.is(self.tokens.get(index), "(") {
                let close = self.closing(index);
                let end = close.map_or(self.sql.len(), |close| self.tokens[close].range.end);
                arguments = Some(self.tokens[index].range.start..end);
                index = close.map_or(self.tokens.len(), |close| close + 1);
            }
        }
        if self.word(self.tokens.get(index)) == "as" {
            index += 1;
        }
        const NO_ALIAS: &[&str] = &[
            "left",
            "right",
            "inner",
            "outer",
            "full",
            "cross",
            "natural",
            "asof",
            "positional",
            "semi",
            "anti",
            "lateral",
            "tablesample",
            "pivot",
            "unpivot",
            "for",
            "for",
            "fetch",
            "and",
            "or",
            "then",
            "when",
            "end",
        ];
        let alias = self.tokens.get(index).filter(|token| is_name(token)).filter(|token| {
            let word = self.word(Some(token));
            let is_typed = self.typed.as_ref().is_some_and(|typed| typed.range == token.range);
            let is_word = |words: &[&str]| words.contains(&word.as_str());
            !is_typed && !is_word(NO_ALIAS) && !is_word(CLAUSES) && !is_word(BEFORE_RELATION)
        });
        let alias = alias.map(|token| unquoted(token.text(self.sql)));
        Some(Source { name, range, alias, arguments, distance: 0 })
    }

    /// The queries named in a WITH.
    pub fn ctes(&self) -> Vec<Cte> {
        let with = self.tokens.iter().find(|token| self.word(Some(token)) == "with");
        let Some(with) = with else { return Vec::new() };
        let mut ctes = Vec::new();
        for (index, token) in self.tokens.iter().enumerate().filter(|(_, token)| is_name(token)) {
            let before = index.checked_sub(1).map(|index| self.tokens[index].text(self.sql).to_lowercase());
            if !before.is_some_and(|before| ["with", "recursive", ","].contains(&before.as_str())) {
                continue;
            }
            let mut next = index + 1;
            if self.is(self.tokens.get(next), "(") {
                let Some(close) = self.closing(next) else { continue };
                next = close + 1;
            }
            if self.word(self.tokens.get(next)) != "as" {
                continue;
            }
            next += 1;
            while ["not", "materialized"].contains(&self.word(self.tokens.get(next)).as_str()) {
                next += 1;
            }
            if self.is(self.tokens.get(next), "(") {
                let close = self.closing(next);
                let text = close.map(|close| with.range.start..self.tokens[close].range.end);
                ctes.push(Cte { name: unquoted(token.text(self.sql)), text });
            }
        }
        ctes
    }

    /// Names that the SELECT around the cursor gives its columns: `count(*) AS calls`.
    pub fn column_aliases(&self) -> Vec<String> {
        let path = self.path(self.before);
        let mut names = Vec::new();
        for (index, token) in self.tokens.iter().enumerate().skip(1).filter(|(_, token)| is_name(token)) {
            let next = self.tokens.get(index + 1);
            let ends = next.is_none_or(|next| self.is(Some(next), ",") || self.word(Some(next)) == "from");
            if ends && self.word(self.tokens.get(index - 1)) == "as" && self.path(index) == path {
                names.push(unquoted(token.text(self.sql)));
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::statement::tests::at;

    #[test]
    fn sources_are_those_the_cursor_sees_nearest_first() {
        for (text, expected) in [
            ("SELECT | FROM events", vec![("events", None)]),
            (
                "SELECT | FROM events AS e JOIN \"my t\" m ON e.x = m.x LEFT JOIN c",
                vec![("events", Some("e")), ("my t", Some("m")), ("c", None)],
            ),
            ("SELECT a FROM b; SELECT | FROM c, d x WHERE", vec![("c", None), ("d", Some("x"))]),
            ("FROM a WHERE x IN (SELECT | FROM b)", vec![("b", None), ("a", None)]),
            ("FROM a WHERE x IN (SELECT y FROM b) AND |", vec![("a", None)]),
            ("SELECT x FROM a UNION SELECT | FROM b", vec![("b", None)]),
            ("FROM f(hours := 1) AS l WHERE |", vec![("f", Some("l"))]),
            ("FROM (SELECT 1 AS a FROM b) AS s WHERE |", vec![("", Some("s"))]),
            ("SELECT extract(year FROM t), | FROM events", vec![("events", None)]),
            ("UPDATE events SET |", vec![("events", None)]),
            ("SELECT count(|) FROM s.t", vec![("s.t", None)]),
        ] {
            let (sql, cursor) = at(text);
            let sources = Statement::at(&sql, cursor).sources();
            let found: Vec<_> = sources.iter().map(|source| (source.name.as_str(), source.alias.as_deref())).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
