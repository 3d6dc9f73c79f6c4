use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::print::{PrintArgs, note};
use super::{Context, exit};
use crate::catalog::{CATALOG, Kind, Parameter, Query, one_line, quote};
use crate::output::{Format, visible};
use crate::store::{Mode, Statement, Store};

/// `trailduck query`: its subcommands and their arguments follow from the catalog.
#[derive(Debug)]
pub struct QueryCommand {
    /// The query and its arguments, by name; none to list the queries.
    call: Option<(&'static Query, Vec<(String, String)>)>,
    print: PrintArgs,
}

impl QueryCommand {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        match self.call {
            Some((query, arguments)) => {
                let store = context.open(Mode::Read)?;
                let sql = query.call(arguments.iter().map(|(name, _)| name.as_str()));
                let statement = Statement { sql: &sql, parameters: &arguments };
                let rows = context.printer.print(&store, statement, &self.print, &query.display)?;
                if rows == 0 && self.print.format == Format::Table {
                    note("no rows");
                }
            }
            None => {
                context.printer.print(&Store::in_memory()?, &list(), &self.print, &[])?;
            }
        }
        Ok(exit::DONE)
    }
}

impl Args for QueryCommand {
    fn augment_args(command: Command) -> Command {
        let command = command
            .about("Run a companion query; without a name, list them")
            .after_help(
                "\
Examples:
  trailduck query
  trailduck query api_calls_by_principal --arn 'arn:aws:iam::*:user/*'
  trailduck query activity_by_ip --param address=192.0.2.77 --format csv
  trailduck query activity_around --help",
            )
            .subcommand_value_name("NAME")
            .subcommand_help_heading("Queries")
            .disable_help_subcommand(true);
        let command = PrintArgs::augment_args(command);
        CATALOG.queries.iter().fold(command, |command, query| command.subcommand(subcommand(query)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for QueryCommand {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let Some((name, submatches)) = matches.subcommand() else {
            return Ok(Self { call: None, print: PrintArgs::from_arg_matches(matches)? });
        };
        let query = CATALOG.query(name).ok_or_else(|| clap::Error::new(clap::error::ErrorKind::InvalidSubcommand))?;
        let argument = |parameter: &Parameter| {
            let value = submatches.get_one::<String>(&parameter.name)?;
            Some((parameter.name.clone(), value.clone()))
        };
        let mut arguments: Vec<_> = query.parameters.iter().filter_map(argument).collect();
        for (name, value) in submatches.try_get_many::<(String, String)>(PARAM).ok().flatten().into_iter().flatten() {
            arguments.push(named(query, name, value).map_err(invalid)?);
        }
        let given = |parameter: &&Parameter| arguments.iter().filter(|(name, _)| *name == parameter.name).count();
        if let Some(twice) = query.parameters.iter().find(|parameter| given(parameter) > 1) {
            return Err(invalid(format!("{} is given twice", twice.name)));
        }
        let required = |parameter: &&Parameter| parameter.default.is_none();
        if let Some(missing) = query.parameters.iter().filter(required).find(|parameter| given(parameter) == 0) {
            return Err(invalid(format!("{} needs --{} ({})", query.name, missing.name, missing.description)));
        }
        Ok(Self { call: Some((query, arguments)), print: PrintArgs::from_arg_matches(submatches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The argument that names a parameter and its value in one.
const PARAM: &str = "param";

/// An argument of a query by its name, if there is such a parameter and the value is of its type.
fn named(query: &Query, name: &str, value: &str) -> Result<(String, String), String> {
    let name = name.replace('-', "_");
    let Some(parameter) = query.parameters.iter().find(|parameter| parameter.name == name) else {
        let names: Vec<_> = query.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        return Err(format!("{} has no parameter {name}: there are {}", query.name, names.join(", ")));
    };
    match parameter.kind.value(value) {
        Ok(value) => Ok((name, value)),
        Err(error) => Err(format!("invalid value '{value}' for {name}: {error}")),
    }
}

fn invalid(message: String) -> clap::Error {
    clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{}\n", visible(&message)))
}

fn subcommand(query: &'static Query) -> Command {
    let columns =
        query.columns.iter().map(|(name, meaning)| format!("  {name}: {}", meaning.as_str().unwrap_or_default()));
    let columns: Vec<_> = columns.collect();
    let command = Command::new(query.name.as_str())
        .about(query.title.as_str())
        .long_about(one_line(&query.description))
        .after_long_help(format!("Columns:\n{}\n\n{}", columns.join("\n"), example(query)));
    let command = query.parameters.iter().fold(command, |command, parameter| {
        let kind = parameter.kind;
        let mut arg = Arg::new(parameter.name.as_str())
            .long(parameter.name.as_str())
            .value_name(if kind == Kind::Uuid { "UUID" } else { kind.name() })
            .help(match &parameter.default {
                None => format!("{} [required]", parameter.description),
                Some(default) if default == "NULL" => parameter.description.clone(),
                Some(default) => format!("{} [default: {}]", parameter.description, default.trim_matches('\'')),
            })
            .allow_hyphen_values(kind == Kind::Integer)
            .value_parser(move |value: &str| kind.value(value));
        if parameter.name.contains('_') {
            arg = arg.visible_alias(parameter.name.replace('_', "-"));
        }
        command.arg(arg)
    });
    let param = Arg::new(PARAM)
        .long(PARAM)
        .value_name("NAME=VALUE")
        .help("A parameter by its name, for scripts: --param hours=72 is --hours 72")
        .action(ArgAction::Append)
        .value_parser(super::sql::parameter);
    let command = if query.parameters.is_empty() { command } else { command.arg(param) };
    PrintArgs::augment_args(command)
}

fn example(query: &Query) -> String {
    let required =
        || query.parameters.iter().filter_map(|parameter| Some((&parameter.name, parameter.example.as_ref()?)));
    let arguments: String = required().map(|(name, value)| format!(" --{name} {}", quote(value))).collect();
    let in_sql: Vec<_> = required().map(|(name, value)| format!("{name} := {}", quote(value))).collect();
    let name = &query.name;
    format!("Examples:\n  trailduck query {name}{arguments}\n  trailduck sql \"FROM {name}({})\"", in_sql.join(", "))
}

/// The queries themselves, as rows.
fn list() -> String {
    let row = |query: &Query| {
        let parameter = |parameter: &Parameter| match &parameter.default {
            Some(default) => format!("{} = {default}", parameter.name),
            None => parameter.name.clone(),
        };
        let parameters: Vec<_> = query.parameters.iter().map(parameter).collect();
        format!("({}, {}, {})", quote(&query.name), quote(&parameters.join(", ")), quote(&query.title))
    };
    let rows: Vec<_> = CATALOG.queries.iter().map(row).collect();
    format!("FROM (VALUES {}) AS t(query, parameters, answers)", rows.join(", "))
}
