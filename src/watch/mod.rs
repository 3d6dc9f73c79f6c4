//! Keeping watch: at each tick what is new is loaded, the rules run over it, and the alerts they raise are delivered.
//!
//! The store is held only while a tick works on it, and not even opened when there is nothing to do. Whatever fails in a
//! tick is kept in the health, and the next tick goes on: what was to be loaded or delivered is found again.

mod clock;
mod files;
mod health;
mod lock;
mod metrics;
mod objects;
mod plan;
mod wake;

pub use clock::{Clock, FileClock, SystemClock};
pub use health::Health;
pub use lock::Lock;
pub use objects::Objects;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};

use crate::alerts::{self, Delivery, Ended, Outcome, RaiseOptions, Receivers, Stdout};
use crate::bucket::Uri;
use crate::catalog::quote;
use crate::geo::{self, Database};
use crate::load::{self, Progress};
use crate::source::{Limits, Narrow};
use crate::store::{InUse, Mode, Store, describe, number};
use files::{Files, Own, SETTLING, Scan, State};
use plan::{Last, Plan, Time};
use wake::Wake;

/// Which GeoIP databases to look the addresses of a store up in.
pub type Databases = dyn Fn(&Store) -> anyhow::Result<Arc<[Database]>>;

/// How to watch.
pub struct Options {
    pub store: PathBuf,
    /// The paths as they were given, for the table `loads`.
    pub arguments: Vec<PathBuf>,
    /// Files, folders and patterns, those of `arguments` that are.
    pub paths: Vec<PathBuf>,
    /// Which files of them are wanted.
    pub narrow: Narrow,
    /// The longest time between two ticks.
    pub every: Duration,
    /// The longest time between two runs of any rule.
    pub longest_schedule: Duration,
    pub raise: RaiseOptions,
    /// Alerts that a tick delivers to each receiver; the others wait for the next.
    pub max_alerts: u64,
    /// A file for the metrics.
    pub metrics: Option<PathBuf>,
    pub databases: Box<Databases>,
}

/// How many objects and folders that could not be had are named at a tick.
const PROBLEMS_TOLD: usize = 5;

/// A watch on a store; there is one at a time.
pub struct Watch {
    options: Options,
    clock: Arc<dyn Clock>,
    receivers: Receivers,
    progress: Arc<Progress>,
    /// Called when another program has the store open, once a tick.
    in_use: Box<dyn FnMut(&InUse)>,
    files: Files,
    objects: Option<Objects>,
    health: Health,
    /// The store as the last tick left it.
    mark: Option<Mark>,
    /// Its inode then, and how many files it knew.
    knew: Option<(u64, i64)>,
    /// Whether a rule may not have looked at all that was loaded.
    is_behind: bool,
    /// What was delivered but could not be marked so.
    unsettled: Vec<Outcome>,
    plan: Plan,
    _lock: Lock,
}

/// What a tick did.
#[derive(Debug, Default)]
pub struct Tick {
    pub at: DateTime<Utc>,
    pub seconds: f64,
    /// Files, and what of their records was new or could not be read.
    pub files: u64,
    pub new: u64,
    pub rejected: u64,
    /// Alerts raised, and those raised but suppressed by an exception.
    pub alerts: u64,
    pub suppressed: u64,
    /// Deliveries that were made, and those that were tried in vain.
    pub delivered: u64,
    pub undelivered: u64,
    /// Deliveries that wait because there were more than [`Options::max_alerts`].
    pub kept_back: u64,
    /// What went wrong.
    pub problems: Vec<String>,
    /// Whether standard output was closed: no one reads the alerts.
    pub is_unread: bool,
    /// Whether the work was not done to its end.
    failed: bool,
}

/// What changes when a database is written: itself, and its log of changes, which is empty or not there when it is at rest.
#[derive(Debug, PartialEq)]
struct Mark([Option<State>; 2]);

impl Mark {
    fn of(store: &Path) -> Self {
        let state = |path: &Path| path.metadata().ok().filter(|metadata| metadata.len() > 0).as_ref().map(State::of);
        Self([state(store), state(&beside(store, ".wal"))])
    }
}

impl Watch {
    /// Fails if another watch keeps the store, or nothing is at any of the paths and no bucket is watched.
    pub fn start(
        options: Options,
        objects: Option<Objects>,
        clock: Arc<dyn Clock>,
        receivers: Receivers,
        progress: Arc<Progress>,
        in_use: impl FnMut(&InUse) + 'static,
    ) -> anyhow::Result<Self> {
        let own = Own::new(&options.store, options.metrics.as_deref());
        let mut files = Files::new(options.paths.clone(), options.narrow.clone(), own);
        let now = clock.now();
        let scan = files.scan(now);
        if !scan.any && objects.is_none() {
            // a typo leaves no empty store behind
            bail!("{}", scan.problems.join("; "));
        }
        let lock = Lock::acquire(&options.store)?;
        let health = Health { process_id: std::process::id(), started_at: Some(now), ..Health::default() };
        Ok(Self {
            options,
            clock,
            receivers,
            progress,
            in_use: Box::new(in_use),
            files,
            objects,
            health,
            mark: None,
            knew: None,
            is_behind: true,
            unsettled: Vec::new(),
            plan: Plan::default(),
            _lock: lock,
        })
    }

    /// Ticks until it is stopped, or no one reads the alerts; `tell` is told what each tick did. File events wake it through
    /// `wake`, and so does whoever stops it.
    pub fn run(&mut self, wake: SyncSender<()>, woken: &Receiver<()>, mut tell: impl FnMut(Tick)) {
        let own = Own::new(&self.options.store, self.options.metrics.as_deref());
        let mut wake = Wake::new(own, wake);
        let mut early = true;
        while !self.is_stopped() {
            // before the tick looks, so that nothing comes in between
            let unfollowed = wake.follow(&self.options.paths);
            let mut tick = self.tick(early);
            if let Some(problem) = unfollowed {
                let every = self.options.every.as_secs();
                tick.add_problem(format!("file events are missing ({problem}): files are looked for every {every} s"));
            }
            let is_unread = tick.is_unread;
            tell(tick);
            if is_unread {
                return;
            }
            early = self.wait(woken);
        }
    }

    /// One tick, as soon as what is being written now is complete.
    pub fn once(&mut self) -> Tick {
        let scan = self.files.scan(self.clock.now());
        if scan.waiting > 0 {
            thread::sleep(SETTLING.to_std().unwrap_or_default());
        }
        self.tick(true)
    }

    /// Waits until the next tick is due. Returns whether it comes early: then the rules run whatever their schedule says.
    fn wait(&self, woken: &Receiver<()>) -> bool {
        let mut woken_at = None;
        while !self.is_stopped() {
            let now = self.clock.now();
            let was_set_back = self.health.last_tick_at.is_some_and(|last| now < last);
            let until = match self.plan.time(now, woken_at) {
                Time::Regular => return false,
                _ if was_set_back => return false,
                Time::Early => return true,
                Time::Not(until) => until,
            };
            let pause = (until - now).to_std().unwrap_or_default();
            match woken.recv_timeout(pause.min(self.clock.patience())) {
                Ok(()) => _ = woken_at.get_or_insert(now),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => thread::sleep(pause.min(self.clock.patience())),
            }
        }
        true
    }

    /// Loads what is new, runs the rules that are due (all of them, if it is `early`), delivers, and says how it went.
    pub fn tick(&mut self, early: bool) -> Tick {
        let begun = Instant::now();
        let mut tick = Tick { at: self.clock.now(), ..Tick::default() };
        let mut scan = self.files.scan(tick.at);
        tick.problems.append(&mut scan.problems);
        self.health.files_waiting = scan.waiting;
        self.plan.settled_at = scan.settled_at;
        self.look_into_buckets(&mut tick);
        if self.has_work(&scan, tick.at) {
            self.work(scan, early, &mut tick);
        } else {
            self.files.remember(scan, &[]);
        }
        let took = begun.elapsed();
        tick.seconds = took.as_secs_f64();
        let last = Last { at: tick.at, ended_at: self.clock.now(), took, failed: tick.failed };
        let every = self.options.every;
        self.plan.follow(&last, every, self.objects.as_ref().and_then(|objects| objects.due_at(every)));
        self.keep_health(&mut tick);
        tick
    }

    /// Looks for new objects, if that is due.
    fn look_into_buckets(&mut self, tick: &mut Tick) {
        let every = self.options.every;
        let Some(objects) = self.objects.as_mut().filter(|objects| objects.is_due(tick.at, every)) else { return };
        let stop = &self.progress.stop;
        match objects.look(tick.at, || stop.load(Ordering::Relaxed)) {
            Ok(problems) => tick.add_problems(problems, "`trailduck load --dry-run` names them"),
            Err(error) => {
                tick.failed = true;
                tick.add_problem(describe(&error));
            }
        }
    }

    /// Whether the store is to be opened: there is something to load, to run or to deliver, or another program wrote it.
    fn has_work(&self, scan: &Scan, now: DateTime<Utc>) -> bool {
        !scan.found.sources.is_empty()
            || !scan.found.unreadable.is_empty()
            || self.objects.as_ref().is_some_and(Objects::has_news)
            || self.is_behind
            || !self.unsettled.is_empty()
            || self.plan.is_kept_back
            || self.plan.next_attempt_at.is_some_and(|at| at <= now)
            || self.mark != Some(Mark::of(&self.options.store))
    }

    fn work(&mut self, scan: Scan, early: bool, tick: &mut Tick) {
        // others may have loaded something
        self.is_behind = true;
        let mut held = None;
        self.step(&mut held, tick, |watch, store, tick| {
            // it may have been waited for
            tick.at = watch.clock.now();
            watch.load(store, scan, tick)
        });
        self.step(&mut held, tick, |watch, store, tick| watch.raise(store, early, tick));
        let due = self.step(&mut held, tick, |watch, store, tick| watch.due(store, tick)).unwrap_or_default();
        self.leave(held, tick);
        if due.is_empty() {
            return;
        }
        let stop = &self.progress.stop;
        self.unsettled = alerts::deliver(due, &mut self.receivers, self.clock.now(), stop);
        self.count_outcomes(tick);
        let mut held = None;
        self.step(&mut held, tick, |watch, store, _| watch.settle(store));
        self.leave(held, tick);
    }

    /// Does something with the store, which is opened if it is not yet, and closed if that fails: what is not committed is
    /// undone.
    fn step<T>(
        &mut self,
        held: &mut Option<Store>,
        tick: &mut Tick,
        step: impl FnOnce(&mut Self, &Store, &mut Tick) -> anyhow::Result<T>,
    ) -> Option<T> {
        let store = match held.take() {
            Some(store) => Ok(store),
            None => self.open(),
        };
        let done = store.and_then(|store| {
            let done = step(self, &store, tick)?;
            *held = Some(store);
            Ok(done)
        });
        match done {
            Ok(done) => Some(done),
            // it was waited for in vain, which is nobody's fault
            Err(error) if self.is_stopped() && error.is::<InUse>() => None,
            Err(error) => {
                tick.failed = true;
                tick.add_problem(describe(&error));
                None
            }
        }
    }

    /// Opens the store; waits until others are done with it.
    fn open(&mut self) -> anyhow::Result<Store> {
        let mut told = false;
        let Self { options, progress, in_use, health, .. } = self;
        Store::open_when_free(&options.store, Mode::Create, |holder| {
            if !told {
                in_use(holder);
                // that it waits is to be seen meanwhile
                let _ = Health { last_error: Some(holder.to_string()), ..health.clone() }.write(&options.store);
                told = true;
            }
            !progress.stop.load(Ordering::Relaxed)
        })
    }

    fn load(&mut self, store: &Store, mut scan: Scan, tick: &mut Tick) -> anyhow::Result<()> {
        let (inode, known) = which(store)?;
        if self.knew.is_some_and(|(was, knew)| was != inode || knew > known) {
            // another store took its place
            self.files.forget();
            self.objects.iter_mut().for_each(Objects::forget);
            scan = self.files.scan(tick.at);
        }
        let mut found = std::mem::take(&mut scan.found);
        let mut objects = self.objects.as_mut().filter(|objects| objects.has_news());
        if found.sources.is_empty() && found.unreadable.is_empty() && objects.is_none() {
            self.files.remember(scan, &[]);
            return Ok(());
        }
        let waiting = found.sources.len() as u64 + objects.as_ref().map_or(0, |objects| objects.waiting());
        self.health.files_waiting = scan.waiting + waiting;
        if let Some(objects) = &mut objects {
            found.arriving = Some(objects.fetch(store, &self.progress)?);
        }
        let options = load::Options {
            arguments: self.options.arguments.clone(),
            strict: false,
            events_per_transaction: load::EVENTS_PER_TRANSACTION,
            limits: Limits::default(),
        };
        let summary = load::load(store, found, &options, self.progress.clone())?;
        (tick.files, tick.new, tick.rejected) = (summary.files - summary.files_known, summary.new, summary.rejected);
        if summary.left > 0 {
            // stopped; whoever watches next goes on with them
            return Ok(());
        }
        let unread = if summary.rejected > 0 { unread(store)? } else { Vec::new() };
        self.health.files_waiting = scan.waiting + unread.len() as u64;
        // of files that was said when they were found
        let of_buckets: Vec<_> = unread.iter().filter(|(path, _)| Uri::of(Path::new(path)).is_some()).collect();
        let problems = of_buckets.iter().map(|(path, reason)| format!("{path}: {reason}")).collect();
        tick.add_problems(problems, "see the table rejects");
        self.files.remember(scan, unread.iter().map(|(path, _)| path));
        if let Some(objects) = objects {
            objects.remember(store, tick.at, of_buckets.is_empty())?;
        }
        if summary.new > 0 {
            geo::enrich(&store.connection, &(self.options.databases)(store)?, false)?;
        }
        Ok(())
    }

    fn raise(&mut self, store: &Store, early: bool, tick: &mut Tick) -> anyhow::Result<()> {
        let mut options = self.options.raise.clone();
        if early {
            options.every = Some(Duration::ZERO);
        }
        let raised = alerts::raise(store, tick.at, &options).context("the rules did not run")?;
        (tick.alerts, tick.suppressed) = (raised.alerts, raised.suppressed);
        if early || self.options.longest_schedule <= self.options.every {
            self.is_behind = false;
        }
        Ok(())
    }

    fn due(&mut self, store: &Store, tick: &mut Tick) -> anyhow::Result<Vec<Delivery>> {
        // what was delivered must be known to be, or it would be delivered again
        self.settle(store)?;
        alerts::due(store, tick.at, &self.receivers.channels(), self.options.max_alerts)
    }

    fn settle(&mut self, store: &Store) -> anyhow::Result<()> {
        if !self.unsettled.is_empty() {
            let settled = alerts::settle(store, &self.unsettled, self.clock.now());
            settled.context("alerts were delivered, but that could not be written down")?;
            self.unsettled.clear();
        }
        Ok(())
    }

    /// Counts what became of deliveries, and says what went wrong.
    fn count_outcomes(&mut self, tick: &mut Tick) {
        for outcome in &self.unsettled {
            match &outcome.ended {
                Ended::Delivered => tick.delivered += 1,
                Ended::Failed { error, .. } => {
                    tick.undelivered += 1;
                    tick.add_problem(format!("{error}; the alert is kept, and tried again"));
                }
                Ended::PutOff { .. } | Ended::NotTried => {}
            }
        }
        tick.is_unread = self.receivers.stdout.as_ref().is_some_and(Stdout::is_closed);
    }

    /// Takes down how far the store is, and closes it.
    fn leave(&mut self, mut held: Option<Store>, tick: &mut Tick) {
        self.mark = None;
        if held.is_none() {
            return;
        }
        self.step(&mut held, tick, |watch, store, tick| {
            watch.take_figures(store, tick)?;
            // closing it changes nothing more, so that no change of another's is taken for one of ours
            store.connection.execute_batch("CHECKPOINT")?;
            watch.mark = Some(Mark::of(store.path()));
            Ok(())
        });
    }

    fn take_figures(&mut self, store: &Store, tick: &mut Tick) -> anyhow::Result<()> {
        let moment = |micros: i64| DateTime::from_timestamp_micros(micros);
        self.knew = Some(which(store)?);
        self.health.last_ingestion_at =
            optional(store, "SELECT epoch_us(max(started_at)) FROM loads")?.and_then(moment);
        self.health.last_event_at = optional(store, "SELECT epoch_us(max(event_time)) FROM events")?.and_then(moment);
        self.health.deliveries_waiting = number(&store.connection, "SELECT count(*) FROM alert_waiting()")? as u64;
        let channels: Vec<_> = self.receivers.channels().iter().map(|channel| quote(channel.name())).collect();
        let ours = format!("alert_waiting() WHERE channel IN ({})", channels.join(", "));
        let now = tick.at.timestamp_micros();
        let later = format!("SELECT epoch_us(min(next_attempt_at)) FROM {ours} AND epoch_us(next_attempt_at) > {now}");
        self.plan.next_attempt_at = optional(store, &later)?.and_then(moment);
        let kept_back = format!("SELECT count(*) FROM {ours} AND epoch_us(next_attempt_at) <= {now}");
        tick.kept_back = number(&store.connection, &kept_back)? as u64;
        self.plan.is_kept_back = tick.kept_back > 0;
        Ok(())
    }

    /// Keeps the health where others find it.
    fn keep_health(&mut self, tick: &mut Tick) {
        let now = self.clock.now();
        let health = &mut self.health;
        health.last_tick_at = Some(tick.at);
        health.last_tick_seconds = tick.seconds;
        health.ticks += 1;
        health.failed_ticks += u64::from(!tick.problems.is_empty());
        health.files_loaded += tick.files;
        health.events_loaded += tick.new;
        health.alerts_raised += tick.alerts;
        health.alerts_delivered += tick.delivered;
        health.failed_deliveries += tick.undelivered;
        health.failing = !tick.problems.is_empty();
        if let Some(problem) = tick.problems.last() {
            health.last_error = Some(problem.clone());
            health.last_error_at = Some(now);
        }
        if let Err(error) = health.write(&self.options.store) {
            tick.add_problem(format!("the health cannot be kept beside {}: {error}", self.options.store.display()));
        }
        if let Some(path) = &self.options.metrics
            && let Err(error) = metrics::write(health, path, now)
        {
            tick.add_problem(format!("--metrics {}: {error}", path.display()));
        }
    }

    fn is_stopped(&self) -> bool {
        self.progress.stop.load(Ordering::Relaxed)
    }
}

impl Tick {
    fn add_problem(&mut self, problem: String) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Adds problems of a bucket, of which there may be any number.
    fn add_problems(&mut self, problems: Vec<String>, where_all_are: &str) {
        let more = problems.len().saturating_sub(PROBLEMS_TOLD);
        problems.into_iter().take(PROBLEMS_TOLD).for_each(|problem| self.add_problem(problem));
        if more > 0 {
            self.add_problem(format!("{more} more like these: {where_all_are}"));
        }
    }
}

/// The inode of a store, and how many files it knows.
fn which(store: &Store) -> anyhow::Result<(u64, i64)> {
    let state = State::of(&store.path().metadata()?);
    Ok((state.inode, number(&store.connection, "SELECT count(*) FROM files")?))
}

/// Names of the files that the last load could not read, with the reasons.
fn unread(store: &Store) -> anyhow::Result<Vec<(String, String)>> {
    let sql = "SELECT path, coalesce((SELECT min(reason) FROM rejects WHERE rejects.file_id = files.file_id), '')
        FROM files WHERE sha256 = '' AND load_id = (SELECT max(load_id) FROM loads) ORDER BY file_id";
    let mut statement = store.connection.prepare(sql)?;
    Ok(statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}

fn optional(store: &Store, sql: &str) -> anyhow::Result<Option<i64>> {
    store.connection.query_row(sql, [], |row| row.get(0)).with_context(|| sql.to_owned())
}

/// The path of a file that lies beside another: of its name, with something behind it.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.canonicalize().unwrap_or_else(|_| path.to_owned()).into_os_string();
    path.push(suffix);
    path.into()
}
