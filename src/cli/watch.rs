use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use chrono::SecondsFormat;
use clap::Args;

use super::bucket::{self, BucketArgs};
use super::geoip::{self, GeoipArgs};
use super::interrupt::on_interrupt;
use super::narrow::NarrowArgs;
use super::print::note;
use super::progress::Display;
use super::{Context, Usage, exit};
use crate::alerts::{Exec, HEADER_VARIABLE, RaiseOptions, Receivers, Stdout, Webhook};
use crate::catalog::{CATALOG, duration};
use crate::load::Progress;
use crate::output::visible;
use crate::source::Narrow;
use crate::watch::{self, Clock, FileClock, Objects, Options, SystemClock, Tick};

/// Load what is new, detect, and tell each alert once, on and on
///
/// At each tick what is new at the paths is loaded, the enabled rules run over what was loaded since they last did, however
/// late it came, and what they find becomes alerts: see `trailduck alerts`. An event raises an alert of a rule once. Alerts
/// are written to standard output, one JSON object a line, and told by --exec and --webhook too; what cannot be told is kept
/// and tried again. Everything else is said on standard error.
///
/// Between ticks the store is free for others; while they have it open, the watch waits. What fails is said, shown by
/// `trailduck status`, and tried again. A bucket is listed at each regular tick, from a day back on, and once a day all of it:
/// what is new there is fetched. An interrupt or SIGTERM ends the watch when the tick has committed (exit code 0), a
/// second one at once. If standard output is closed it ends too; the alerts nobody read are kept for the next watch.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck watch ~/aws/AWSLogs
  trailduck watch ~/aws/AWSLogs >> alerts.ndjson
  trailduck watch ~/aws/AWSLogs --exec 'mail -s CloudTrail security@example.com'
  trailduck watch ~/aws/AWSLogs --webhook http://localhost:8080/alerts --metrics trailduck.prom
  trailduck watch s3://my-trail/AWSLogs/ --since 7d --profile security
  trailduck watch --once ~/aws/AWSLogs             one tick, for cron and systemd timers

In a crontab:
  */5 * * * *  trailduck --db /srv/trail.duckdb watch --once --quiet /srv/AWSLogs >> /srv/alerts.ndjson

Beside the store are trail.duckdb.watch, by which a second watch is refused, and trail.duckdb.watch.json, how it is.")]
pub struct Watch {
    /// Files, folders, patterns or `s3://bucket/folder/`
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The longest time between two ticks; a file that is written brings the next forward [default: as the rules say]
    #[arg(long, value_name = "SPAN", value_parser = interval)]
    every: Option<Duration>,

    /// How far back a rule looks, by when events were loaded: what it has not seen it sees in any case [default: as the
    /// rules say]
    #[arg(long, value_name = "SPAN", value_parser = interval)]
    lookback: Option<Duration>,

    /// Tick once, and end: with exit code 1 if anything went wrong
    #[arg(long)]
    once: bool,

    /// Alerts that one tick tells each receiver; the others are kept for the next
    #[arg(long, value_name = "N", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    max_alerts: u64,

    /// A command to run for each alert, with the alert on its standard input: it took it if it ends with 0 in 30 seconds
    #[arg(long, value_name = "CMD")]
    exec: Option<String>,

    /// Where to POST each alert; a header with a secret is taken from TRAILDUCK_WEBHOOK_HEADER ('Authorization: Bearer ...')
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,

    /// A file for the watch's health in the Prometheus text format
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,

    /// Say only what goes wrong
    #[arg(long, short)]
    quiet: bool,

    /// A file that says what time it is, for tests
    #[arg(long, value_name = "FILE", hide = true)]
    clock: Option<PathBuf>,

    #[command(flatten)]
    narrow: NarrowArgs,

    #[command(flatten)]
    bucket: BucketArgs,

    #[command(flatten)]
    geoip: GeoipArgs,
}

/// How long a command may run, and a server take to answer.
const LIMIT: Duration = Duration::from_secs(30);

impl Watch {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        if self.paths.iter().any(|path| path.as_os_str() == "-") {
            return Err(Usage("standard input is read once: use `trailduck load -`, and watch files or folders").into());
        }
        let progress = Arc::new(Progress::default());
        let (wake, woken) = sync_channel(1);
        stop_on_interrupt(progress.clone(), wake.clone())?;
        let receivers = self.receivers()?;
        let (uris, paths) = bucket::split(&self.paths)?;
        let narrow = self.narrow.narrow()?;
        let objects = |buckets| Objects::new(buckets, narrow.clone(), self.bucket.concurrency());
        let objects = self.bucket.open(&uris)?.map(objects).transpose()?;
        let options = self.options(context, paths, narrow, &receivers)?;
        let clock: Arc<dyn Clock> = match &self.clock {
            Some(path) => Arc::new(FileClock::new(path.clone())),
            None => Arc::new(SystemClock),
        };
        let in_use = |in_use: &_| note(&format!("waiting: {in_use}"));
        let mut watch = watch::Watch::start(options, objects, clock, receivers, progress.clone(), in_use)?;
        let mut display = (!self.quiet).then(|| Display::start(progress.clone(), None));
        let mut said: Vec<String> = Vec::new();
        let mut tell = |tick: &Tick| {
            // of the first load only, which may take long
            drop(display.take());
            if let Some(line) = in_words(tick).filter(|_| !self.quiet) {
                note(&line);
            }
            for problem in tick.problems.iter().filter(|problem| !said.contains(problem)) {
                note(&format!("{}: {}", time(tick), visible(problem)));
            }
            said.clone_from(&tick.problems);
            if tick.is_unread {
                note("standard output was closed: the watch ends; alerts that nobody read are kept for the next");
            }
        };
        if !self.once {
            watch.run(wake, &woken, |tick| tell(&tick));
            return Ok(exit::DONE);
        }
        let tick = watch.once();
        tell(&tick);
        Ok(match () {
            () if progress.stop.load(Ordering::Relaxed) => exit::INTERRUPTED,
            () if tick.problems.is_empty() => exit::DONE,
            () => exit::FAILED,
        })
    }

    fn receivers(&self) -> anyhow::Result<Receivers> {
        let header = std::env::var(HEADER_VARIABLE).ok();
        let webhook = self.webhook.as_ref().map(|url| Webhook::new(url, LIMIT, header.as_deref()));
        Ok(Receivers {
            stdout: Some(Stdout::new(Box::new(io::stdout()))),
            exec: self.exec.as_ref().map(|command| Exec::new(command, LIMIT)),
            webhook: webhook.transpose()?,
        })
    }

    fn options(
        &self,
        context: &Context,
        paths: Vec<PathBuf>,
        narrow: Narrow,
        receivers: &Receivers,
    ) -> anyhow::Result<Options> {
        let named = self.geoip.named()?.map(Arc::from);
        let schedules = CATALOG.enabled_detections().into_iter().filter_map(|rule| duration(&rule.schedule).ok());
        let schedules: Vec<_> = self.every.map_or_else(|| schedules.collect(), |every| vec![every]);
        Ok(Options {
            store: context.db.clone(),
            arguments: self.paths.clone(),
            paths,
            narrow,
            every: schedules.iter().min().copied().unwrap_or(USUAL),
            longest_schedule: schedules.iter().max().copied().unwrap_or(USUAL),
            raise: RaiseOptions { every: self.every, lookback: self.lookback, channels: receivers.channels() },
            max_alerts: self.max_alerts,
            metrics: self.metrics.clone(),
            databases: Box::new(move |store| named.clone().map_or_else(|| Ok(geoip::found(store)?.into()), Ok)),
        })
    }
}

/// How often to tick where no rule says it.
const USUAL: Duration = Duration::from_secs(300);

/// A span of time that is one.
fn interval(text: &str) -> Result<Duration, String> {
    let span = duration(text)?;
    if span.is_zero() { Err("expected at least 1s".to_owned()) } else { Ok(span) }
}

/// Has an interrupt (Ctrl-C) or SIGTERM end the watch when its tick has committed; a second one at once.
fn stop_on_interrupt(progress: Arc<Progress>, wake: SyncSender<()>) -> anyhow::Result<()> {
    on_interrupt(move || {
        progress.stop.store(true, Ordering::Relaxed);
        note("stopping: what was read to its end is kept; once more to stop at once");
        // if it is full, it wakes anyway
        let _ = wake.try_send(());
    })
}

fn time(tick: &Tick) -> String {
    tick.at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What a tick did, if it did something.
fn in_words(tick: &Tick) -> Option<String> {
    let Tick { files, new, rejected, alerts, suppressed, delivered, kept_back, .. } = tick;
    let counts = [
        (*files, "files"),
        (*new, "new events"),
        (*rejected, "rejected"),
        (*alerts, "alerts"),
        (*suppressed, "suppressed alerts"),
        (*delivered, "delivered"),
        (*kept_back, "kept for the next tick (--max-alerts)"),
    ];
    let counts: Vec<_> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    (!counts.is_empty()).then(|| format!("{}: {} in {:.2} s", time(tick), counts.join(", "), tick.seconds))
}
