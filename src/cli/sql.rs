use std::io::{self, Read};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;

use super::print::PrintArgs;
use super::{Context, Usage, exit};
use crate::store::{Mode, Statement, Unbound, statements};

/// Run SQL on the store
///
/// One statement or several, from the argument, a file, or standard input. The store is opened for reading only, so that
/// evidence stays as it is; --write opens it for changes. (A store of another version of trailduck has its views renewed first.)
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck sql 'SELECT event_name, count(*) FROM events GROUP BY ALL ORDER BY 2 DESC'
  trailduck sql 'SELECT request_parameters.includeDeprecated FROM events' --format csv
  trailduck sql 'FROM api_calls WHERE event_time > utc_now() - INTERVAL 1 DAY'
  trailduck sql -f review.sql
  trailduck sql 'FROM api_calls WHERE aws_region = $region' --param region=us-east-1
  echo 'FROM principals' | trailduck sql")]
pub struct Sql {
    /// The SQL; without it, standard input is read
    // it may begin with a comment
    #[arg(conflicts_with = "file", allow_hyphen_values = true)]
    sql: Option<String>,

    /// Read the SQL from a file
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Value of a parameter of the statements, $NAME there: text, bound as it is (cast it in SQL: $NAME::INTEGER)
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,

    /// Allow changes to the store
    #[arg(long)]
    write: bool,

    #[command(flatten)]
    print: PrintArgs,
}

impl Sql {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        let mut names: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Usage("--param: a parameter is given twice").into());
        }
        let script = match (self.sql, self.file) {
            (Some(sql), _) if sql != "-" => sql,
            (_, Some(path)) => {
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?
            }
            _ => {
                let mut sql = String::new();
                io::stdin().read_to_string(&mut sql).context("cannot read SQL from standard input")?;
                sql
            }
        };
        let statements = statements(&script);
        if statements.is_empty() {
            bail!("no SQL: give it as an argument, with -f FILE, or on standard input");
        }
        let store = context.open(if self.write { Mode::Write } else { Mode::Read })?;
        for sql in statements {
            let statement = Statement { sql, parameters: &self.parameters };
            context.printer.print(&store, statement, &self.print, &[]).map_err(|error| {
                if error.to_string().contains("read-only mode") {
                    error.context("the store is open for reading only: add --write to change it")
                } else if error.is::<Unbound>() {
                    error.context("add --param NAME=VALUE")
                } else {
                    error
                }
            })?;
        }
        Ok(exit::DONE)
    }
}

/// `NAME=VALUE`.
pub fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    let name = name.trim_start_matches('$');
    if name.is_empty() || !name.chars().all(|char| char.is_alphanumeric() || char == '_') {
        return Err("expected NAME=VALUE, a name of letters, digits and _".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}
