use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};

use super::print::note;
use super::time::Between;
use super::whole::write_whole;
use super::{Context, Usage, exit};
use crate::output::visible;
use crate::report::{self, Document, Request};
use crate::store::Mode;

/// Write what was found to one file, to hand over
///
/// What was loaded and what is missing, the alerts over time, who and from where, the launches that followed, the images
/// in use, exceptions and rejects, each with the statement that gives it; and the alerts that matter most, investigated as
/// by `triage`. The same store and arguments give the same report.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck report -o incident.html
  trailduck report -o ticket.md
  trailduck report -o night.json --since 2026-10-06 --until 2026-10-07
  trailduck report --account 111122223333 --principal '*/ops-admin' --title 'INC-42'
  trailduck report --format json | jq '.alerts[].score'
  trailduck report --schema > report.schema.json

The name of the file says how it is written: .html, .md or .json.")]
pub struct Report {
    /// Write to this file, which is replaced when the report is complete, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// How it is written: what the file's name says, else markdown
    #[arg(long, value_enum)]
    format: Option<ReportFormat>,

    #[command(flatten)]
    between: Between,

    /// Only this account, which received the calls; * stands for anything
    #[arg(long, value_name = "PATTERN", value_parser = NonEmptyStringValueParser::new())]
    account: Option<String>,

    /// Only this principal, or the sessions of this role, by ARN; * stands for anything
    #[arg(long, value_name = "PATTERN", value_parser = NonEmptyStringValueParser::new())]
    principal: Option<String>,

    /// What stands over it
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// How many alerts are investigated: those that launches followed, then the newest
    #[arg(long, value_name = "N", default_value_t = 8)]
    triage: usize,

    /// Wait until no load has the store open, instead of failing
    #[arg(long)]
    wait: bool,

    /// Print the JSON Schema of the JSON report instead
    #[arg(long)]
    schema: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// For a browser, mail and print: one file that fetches nothing and runs nothing
    Html,
    /// For a ticket
    Markdown,
    /// For the next program: see --schema
    Json,
}

impl Report {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        if self.schema {
            write!(io::stdout().lock(), "{}", report::SCHEMA)?;
            return Ok(exit::DONE);
        }
        // before anything is read
        self.between.check()?;
        let format = self.format()?;
        let file = self.file().map(Path::to_owned);
        let store = context.open_when_free(Mode::Read, self.wait)?;
        let request = Request {
            title: self.title.filter(|title| !title.trim().is_empty()),
            since: self.between.since,
            until: self.between.until,
            account: self.account,
            principal: self.principal,
            triage: self.triage,
        };
        let document = report::gather(&store, &request)?;
        let said = Said::of(&document);
        let mut written = Vec::new();
        format.write(document, &mut written)?;
        if said.events == 0 {
            note(
                "no event is in scope: `trailduck status` says what the store holds; --principal and --account take ARNs \
                 and account ids, in which * stands for anything ('*/bob')",
            );
        }
        match &file {
            Some(path) => {
                write_whole(&store, path, |to| Ok(to.write_all(&written)?))?;
                note(&said.in_words(path, written.len()));
            }
            None => {
                let mut to = BufWriter::new(io::stdout().lock());
                to.write_all(&written)?;
                to.flush()?;
            }
        }
        Ok(exit::DONE)
    }

    /// The file to write; none for standard output, which `-` is too.
    fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// As asked for, else as the file is called.
    fn format(&self) -> Result<ReportFormat, Usage> {
        match (self.format, self.file()) {
            (Some(format), _) => Ok(format),
            (None, None) => Ok(ReportFormat::Markdown),
            (None, Some(path)) => ReportFormat::of(path).ok_or(Usage(
                "-o: the name of a report's file ends in .html, .md or .json, or --format says what it is",
            )),
        }
    }
}

impl ReportFormat {
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "html" | "htm" => Some(Self::Html),
            "md" | "markdown" => Some(Self::Markdown),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    fn write(self, document: Document, to: &mut dyn Write) -> anyhow::Result<()> {
        match self {
            Self::Html => report::html(document, to),
            Self::Markdown => report::markdown(&document, to),
            Self::Json => Ok(to.write_all(document.json()?.as_bytes())?),
        }
    }
}

/// What is said of a report that was written to a file.
struct Said {
    events: u64,
    alerts: u64,
    investigated: usize,
    /// Rows left out, of how many tables.
    rows: usize,
    tables: usize,
}

impl Said {
    fn of(document: &Document) -> Self {
        let tables = document.sections.iter().flat_map(|section| &section.tables);
        let tables = tables.chain(document.alerts.iter().flat_map(|alert| &alert.parts));
        let left_out: Vec<_> = tables.map(|table| table.rows_left_out).filter(|&rows| rows > 0).collect();
        Self {
            events: document.overview.get("events").as_u64().unwrap_or_default(),
            alerts: document.overview.get("alerts").as_u64().unwrap_or_default(),
            investigated: document.alerts.len(),
            rows: left_out.iter().sum(),
            tables: left_out.len(),
        }
    }

    fn in_words(&self, path: &Path, bytes: usize) -> String {
        let Self { alerts, investigated, rows, tables, .. } = self;
        let left_out = match rows {
            0 => String::new(),
            _ => format!("; {rows} rows of {tables} tables left out"),
        };
        let path = visible(&path.display().to_string());
        format!(
            "wrote {path}: {} kB, {alerts} alerts, {investigated} of them investigated{left_out}",
            bytes.div_ceil(1000)
        )
    }
}
