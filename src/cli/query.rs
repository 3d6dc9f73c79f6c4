use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::print::{PrintArgs, note};
use super::{Context, exit};
use crate::catalog::{CATALOG, Kind, Query, one_line, quote};
use crate::output::Format;
use crate::store::{Mode, Store};

/// `trailduck query`: its subcommands and their arguments follow from the catalog.
#[derive(Debug)]
pub struct QueryCommand {
    /// The query and its arguments as SQL; none to list the queries.
    call: Option<(&'static Query, String)>,
    print: PrintArgs,
}

impl QueryCommand {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        match self.call {
            Some((query, arguments)) => {
                let store = context.open(Mode::Read)?;
                let sql = format!("FROM {}({arguments})", query.name);
                let rows = context.printer.print(&store, &sql, &self.print, &query.display)?;
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
        let argument = |name: &String| {
            let value = submatches.get_one::<String>(name)?;
            Some(format!("{name} := {value}"))
        };
        let arguments: Vec<_> = query.parameters.iter().filter_map(|parameter| argument(&parameter.name)).collect();
        Ok(Self { call: Some((query, arguments.join(", "))), print: PrintArgs::from_arg_matches(submatches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
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
                Some(default) if default != "NULL" => {
                    format!("{} [default: {}]", parameter.description, default.trim_matches('\''))
                }
                _ => parameter.description.clone(),
            })
            .required(parameter.default.is_none())
            .allow_hyphen_values(kind == Kind::Integer)
            .value_parser(move |value: &str| kind.literal(value));
        if parameter.name.contains('_') {
            arg = arg.visible_alias(parameter.name.replace('_', "-"));
        }
        command.arg(arg)
    });
    PrintArgs::augment_args(command)
}

fn example(query: &Query) -> String {
    let required = query.parameters.iter().filter(|parameter| parameter.default.is_none());
    let arguments: String = required.map(|parameter| format!(" --{} ...", parameter.name)).collect();
    let in_sql = query.parameters.iter().filter(|parameter| parameter.default.is_none());
    let in_sql: Vec<_> = in_sql.map(|parameter| format!("{} := '...'", parameter.name)).collect();
    let name = &query.name;
    format!("Examples:\n  trailduck query {name}{arguments}\n  trailduck sql \"FROM {name}({})\"", in_sql.join(", "))
}

/// The queries themselves, as rows.
fn list() -> String {
    let row = |query: &Query| {
        let parameter = |parameter: &crate::catalog::Parameter| match &parameter.default {
            Some(default) => format!("{} = {default}", parameter.name),
            None => parameter.name.clone(),
        };
        let parameters: Vec<_> = query.parameters.iter().map(parameter).collect();
        format!("({}, {}, {})", quote(&query.name), quote(&parameters.join(", ")), quote(&query.title))
    };
    let rows: Vec<_> = CATALOG.queries.iter().map(row).collect();
    format!("FROM (VALUES {}) AS t(query, parameters, answers)", rows.join(", "))
}
