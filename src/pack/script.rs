//! The script that makes Spark know the catalog: views, detections, and the companion queries as table functions.

use std::collections::HashSet;

use super::inline::inlined;
use crate::catalog::{CATALOG, Detection, Kind, Parameter, Query, one_line, quote};
use crate::store::{statements, tokens};

/// Columns of an alert that exceptions look at: the arguments of covering_exceptions. The address goes as its number, which
/// is found out once for each alert.
const ALERT: &str = "alert.rule, alert.principal, alert.account_id, alert.session_issuer_arn, alert.access_key_id, \
    ip_number(alert.source_ip_address), alert.user_agent, alert.aws_region, alert.owners";

/// The views that many queries read and that are small beside the events. Their rows are kept: Spark looks at the text of a
/// view wherever one names it, and with views upon views that takes minutes before anything is read.
const MARTS: &[&str] = &[
    "ami_queries",
    "role_sessions",
    "launch_calls",
    "template_images",
    "configuration_images",
    "ami_launches",
    "ami_query_keys",
    "chained_query_keys",
    "chained_launch_keys",
    "clients",
    "sources",
    "origins",
    "ami_events",
    "ami_history",
    "image_launches",
    "ami_name_ages",
    "instance_terminations",
    "instances",
];

/// Statements, in order; each may be run by itself.
pub struct Script {
    /// The detections, and what they stand on.
    pub detections: Vec<String>,
    /// The other views, and the companion queries.
    pub queries: Vec<String>,
}

pub fn script() -> Script {
    let rules = [("rules", CATALOG.select_rules()), ("rule_steps", CATALOG.select_rule_steps())];
    let rules = rules.map(|(name, select)| view(name, &select));
    let detections: Vec<_> = CATALOG.detections.iter().flat_map(detection).chain(rules).chain(matches()).collect();
    let (needed, others) = needed(views(), &detections);
    let of_needed = needed.iter().filter_map(|statement| mart(statement)).flatten();
    let with_marts = others.into_iter().flat_map(|statement| {
        let mart = mart(&statement).into_iter().flatten();
        std::iter::once(statement).chain(mart).collect::<Vec<_>>()
    });
    let queries = of_needed.chain(with_marts).chain(CATALOG.queries.iter().map(function)).collect();
    let own = std::iter::once("SET TIME ZONE 'UTC'".to_owned());
    Script { detections: own.chain(needed).chain(detections).collect(), queries }
}

fn views() -> Vec<String> {
    let statements = CATALOG.spark_views().into_iter().flat_map(statements).filter(|statement| !is_comment(statement));
    statements
        .map(|statement| statement.replacen("CREATE OR REPLACE VIEW", "CREATE OR REPLACE TEMPORARY VIEW", 1))
        .collect()
}

/// Tells views and functions that others stand on, and all functions of values, from the rest; each stands on earlier ones.
fn needed(views: Vec<String>, others: &[String]) -> (Vec<String>, Vec<String>) {
    let words = |sql: &str| tokens(sql).iter().map(|token| token.text(sql).to_owned()).collect::<Vec<_>>();
    let mut named: HashSet<_> = others.iter().flat_map(|sql| words(sql)).collect();
    let (mut needed, mut rest) = (Vec::new(), Vec::new());
    for statement in views.into_iter().rev() {
        let is_of_values = statement.contains("TEMPORARY FUNCTION") && !statement.contains("RETURNS TABLE");
        if is_of_values || created(&statement).is_some_and(|name| named.contains(name)) {
            named.extend(words(&statement));
            needed.push(statement);
        } else {
            rest.push(statement);
        }
    }
    needed.reverse();
    rest.reverse();
    (needed, rest)
}

/// The name of what a statement creates.
fn created(statement: &str) -> Option<&str> {
    let line = statement.lines().find(|line| line.starts_with("CREATE OR REPLACE TEMPORARY "))?;
    let name = line.split_whitespace().nth(5)?;
    Some(&name[..name.find('(').unwrap_or(name.len())])
}

/// If a statement creates a view whose rows are kept: what keeps them, and has the view read them. `marts` stands for a
/// folder.
fn mart(statement: &str) -> Option<[String; 2]> {
    let name = created(statement).filter(|name| MARTS.contains(name))?;
    Some([
        format!("INSERT OVERWRITE DIRECTORY '${{marts}}/{name}' USING parquet\nSELECT *\nFROM {name}"),
        format!("CREATE OR REPLACE TEMPORARY VIEW {name}\nUSING parquet\nOPTIONS (path '${{marts}}/{name}')"),
    ])
}

/// Whether a statement, behind the remarks before it, is a COMMENT, which temporary views have none of.
fn is_comment(statement: &str) -> bool {
    statement.lines().find(|line| !line.starts_with("--")).is_some_and(|line| line.starts_with("COMMENT ON"))
}

fn view(name: &str, select: &str) -> String {
    format!("CREATE OR REPLACE TEMPORARY VIEW {name} AS\n{select}")
}

/// As in the store: a view with all matches, each with the exception that suppresses it, and one with the rest.
fn detection(rule: &Detection) -> [String; 2] {
    let Detection { name, select, severity, risk_score, .. } = rule;
    let severity = severity.name();
    let with_suppressed = format!(
        "SELECT alert.*, get(covering_exceptions(e.conditions, {ALERT}), 0) AS suppressed_by\n\
         FROM (\n\
         SELECT '{name}' AS rule, '{severity}' AS severity, {risk_score} AS risk_score, alert.*\n\
         FROM (\n{select}\n) AS alert\n\
         ) AS alert\n\
         CROSS JOIN (SELECT collect_list(condition) AS conditions FROM exception_conditions WHERE in_force) AS e"
    );
    let others = format!("SELECT * EXCEPT (suppressed_by)\nFROM {name}_with_suppressed\nWHERE suppressed_by IS NULL");
    [view(&format!("{name}_with_suppressed"), &with_suppressed), view(name, &others)]
}

/// The matches of all rules, those of the enabled ones, and what each exception covers.
fn matches() -> [String; 4] {
    let all = |rules: Vec<&Detection>| {
        let of = |rule: &Detection| format!("SELECT * FROM {}_with_suppressed", rule.name);
        rules.into_iter().map(of).collect::<Vec<_>>().join("\nUNION ALL\n")
    };
    let covered = |rule: &Detection| {
        let counted = if rule.enabled { "true" } else { "c.condition.rule IS NOT NULL" };
        format!(
            "SELECT c.condition.name AS name, alert.rule, alert.event_id, alert.event_time, alert.principal, {counted} AS counted\n\
             FROM exception_conditions AS c\n\
             CROSS JOIN {}_with_suppressed AS alert\n\
             WHERE size(covering_exceptions(array(c.condition), {ALERT})) > 0",
            rule.name
        )
    };
    let covered: Vec<_> = CATALOG.detections.iter().map(covered).collect();
    [
        view("all_rule_matches", &all(CATALOG.detections.iter().collect())),
        view("rule_matches_with_suppressed", &all(CATALOG.enabled_detections())),
        view(
            "rule_matches",
            "SELECT * EXCEPT (suppressed_by)\nFROM rule_matches_with_suppressed\nWHERE suppressed_by IS NULL",
        ),
        view("exception_matches", &covered.join("\nUNION ALL\n")),
    ]
}

/// A companion query as a table function.
fn function(query: &Query) -> String {
    let parameter = |parameter: &Parameter| {
        let default = parameter.default.as_ref().map(|default| format!(" DEFAULT {default}")).unwrap_or_default();
        format!("{} {}{default}", parameter.name, sql_type(parameter.kind))
    };
    let parameters: Vec<_> = query.parameters.iter().map(parameter).collect();
    format!(
        "CREATE OR REPLACE TEMPORARY FUNCTION {}({})\nRETURNS TABLE\nCOMMENT {}\nRETURN\n{}",
        query.name,
        parameters.join(", "),
        quote(&format!("{}. {}", query.title, one_line(&query.description))),
        inlined(&query.select)
    )
}

/// An example of how a query is asked, with what it answers.
pub fn example(query: &Query) -> String {
    let about = |parameter: &Parameter| {
        let default =
            parameter.default.as_ref().map(|default| format!(" ({default} unless given)")).unwrap_or_default();
        format!("--   {}: {}{default}\n", parameter.name, parameter.description)
    };
    let given = query.parameters.iter().filter_map(|parameter| {
        let example = parameter.example.as_deref()?;
        Some(format!("{} => {}", parameter.name, parameter.kind.literal(example).ok()?))
    });
    format!(
        "-- {}: {}\n{}SELECT *\nFROM {}({});\n",
        query.title,
        one_line(&query.description),
        query.parameters.iter().map(about).collect::<String>(),
        query.name,
        given.collect::<Vec<_>>().join(", ")
    )
}

/// A type as Spark names it.
pub fn sql_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Varchar | Kind::Uuid => "STRING",
        Kind::Integer => "INT",
        Kind::Boolean => "BOOLEAN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_at_the_end_of_a_line_ends_a_statement_and_nothing_else_does() {
        let Script { detections, queries } = script();
        for statement in [detections, queries].concat() {
            assert!(!statement.contains(";\n"), "{statement}");
        }
    }

    /// `spark-sql` takes whatever follows a backslash for a part of the text, even in a raw one.
    #[test]
    fn who_knows_no_raw_texts_splits_the_script_alike() {
        let Script { detections, queries } = script();
        for statement in [detections, queries].concat() {
            let (mut quote, mut is_escaped) = (None, false);
            for char in statement.lines().filter(|line| !line.trim_start().starts_with("--")).flat_map(str::chars) {
                match quote {
                    Some(_) if is_escaped => is_escaped = false,
                    Some(_) if char == '\\' => is_escaped = true,
                    Some(begun) if char == begun => quote = None,
                    Some(_) => {}
                    None => {
                        assert!(char != ';', "{statement}");
                        quote = Some(char).filter(|char| "'\"`".contains(*char));
                    }
                }
            }
            assert_eq!(quote, None, "{statement}");
        }
    }

    #[test]
    fn all_that_the_store_has_for_queries_spark_has_too() {
        let Script { detections, queries } = script();
        for mart in MARTS {
            assert!(queries.iter().any(|statement| statement.contains(&format!("'${{marts}}/{mart}'"))), "{mart}");
        }
        let script = [detections, queries].concat().join("\n");
        for detection in &CATALOG.detections {
            assert!(script.contains(&format!("VIEW {} AS", detection.name)), "{}", detection.name);
        }
        for query in &CATALOG.queries {
            assert!(script.contains(&format!("FUNCTION {}(", query.name)), "{}", query.name);
        }
    }
}
