use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;

use super::bucket::{self, BucketArgs};
use super::dry_run::Plan;
use super::geoip::{self, GeoipArgs};
use super::interrupt::on_interrupt;
use super::narrow::NarrowArgs;
use super::print::{PrintArgs, note};
use super::progress::Display;
use super::{Context, exit};
use crate::bucket::{Fetching, Known};
use crate::geo;
use crate::load::{self, Options, Progress, Summary};
use crate::output::{Format, visible};
use crate::source::{self, Limits};
use crate::store::Cell::{Integer, Text};
use crate::store::{Mode, Store};

/// Load CloudTrail files into the store
///
/// Files, folders with all below them, patterns, `s3://bucket/folder/`, or `-` for standard input; plain, gzip, zstd, zip or
/// tar. A file may be what CloudTrail delivers to S3, NDJSON, or any of the forms that AWS's services, Athena and
/// Elasticsearch hand CloudTrail records on in (see the README), whatever its name. What was loaded before is skipped; an
/// event that is in two files is stored once; what cannot be read is kept in the table `rejects`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck load ~/aws/AWSLogs
  trailduck load 'logs/**/*.json.gz' extra.ndjson export.zip
  trailduck load s3://my-trail/AWSLogs/ --since 7d --account 111122223333 --region us-east-1
  trailduck load s3://my-trail --profile security --dry-run
  trailduck load --wait ~/aws/AWSLogs      when another load may be at work
  trailduck load --geoip GeoLite2-City.mmdb --geoip GeoLite2-ASN.mmdb ~/aws/AWSLogs
  aws s3 cp s3://bucket/file.json.gz - | trailduck load -")]
pub struct Load {
    #[command(flatten)]
    pub what: What,

    /// Only say what would be read, and what asking for it costs
    #[arg(long)]
    dry_run: bool,

    /// How the summary is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

// What to load: shared with `hunt`. (No doc comment: see PrintArgs.)
#[derive(Debug, Args)]
pub struct What {
    /// Files, folders, patterns, `s3://bucket/folder/`, or `-`
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Load nothing at all if anything cannot be read
    #[arg(long)]
    strict: bool,

    /// Wait until no other program has the store open, instead of failing
    #[arg(long)]
    wait: bool,

    /// Show no progress
    #[arg(long, short)]
    quiet: bool,

    /// Events after which the files read are committed: what a killed load loses
    #[arg(long, value_name = "N", default_value_t = load::EVENTS_PER_TRANSACTION)]
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    commit_every: i64,

    /// Bytes that a compressed file may become for each of its own, beyond 64 MiB
    #[arg(long, value_name = "N", default_value_t = source::MAX_RATIO)]
    max_ratio: u64,

    /// Bytes that a compressed file may become at all
    #[arg(long, value_name = "BYTES", default_value_t = source::MAX_SIZE)]
    max_size: u64,

    #[command(flatten)]
    narrow: NarrowArgs,

    #[command(flatten)]
    bucket: BucketArgs,

    #[command(flatten)]
    geoip: GeoipArgs,
}

impl Load {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        if self.dry_run {
            return self.dry_run(context);
        }
        let (store, summary) = self.what.load(context)?;
        let mut to = io::stdout().lock();
        match self.format {
            Format::Table => {
                to.write_all(in_words(&store, &summary)?.as_bytes())?;
            }
            format => {
                let args = PrintArgs::all(format);
                context.printer.print_to(&mut to, &store, &as_row(&summary), &args, &[])?;
            }
        }
        to.flush()?;
        Ok(self.what.exit_code(&summary))
    }

    fn dry_run(self, context: &Context) -> anyhow::Result<u8> {
        let plan = self.what.plan(context)?;
        if plan.is_empty() && self.what.narrow.narrow()?.is_bounded() {
            note(NOTHING_WANTED);
        }
        for unlisted in &plan.unlisted {
            note(&format!("not in it: {}", visible(unlisted)));
        }
        let nowhere = Store::in_memory()?;
        let args = PrintArgs::all(self.format);
        match self.format {
            Format::Table => {
                context.printer.print(&nowhere, &plan.as_rows(), &args, &[])?;
                write!(io::stdout(), "{}", plan.in_words())?;
            }
            _ => {
                context.printer.print(&nowhere, &plan.as_row(), &args, &[])?;
            }
        }
        Ok(exit::DONE)
    }
}

impl What {
    /// Loads into the store, which is made if it is not there.
    pub fn load(&self, context: &Context) -> anyhow::Result<(Store, Summary)> {
        // a typo leaves no empty store behind
        let (uris, paths) = bucket::split(&self.paths)?;
        let mut found = source::find(&paths)?;
        let narrow = self.narrow.narrow()?;
        let mut unknown = found.narrow(&narrow);
        let buckets = self.bucket.open(&uris)?;
        let named = self.geoip.named()?;
        let progress = Arc::new(Progress::default());
        stop_on_interrupt(progress.clone())?;
        let store = context.open_when_free(Mode::Create, self.wait)?;
        let databases = named.map_or_else(|| geoip::found(&store), Ok)?;
        let options = Options {
            arguments: self.paths.clone(),
            strict: self.strict,
            events_per_transaction: self.commit_every,
            limits: Limits { max_ratio: self.max_ratio, max_size: self.max_size },
        };
        let known = Arc::new(AtomicU64::new(0));
        found.arriving = match &buckets {
            Some(buckets) => {
                let fetching = self.fetching(&store, &progress, &known)?;
                Some(buckets.fetch(buckets.list(&narrow), fetching))
            }
            None => None,
        };
        let counts = buckets.as_ref().map(|buckets| buckets.counts.clone());
        let display = (!self.quiet).then(|| Display::start(progress.clone(), counts));
        let mut summary = load::load(&store, found, &options, progress.clone())?;
        drop(display);
        progress.stop.store(true, Ordering::Relaxed);
        geo::enrich(&store.connection, &databases, false)?;
        let known = known.load(Ordering::Relaxed);
        summary.files += known;
        summary.files_known += known;
        unknown += buckets.map_or(0, |buckets| buckets.counts.unknown.load(Ordering::Relaxed));
        if unknown > 0 {
            note(&format!(
                "{unknown} files lie otherwise than CloudTrail delivers them: loaded, whatever --since, --until, --account \
                 and --region say"
            ));
        }
        if summary.files + summary.other + summary.left == 0 && narrow.is_bounded() {
            note(NOTHING_WANTED);
        }
        Ok((store, summary))
    }

    /// How to fetch what the store does not know; `known` counts what it does.
    fn fetching(&self, store: &Store, progress: &Arc<Progress>, known: &Arc<AtomicU64>) -> anyhow::Result<Fetching> {
        let (progress, known) = (progress.clone(), known.clone());
        Ok(Fetching {
            known: load::known_objects(store, self.strict)?,
            concurrency: self.bucket.concurrency(),
            on_new: Box::new(move |object| progress.add_found(object.size)),
            on_known: Box::new(move |_| {
                known.fetch_add(1, Ordering::Relaxed);
            }),
        })
    }

    /// What a load would read.
    fn plan(&self, context: &Context) -> anyhow::Result<Plan> {
        let (uris, paths) = bucket::split(&self.paths)?;
        let narrow = self.narrow.narrow()?;
        let mut found = source::find(&paths)?;
        found.narrow(&narrow);
        let mut plan = Plan::default();
        plan.add_files(&found.sources);
        if let Some(buckets) = self.bucket.open(&uris)? {
            let known = match context.db.exists() {
                true => load::known_objects(&context.open_when_free(Mode::Read, self.wait)?, self.strict)?,
                false => Known::default(),
            };
            plan.add_objects(&buckets, &narrow, &known)?;
        }
        Ok(plan)
    }

    pub fn exit_code(&self, summary: &Summary) -> u8 {
        match () {
            () if self.strict && summary.rejected > 0 => exit::FAILED,
            () if summary.left > 0 => exit::INTERRUPTED,
            () if summary.files > 0 && summary.unreadable == summary.files => exit::FAILED,
            () => exit::DONE,
        }
    }
}

const NOTHING_WANTED: &str = "no file there is of what --since, --until, --account and --region ask for: `trailduck load --dry-run` without them \
     shows what there is";

/// Has an interrupt (Ctrl-C) end the load, less the files that are being read; a second one at once.
fn stop_on_interrupt(progress: Arc<Progress>) -> anyhow::Result<()> {
    on_interrupt(move || {
        let begun = progress.begun.load(Ordering::Relaxed);
        if progress.stop.swap(true, Ordering::Relaxed) || !begun {
            // when the load is over or not begun: what is not committed is not kept
            std::process::exit(exit::INTERRUPTED.into());
        }
        if progress.waiting.load(Ordering::Relaxed) > 0 {
            note("\nstopped while waiting for a pipe: what was committed before is kept");
            std::process::exit(exit::INTERRUPTED.into());
        }
        note("\nstopping: files that were read to their end are kept; once more to stop at once");
    })
}

/// The summary as a person reads it.
pub fn in_words(store: &Store, summary: &Summary) -> anyhow::Result<String> {
    let Summary { files, events, new, duplicate, rejected, seconds, .. } = summary;
    let rate = summary.events_per_second();
    let mut lines = vec![format!(
        "{files} files, {events} events in {seconds:.1} s ({rate} events/s): {new} new, {duplicate} duplicate, {rejected} rejected"
    )];
    let notes = [
        (summary.files_known, "loaded before"),
        (summary.digests, "digest, without events"),
        (summary.other, "no CloudTrail log, passed over and not counted"),
    ];
    let notes = notes.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let notes = notes.collect::<Vec<_>>().join("; ");
    if !notes.is_empty() {
        lines.push(format!("files: {notes}"));
    }
    for (path, reject) in &summary.rejects {
        let record = reject.record.map(|record| format!(", record {record}")).unwrap_or_default();
        lines.push(format!(
            "rejected: {}{record}, byte {}: {}",
            visible(path),
            reject.byte_offset,
            visible(&reject.reason)
        ));
    }
    if *rejected > summary.rejects.len() as u64 {
        lines.push("... all of them: trailduck sql 'FROM rejects JOIN files USING (file_id)'".to_owned());
    }
    if summary.unreadable > 0 && summary.unreadable == *files {
        lines.push("nothing of this could be read".to_owned());
    }
    if summary.undone {
        lines.push("nothing was loaded: --strict allows no reject".to_owned());
    } else {
        lines.push(holds(store)?);
        lines.extend(located(store)?);
    }
    if summary.left > 0 {
        lines.push(format!("stopped: {} files were not read; the same command goes on with them", summary.left));
    }
    Ok(lines.join("\n") + "\n")
}

/// What the store holds, in one line.
fn holds(store: &Store) -> anyhow::Result<String> {
    let (_, rows) = store.collect(
        "SELECT
            count(*),
            strftime(min(event_time), '%Y-%m-%d %H:%M:%S') || ' to ' || strftime(max(event_time), '%Y-%m-%d %H:%M:%S'),
            array_to_string(list_sort(list(DISTINCT recipient_account_id))[:5], ', '),
            count(DISTINCT recipient_account_id)
        FROM events",
    )?;
    Ok(match rows.first().map(Vec::as_slice) {
        Some([Integer(events), Text(span), accounts, Integer(count)]) => {
            let accounts = match accounts {
                Text(accounts) if *count <= 5 => format!("account {}", visible(accounts)),
                _ => format!("{count} accounts"),
            };
            format!("{} now holds {events} events, {span} UTC, {accounts}", store.path().display())
        }
        _ => format!("{} holds no events", store.path().display()),
    })
}

/// How many addresses have a place or network, where a GeoIP database is in force.
fn located(store: &Store) -> anyhow::Result<Option<String>> {
    let (_, rows) = store.collect(
        "SELECT
            (SELECT count(*) FROM sources WHERE source_kind = 'public'),
            (SELECT count(*) FROM places),
            string_agg(database_type || ' of ' || strftime(built_at, '%Y-%m-%d'), ', ' ORDER BY database_id)
        FROM geoip_databases",
    )?;
    Ok(match rows.first().map(Vec::as_slice) {
        Some([Integer(public), Integer(located), Text(databases)]) => {
            Some(format!("{located} addresses located by {}; {public} are public", visible(databases)))
        }
        _ => None,
    })
}

/// The summary as one row.
pub fn as_row(summary: &Summary) -> String {
    let Summary { files, files_known, digests, other, events, new, duplicate, rejected, undone, left, seconds, .. } =
        summary;
    format!(
        "SELECT {files} AS files, {files_known} AS files_known, {digests} AS digests, {other} AS other_files, \
         {events} AS events, {new} AS new, {duplicate} AS duplicate, {rejected} AS rejected, {undone} AS undone, \
         {left} AS files_left, {seconds:.3}::DOUBLE AS seconds, {} AS events_per_second, \
         count(*) AS store_events, min(event_time) AS store_first_event_time, max(event_time) AS store_last_event_time, \
         count(DISTINCT recipient_account_id) AS store_accounts FROM events",
        summary.events_per_second()
    )
}
