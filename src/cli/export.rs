use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::bail;
use chrono::Utc;
use clap::{Args, ValueEnum};

use super::print::note;
use super::time::Between;
use super::whole::write_whole;
use super::{Context, Usage, exit};
use crate::output;
use crate::parquet::{self, Depth};
use crate::record;
use crate::store::{Cell, Column, Mode, Rows, Store};

/// Write records back as they came, or as Parquet for other engines
///
/// Every record is equal, as JSON, to the one that was loaded.
///
/// With --format parquet, a folder in Hive's layout (events/date=.../account=.../region=...) is written, to which the next
/// export adds what is new: each event is there once. Spark 4 reads it with what `trailduck pack` writes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck export -o copy.json
  trailduck export --format ndjson --since 2026-10-06 | gzip > night.ndjson.gz
  trailduck export --format parquet -o lake
  trailduck export --format parquet --partitions date -o lake-by-day
  trailduck export --where \"event_name = 'RunInstances'\"")]
pub struct Export {
    /// How records are written
    #[arg(long, value_enum, default_value = "cloudtrail")]
    format: Envelope,

    /// With --format parquet: into what the events are divided [default: region, or as the folder is]
    #[arg(long, value_enum, value_name = "DEPTH")]
    partitions: Option<Depth>,

    #[command(flatten)]
    between: Between,

    /// Only events that meet this SQL condition on the table events
    #[arg(long = "where", value_name = "SQL")]
    condition: Option<String>,

    /// Write to a file instead of standard output; with --format parquet, the folder
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

/// From so many files on, it is said when they are small.
const MANY_FILES: usize = 1000;

/// Bytes of a file that costs more to open than to read.
const SMALL_FILE: u64 = 1_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Envelope {
    /// One object with a list of Records, as CloudTrail's own files
    Cloudtrail,
    /// One record a line
    Ndjson,
    /// A folder of Parquet files with all events; again, and what is new is added
    Parquet,
}

impl Export {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        self.between.check()?;
        if self.format == Envelope::Parquet {
            return self.parquet(context);
        }
        let store = context.open(Mode::Read)?;
        let condition = self.condition.as_deref().unwrap_or("true");
        let sql = format!(
            "SELECT CASE WHEN original IS NULL THEN to_json(events) END AS record, original
            FROM events WHERE {} AND (\n{condition}\n)",
            self.between.condition("event_time")
        );
        match &self.output {
            None => self.write(&store, &sql, &mut BufWriter::new(io::stdout().lock()))?,
            Some(path) => write_whole(&store, path, |to| self.write(&store, &sql, to))?,
        }
        Ok(exit::DONE)
    }

    fn parquet(self, context: &Context) -> anyhow::Result<u8> {
        let Some(folder) = &self.output else {
            return Err(Usage("--format parquet writes a folder: say which with -o DIR").into());
        };
        if folder.to_string_lossy().contains("://") {
            return Err(Usage(
                "-o takes a folder here: export to one, and copy it (`aws s3 sync`; see the pack's README)",
            )
            .into());
        }
        // what is left out now would be taken for exported by the next export
        if self.between.since.is_some() || self.between.until.is_some() || self.condition.is_some() {
            return Err(
                Usage("--format parquet exports all that is new: leave out --since, --until and --where").into()
            );
        }
        let store = context.open(Mode::Read)?;
        let exported = parquet::export(&store, folder, self.partitions, Utc::now())?;
        note(&format!(
            "{} new events in {} partitions: {} files, {:.1} MB",
            exported.events,
            exported.partitions,
            exported.files,
            exported.bytes as f64 / 1e6
        ));
        if exported.missing > 0 {
            note(&format!(
                "{} files that earlier exports wrote are not there any more, and are not written again: for all events \
                 export to another folder",
                exported.missing
            ));
        }
        if exported.files > MANY_FILES && exported.bytes / (exported.files as u64) < SMALL_FILE {
            note("many small files are slow to read: export to another folder with --partitions date, or less often");
        }
        Ok(exit::DONE)
    }

    fn write(&self, store: &Store, sql: &str, to: &mut dyn Write) -> anyhow::Result<()> {
        let mut records = Records { to, envelope: self.format, written: 0 };
        store.rows(sql, &mut records)?;
        let written = records.written;
        if self.format == Envelope::Cloudtrail {
            to.write_all(if written == 0 { b"{\"Records\":[]}\n" } else { b"\n]}\n" })?;
        }
        to.flush()?;
        Ok(())
    }
}

struct Records<'w> {
    to: &'w mut dyn Write,
    envelope: Envelope,
    written: usize,
}

impl Rows for Records<'_> {
    fn columns(&mut self, _: &[Column]) -> anyhow::Result<()> {
        Ok(())
    }

    fn row(&mut self, cells: Vec<Cell>) -> anyhow::Result<bool> {
        let record = match cells.as_slice() {
            // valid JSON has line breaks between tokens only
            [_, Cell::Text(original)] => original.replace(['\n', '\r'], " "),
            [Cell::Json(row), _] => record::render(serde_json::from_str(row)?),
            _ => bail!("an event came back as no JSON"),
        };
        let record = output::harmless_json(&record);
        match (self.envelope, self.written) {
            (Envelope::Cloudtrail, 0) => write!(self.to, "{{\"Records\":[\n{record}")?,
            (Envelope::Cloudtrail, _) => write!(self.to, ",\n{record}")?,
            (Envelope::Ndjson | Envelope::Parquet, _) => writeln!(self.to, "{record}")?,
        }
        self.written += 1;
        Ok(true)
    }
}
