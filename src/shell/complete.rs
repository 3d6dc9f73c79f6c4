//! What Tab offers.

use std::sync::Arc;

use reedline::{Completer, CompletionResult};

use super::dot;
use super::learned::{Step, descend_type, struct_fields};
use super::offers::Offers;
use super::scope::{Reached, Scope};
use super::statement::{Call, Position, Statement};
use super::values::{alerts, argument_values, counted, rules};
use super::vocabulary::{Column, Function, FunctionKind, Names, Relation, Vocabulary, parameter_text, query};
use crate::catalog::{CATALOG, Kind as ParameterKind, quote};
use crate::store::Kind;

/// Completes SQL and dot commands.
pub struct SqlCompleter {
    vocabulary: Arc<Vocabulary>,
}

impl SqlCompleter {
    pub fn new(vocabulary: Arc<Vocabulary>) -> Self {
        Self { vocabulary }
    }
}

impl Completer for SqlCompleter {
    fn complete(&mut self, line: &str, pos: usize) -> CompletionResult {
        let pos = (0..=pos.min(line.len())).rev().find(|&at| line.is_char_boundary(at)).unwrap_or(0);
        let offers = match dot::is_command(line) {
            true => dot::complete(&self.vocabulary, line, pos),
            false => Completion::new(&self.vocabulary, line, pos).offers(),
        };
        CompletionResult::fresh(offers.suggestions())
    }
}

/// Keywords that queries are made of, in the order of their frequency.
const COMMON: &[&str] = &[
    "select",
    "from",
    "where",
    "and",
    "or",
    "group by",
    "order by",
    "limit",
    "as",
    "join",
    "left join",
    "on",
    "using",
    "not",
    "in",
    "like",
    "ilike",
    "is null",
    "is not null",
    "between",
    "desc",
    "asc",
    "distinct",
    "having",
    "case",
    "when",
    "then",
    "else",
    "end",
    "with",
    "union all",
    "union",
    "except",
    "intersect",
    "exists",
    "null",
    "true",
    "false",
    "filter",
    "over",
    "partition by",
    "qualify",
    "offset",
    "interval",
    "cast",
    "inner join",
    "cross join",
    "full join",
    "asof join",
    "group by all",
    "order by all",
    "nulls last",
    "nulls first",
    "exclude",
    "replace",
    "not in",
    "not like",
    "lateral",
    "window",
    "pivot",
    "unpivot",
    "using sample",
    "values",
];
/// Keywords that begin an expression.
const BEGINS: &[&str] = &["distinct", "case", "not", "exists", "cast", "interval", "null", "true", "false"];
/// Keywords that begin a statement.
const STARTS: &[&str] = &[
    "from",
    "select",
    "with",
    "describe",
    "summarize",
    "explain",
    "explain analyze",
    "show tables",
    "copy",
    "create view",
    "create table",
    "create macro",
    "insert into",
    "update",
    "delete from",
    "drop table",
    "drop view",
    "pivot",
    "unpivot",
    "values",
    "set",
    "pragma",
    "call",
    "attach",
    "detach",
    "use",
    "begin",
    "commit",
    "rollback",
    "export database",
];
/// Keywords that come behind the end of an expression or relation.
const CONTINUES: &[&str] = &[
    "where",
    "and",
    "or",
    "group by",
    "order by",
    "limit",
    "as",
    "join",
    "left join",
    "on",
    "using",
    "in",
    "not in",
    "like",
    "ilike",
    "not like",
    "is null",
    "is not null",
    "is distinct from",
    "between",
    "desc",
    "asc",
    "having",
    "union all",
    "union",
    "except",
    "intersect",
    "when",
    "then",
    "else",
    "end",
    "over",
    "filter",
    "qualify",
    "offset",
    "inner join",
    "cross join",
    "full join",
    "asof join",
    "group by all",
    "order by all",
    "nulls last",
    "nulls first",
    "exclude",
    "replace",
    "using sample",
];
const TYPES: &[&str] = &[
    "varchar",
    "bigint",
    "integer",
    "double",
    "boolean",
    "timestamp",
    "date",
    "time",
    "interval",
    "json",
    "uuid",
    "variant",
    "hugeint",
    "ubigint",
    "smallint",
    "tinyint",
    "decimal",
    "float",
    "blob",
    "struct",
    "map",
    "timestamptz",
];

/// One completion in a statement.
pub(super) struct Completion<'v> {
    pub(super) vocabulary: &'v Vocabulary,
    pub(super) names: Arc<Names>,
    pub(super) statement: Statement<'v>,
    pub(super) scopes: Vec<Scope>,
}

impl<'v> Completion<'v> {
    fn new(vocabulary: &'v Vocabulary, line: &'v str, cursor: usize) -> Self {
        let statement = Statement::at(line, cursor);
        let names = vocabulary.names();
        let mut completion = Self { vocabulary, names, statement, scopes: Vec::new() };
        let sources = completion.statement.sources();
        completion.scopes = sources.into_iter().map(|source| completion.scope(source)).collect();
        completion
    }

    fn offers(&self) -> Offers {
        let statement = &self.statement;
        let mut offers = Offers::new(&statement.prefix(), statement.span());
        if statement.is_closed {
            return offers;
        }
        if statement.typed.as_ref().is_some_and(|typed| typed.kind == Kind::String) {
            self.offer_values(&mut offers);
            return offers;
        }
        if let Some(chain) = statement.chain() {
            self.offer_path(&mut offers, &chain);
            return offers;
        }
        let call = statement.call();
        if let Some(call) = &call
            && call.begins
            && self.offer_arguments(&mut offers, call)
        {
            return offers;
        }
        match statement.position() {
            Position::Start => self.offer_start(&mut offers),
            Position::Relation => self.offer_relations(&mut offers, 0, true),
            Position::NewName => {}
            Position::Type => self.offer_keywords(&mut offers, 0, TYPES),
            Position::Operator => {
                // FROM comes first where there is none yet
                self.offer_keywords(&mut offers, u8::from(!self.scopes.is_empty()), &["from"]);
                self.offer_keywords(&mut offers, 0, CONTINUES);
                if !offers.typed.is_empty() {
                    self.offer_expression(&mut offers);
                }
            }
            Position::Expression => self.offer_expression(&mut offers),
        }
        offers
    }

    fn offer_start(&self, offers: &mut Offers) {
        self.offer_keywords(offers, 0, STARTS);
        if offers.typed.is_empty() && self.statement.sql.trim().is_empty() {
            dot::offer_commands(offers, 1);
        } else {
            self.offer_expression(offers);
        }
    }

    /// Words in the case in which the statement is typed.
    fn offer_keywords(&self, offers: &mut Offers, group: u8, words: &[&str]) {
        let typed = &offers.typed;
        let upper = if typed.is_empty() {
            self.statement.upper_case(|word| self.names.is_keyword(word)).unwrap_or(true)
        } else {
            !typed.contains(char::is_lowercase)
        };
        for word in words {
            let word = if upper { word.to_uppercase() } else { word.to_lowercase() };
            offers.offer_ending(group, &word.to_lowercase(), word.clone(), String::new(), true);
        }
    }

    fn offer_expression(&self, offers: &mut Offers) {
        let typed = !offers.typed.is_empty();
        for scope in &self.scopes {
            let group = if scope.source.distance == 0 { 1 } else { 2 };
            for column in &scope.columns {
                self.offer_column(offers, group, column);
            }
        }
        for name in self.statement.column_aliases() {
            offers.offer(2, &name, self.names.quoted(&name), "named in this SELECT".to_owned());
        }
        for scope in &self.scopes {
            let source = &scope.source;
            let name = source.alias.as_deref().or(source.name.rsplit('.').next()).unwrap_or_default();
            if !name.is_empty() {
                let description = match &source.alias {
                    Some(_) if !source.name.is_empty() => format!("alias of {}", source.name),
                    _ => String::new(),
                };
                offers.offer(3, name, self.names.quoted(name), description);
            }
        }
        let is_placed = self.scopes.iter().any(|scope| !scope.columns.is_empty());
        if !typed {
            if !is_placed {
                self.offer_all_columns(offers, 1);
            }
            self.offer_keywords(offers, 4, BEGINS);
            return;
        }
        self.offer_keywords(offers, 4, COMMON);
        let functions = self.names.functions.iter().filter(|function| !function.returns_rows());
        for function in functions {
            let group = match function {
                Function { internal: false, .. } => 5,
                Function { kind: FunctionKind::Aggregate, .. } => 6,
                _ => 7,
            };
            self.offer_function(offers, group, function);
        }
        self.offer_relations(offers, 8, false);
        self.offer_all_columns(offers, if is_placed { 9 } else { 1 });
        let keywords: Vec<_> = self.names.keywords.iter().map(String::as_str).collect();
        self.offer_keywords(offers, 10, &keywords);
    }

    /// Columns of all relations; those of the frequent ones in a group, the others behind all that is likely.
    fn offer_all_columns(&self, offers: &mut Offers, frequent_group: u8) {
        let is_frequent = |relation: &&Relation| ["events", "api_calls"].contains(&relation.name.as_str());
        let (frequent, others): (Vec<&Relation>, Vec<&Relation>) = self.names.relations.iter().partition(is_frequent);
        let frequent = frequent.into_iter().map(|relation| (frequent_group, relation));
        for (group, relation) in frequent.chain(others.into_iter().map(|relation| (9, relation))) {
            for column in &relation.columns {
                let description = format!("{} of {}. {}", column.data_type, relation.name, column.comment);
                offers.offer(group, &column.name, self.names.quoted(&column.name), description);
            }
        }
    }

    fn offer_column(&self, offers: &mut Offers, group: u8, column: &Column) {
        offers.offer(group, &column.name, self.names.quoted(&column.name), column_text(column));
    }

    fn offer_function(&self, offers: &mut Offers, group: u8, function: &Function) {
        let open = match function {
            _ if self.statement.is_called() => "",
            function if function.signature.is_empty() && function.name != "count" => "()",
            _ => "(",
        };
        let description = match function.signature.as_str() {
            "" => function.description.clone(),
            signature => format!("({signature}) {}", function.description),
        };
        offers.offer(group, &function.name, format!("{}{open}", function.name), description);
    }

    /// Tables, views and what else stands after FROM.
    fn offer_relations(&self, offers: &mut Offers, group: u8, after_from: bool) {
        for cte in self.statement.ctes() {
            offers.offer(group, &cte.name, self.names.quoted(&cte.name), "named in this WITH".to_owned());
        }
        for relation in &self.names.relations {
            let kind = if relation.is_view { "view" } else { "table" };
            let description = format!("{kind}. {}", relation.comment);
            offers.offer(group, &relation.name, self.names.quoted_path(&relation.name), description);
        }
        for query in &CATALOG.queries {
            let open = match query {
                _ if self.statement.is_called() => "",
                query if query.parameters.is_empty() => "()",
                _ => "(",
            };
            offers.offer(group + 1, &query.name, format!("{}{open}", query.name), format!("query. {}", query.title));
        }
        if after_from {
            let functions = self.names.functions.iter().filter(|function| function.returns_rows());
            let typed = !offers.typed.is_empty();
            for function in functions.filter(|function| !function.internal || typed) {
                self.offer_function(offers, if function.internal { group + 3 } else { group + 1 }, function);
            }
            self.offer_keywords(offers, group + 2, &["lateral", "values"]);
        }
    }

    /// Arguments of the call around the cursor, or the value of one. Returns whether nothing else is expected.
    fn offer_arguments(&self, offers: &mut Offers, call: &Call) -> bool {
        let Some(query) = query(&call.name) else {
            let own = |function: &&Function| function.kind == FunctionKind::TableMacro && !function.internal;
            if let Some(function) = self.names.function(&call.name).filter(own)
                && call.argument.is_none()
            {
                for name in function.parameters.iter().filter(|name| !is_given(call, name)) {
                    offers.offer(0, name, format!("{name} := "), function.signature.clone());
                }
                return offers.typed.is_empty();
            }
            return false;
        };
        let Some(argument) = &call.argument else {
            for parameter in query.parameters.iter().filter(|parameter| !is_given(call, &parameter.name)) {
                offers.offer(0, &parameter.name, format!("{} := ", parameter.name), parameter_text(parameter));
            }
            return true;
        };
        let parameter = query.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(argument));
        if let Some(parameter) = parameter {
            let default = parameter.default.as_deref().unwrap_or_default();
            if !default.is_empty() {
                offers.offer(0, default, default.to_owned(), format!("the default. {}", parameter.description));
            }
            if parameter.kind == ParameterKind::Boolean {
                for value in ["true", "false"] {
                    offers.offer(1, value, value.to_owned(), parameter.description.clone());
                }
            }
            if offers.typed.is_empty() {
                for (value, description) in argument_values(self.vocabulary, query, argument, "") {
                    offers.offer(2, &value, quote(&value), description);
                }
            }
        }
        true
    }

    /// What a path leads to: columns of a relation, fields of a column.
    fn offer_path(&self, offers: &mut Offers, chain: &[Step]) {
        let [Step::Field(first), rest @ ..] = chain else { return };
        // a relation of the statement, or of the store while FROM is not typed yet
        let scope = self.scopes.iter().find(|scope| scope.is_called(first));
        let columns = match scope {
            Some(scope) => Some(&scope.columns),
            None if rest.is_empty() => self.names.relation(first).map(|relation| &relation.columns),
            None => None,
        };
        if let Some(columns) = columns.filter(|_| rest.is_empty()) {
            for column in columns {
                self.offer_column(offers, 0, column);
            }
            return;
        }
        let Some(Reached { relation, column, rest }) = self.reach(chain) else { return };
        if column.data_type == "VARIANT" {
            let Some(relation) = relation else { return };
            let events = self.statement.events();
            let (relation, quoted) = (self.names.quoted_path(&relation), self.names.quoted(&column.name));
            offers.exact = true;
            let fields = |path: &[Step]| self.vocabulary.learned().fields(&relation, &quoted, path, &events);
            let fields = of_path(&rest, fields);
            self.offer_fields(offers, fields, |field| (field.name, field.description));
        } else {
            let fields = |path: &[Step]| struct_fields(&descend_type(&column.data_type, path).unwrap_or_default());
            self.offer_fields(offers, of_path(&rest, fields), |field| field);
        }
    }

    /// Fields of a value; where it is a list, those of its first item: the dot that is typed becomes `[1].`
    fn offer_fields<F>(
        &self,
        offers: &mut Offers,
        (fields, of_item): (Vec<F>, bool),
        text: impl Fn(F) -> (String, String),
    ) {
        let dot = self.statement.dot();
        if of_item && let Some(dot) = dot {
            offers.span.start = dot;
        }
        for (name, description) in fields.into_iter().map(text) {
            let index = if of_item { "[1]." } else { "" };
            offers.offer(0, &name, format!("{index}{}", self.names.quoted(&name)), description);
        }
    }

    /// Values of what the string at the cursor is compared with.
    fn offer_values(&self, offers: &mut Offers) {
        let typed = offers.typed.clone();
        let is_plain = self
            .statement
            .typed
            .as_ref()
            .is_some_and(|token| self.statement.sql[token.range.start..].starts_with('\''));
        if !is_plain {
            return;
        }
        let values = match self.statement.call().and_then(|call| Some((query(&call.name)?, call.argument?))) {
            Some((query, argument)) => argument_values(self.vocabulary, query, &argument, &typed),
            None => {
                let Some(reached) = self.statement.compared().and_then(|chain| self.reach(&chain)) else { return };
                self.column_values(&reached, &typed)
            }
        };
        offers.exact = true;
        for (value, description) in values {
            offers.offer(0, &value, quote(&value), description);
        }
    }

    fn column_values(&self, reached: &Reached, typed: &str) -> Vec<(String, String)> {
        let Reached { relation: Some(relation), column, rest } = reached else { return Vec::new() };
        match column.name.as_str() {
            "event_id" if rest.is_empty() => return alerts(self.vocabulary),
            "rule" if rest.is_empty() => return rules(),
            _ => {}
        }
        // the items of a list are not one value, and of numbers and times there are too many
        let data_type = descend_type(&column.data_type, rest);
        let has_values = match column.data_type.as_str() {
            "VARIANT" => !rest.is_empty() && !rest.contains(&Step::Item),
            _ => data_type.is_some_and(|data_type| matches!(data_type.as_str(), "VARCHAR" | "UUID")),
        };
        if !has_values {
            return Vec::new();
        }
        let steps = rest.iter().map(|step| match step {
            Step::Field(name) => format!(".\"{}\"", name.replace('"', "\"\"")),
            Step::Item => "[1]".to_owned(),
        });
        let expression = format!("{}{}", self.names.quoted(&column.name), steps.collect::<String>());
        counted(self.vocabulary, &self.names.quoted_path(relation), &expression, typed)
    }
}

/// The fields at a path, or else those of the items there, and whether they are.
fn of_path<F>(path: &[Step], mut fields: impl FnMut(&[Step]) -> Vec<F>) -> (Vec<F>, bool) {
    let found = fields(path);
    if !found.is_empty() || path.last() == Some(&Step::Item) {
        return (found, false);
    }
    (fields(&[path, &[Step::Item]].concat()), true)
}

fn is_given(call: &Call, name: &str) -> bool {
    call.given.iter().any(|given| given.eq_ignore_ascii_case(name))
}

fn column_text(column: &Column) -> String {
    // a STRUCT's whole type would hide the comment
    let data_type = match column.data_type.as_str() {
        long if long.len() > 40 => long.split('(').next().unwrap_or_default(),
        short => short,
    };
    match (data_type, column.comment.as_str()) {
        ("", comment) => comment.to_owned(),
        (data_type, "") => data_type.to_owned(),
        (data_type, comment) => format!("{data_type}. {comment}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use reedline::{Highlighter, Span, Suggestion};

    use super::*;
    use crate::shell::highlight::SqlHighlighter;
    use crate::shell::learned::is_harmless;
    use crate::shell::tests::filled;

    /// The first suggestions where `|` stands, as what the whole line becomes by each.
    fn completions(completer: &mut SqlCompleter, text: &str) -> Vec<Suggestion> {
        let cursor = text.find('|').expect("a cursor");
        completer.complete(&text.replacen('|', "", 1), cursor).suggestions().to_vec()
    }

    fn completer() -> (tempfile::TempDir, SqlCompleter) {
        let (folder, store) = filled();
        let vocabulary = Vocabulary::read(&store).expect("names");
        vocabulary.learned().patience = std::time::Duration::from_secs(60);
        (folder, SqlCompleter::new(Arc::new(vocabulary)))
    }

    #[test]
    fn the_first_suggestions_are_what_is_expected_there() {
        let (_folder, mut completer) = completer();
        let mut wrong = Vec::new();
        for (text, expected) in [
            // statements begin
            ("|", &["FROM", "SELECT", "WITH"][..]),
            ("sel|", &["select"]),
            ("SEL|", &["SELECT"]),
            ("SELECT 1; fr|", &["from"]),
            // relations and queries
            ("FROM ami_l|", &["ami_launches"]),
            ("select * from ev|", &["events"]),
            ("FROM launches_after|", &["launches_after_deprecated_query("]),
            ("FROM launches_after|(", &["launches_after_deprecated_query"]),
            ("FROM role_s|", &["role_sessions"]),
            ("FROM Events JOIN prin|", &["principals"]),
            ("FROM read_c|", &["read_csv("]),
            ("FROM a WHERE x IN (SELECT y FROM ami_q|", &["ami_queries", "ami_query_keys"]),
            ("WITH mine AS (SELECT 1 AS a) FROM mi|", &["mine"]),
            // arguments
            ("FROM launches_after_deprecated_query(|", &["hours := ", "any_owner := ", "since := ", "until := "]),
            ("FROM launches_after_deprecated_query(hours := 2, |", &["any_owner := ", "since := ", "until := "]),
            ("FROM launches_after_deprecated_query(hours := 2, u|)", &["until := "]),
            ("FROM launches_after_deprecated_query(any_owner := |", &["false", "true"]),
            ("FROM launches_after_deprecated_query(hours := |", &["24"]),
            // columns
            ("SELECT event_n| FROM events", &["event_name"]),
            ("SELECT ACC| FROM api_calls", &["account_id", "access_key_id"]),
            ("SELECT e.event_t| FROM events AS e", &["event_time", "event_type"]),
            ("SELECT events.read| FROM events", &["read_only"]),
            ("SELECT ident| FROM api_calls", &["identity"]),
            ("SELECT link_r|", &["link_rank("]),
            ("SELECT launch_t| FROM launches_after_deprecated_query() AS l", &["launch_time"]),
            ("SELECT l.lag| FROM launches_after_deprecated_query(hours := 1) l", &["lag_seconds"]),
            ("WITH x AS (SELECT event_id AS the_event FROM events) SELECT the| FROM x", &["the_event"]),
            ("SELECT s.th| FROM (SELECT event_id AS the_event FROM events) s", &["the_event"]),
            ("SELECT event_name, count(*) AS calls FROM events GROUP BY 1 ORDER BY cal|", &["calls"]),
            ("SELECT error_c|", &["error_code"]),
            ("SELECT cou|", &["count("]),
            ("SELECT |", &["event_id", "event_time"]),
            ("SELECT * FROM principals WHERE |", &["principal", "principal_arn"]),
            // keywords
            ("SELECT * FROM events WH|", &["WHERE"]),
            ("select * from events gro|", &["group by", "group by all"]),
            ("select * from events |", &["where", "and"]),
            ("select event_name |", &["from", "where"]),
            ("SELECT event_time::TIMES|", &["TIMESTAMP", "TIMESTAMPTZ"]),
            // functions
            ("SELECT source_k| FROM ami_inventory", &["source_kind("]),
            ("SELECT date_tr|", &["date_trunc("]),
            // fields
            ("SELECT user_identity.| FROM events", &["type", "principal_id", "arn"]),
            ("SELECT e.user_identity.session_context.ses| FROM events e", &["session_issuer"]),
            ("SELECT user_identity.session_context.attributes.| FROM events", &["creation_date", "mfa_authenticated"]),
            ("SELECT user_identity.us|", &["user_name"]),
            ("SELECT resources[1].| FROM events", &["arn", "account_id", "type"]),
            (
                "SELECT request_parameters.| FROM events",
                &["ownersSet", "includeDeprecated", "instancesSet", "\"odd name\""],
            ),
            ("SELECT request_parameters.ownersSet.items.| FROM events", &["[1].owner"]),
            ("SELECT resources.ar| FROM events", &["[1].arn"]),
            ("SELECT request_parameters.own| FROM events", &["ownersSet"]),
            ("SELECT a.request_parameters.ownersSet.| FROM ami_queries a", &["items"]),
            ("SELECT request_parameters.ownersSet.items[1].| FROM api_calls", &["owner"]),
            ("SELECT request_parameters.| FROM events WHERE event_name = 'RunInstances'", &["instancesSet"]),
            // values
            ("FROM events WHERE event_name = 'des|", &["'DescribeImages'"]),
            ("FROM events WHERE event_name = 'Des|'", &["'DescribeImages'"]),
            ("FROM events WHERE event_name = '|", &["'DescribeImages'", "'RunInstances'"]),
            ("FROM events WHERE event_name IN ('DescribeImages', 'R|", &["'RunInstances'"]),
            ("FROM api_calls c WHERE c.principal LIKE '%al|", &[]),
            ("FROM api_calls c WHERE c.principal = 'alice|", &["'arn:aws:iam::1:user/alice'"]),
            (
                "FROM events WHERE user_identity.arn = '|",
                &["'arn:aws:iam::1:user/alice'", "'arn:aws:iam::1:user/o''neil'"],
            ),
            ("FROM api_calls_by_principal(arn := 'neil|", &["'arn:aws:iam::1:user/o''neil'"]),
            ("FROM all_rule_matches WHERE rule = 'deprecated_ami_d|", &["'deprecated_ami_discovery'"]),
            (
                "FROM triage_alert(event_id := '|",
                &["'00000000-0000-0000-0000-000000000002'", "'00000000-0000-0000-0000-000000000001'"],
            ),
            ("FROM triage_alert(event_id := |", &["'00000000-0000-0000-0000-000000000002'"]),
            // dot commands
            (".mo|", &[".mode"]),
            (".mode j|", &["json"]),
            (".expanded o|", &["on", "off"]),
            (".describe launches_a|", &["launches_after_deprecated_query"]),
            (".describe deprecated_ami_d|", &["deprecated_ami_discovery"]),
            (".schema ev|", &["events"]),
            (".run launches_after|", &["launches_after_deprecated_query"]),
            (".run launches_after_deprecated_query h|", &["hours="]),
            (".run launches_after_deprecated_query hours=2 |", &["any_owner=", "since=", "until="]),
            (".run api_calls_by_principal arn=alice|", &["arn:aws:iam::1:user/alice"]),
            (".run launches_after_deprecated_query any_owner=t|", &["true"]),
            (".triage |", &["00000000-0000-0000-0000-000000000002"]),
            (".timezone europe/ber|", &["Europe/Berlin"]),
            (".help mod|", &["mode", ".mode"]),
        ] {
            let found = completions(&mut completer, text);
            let values: Vec<_> = found.iter().map(|suggestion| suggestion.value.as_str()).take(8).collect();
            let begins = if expected.is_empty() { values.is_empty() } else { values.starts_with(expected) };
            if !begins {
                wrong.push(format!("{text}\n  expected {expected:?}\n  found    {values:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn what_is_replaced_is_the_word_at_the_cursor() {
        let (_folder, mut completer) = completer();
        let mut wrong = Vec::new();
        for (text, whole) in [
            ("SELECT event_n| FROM events", "SELECT event_name FROM events"),
            ("SELECT eve|nt_n FROM api_calls", "SELECT event_id FROM api_calls"),
            ("SELECT \"event_na|", "SELECT event_name"),
            ("SELECT \"event_na|\" FROM events", "SELECT event_name FROM events"),
            ("FROM events\nWHERE event_na|\n  AND é = 'ü'", "FROM events\nWHERE event_name\n  AND é = 'ü'"),
            (
                "SELECT 'é', request_parameters.odd| FROM events",
                "SELECT 'é', request_parameters.\"odd name\" FROM events",
            ),
            ("SELECT request_parameters.\"odd n| FROM events", "SELECT request_parameters.\"odd name\" FROM events"),
            (
                "SELECT e.request_parameters.ownersSet.items.ow| FROM events e",
                "SELECT e.request_parameters.ownersSet.items[1].owner FROM events e",
            ),
            ("FROM events WHERE event_name = 'Run|'", "FROM events WHERE event_name = 'RunInstances'"),
            (
                "FROM events WHERE event_name = 'Run| AND aws_region = 'x'",
                "FROM events WHERE event_name = 'RunInstances' AND aws_region = 'x'",
            ),
            ("  .mode ndj|", "  .mode ndjson"),
            (
                ".run launches_after_deprecated_query any_owner=tr| hours=2",
                ".run launches_after_deprecated_query any_owner=true hours=2",
            ),
        ] {
            let found = completions(&mut completer, text);
            let line = text.replacen('|', "", 1);
            let first = found.first().map(|suggestion| {
                let Span { start, end } = suggestion.span;
                format!("{}{}{}", &line[..start], suggestion.value, &line[end..])
            });
            if first.as_deref() != Some(whole) {
                wrong.push(format!("{text}\n  expected {whole}\n  found    {first:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn nothing_is_offered_twice_and_nothing_that_acts_on_a_terminal() {
        let (_folder, mut completer) = completer();
        for text in [
            "|",
            "SELECT e|",
            "SELECT | FROM events",
            "FROM |",
            "FROM events WHERE event_name = '|",
            ".describe |",
            ".|",
            "SELECT request_parameters.| FROM events",
            "FROM api_calls WHERE principal = '|",
            ".timezone |",
        ] {
            let found = completions(&mut completer, text);
            assert!(!found.is_empty(), "{text}");
            let values: HashSet<_> = found.iter().map(|suggestion| &suggestion.value).collect();
            assert_eq!(values.len(), found.len(), "{text}");
            for Suggestion { value, description, .. } in &found {
                assert!(is_harmless(value) && is_harmless(description.as_deref().unwrap_or_default()), "{value:?}");
            }
        }
    }

    #[test]
    fn nothing_is_offered_where_nothing_is_asked() {
        let (_folder, mut completer) = completer();
        for text in [
            "-- ev|",
            "/* ev| */",
            "SELECT 12|",
            "SELECT 'a'|",
            "SELECT 1 AS |",
            "SELECT 'ev|",
            ".nothing |",
            ".quit |",
        ] {
            let found = completions(&mut completer, text);
            assert!(found.is_empty(), "{text}: {}", found[0].value);
        }
    }

    #[test]
    fn suggestions_say_what_they_are() {
        let (_folder, mut completer) = completer();
        for (text, description) in [
            (
                "FROM launches_after_deprecated_query(ho|",
                "INTEGER, default 24: Length of the window after a query, in hours.",
            ),
            ("SELECT event_ti| FROM events", "TIMESTAMP. eventTime, UTC."),
            (
                "FROM ami_q|",
                "view. DescribeImages calls to EC2, one row per call, with what they asked for spelled out.",
            ),
            (
                "SELECT source_ki| FROM exceptions",
                "(address VARCHAR) Kind of a sourceIPAddress: public, private, aws_service, aws_internal or unknown.",
            ),
            ("SELECT user_identity.ar| FROM events", "VARCHAR"),
            ("SELECT request_parameters.ins| FROM events", "object, in RunInstances"),
            ("FROM events WHERE event_name = 'Des|", "3 rows"),
            (".triage |", "2026-01-01 00:02:00Z user/alice"),
            (".mode ndj|", "One JSON object a line"),
        ] {
            let found = completions(&mut completer, text);
            assert_eq!(found.first().and_then(|first| first.description.as_deref()), Some(description), "{text}");
        }
    }

    #[test]
    fn wherever_the_cursor_is_a_suggestion_fits_into_the_text() {
        let store = crate::store::Store::in_memory().expect("a database");
        let vocabulary = Arc::new(Vocabulary::read(&store).expect("names"));
        let highlighter = SqlHighlighter::new(vocabulary.clone());
        let mut completer = SqlCompleter::new(vocabulary);
        for text in [
            "WITH é AS (SELECT 1 AS \"ü x\"), b(c) AS NOT MATERIALIZED (FROM é) SELECT \"ü x\", 'ß''s', $$a$$ FROM é, b AS z;",
            "FROM f(a := 1, b => [2, 3]) l JOIN (SELECT * FROM x) s USING (y) WHERE l.a[1].b IN ('1', '2') AND NOT c LIKE '%",
            "SELECT )]}.. ,( [ := => :: 'x' .a. FROM FROM , AS AS IN IN ( UNION UNION ; ; /* -- ' */ \" \u{1b}[2J \u{202e}",
            ".run launches_after_deprecated_query hours=1 é= =x  ",
            " . .. .mode\u{a0}json é",
        ] {
            let ends: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            // in the midst of a text, and at the end of one that is not finished
            let midst = ends.iter().map(|&cursor| (text, cursor));
            for (text, cursor) in midst.chain(ends.iter().map(|&end| (&text[..end], end))) {
                for suggestion in completer.complete(text, cursor).suggestions() {
                    let Span { start, end } = suggestion.span;
                    let fits = start <= cursor && cursor <= end && text.get(start..end).is_some();
                    assert!(fits, "{text:?} at {cursor}: {suggestion:?}");
                }
                assert_eq!(highlighter.highlight(text, cursor).raw_string(), text);
            }
        }
    }
}
