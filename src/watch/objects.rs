//! Which objects of buckets are new. They are listed from a day back on, and once a day all of them: CloudTrail writes the
//! time of delivery into a key, but a bucket may get copies of old files, too.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::plan::after;
use crate::bucket::{Buckets, Fetching, Known, News, Object};
use crate::load::{self, Progress};
use crate::source::{Arriving, Narrow};
use crate::store::Store;

/// How far back a look goes, and how often one goes over everything.
const DAY: TimeDelta = TimeDelta::hours(24);

/// How soon after a look over everything the next one follows, if not all could be had. What may never be had costs no
/// more requests than that.
const AGAIN: TimeDelta = TimeDelta::hours(1);

/// The objects of the buckets that are watched.
pub struct Objects {
    buckets: Buckets,
    narrow: Narrow,
    concurrency: usize,
    /// Those the store has; nothing before the first load, and after one that failed.
    known: Option<Known>,
    /// Those that are to be loaded.
    new: Vec<Object>,
    /// When the last look began, and the last that went over everything.
    looked_at: Option<DateTime<Utc>>,
    looked_over_at: Option<DateTime<Utc>>,
}

impl Objects {
    /// Fails if an object is asked for by its own name: nothing new can come there.
    pub fn new(buckets: Buckets, narrow: Narrow, concurrency: usize) -> anyhow::Result<Self> {
        if let Some(uri) = buckets.named_object() {
            anyhow::bail!("{uri}: an object: use `trailduck load`, and watch the folder that it is in");
        }
        Ok(Self { buckets, narrow, concurrency, known: None, new: Vec::new(), looked_at: None, looked_over_at: None })
    }

    /// When to look next, at the latest.
    pub fn due_at(&self, every: Duration) -> Option<DateTime<Utc>> {
        self.looked_at.map(|at| after(at, every))
    }

    /// Whether it is time to look: seldom enough that file events, which come often, cost no requests.
    pub fn is_due(&self, now: DateTime<Utc>, every: Duration) -> bool {
        let was_set_back = self.looked_at.is_some_and(|at| now < at);
        was_set_back || self.due_at(every).is_none_or(|due_at| now >= due_at)
    }

    /// Looks what is new, at the time `now`. Returns what cannot be listed, with the reasons.
    pub fn look(&mut self, now: DateTime<Utc>, give_up: impl Fn() -> bool) -> anyhow::Result<Vec<String>> {
        // everything is: it is listed while it is fetched
        let Some(known) = &self.known else { return Ok(Vec::new()) };
        let is_recent = |at: &DateTime<Utc>| (TimeDelta::zero()..DAY).contains(&(now - *at));
        let over_all = !self.looked_over_at.as_ref().is_some_and(is_recent);
        let from = self.looked_at.filter(|_| !over_all).map(|at| (at - DAY).naive_utc());
        let narrow = Narrow { since: self.narrow.since.max(from), ..self.narrow.clone() };
        let News { objects, problems, is_passing } = self.buckets.new_objects(&narrow, known, give_up)?;
        // what an earlier look found still waits, perhaps, and may be too old for this one
        let listed: HashSet<_> = objects.iter().map(Object::uri).collect();
        self.new.retain(|object| !over_all && !listed.contains(&object.uri()));
        self.new.extend(objects);
        self.looked_at = Some(now);
        if over_all {
            self.looked_over_at = Some(now);
        }
        if is_passing {
            self.look_over_again();
        }
        Ok(problems)
    }

    /// Whether there is something to load, or there may be.
    pub fn has_news(&self) -> bool {
        self.known.is_none() || !self.new.is_empty()
    }

    /// How many objects are known to wait.
    pub fn waiting(&self) -> u64 {
        self.new.len() as u64
    }

    /// Fetches what is new. Until it is [remembered](Self::remember) nothing is known.
    pub fn fetch(&mut self, store: &Store, progress: &Arc<Progress>) -> anyhow::Result<Arriving> {
        let objects = match self.known.take() {
            Some(_) => std::mem::take(&mut self.new).into(),
            None => {
                (self.looked_at, self.looked_over_at) = (None, None);
                self.buckets.list(&self.narrow)
            }
        };
        let progress = progress.clone();
        let fetching = Fetching {
            // another load may have fetched them meanwhile
            known: load::known_objects(store, false)?,
            concurrency: self.concurrency,
            on_new: Box::new(move |object| progress.add_found(object.size)),
            on_known: Box::new(|_| ()),
        };
        Ok(self.buckets.fetch(objects, fetching))
    }

    /// Remembers that what was fetched at the time `now` is loaded; whether that was all of it.
    pub fn remember(&mut self, store: &Store, now: DateTime<Utc>, all: bool) -> anyhow::Result<()> {
        self.known = Some(load::known_objects(store, false)?);
        self.looked_at.get_or_insert(now);
        self.looked_over_at.get_or_insert(now);
        if !all {
            self.look_over_again();
        }
        Ok(())
    }

    /// Looks over everything again before long, if the last look did: later ones would not come upon what is old.
    fn look_over_again(&mut self) {
        if self.looked_over_at == self.looked_at {
            self.looked_over_at = self.looked_at.map(|at| at - (DAY - AGAIN));
        }
    }

    /// Forgets what was loaded: everything is looked at again.
    pub fn forget(&mut self) {
        self.known = None;
        self.new.clear();
    }
}
