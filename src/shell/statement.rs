//! The statement that is being typed, as far as it says what may come next: what it selects from, and what stands where
//! the cursor is.

use std::ops::Range;

use super::learned::Step;
use crate::store::{Kind, Token, tokens};

/// A statement with a cursor in it.
pub struct Statement<'s> {
    pub sql: &'s str,
    /// Those that say something.
    pub(super) tokens: Vec<Token>,
    /// How many of them stand before the one that is being typed.
    pub(super) before: usize,
    /// The name or string in or behind which the cursor is.
    pub typed: Option<Token>,
    cursor: usize,
    /// Whether nothing can be completed: in a comment, a number, behind a string.
    pub is_closed: bool,
}

/// A call in whose parentheses the cursor is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub name: String,
    /// Names of the arguments that are given by name.
    pub given: Vec<String>,
    /// The argument whose value comes next; none where an argument begins.
    pub argument: Option<String>,
    /// Whether an argument or its value begins here.
    pub begins: bool,
}

/// What may come where the cursor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// A statement or subquery begins.
    Start,
    /// A table, view or table macro.
    Relation,
    /// A name that is being made up.
    NewName,
    Type,
    /// An operator or the next clause.
    Operator,
    Expression,
}

/// Words behind which a relation is named.
pub(super) const BEFORE_RELATION: &[&str] = &["from", "join", "into", "update", "summarize", "describe"];
/// Words that end a list of relations.
pub(super) const CLAUSES: &[&str] = &[
    "select",
    "where",
    "group",
    "order",
    "having",
    "limit",
    "offset",
    "qualify",
    "window",
    "union",
    "except",
    "intersect",
    "set",
    "values",
    "on",
    "using",
    "returning",
    "sample",
];
/// Words behind which a new SELECT begins beside the one before.
pub(super) const BESIDE: &[&str] = &["union", "except", "intersect"];
impl<'s> Statement<'s> {
    pub fn at(sql: &'s str, cursor: usize) -> Self {
        let all = tokens(sql);
        let is_end = |token: &&Token| token.kind == Kind::Semicolon;
        let begin = all.iter().filter(is_end).rfind(|token| token.range.end <= cursor).map_or(0, |end| end.range.end);
        let end = all.iter().filter(is_end).find(|token| token.range.start >= cursor);
        let end = end.map_or(sql.len(), |token| token.range.start);
        let here = |token: &Token| begin <= token.range.start && token.range.end <= end;
        let at = all.iter().find(|token| token.range.start < cursor && cursor <= token.range.end);
        let typed = at.filter(|token| match token.kind {
            Kind::Word => true,
            Kind::QuotedName | Kind::String => cursor < token.range.end || !token.closed,
            _ => false,
        });
        let in_comment = |token: &Token| {
            let is_line = token.text(sql).starts_with("--");
            token.kind == Kind::Comment && (is_line || cursor < token.range.end || !token.closed)
        };
        let is_closed = at.is_some_and(|token| {
            let is_value = matches!(token.kind, Kind::String | Kind::QuotedName | Kind::Number);
            in_comment(token) || (is_value && typed.is_none())
        });
        let typed = typed.cloned();
        let tokens: Vec<_> = all.into_iter().filter(|token| here(token) && !token.is_blank()).collect();
        let from = typed.as_ref().map_or(cursor, |token| token.range.start);
        let before = tokens.iter().take_while(|token| token.range.end <= from).count();
        Self { sql, tokens, before, typed, cursor, is_closed }
    }

    /// The statement around a place, in which nothing is being typed.
    pub fn whole(sql: &'s str, at: usize) -> Self {
        Self { typed: None, ..Self::at(sql, at) }
    }

    /// What is typed of the name or string, without quotes.
    pub fn prefix(&self) -> String {
        let Some(token) = &self.typed else { return String::new() };
        let text = &self.sql[token.range.start..self.cursor];
        match token.kind {
            Kind::Word => text.to_owned(),
            _ => text.get(1..).unwrap_or_default().replace("''", "'").replace("\"\"", "\""),
        }
    }

    /// What a completion replaces: the whole word, but of an open quote only what stands before the cursor.
    pub fn span(&self) -> Range<usize> {
        match &self.typed {
            None => self.cursor..self.cursor,
            Some(token) => {
                let rest = &self.sql[self.cursor..token.range.end];
                // a quote that is closed by the next one was meant to end before
                let whole = token.closed && (token.kind == Kind::Word || !rest.contains(char::is_whitespace));
                token.range.start..if whole { token.range.end } else { self.cursor }
            }
        }
    }

    fn before(&self) -> &[Token] {
        &self.tokens[..self.before]
    }

    /// The token so many before what is typed; 0 is the next to it.
    fn back(&self, count: usize) -> Option<&Token> {
        self.before.checked_sub(count + 1).map(|index| &self.tokens[index])
    }

    pub(super) fn word(&self, token: Option<&Token>) -> String {
        match token {
            Some(token) if token.kind == Kind::Word => token.text(self.sql).to_lowercase(),
            _ => String::new(),
        }
    }

    pub(super) fn is(&self, token: Option<&Token>, operator: &str) -> bool {
        token.is_some_and(|token| token.kind == Kind::Operator && token.text(self.sql) == operator)
    }

    /// Whether what follows the cursor is `(`: then a function needs none.
    pub fn is_called(&self) -> bool {
        let next =
            self.tokens.iter().find(|token| token.range.start >= self.cursor && Some(*token) != self.typed.as_ref());
        self.is(next, "(")
    }

    /// Whether words before the cursor are in upper case; none if there are none.
    pub fn upper_case(&self, is_keyword: impl Fn(&str) -> bool) -> Option<bool> {
        let words = self.before().iter().filter(|token| token.kind == Kind::Word).map(|token| token.text(self.sql));
        let keywords = words.filter(|word| is_keyword(word));
        keywords.last().map(|word| !word.contains(char::is_lowercase))
    }

    /// Where the dot before the word that is typed stands.
    pub fn dot(&self) -> Option<usize> {
        self.back(0).filter(|token| self.is(Some(token), ".")).map(|token| token.range.start)
    }

    /// The path of names before the word that is typed: `e.user_identity.` as two fields; none without a dot.
    pub fn chain(&self) -> Option<Vec<Step>> {
        if !self.is(self.back(0), ".") {
            return None;
        }
        self.chain_until(self.before - 1).map(|(steps, _)| steps)
    }

    /// The path of names that ends before a token, and where it begins.
    fn chain_until(&self, mut end: usize) -> Option<(Vec<Step>, usize)> {
        let mut steps = Vec::new();
        loop {
            let token = self.tokens.get(end.checked_sub(1)?)?;
            if self.is(Some(token), "]") {
                end = self.opening(end - 1)?;
                steps.push(Step::Item);
                continue;
            }
            if !matches!(token.kind, Kind::Word | Kind::QuotedName) {
                return None;
            }
            steps.push(Step::Field(unquoted(token.text(self.sql))));
            end -= 1;
            if !self.is(end.checked_sub(1).map(|index| &self.tokens[index]), ".") {
                break;
            }
            end -= 1;
        }
        steps.reverse();
        Some((steps, end))
    }

    /// Where the bracket opens that closes at a token.
    fn opening(&self, close: usize) -> Option<usize> {
        let mut depth = 0;
        for index in (0..=close).rev() {
            match self.tokens[index].text(self.sql) {
                ")" | "]" => depth += 1,
                "(" | "[" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(index);
            }
        }
        None
    }

    /// Where the bracket closes that opens at a token.
    pub(super) fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0;
        for index in open..self.tokens.len() {
            match self.tokens[index].text(self.sql) {
                "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(index);
            }
        }
        None
    }

    /// What a string that is typed is compared with: the path of a column.
    pub fn compared(&self) -> Option<Vec<Step>> {
        let mut end = self.before;
        // ... IN ('a', 'b', '
        let mut first = end;
        while first > 0 && (self.is(self.tokens.get(first - 1), ",") || self.tokens[first - 1].kind == Kind::String) {
            first -= 1;
        }
        let opens = self.is(first.checked_sub(1).map(|index| &self.tokens[index]), "(");
        if opens && first >= 2 && self.word(self.tokens.get(first - 2)) == "in" {
            end = first - 2;
            if end > 0 && self.word(self.tokens.get(end - 1)) == "not" {
                end -= 1;
            }
            return self.chain_until(end).map(|(steps, _)| steps);
        }
        // starts_with(event_name, '
        if self.is(self.back(0), ",") {
            let (steps, begin) = self.chain_until(end - 1)?;
            let called = self.word(self.tokens.get(begin.checked_sub(2)?));
            let tests = ["starts_with", "ends_with", "contains", "prefix", "suffix"];
            return tests.contains(&called.as_str()).then_some(steps);
        }
        let operator = self.back(0)?;
        let word = self.word(Some(operator));
        let compares = ["=", "==", "<>", "!=", "~~"].contains(&operator.text(self.sql));
        if word == "like" || word == "ilike" {
            end -= 1;
            if end > 0 && self.word(self.tokens.get(end - 1)) == "not" {
                end -= 1;
            }
        } else if compares {
            end -= 1;
        } else {
            return None;
        }
        // request_parameters.a::VARCHAR = '
        if end >= 2 && self.is(self.tokens.get(end - 2), "::") {
            end -= 2;
        }
        self.chain_until(end).map(|(steps, _)| steps)
    }

    /// The strings that the whole statement compares event_name with.
    pub fn events(&self) -> Vec<String> {
        let mut events = Vec::new();
        for (index, token) in self.tokens.iter().enumerate() {
            if !unquoted(token.text(self.sql)).eq_ignore_ascii_case("event_name") {
                continue;
            }
            let rest = &self.tokens[index + 1..];
            let list = match rest.first().map(|token| token.text(self.sql)) {
                Some("=" | "==") => &rest[1..rest.len().min(2)],
                Some(word) if word.eq_ignore_ascii_case("in") => {
                    let end = rest.iter().position(|token| token.text(self.sql) == ")");
                    &rest[1..end.unwrap_or(1).max(1)]
                }
                _ => &[],
            };
            let strings = list.iter().filter(|token| token.kind == Kind::String && token.closed);
            events.extend(strings.map(|token| unquoted(token.text(self.sql))));
        }
        events
    }

    /// The call in whose parentheses the cursor is.
    pub fn call(&self) -> Option<Call> {
        let mut depth = 0;
        let mut open = None;
        for index in (0..self.before).rev() {
            match self.tokens[index].text(self.sql) {
                ")" | "]" => depth += 1,
                "(" if depth == 0 => {
                    open = Some(index);
                    break;
                }
                "(" | "[" => depth -= 1,
                _ => {}
            }
        }
        let open = open?;
        let name = self.tokens.get(open.checked_sub(1)?)?;
        if !matches!(name.kind, Kind::Word | Kind::QuotedName) {
            return None;
        }
        let end = self.closing(open).unwrap_or(self.tokens.len());
        let assigns = |index: usize| self.is(self.tokens.get(index), ":=") || self.is(self.tokens.get(index), "=>");
        let named = |index: usize| unquoted(self.tokens[index].text(self.sql));
        let given = (open + 1..end).filter(|&index| assigns(index + 1)).map(named).collect();
        let last = self.before - 1;
        let argument = (assigns(last) && last > open + 1).then(|| named(last - 1));
        let begins = last == open || argument.is_some() || self.is(self.tokens.get(last), ",");
        Some(Call { name: unquoted(name.text(self.sql)), given, argument, begins })
    }

    pub fn position(&self) -> Position {
        let Some(last) = self.back(0) else { return Position::Start };
        let word = self.word(Some(last));
        let before = self.word(self.back(1));
        let text = last.text(self.sql);
        match word.as_str() {
            "from" if before == "distinct" => return Position::Expression,
            "describe" | "summarize" | "explain" | "analyze" if self.before <= 2 => return Position::Relation,
            "into" | "update" | "join" | "from" => return Position::Relation,
            "table" | "view" if before == "drop" || before == "alter" => return Position::Relation,
            "table" | "view" | "macro" | "function" | "with" | "recursive" => return Position::NewName,
            "all" if BESIDE.contains(&before.as_str()) => return Position::Start,
            "as" => {
                let begins = self.word(self.tokens.first());
                return match begins.as_str() {
                    "create" if self.path(self.before).len() == 1 => Position::Start,
                    _ if self.call().is_some_and(|call| call.name.ends_with("cast") || call.name == "CAST") => {
                        Position::Type
                    }
                    _ => Position::NewName,
                };
            }
            word if BESIDE.contains(&word) => return Position::Start,
            _ => {}
        }
        if text == "::" {
            return Position::Type;
        }
        if text == "(" {
            let opens_query = ["as", "materialized", "from", "join", "exists", "in", "all", "any", ","];
            let before = self.back(1).map_or("", |token| token.text(self.sql)).to_lowercase();
            if self.back(1).is_none() || opens_query.contains(&before.as_str()) {
                return if before == "in" { Position::Expression } else { Position::Start };
            }
        }
        if text == "," && self.is_in_from() {
            return Position::Relation;
        }
        let is_operand = match last.kind {
            Kind::Word => {
                let after = ["end", "null", "true", "false", "all", "asc", "desc"];
                after.contains(&word.as_str()) || !self.is_operator_word(&word)
            }
            Kind::QuotedName | Kind::Number | Kind::String => true,
            _ => matches!(text, ")" | "]") || (text == "*" && self.is_star()),
        };
        if is_operand { Position::Operator } else { Position::Expression }
    }

    /// Whether the `*` before the cursor stands for all columns, and is no product.
    fn is_star(&self) -> bool {
        let before = self.back(1).map(|token| token.text(self.sql).to_lowercase());
        before.is_none_or(|before| ["select", "distinct", ",", "(", "."].contains(&before.as_str()))
    }

    /// Whether a word asks for an operand behind it.
    fn is_operator_word(&self, word: &str) -> bool {
        const WORDS: &[&str] = &[
            "select",
            "distinct",
            "where",
            "and",
            "or",
            "not",
            "by",
            "on",
            "having",
            "qualify",
            "when",
            "then",
            "else",
            "case",
            "like",
            "ilike",
            "in",
            "between",
            "is",
            "limit",
            "offset",
            "set",
            "using",
            "values",
            "returning",
            "filter",
            "over",
            "exclude",
            "replace",
            "similar",
            "to",
            "escape",
            "call",
            "pragma",
            "group",
            "order",
        ];
        WORDS.contains(&word)
    }

    /// Whether a relation may be named behind a comma here.
    fn is_in_from(&self) -> bool {
        let mut depth = 0;
        for token in self.before().iter().rev() {
            match token.text(self.sql) {
                ")" | "]" => depth += 1,
                "(" | "[" if depth == 0 => return false,
                "(" | "[" => depth -= 1,
                text if depth == 0 && token.kind == Kind::Word => {
                    let word = text.to_lowercase();
                    if BEFORE_RELATION.contains(&word.as_str()) {
                        return true;
                    }
                    let goes_on = word == "on" || word == "using";
                    if (CLAUSES.contains(&word.as_str()) && !goes_on) || word == "by" {
                        return false;
                    }
                }
                _ => {}
            }
        }
        false
    }
}

pub(super) fn is_name(token: &Token) -> bool {
    matches!(token.kind, Kind::Word | Kind::QuotedName)
}

/// A name or string without its quotes.
pub fn unquoted(text: &str) -> String {
    for quote in ['"', '\'', '`'] {
        if let Some(rest) = text.strip_prefix(quote) {
            let inner = rest.strip_suffix(quote).unwrap_or(rest);
            return inner.replace(&format!("{quote}{quote}"), &quote.to_string());
        }
    }
    text.to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn at(text: &str) -> (String, usize) {
        let cursor = text.find('|').expect("a cursor");
        (text.replacen('|', "", 1), cursor)
    }

    #[test]
    fn what_may_come_follows_from_what_stands_before() {
        for (text, position) in [
            ("|", Position::Start),
            ("SELECT 1; sel|", Position::Start),
            ("SELECT |", Position::Expression),
            ("SELECT a, b|", Position::Expression),
            ("SELECT * |", Position::Operator),
            ("SELECT a * |", Position::Expression),
            ("SELECT * FROM |", Position::Relation),
            ("FROM a, |", Position::Relation),
            ("FROM a JOIN b ON a.x = b.x, |", Position::Relation),
            ("FROM a |", Position::Operator),
            ("FROM a WHERE x = 1 |", Position::Operator),
            ("FROM a WHERE x IS DISTINCT FROM |", Position::Expression),
            ("FROM a WHERE x IN (|", Position::Expression),
            ("SELECT count(|", Position::Expression),
            ("FROM (|", Position::Start),
            ("WITH x AS (|", Position::Start),
            ("WITH |", Position::NewName),
            ("SELECT a AS |", Position::NewName),
            ("SELECT CAST(a AS |", Position::Type),
            ("SELECT a::|", Position::Type),
            ("SELECT 1 UNION ALL |", Position::Start),
            ("CREATE VIEW x AS |", Position::Start),
            ("DESCRIBE |", Position::Relation),
        ] {
            let (sql, cursor) = at(text);
            assert_eq!(Statement::at(&sql, cursor).position(), position, "{text}");
        }
    }

    #[test]
    fn paths_and_comparisons_are_read_backwards() {
        let field = |name: &str| Step::Field(name.to_owned());
        let (sql, cursor) = at("SELECT e.\"user_identity\".sess|");
        assert_eq!(Statement::at(&sql, cursor).chain(), Some(vec![field("e"), field("user_identity")]));
        let (sql, cursor) = at("SELECT resources[a[1]].|");
        assert_eq!(Statement::at(&sql, cursor).chain(), Some(vec![field("resources"), Step::Item]));
        for text in [
            "WHERE a.b = '|",
            "WHERE a.b <> 'x|'",
            "WHERE a.b IN ('x', '|",
            "WHERE a.b NOT IN ('|",
            "WHERE a.b LIKE '|",
            "WHERE starts_with(a.b, '|",
            "WHERE a.b::VARCHAR = '|",
            "WHERE x = 1 AND a.b NOT ILIKE '|",
        ] {
            let (sql, cursor) = at(text);
            assert_eq!(Statement::at(&sql, cursor).compared(), Some(vec![field("a"), field("b")]), "{text}");
        }
        for text in ["SELECT '|", "WHERE f(a, '|", "WHERE a + '|", "WHERE a IN (SELECT '|"] {
            let (sql, cursor) = at(text);
            assert_eq!(Statement::at(&sql, cursor).compared(), None, "{text}");
        }
        let (sql, cursor) =
            at("SELECT | FROM e WHERE event_name = 'A' OR event_name IN ('B', 'C') OR event_name <> 'D'");
        assert_eq!(Statement::at(&sql, cursor).events(), ["A", "B", "C"]);
    }

    #[test]
    fn the_call_around_the_cursor_knows_its_arguments() {
        let (sql, cursor) = at("FROM f(hours := 1, g(2), any := |");
        let call = Statement::at(&sql, cursor).call().expect("a call");
        assert_eq!((call.name.as_str(), call.argument.as_deref(), call.begins), ("f", Some("any"), true));
        assert_eq!(call.given, ["hours", "any"]);
        let (sql, cursor) = at("FROM f(hours => 1, |)");
        let call = Statement::at(&sql, cursor).call().expect("a call");
        assert_eq!((call.argument, call.begins, call.given), (None, true, vec!["hours".to_owned()]));
        let (sql, cursor) = at("FROM f(1) WHERE |");
        assert_eq!(Statement::at(&sql, cursor).call(), None);
    }
}
