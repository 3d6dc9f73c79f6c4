//! Alerts that last: raised once for each rule and event, told until they are told, and what people made of them.
//!
//! A watch does, at each tick: [`raise`], [`due`], [`deliver`], [`settle`]. Nothing here reads the clock.

mod deliver;
mod import;
mod outbox;
mod raise;
mod status;

pub use deliver::{Channel, Delivery, Ended, Exec, HEADER_VARIABLE, Outcome, Receivers, Stdout, Webhook, deliver};
pub use import::{Imported, import};
pub use outbox::{due, settle};
pub use raise::{RaiseOptions, Raised, raise};
pub use status::{Found, Step, Verdict, beginning, change, find, id_begin};

use chrono::{DateTime, Utc};

/// A moment as a SQL literal.
fn timestamp(moment: DateTime<Utc>) -> String {
    format!("TIMESTAMP '{}'", moment.format("%Y-%m-%d %H:%M:%S%.6f"))
}
