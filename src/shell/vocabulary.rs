//! Everything that can be named at the prompt: keywords, relations and their columns, macros and functions.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use duckdb::Connection;

use super::learned::Learned;
use crate::catalog::{CATALOG, Parameter, Query};
use crate::store::Store;

/// The names a store knows, and what can be learned from its rows.
pub struct Vocabulary {
    names: RwLock<Arc<Names>>,
    learned: Mutex<Learned>,
}

impl Vocabulary {
    /// Reads the names. What is in the rows is asked for when it is needed, over a connection of its own.
    pub fn read(store: &Store) -> anyhow::Result<Self> {
        let names = Names::read(&store.connection)?;
        let learned = Learned::new(store.connection.try_clone()?);
        Ok(Self { names: RwLock::new(Arc::new(names)), learned: Mutex::new(learned) })
    }

    /// Reads anew: the store was changed, or is another one. Lets go of the one before.
    pub fn refresh(&self, store: &Store) -> anyhow::Result<()> {
        let names = Names::read(&store.connection)?;
        *self.learned() = Learned::new(store.connection.try_clone()?);
        *self.names.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(names);
        Ok(())
    }

    pub fn names(&self) -> Arc<Names> {
        self.names.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The names of a store.
pub struct Names {
    /// In lower case.
    pub keywords: Vec<String>,
    /// Those of them that are no name unless quoted.
    reserved: HashSet<String>,
    /// By name.
    pub relations: Vec<Relation>,
    /// Names of DuckDB's own relations.
    internal: HashSet<String>,
    /// By name.
    pub functions: Vec<Function>,
    relation_index: HashMap<String, usize>,
    function_index: HashMap<String, usize>,
    keyword_index: HashSet<String>,
    columns: HashSet<String>,
}

/// A table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// As it is typed after FROM.
    pub name: String,
    pub is_view: bool,
    pub comment: String,
    pub columns: Vec<Column>,
}

/// A column of a relation, or of what a query returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// As DuckDB names it; empty where it is not known.
    pub data_type: String,
    pub comment: String,
}

/// A function or macro, with all that bear its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub kind: FunctionKind,
    /// `string VARCHAR, start BIGINT`, of the one with most parameters.
    pub signature: String,
    /// Names of these parameters.
    pub parameters: Vec<String>,
    pub description: String,
    /// Whether it comes with DuckDB.
    pub internal: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    Scalar,
    Aggregate,
    /// Stands after FROM.
    Table,
    Macro,
    /// Stands after FROM.
    TableMacro,
}

impl Function {
    /// Whether it stands after FROM.
    pub fn returns_rows(&self) -> bool {
        matches!(self.kind, FunctionKind::Table | FunctionKind::TableMacro)
    }

    /// What kind of thing it is, in a word or two.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            FunctionKind::Scalar => "function",
            FunctionKind::Aggregate => "aggregate",
            FunctionKind::Table => "table function",
            FunctionKind::Macro => "macro",
            FunctionKind::TableMacro => "table macro",
        }
    }
}

impl Names {
    pub fn read(connection: &Connection) -> anyhow::Result<Self> {
        let (mut keywords, mut reserved) = (Vec::new(), HashSet::new());
        let mut statement = connection.prepare("SELECT keyword_name, keyword_category FROM duckdb_keywords()")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (word, category): (String, String) = (row.get(0)?, row.get(1)?);
            if matches!(category.as_str(), "reserved" | "type_function") {
                reserved.insert(word.clone());
            }
            keywords.push(word);
        }
        keywords.sort_unstable();
        keywords.dedup();
        let (relations, internal) = read_relations(connection)?;
        let functions = read_functions(connection)?;
        let index = |name: &String| name.to_lowercase();
        Ok(Self {
            relation_index: relations.iter().map(|relation| index(&relation.name)).zip(0..).collect(),
            function_index: functions.iter().map(|function| index(&function.name)).zip(0..).collect(),
            keyword_index: keywords.iter().cloned().collect(),
            columns: relations
                .iter()
                .flat_map(|relation| &relation.columns)
                .map(|column| index(&column.name))
                .collect(),
            keywords,
            reserved,
            relations,
            internal,
            functions,
        })
    }

    pub fn relation(&self, name: &str) -> Option<&Relation> {
        Some(&self.relations[*self.relation_index.get(&name.to_lowercase())?])
    }

    pub fn function(&self, name: &str) -> Option<&Function> {
        Some(&self.functions[*self.function_index.get(&name.to_lowercase())?])
    }

    pub fn is_keyword(&self, word: &str) -> bool {
        self.keyword_index.contains(&word.to_lowercase())
    }

    /// Whether a word is a keyword that cannot be a name as well.
    pub fn is_reserved(&self, word: &str) -> bool {
        self.reserved.contains(&word.to_lowercase())
    }

    /// Whether some relation has such a column.
    pub fn is_column(&self, name: &str) -> bool {
        self.columns.contains(&name.to_lowercase())
    }

    /// Whether FROM knows the name, DuckDB's own relations included.
    pub fn is_relation(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.relation_index.contains_key(&name) || self.internal.contains(&name)
    }

    /// A name as SQL takes it: in quotes where it needs them.
    pub fn quoted(&self, name: &str) -> String {
        let is_plain = name.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
            && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
        if is_plain && !self.is_reserved(name) { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
    }

    /// A relation's name as SQL takes it: the parts of a qualified one each on its own.
    pub fn quoted_path(&self, name: &str) -> String {
        name.split('.').map(|part| self.quoted(part)).collect::<Vec<_>>().join(".")
    }
}

/// The tables and views with their columns, and the names of DuckDB's own.
fn read_relations(connection: &Connection) -> anyhow::Result<(Vec<Relation>, HashSet<String>)> {
    let mut statement = connection.prepare(
        "SELECT
            CASE
                WHEN internal THEN table_name
                WHEN schema_name <> 'main' THEN database_name || '.' || schema_name || '.' || table_name
                WHEN database_name IN (current_database(), 'temp') THEN table_name
                ELSE database_name || '.' || table_name
            END AS name,
            internal,
            column_name,
            data_type,
            coalesce(comment, '')
        FROM duckdb_columns()
        ORDER BY name, database_name <> 'temp', column_index",
    )?;
    let mut rows = statement.query([])?;
    let (mut relations, mut internal) = (Vec::<Relation>::new(), HashSet::new());
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        if row.get(1)? {
            internal.insert(name.to_lowercase());
            continue;
        }
        let column = Column { name: row.get(2)?, data_type: row.get(3)?, comment: row.get(4)? };
        match relations.last_mut() {
            // a temporary relation hides one of the same name
            Some(last) if last.name == name && last.columns.iter().any(|other| other.name == column.name) => {}
            Some(last) if last.name == name => last.columns.push(column),
            _ => relations.push(Relation { name, is_view: false, comment: String::new(), columns: vec![column] }),
        }
    }
    let mut statement = connection.prepare(
        "SELECT table_name, false, coalesce(comment, '') FROM duckdb_tables() WHERE NOT internal
        UNION ALL
        SELECT view_name, true, coalesce(comment, '') FROM duckdb_views() WHERE NOT internal",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        if let Some(relation) = relations.iter_mut().find(|relation| relation.name == name) {
            (relation.is_view, relation.comment) = (row.get(1)?, row.get(2)?);
        }
    }
    Ok((relations, internal))
}

fn read_functions(connection: &Connection) -> anyhow::Result<Vec<Function>> {
    let mut statement = connection.prepare(
        "SELECT
            function_name,
            min(CASE function_type WHEN 'window' THEN 'aggregate' ELSE function_type END) AS kind,
            arg_max(
                array_to_string(list_transform(
                    list_zip(parameters, parameter_types),
                    lambda p: p[1] || coalesce(' ' || nullif(p[2], p[1]), '')
                ), ', '),
                len(parameters)
            ) AS signature,
            arg_max(array_to_string(parameters, ','), len(parameters)) AS parameters,
            any_value(coalesce(comment, description)) AS description,
            bool_and(internal) AS internal
        FROM duckdb_functions()
        WHERE function_type <> 'pragma' AND regexp_full_match(function_name, '[A-Za-z][A-Za-z0-9_]*')
        GROUP BY function_name
        ORDER BY function_name",
    )?;
    let function = |row: &duckdb::Row| {
        let kind: String = row.get(1)?;
        let text = |index| Ok::<_, duckdb::Error>(row.get::<_, Option<String>>(index)?.unwrap_or_default());
        let parameters = text(3)?;
        Ok(Function {
            name: row.get(0)?,
            kind: match kind.as_str() {
                "aggregate" => FunctionKind::Aggregate,
                "table" => FunctionKind::Table,
                "macro" => FunctionKind::Macro,
                "table_macro" => FunctionKind::TableMacro,
                _ => FunctionKind::Scalar,
            },
            signature: text(2)?,
            parameters: parameters.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            description: text(4)?,
            internal: row.get(5)?,
        })
    };
    Ok(statement.query_map([], function)?.collect::<Result<_, _>>()?)
}

/// The columns of a companion query, as its file describes them.
pub(super) fn query_columns(query: &Query) -> Vec<Column> {
    let column = |(name, meaning): (&String, &toml::Value)| Column {
        name: name.clone(),
        data_type: String::new(),
        comment: meaning.as_str().unwrap_or_default().to_owned(),
    };
    query.columns.iter().map(column).collect()
}

/// A companion query by its name, in any case.
pub(super) fn query(name: &str) -> Option<&'static Query> {
    CATALOG.query(&name.to_lowercase())
}

/// `INTEGER, default 24: Length of the window.`
pub(super) fn parameter_text(parameter: &Parameter) -> String {
    let default = match &parameter.default {
        Some(default) => format!("default {default}"),
        None => "required".to_owned(),
    };
    format!("{}, {default}: {}", parameter.kind.name(), parameter.description)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::tests::store;

    #[test]
    fn a_store_names_its_relations_columns_macros_and_keywords() {
        let (_folder, store) = store();
        let vocabulary = Vocabulary::read(&store).expect("names");
        let names = vocabulary.names();
        let events = names.relation("EVENTS").expect("the table");
        assert!(!events.is_view && events.comment.starts_with("CloudTrail records"), "{}", events.comment);
        let time = events.columns.iter().find(|column| column.name == "event_time").expect("a column");
        assert_eq!((time.data_type.as_str(), time.comment.as_str()), ("TIMESTAMP", "eventTime, UTC."));
        assert!(names.relation("ami_queries").is_some_and(|view| view.is_view));
        assert!(names.relation("duckdb_tables").is_none() && names.is_relation("duckdb_tables"));
        let kind = names.function("source_kind").expect("a macro");
        assert_eq!((kind.kind, kind.signature.as_str()), (FunctionKind::Macro, "address VARCHAR"));
        assert!(names.function("launches_after_deprecated_query").is_some_and(Function::returns_rows));
        assert!(names.function("count").is_some_and(|count| count.kind == FunctionKind::Aggregate));
        assert!(names.is_keyword("Select") && names.is_reserved("select") && !names.is_reserved("event_name"));
        assert!(names.is_column("source_ip_address") && !names.is_column("events"));
        for (name, quoted) in [
            ("plain_1", "plain_1"),
            ("includeDeprecated", "includeDeprecated"),
            ("a\"b", "\"a\"\"b\""),
            ("order", "\"order\""),
        ] {
            assert_eq!(names.quoted(name), quoted);
        }
    }

    #[test]
    fn what_is_made_is_known_after_a_refresh() {
        let (_folder, store) = store();
        let vocabulary = Vocabulary::read(&store).expect("names");
        store
            .connection
            .execute_batch("CREATE TEMP TABLE mine (a INTEGER, \"b c\" STRUCT(d VARCHAR))")
            .expect("a table");
        assert!(vocabulary.names().relation("mine").is_none());
        vocabulary.refresh(&store).expect("names");
        assert_eq!(vocabulary.names().relation("mine").map(|mine| mine.columns.len()), Some(2));
    }
}
