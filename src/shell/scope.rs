//! What names mean where the cursor is: the columns of what the statement selects from.

use super::complete::Completion;
use super::learned::Step;
use super::sources::Source;
use super::vocabulary::{Column, Relation, query, query_columns};

/// A relation that the statement selects from, with its columns.
pub struct Scope {
    pub source: Source,
    /// Its name in the store, where it is one of its relations.
    pub relation: Option<String>,
    pub columns: Vec<Column>,
}

impl Scope {
    /// Whether it is what a path's first name means.
    pub fn is_called(&self, name: &str) -> bool {
        let last = self.source.name.rsplit('.').next().unwrap_or_default();
        match &self.source.alias {
            Some(alias) => alias.eq_ignore_ascii_case(name),
            None => last.eq_ignore_ascii_case(name),
        }
    }
}

/// A column that a path leads to, and the rest of the path.
pub struct Reached {
    /// The relation of the store that has it.
    pub relation: Option<String>,
    pub column: Column,
    pub rest: Vec<Step>,
}

impl Completion<'_> {
    pub(super) fn scope(&self, source: Source) -> Scope {
        let sql = self.statement.sql;
        if source.arguments.is_some() {
            if let Some(query) = query(&source.name) {
                return Scope { source, relation: None, columns: query_columns(query) };
            }
            // DuckDB's own may read files to learn what is in them
            let own = self.names.function(&source.name).is_some_and(|function| !function.internal);
            let end = source.arguments.as_ref().map_or(0, |arguments| arguments.end);
            let call = &sql[source.range.start..end];
            let columns = if own { self.columns_of(&format!("FROM {call}")) } else { Vec::new() };
            return Scope { source, relation: None, columns };
        }
        let ctes = self.statement.ctes();
        if let Some(cte) = ctes.iter().find(|cte| cte.name.eq_ignore_ascii_case(&source.name)) {
            let text = cte.text.clone().map(|range| &sql[range]);
            let columns =
                text.map(|with| self.columns_of(&format!("{with}\nSELECT * FROM {}", self.names.quoted(&cte.name))));
            return Scope { source, relation: None, columns: columns.unwrap_or_default() };
        }
        if source.name.is_empty() {
            let with = ctes.iter().rev().find_map(|cte| cte.text.clone()).filter(|with| with.end <= source.range.start);
            let with = with.map_or("", |with| &sql[with]);
            let columns = self.columns_of(&format!("{with}\nSELECT * FROM {}", &sql[source.range.clone()]));
            return Scope { source, relation: None, columns };
        }
        match self.names.relation(&source.name) {
            Some(relation) => {
                Scope { source, relation: Some(relation.name.clone()), columns: relation.columns.clone() }
            }
            None => Scope { source, relation: None, columns: Vec::new() },
        }
    }

    fn columns_of(&self, sql: &str) -> Vec<Column> {
        self.vocabulary.learned().columns(sql).unwrap_or_default()
    }

    /// The column that a path begins with, with or without its relation.
    pub(super) fn reach(&self, chain: &[Step]) -> Option<Reached> {
        let [Step::Field(first), rest @ ..] = chain else { return None };
        let named = |columns: &[Column], name: &str| {
            columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)).cloned()
        };
        if let Some(scope) = self.scopes.iter().find(|scope| scope.is_called(first))
            && let [Step::Field(second), rest @ ..] = rest
            && let Some(column) = named(&scope.columns, second)
        {
            return Some(self.reached(scope.relation.clone(), column, rest));
        }
        let in_scope = |scope: &Scope| Some((scope.relation.clone(), named(&scope.columns, first)?));
        let anywhere = || {
            let relations = ["events", "api_calls"].into_iter().filter_map(|name| self.names.relation(name));
            let mut relations = relations.chain(&self.names.relations);
            relations.find_map(|relation| Some((Some(relation.name.clone()), named(&relation.columns, first)?)))
        };
        let (relation, column) = self.scopes.iter().find_map(in_scope).or_else(anywhere)?;
        Some(self.reached(relation, column, rest))
    }

    /// A column of a query or subquery is looked for in the store by its name, which mostly stays.
    fn reached(&self, relation: Option<String>, column: Column, rest: &[Step]) -> Reached {
        let has = |relation: &&Relation| {
            let same = |other: &Column| other.name.eq_ignore_ascii_case(&column.name);
            relation.columns.iter().any(same)
        };
        let relation = relation.or_else(|| {
            let likely =
                ["api_calls", "events", "all_rule_matches"].into_iter().filter_map(|name| self.names.relation(name));
            likely.chain(&self.names.relations).find(has).map(|relation| relation.name.clone())
        });
        Reached { relation, column, rest: rest.to_vec() }
    }
}
