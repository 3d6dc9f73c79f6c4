use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use chrono::{NaiveDateTime, SubsecRound, Utc};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use super::print::{PrintArgs, note};
use super::time::moment_to_come;
use super::{Context, Usage, exit};
use crate::catalog::{CATALOG, quote};
use crate::exceptions::{self, Conditions, Entry, Exception, check_name, check_text};
use crate::output::{Format, visible};
use crate::store::Mode;

/// Hide alerts that are known to be legitimate
///
/// An exception suppresses the alerts that meet all its conditions, in every view of the store and for every client, until
/// it expires. `detect --include-suppressed` shows them all the same.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck exceptions add scanner --reason 'weekly inventory' --expires 90d \\
      --principal 'arn:aws:sts::111122223333:assumed-role/scanner/*' --address 203.0.113.0/24
  trailduck exceptions list
  trailduck exceptions check
  trailduck exceptions export -o exceptions.toml
  trailduck exceptions import exceptions.toml")]
pub struct Exceptions {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(Box<Add>),
    List(List),
    Show(Show),
    Remove(Remove),
    Export(Export),
    Import(Import),
    Check(Check),
}

/// Add an exception, and say what it hides
///
/// An exception that never expires is forgotten: without --expires or --never, the terminal is asked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck exceptions add scanner --reason 'weekly inventory' --expires 90d \\
      --principal 'arn:aws:sts::111122223333:assumed-role/scanner/*'
  trailduck exceptions add office --reason 'old images are ours' --expires 2027-01-31 \\
      --rule deprecated_ami_discovery --address 203.0.113.0/24 --owner self
  trailduck exceptions add build --reason 'CHG-1042' --never --access-key AKIAIOSFODNN7EXAMPLE")]
struct Add {
    /// What to call it: letters, digits, dots, dashes, underscores
    #[arg(value_parser = check_name)]
    name: String,

    /// Why these alerts are legitimate
    #[arg(long, value_name = "TEXT", value_parser = check_text)]
    reason: String,

    /// Who says so [default: the user who runs this]
    #[arg(long, value_name = "NAME", value_parser = check_text)]
    author: Option<String>,

    /// When it ends: 30d, 12w, 2027-01-31 (its beginning), 2027-01-31T14:00:00Z
    #[arg(long, value_name = "T", value_parser = moment_to_come, conflicts_with = "never")]
    expires: Option<NaiveDateTime>,

    /// It does not end
    #[arg(long)]
    never: bool,

    /// The only rule it applies to [default: all]
    #[arg(long, value_parser = PossibleValuesParser::new(CATALOG.detections.iter().map(|rule| rule.name.as_str())))]
    rule: Option<String>,

    #[command(flatten, next_help_heading = "Conditions, of which all must be met")]
    conditions: Conditions,
}

/// List the exceptions, with how many alerts each hides
///
/// Counted are alerts of the rules that run unasked, or of the one it names.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck exceptions list
  trailduck exceptions list --format json")]
struct List {
    #[command(flatten)]
    print: PrintArgs,
}

/// Show one exception
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck exceptions show patching")]
struct Show {
    name: String,

    #[command(flatten)]
    print: PrintArgs,
}

/// Remove an exception, and say what it had hidden
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck exceptions remove patching")]
struct Remove {
    name: String,
}

/// Write all exceptions to a file that can be reviewed and kept under version control
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck exceptions export
  trailduck exceptions export -o exceptions.toml")]
struct Export {
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Bring exceptions from files into the store: all of them or, where one is wrong, none
///
/// An exception whose name is there is updated. In a file written by hand, author and created_at may be left out.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck exceptions import exceptions.toml
  trailduck exceptions import --replace team-a.toml team-b.toml
  git show main:exceptions.toml | trailduck exceptions import -")]
struct Import {
    /// Files as `exceptions export` writes them; - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Remove the exceptions that are in none of the files
    #[arg(long)]
    replace: bool,

    #[command(flatten)]
    print: PrintArgs,
}

/// Say which exceptions cover nothing, have expired or soon will, or hide only what others hide too
///
/// Counted are events, whatever rule alerts of them; those that an expired exception would hide as well.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck exceptions check
  trailduck exceptions check --fail-on-unused     exit code 3 when one can be removed")]
struct Check {
    /// Exit with code 3 when an exception covers nothing or has expired
    #[arg(long)]
    fail_on_unused: bool,

    #[command(flatten)]
    print: PrintArgs,
}

impl Exceptions {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        match self.command {
            Command::Add(command) => command.run(context),
            Command::List(command) => command.run(context),
            Command::Show(command) => command.run(context),
            Command::Remove(command) => command.run(context),
            Command::Export(command) => command.run(context),
            Command::Import(command) => command.run(context),
            Command::Check(command) => command.run(context),
        }
    }
}

impl Add {
    fn run(self, context: &Context) -> anyhow::Result<u8> {
        if self.conditions == Conditions::default() {
            bail!(Usage(
                "without a condition it would hide every alert: add --principal, --account, --role, --access-key, --address, --user-agent, --region or --owner"
            ));
        }
        let mut exception = Exception {
            name: self.name,
            rule: self.rule,
            conditions: self.conditions,
            reason: self.reason,
            author: self.author.map_or_else(user, Ok)?,
            created_at: now(),
            expires_at: self.expires.map(|time| time.trunc_subsecs(0)),
        };
        exception.check().map_err(|error| anyhow!(error))?;
        // asked for before the store is opened, which no one else could use meanwhile
        if exception.expires_at.is_none() && !self.never {
            exception.expires_at = ask_for_expiry()?;
        }
        let store = context.open(Mode::Write)?;
        let name = exception.name.clone();
        if exceptions::is_there(&store, &name)? {
            bail!(
                "there is an exception {name} already: choose another name, or `trailduck{} exceptions remove {name}` first",
                context.db_argument()
            );
        }
        store.connection.execute_batch(&exceptions::upsert(&exception))?;

        let (hidden, alerts, principals) = store.connection.query_row(
            &format!(
                "SELECT
                    (SELECT count(*) FROM exception_matches WHERE name = {name} AND counted),
                    ({}),
                    (SELECT count(DISTINCT principal) FROM exception_matches WHERE name = {name} AND counted)",
                count_alerts(exception.rule.as_deref()),
                name = quote(&name)
            ),
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)),
        )?;
        let until = match exception.expires_at {
            Some(time) => format!("until {}", time.format("%Y-%m-%dT%H:%M:%SZ")),
            None => "for ever".to_owned(),
        };
        writeln!(io::stdout(), "{name} hides {hidden} of {} {until}", counted(alerts, "alert"))?;
        if hidden == 0 && alerts > 0 {
            note("warning: it hides nothing there is now");
        }
        if hidden * 2 > alerts {
            note("warning: it hides more than half of the alerts");
        }
        if !exception.conditions.name_one_identity() {
            let from = counted(principals, "principal");
            let now = if hidden > 0 { format!("; what it hides now comes from {from}") } else { String::new() };
            note(&format!("warning: it is not bound to one principal, role or access key{now}"));
        }
        Ok(exit::DONE)
    }
}

impl List {
    fn run(self, context: &Context) -> anyhow::Result<u8> {
        let store = context.open(Mode::Read)?;
        let rows = context.printer.print(
            &store,
            "FROM exception_list() ORDER BY name",
            &self.print,
            display("exception_list"),
        )?;
        note_if_none(rows, &self.print);
        Ok(exit::DONE)
    }
}

impl Show {
    fn run(self, context: &Context) -> anyhow::Result<u8> {
        let store = context.open(Mode::Read)?;
        exceptions::expect(&store, &self.name)?;
        let row = format!("FROM exception_list() WHERE name = {}", quote(&self.name));
        let sql = match self.print.format {
            // one row with many columns reads better upright
            Format::Table => {
                format!("FROM (UNPIVOT ({ROW_AS_TEXT} FROM ({row})) ON columns(*) INTO NAME field VALUE value)")
            }
            _ => row,
        };
        context.printer.print(&store, &sql, &self.print, &[])?;
        Ok(exit::DONE)
    }
}

impl Remove {
    fn run(self, context: &Context) -> anyhow::Result<u8> {
        let store = context.open(Mode::Write)?;
        exceptions::expect(&store, &self.name)?;
        let name = quote(&self.name);
        let sql = format!("SELECT hides, state FROM exception_list() WHERE name = {name}");
        let (hides, state): (i64, String) =
            store.connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        store.connection.execute_batch(&format!("DELETE FROM exceptions WHERE name = {name}"))?;
        let had = if state == "expired" {
            "it had expired".to_owned()
        } else {
            format!("it hid {}", counted(hides, "alert"))
        };
        writeln!(io::stdout(), "removed {}: {had}", visible(&self.name))?;
        Ok(exit::DONE)
    }
}

impl Export {
    fn run(self, context: &Context) -> anyhow::Result<u8> {
        let store = context.open(Mode::Read)?;
        let text = exceptions::write(&exceptions::all(&store)?);
        match &self.output {
            None => io::stdout().write_all(text.as_bytes())?,
            Some(path) if store.owns(path) => {
                bail!("{} is the store itself: export to another file", path.display())
            }
            Some(path) => std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?,
        }
        Ok(exit::DONE)
    }
}

impl Import {
    fn run(self, context: &Context) -> anyhow::Result<u8> {
        let (now, user) = (now(), user().ok());
        let mut wanted: BTreeMap<String, (&Path, Entry)> = BTreeMap::new();
        for path in &self.files {
            let entries = exceptions::read(&read(path)?, user.as_deref(), now);
            for entry in entries.map_err(|error| anyhow!("{}: {error}", shown(path)))? {
                let name = entry.exception.name.clone();
                if let Some((other, _)) = wanted.insert(name.clone(), (path, entry)) {
                    bail!("{}: {name} is in {} too", shown(path), shown(other));
                }
            }
        }
        let store = context.open(Mode::Write)?;
        let mut there: BTreeMap<_, _> =
            exceptions::all(&store)?.into_iter().map(|exception| (exception.name.clone(), exception)).collect();
        let mut changes = Vec::new();
        let mut script = String::from("BEGIN;\n");
        for (name, (_, Entry { mut exception, author, created_at })) in wanted {
            let change = match there.remove(&name) {
                None => "added",
                Some(old) => {
                    // what a file leaves out stays as it was
                    if author.is_none() {
                        exception.author.clone_from(&old.author);
                    }
                    if created_at.is_none() {
                        exception.created_at = old.created_at;
                    }
                    if old == exception { "unchanged" } else { "updated" }
                }
            };
            if change != "unchanged" {
                script.push_str(&exceptions::upsert(&exception));
                script.push_str(";\n");
            }
            changes.push((name, change));
        }
        for name in there.into_keys().filter(|_| self.replace) {
            script.push_str(&format!("DELETE FROM exceptions WHERE name = {};\n", quote(&name)));
            changes.push((name, "removed"));
        }
        script.push_str("COMMIT");
        store.connection.execute_batch(&script)?;
        let rows = match changes.as_slice() {
            [] => "SELECT '' AS name, '' AS change WHERE false".to_owned(),
            changes => {
                let rows: Vec<_> =
                    changes.iter().map(|(name, change)| format!("({}, '{change}')", quote(name))).collect();
                format!("FROM (VALUES {}) AS t(name, change)", rows.join(", "))
            }
        };
        let rows = context.printer.print(&store, &rows, &self.print, &[])?;
        note_if_none(rows, &self.print);
        Ok(exit::DONE)
    }
}

impl Check {
    fn run(self, context: &Context) -> anyhow::Result<u8> {
        let store = context.open(Mode::Read)?;
        let rows = context.printer.print(
            &store,
            "FROM exception_check() ORDER BY name",
            &self.print,
            display("exception_check"),
        )?;
        note_if_none(rows, &self.print);
        let unused = store.count("FROM exception_check() WHERE covers = 0 OR state = 'expired'")?;
        Ok(if self.fail_on_unused && unused > 0 { exit::FINDINGS } else { exit::DONE })
    }
}

/// A row of exception_list as text, conditions one by one only.
const ROW_AS_TEXT: &str = "
    SELECT columns(* EXCLUDE (conditions, created_at, expires_at))::VARCHAR,
        strftime(created_at, '%Y-%m-%dT%H:%M:%SZ') AS created_at,
        coalesce(strftime(expires_at, '%Y-%m-%dT%H:%M:%SZ'), 'never') AS expires_at";

/// SQL that counts the alerts an exception for this rule, or for all, may apply to.
fn count_alerts(rule: Option<&str>) -> String {
    let rules = CATALOG.detections.iter().filter(|detection| match rule {
        Some(rule) => detection.name == rule,
        None => detection.enabled,
    });
    let counts: Vec<_> = rules.map(|rule| format!("(SELECT count(*) FROM {}_with_suppressed)", rule.name)).collect();
    format!("SELECT {}", counts.join(" + "))
}

/// `1 alert`, `2 alerts`.
fn counted(count: i64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Columns of a query that people are shown.
fn display(query: &str) -> &'static [String] {
    CATALOG.query(query).map_or(&[], |query| &query.display)
}

fn note_if_none(rows: usize, print: &PrintArgs) {
    if rows == 0 && print.limit != Some(0) && print.format == Format::Table {
        note("no exceptions");
    }
}

/// This second.
fn now() -> NaiveDateTime {
    Utc::now().naive_utc().trunc_subsecs(0)
}

/// Who runs this.
pub fn user() -> anyhow::Result<String> {
    let names = ["USER", "LOGNAME", "USERNAME"].into_iter().filter_map(|variable| std::env::var(variable).ok());
    let name = names.into_iter().find(|name| !name.trim().is_empty());
    // in a container there may be no name
    #[cfg(unix)]
    let name = name.or_else(|| Some(format!("uid {}", rustix::process::getuid().as_raw())));
    name.ok_or_else(|| Usage("nobody knows who you are: add --author NAME").into())
}

/// An end, asked for on the terminal. None: never.
fn ask_for_expiry() -> anyhow::Result<Option<NaiveDateTime>> {
    let missing = Usage("say when it expires: add --expires 90d, --expires 2027-01-31, or --never");
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        bail!(missing);
    }
    loop {
        write!(io::stderr(), "When does it expire? 30d, 2027-01-31, never [90d]: ")?;
        let mut answer = String::new();
        if io::stdin().lock().read_line(&mut answer)? == 0 {
            bail!(missing);
        }
        match answer.trim() {
            "never" => return Ok(None),
            answer => match moment_to_come(if answer.is_empty() { "90d" } else { answer }) {
                Ok(time) => return Ok(Some(time.trunc_subsecs(0))),
                Err(error) => note(&error),
            },
        }
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn shown(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}
