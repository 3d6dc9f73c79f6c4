//! When to tick next.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::files::SETTLING;

/// After a tick that failed the next is so far, and twice as far after each that fails too, but never farther than usual.
const FIRST_BACKOFF: Duration = Duration::from_secs(5);

/// How much longer than a tick the pause before one that comes early is, so that others get at the store.
const PAUSE: f64 = 10.0;

/// When to tick next.
#[derive(Default)]
pub struct Plan {
    /// At the latest.
    due_at: DateTime<Utc>,
    /// Not before, whatever happens.
    free_at: DateTime<Utc>,
    /// When a file that was being written may be complete.
    pub settled_at: Option<DateTime<Utc>>,
    /// When a delivery is to be tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Whether there are deliveries that no attempt has to be waited for.
    pub is_kept_back: bool,
    /// Ticks in a row that failed.
    failures: u32,
}

/// Whether it is time.
#[derive(Debug, PartialEq, Eq)]
pub enum Time {
    /// For the regular tick.
    Regular,
    /// For one before it, because something happened.
    Early,
    /// Not until then.
    Not(DateTime<Utc>),
}

/// A tick, as far as the next depends on it.
pub struct Last {
    /// When it was due to begin, and when it ended.
    pub at: DateTime<Utc>,
    pub ended_at: DateTime<Utc>,
    /// How long it took.
    pub took: Duration,
    pub failed: bool,
}

impl Plan {
    /// Plans what follows a tick: another after `every`, or when buckets are to be looked into.
    pub fn follow(&mut self, last: &Last, every: Duration, look_at: Option<DateTime<Utc>>) {
        self.failures = if last.failed { self.failures + 1 } else { 0 };
        let backoff = FIRST_BACKOFF * 2_u32.saturating_pow(self.failures.saturating_sub(1).min(16));
        let due_at = after(last.at, if last.failed { backoff.min(every) } else { every });
        self.due_at = look_at.filter(|at| *at > last.at).map_or(due_at, |at| at.min(due_at));
        let free_at = after(last.ended_at, last.took.mul_f64(PAUSE));
        self.free_at = if last.failed { self.due_at } else { free_at.min(self.due_at) };
    }

    /// Whether to tick, when a file event came at `woken_at`, if one did.
    pub fn time(&self, now: DateTime<Utc>, woken_at: Option<DateTime<Utc>>) -> Time {
        if now >= self.due_at {
            return Time::Regular;
        }
        let early =
            [woken_at.map(|at| at + SETTLING), self.settled_at, self.next_attempt_at].into_iter().flatten().min();
        match early.map(|at| at.max(self.free_at)) {
            Some(at) if now >= at => Time::Early,
            Some(at) => Time::Not(at.min(self.due_at)),
            None => Time::Not(self.due_at),
        }
    }
}

/// A moment so much later; the end of the calendar, if that is beyond it.
pub fn after(moment: DateTime<Utc>, span: Duration) -> DateTime<Utc> {
    let later = TimeDelta::from_std(span).ok().and_then(|span| moment.checked_add_signed(span));
    later.unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(300);

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_791_252_840 + second, 0).expect("a time")
    }

    fn last(second: i64, seconds: u64, failed: bool) -> Last {
        let took = Duration::from_secs(seconds);
        Last { at: at(second), ended_at: after(at(second), took), took, failed }
    }

    #[test]
    fn a_tick_is_regular_or_comes_early_but_leaves_the_store_to_others_in_between() {
        let mut plan = Plan::default();
        plan.follow(&last(0, 2, false), EVERY, None);
        assert_eq!(plan.time(at(2), None), Time::Not(at(300)));
        // ten times as long as the tick took
        assert_eq!(plan.time(at(3), Some(at(3))), Time::Not(at(22)));
        assert_eq!(plan.time(at(22), Some(at(3))), Time::Early);
        plan.next_attempt_at = Some(at(60));
        assert_eq!(plan.time(at(30), None), Time::Not(at(60)));
        assert_eq!(plan.time(at(60), None), Time::Early);
        assert_eq!(plan.time(at(300), None), Time::Regular);
        // a tick that takes long puts off none that is regular
        plan.follow(&last(300, 200, false), EVERY, None);
        assert_eq!(plan.time(at(501), Some(at(501))), Time::Not(at(600)));
        plan.next_attempt_at = None;
        plan.follow(&last(600, 0, false), EVERY, Some(at(700)));
        assert_eq!(plan.time(at(601), None), Time::Not(at(700)));
    }

    #[test]
    fn what_fails_is_tried_again_soon_and_then_ever_later() {
        let mut plan = Plan::default();
        for pause in [5, 10, 20, 40, 80, 160, 300, 300] {
            plan.follow(&last(0, 1, true), EVERY, None);
            // whatever happens
            assert_eq!(plan.time(at(1), Some(at(1))), Time::Not(at(pause)));
        }
        plan.follow(&last(0, 1, false), EVERY, None);
        plan.follow(&last(0, 1, true), EVERY, None);
        assert_eq!(plan.time(at(1), None), Time::Not(at(5)));
    }
}
