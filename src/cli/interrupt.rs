//! What an interrupt does to a command that runs for long.

use std::time::{Duration, Instant};

use super::exit;

/// A signal that follows another so closely belongs to it: `timeout` sends one to its command, and one to all of its group.
const ECHO: Duration = Duration::from_millis(200);

/// Has an interrupt (Ctrl-C) or SIGTERM do what `first` does; another one, later, ends the program at once.
pub fn on_interrupt(mut first: impl FnMut() + Send + 'static) -> anyhow::Result<()> {
    let mut asked_at: Option<Instant> = None;
    ctrlc::set_handler(move || match asked_at {
        None => {
            asked_at = Some(Instant::now());
            first();
        }
        Some(at) if at.elapsed() < ECHO => {}
        Some(_) => std::process::exit(exit::INTERRUPTED.into()),
    })?;
    Ok(())
}
