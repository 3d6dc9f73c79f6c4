//! Queries that ask other queries, written out. Spark's table functions can call each other, but not with an argument that
//! is itself a parameter wherever the function called has an outer join or a subquery ("Accessing outer query column is not
//! allowed in this location", Spark 4.3). So a call becomes the query that it calls, as DuckDB makes it of a macro.

use std::collections::HashMap;

use super::script::sql_type;
use crate::catalog::{CATALOG, Query};
use crate::store::{Kind, Token, tokens};

/// A query's SELECT with every companion query in it written out.
pub fn inlined(select: &str) -> String {
    let tokens = tokens(select);
    let mut whole = String::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match call(select, &tokens[at..], before(select, &tokens, at)) {
            Some((query, values, length)) => {
                whole.push_str(&format!("(\n{}\n)", with_values(&inlined(&query.select), &values)));
                at += length;
            }
            None => {
                whole.push_str(token.text(select));
                at += 1;
            }
        }
    }
    whole
}

/// The text of the token before, spaces and comments apart.
fn before<'s>(sql: &'s str, tokens: &[Token], at: usize) -> &'s str {
    tokens[..at].iter().rev().find(|token| !token.is_blank()).map_or("", |token| token.text(sql))
}

/// What these tokens call, if they begin with a call of a query: the query, the values of its parameters, and how many
/// tokens the call has.
fn call(sql: &str, tokens: &[Token], before: &str) -> Option<(&'static Query, HashMap<&'static str, String>, usize)> {
    let query = CATALOG.query(tokens[0].text(sql)).filter(|_| before != ".")?;
    (tokens.get(1)?.text(sql) == "(").then_some(())?;
    let end = tokens.iter().position(|token| token.text(sql) == ")")?;
    let arguments = &sql[tokens[1].range.end..tokens[end].range.start];
    let given: HashMap<&str, &str> = arguments
        .split(',')
        .filter_map(|argument| argument.split_once("=>"))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let value = |parameter: &'static crate::catalog::Parameter| {
        let name = parameter.name.as_str();
        let value = given.get(name).copied().or(parameter.default.as_deref())?;
        // a null without a type has none where nothing else gives it one
        let value =
            if value == "NULL" { format!("CAST(NULL AS {})", sql_type(parameter.kind)) } else { value.to_owned() };
        Some((name, value))
    };
    Some((query, query.parameters.iter().filter_map(value).collect(), end + 1))
}

/// A query with values in place of its parameters. As in DuckDB, a name alone that is a parameter's is the parameter.
fn with_values(select: &str, values: &HashMap<&str, String>) -> String {
    let tokens = tokens(select);
    let text = |(at, token): (usize, &Token)| {
        let text = token.text(select);
        let after = tokens[at + 1..].iter().find(|token| !token.is_blank()).map_or("", |token| token.text(select));
        let before = before(select, &tokens, at);
        let is_parameter = token.kind == Kind::Word
            && before != "."
            && !before.eq_ignore_ascii_case("AS")
            && !matches!(after, "." | "=>" | "(");
        values.get(text).filter(|_| is_parameter).cloned().unwrap_or_else(|| text.to_owned())
    };
    tokens.iter().enumerate().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_is_the_parameter_and_a_column_s_is_not() {
        let values = HashMap::from([("hours", "24".to_owned()), ("account", "CAST(NULL AS STRING)".to_owned())]);
        assert_eq!(
            with_values(
                "SELECT c.hours, hours * 2 AS hours, f(hours => hours), 'hours' -- hours\nWHERE account IS NULL",
                &values
            ),
            "SELECT c.hours, 24 * 2 AS hours, f(hours => 24), 'hours' -- hours\nWHERE CAST(NULL AS STRING) IS NULL"
        );
    }

    #[test]
    fn no_query_is_left_that_asks_another() {
        for query in &CATALOG.queries {
            let select = inlined(&query.select);
            for other in &CATALOG.queries {
                let call = format!(" {}(", other.name);
                assert!(!select.contains(&call), "{} asks {}", query.name, other.name);
            }
        }
    }
}
