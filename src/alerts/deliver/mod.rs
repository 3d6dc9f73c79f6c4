//! Telling alerts: one file a channel. No store is needed.

mod exec;
mod stdout;
mod webhook;

pub use exec::Exec;
pub use stdout::Stdout;
pub use webhook::{HEADER_VARIABLE, Webhook};

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// How an alert is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    Stdout,
    Exec,
    Webhook,
}

impl Channel {
    pub const ALL: [Self; 3] = [Self::Stdout, Self::Exec, Self::Webhook];

    /// As the table alert_deliveries has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Exec => "exec",
            Self::Webhook => "webhook",
        }
    }
}

/// An alert that is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub alert_id: Uuid,
    pub channel: Channel,
    /// How often it was tried before.
    pub attempts: u32,
    /// The alert as one line of JSON, without a line break behind it: a row of the companion query alert_list.
    pub alert: String,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub alert_id: Uuid,
    pub channel: Channel,
    pub ended: Ended,
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    Delivered,
    /// It was tried in vain. The error names no secret, and may be shown.
    Failed {
        error: String,
        next_attempt_at: DateTime<Utc>,
    },
    /// It was not tried, because the receiver had just failed another.
    PutOff {
        next_attempt_at: DateTime<Utc>,
    },
    /// It was not tried: there is no such receiver, all was stopped, or nobody reads standard output any more.
    NotTried,
}

/// Where alerts go; those of a channel without a receiver stay where they are.
#[derive(Default)]
pub struct Receivers {
    pub stdout: Option<Stdout>,
    pub exec: Option<Exec>,
    pub webhook: Option<Webhook>,
}

impl Receivers {
    /// The channels that there are receivers for.
    pub fn channels(&self) -> Vec<Channel> {
        Channel::ALL.into_iter().filter(|channel| self.is_there(*channel)).collect()
    }

    fn is_there(&self, channel: Channel) -> bool {
        match channel {
            Channel::Stdout => self.stdout.is_some(),
            Channel::Exec => self.exec.is_some(),
            Channel::Webhook => self.webhook.is_some(),
        }
    }

    fn tell(&mut self, delivery: &Delivery, now: DateTime<Utc>) -> Result<(), Refusal> {
        match delivery.channel {
            Channel::Stdout => self.stdout.as_mut().map(|stdout| stdout.tell(&delivery.alert)),
            Channel::Exec => self.exec.as_ref().map(|exec| exec.tell(&delivery.alert)),
            Channel::Webhook => self.webhook.as_ref().map(|webhook| webhook.tell(delivery, now)),
        }
        .unwrap_or(Err(Refusal::Closed))
    }
}

/// Why an alert was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refusal {
    /// Nobody listens, and nobody will.
    Closed,
    Failed {
        error: String,
        whose: Whose,
        when: Again,
    },
}

/// What is wrong: this alert, or whoever should take it, which then need not be asked for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Alert,
    Receiver,
}

/// When it makes sense to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    /// The later, the more often it failed.
    Soon,
    /// Someone has to change something first.
    Later,
    /// As the receiver asked.
    After(Duration),
}

/// How long after the first failure it is tried again; twice as long after each further one.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(30);
/// The longest pause.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);
/// The longest pause that a receiver may ask for.
const LONGEST_ASKED: TimeDelta = TimeDelta::hours(24);

impl Again {
    /// When to try for the next time, after so many attempts.
    fn at(self, now: DateTime<Utc>, attempts: u32) -> DateTime<Utc> {
        let doubled = FIRST_PAUSE * 2_i32.pow(attempts.saturating_sub(1).min(16));
        let pause = match self {
            Self::Soon => doubled.min(LONGEST_PAUSE),
            Self::Later => LONGEST_PAUSE,
            Self::After(asked) => TimeDelta::from_std(asked).unwrap_or(LONGEST_ASKED).clamp(FIRST_PAUSE, LONGEST_ASKED),
        };
        now + pause
    }
}

/// Tells alerts, one after the other; at `stop` the rest is left. Returns an outcome for each, in their order.
pub fn deliver(
    deliveries: Vec<Delivery>,
    receivers: &mut Receivers,
    now: DateTime<Utc>,
    stop: &AtomicBool,
) -> Vec<Outcome> {
    let mut put_off: HashMap<Channel, Ended> = HashMap::new();
    let mut ended = |delivery: &Delivery| {
        let channel = delivery.channel;
        if let Some(ended) = put_off.get(&channel) {
            return ended.clone();
        }
        if stop.load(Ordering::Relaxed) {
            return Ended::NotTried;
        }
        match receivers.tell(delivery, now) {
            Ok(()) => Ended::Delivered,
            Err(Refusal::Closed) => {
                put_off.insert(channel, Ended::NotTried);
                Ended::NotTried
            }
            Err(Refusal::Failed { error, whose, when }) => {
                let next_attempt_at = when.at(now, delivery.attempts + 1);
                if whose == Whose::Receiver {
                    put_off.insert(channel, Ended::PutOff { next_attempt_at });
                }
                Ended::Failed { error, next_attempt_at }
            }
        }
    };
    let outcome = |delivery: Delivery| Outcome {
        ended: ended(&delivery),
        alert_id: delivery.alert_id,
        channel: delivery.channel,
    };
    deliveries.into_iter().map(outcome).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let now = DateTime::UNIX_EPOCH;
        let pause = |again: Again, attempts| (again.at(now, attempts) - now).num_seconds();
        let pauses: Vec<_> = [1, 2, 3, 7, 8, 9, u32::MAX].map(|attempts| pause(Again::Soon, attempts)).into();
        assert_eq!(pauses, [30, 60, 120, 1920, 3600, 3600, 3600]);
        assert_eq!(pause(Again::Later, 1), 3600);
    }

    #[test]
    fn a_receiver_may_ask_for_a_pause_within_reason() {
        let now = DateTime::UNIX_EPOCH;
        let pause = |seconds| (Again::After(Duration::from_secs(seconds)).at(now, 1) - now).num_seconds();
        assert_eq!([0, 120, 7200, u64::MAX].map(pause), [30, 120, 7200, 86400]);
    }
}
