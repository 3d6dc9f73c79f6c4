//! Someone who looks on while a statement runs: shows how far it is, and stops it when that is asked for.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use duckdb::Connection;
use duckdb::progress::ProgressHandle;

/// How long a statement runs before its progress is shown.
const SHOWN_AFTER: Duration = Duration::from_secs(2);

/// How often the watch looks.
const EVERY: Duration = Duration::from_millis(100);

/// How long after the prompt came back an interrupt is still meant for the statement before it.
const LATE: Duration = Duration::from_millis(300);

/// How long the line editor has to end.
const END_WITHIN: Duration = Duration::from_secs(2);

/// The exit code of a shell that was ended by a signal.
const ENDED: i32 = 130;

/// What an interrupt (Ctrl-C) means: the end of the statement that runs. At the prompt the line editor takes Ctrl-C as a
/// key; a signal that comes then is one to end.
#[derive(Default)]
pub struct Interrupt {
    /// Whether the statement that runs is to end.
    asked: AtomicBool,
    /// Whether the prompt is to end. The line editor looks at it.
    pub end: Arc<AtomicBool>,
    /// Since when the prompt waits, if it does.
    prompt: Mutex<Option<Instant>>,
}

impl Interrupt {
    /// Listens to signals from now on.
    pub fn listen() -> anyhow::Result<Arc<Self>> {
        let interrupt = Arc::new(Self::default());
        let heard = interrupt.clone();
        ctrlc::set_handler(move || {
            let since = *lock(&heard.prompt);
            match since {
                Some(since) if since.elapsed() > LATE => heard.end_prompt(),
                Some(_) => {}
                None => heard.asked.store(true, Ordering::Relaxed),
            }
        })?;
        Ok(interrupt)
    }

    fn end_prompt(&self) {
        self.end.store(true, Ordering::Relaxed);
        let asked = Instant::now();
        while lock(&self.prompt).is_some() {
            // the line editor waits forever for a terminal that is gone
            if asked.elapsed() > END_WITHIN {
                std::process::exit(ENDED);
            }
            thread::sleep(EVERY);
        }
    }

    pub fn at_prompt(&self, waits: bool) {
        *lock(&self.prompt) = waits.then(Instant::now);
    }

    /// Forgets what was asked before.
    pub fn reset(&self) {
        self.asked.store(false, Ordering::Relaxed);
    }

    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

/// Watches a statement until it is dropped.
pub struct Watch {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    done: AtomicBool,
    line: Mutex<Line>,
}

/// The line on which progress is shown.
#[derive(Default, Clone, Copy, PartialEq)]
enum Line {
    #[default]
    Free,
    Drawn,
    /// Results have begun: nothing may be drawn any more.
    Closed,
}

impl Watch {
    pub fn start(connection: &Connection, interrupt: Arc<Interrupt>) -> Self {
        let shared = Arc::new(Shared::default());
        let watched = shared.clone();
        let (stop, progress) = (connection.interrupt_handle(), connection.progress_handle());
        let thread = thread::spawn(move || {
            let begun = Instant::now();
            let terminal = io::stderr().is_terminal();
            while !watched.done.load(Ordering::Relaxed) {
                thread::park_timeout(EVERY);
                // again and again: DuckDB forgets an interrupt that comes before a statement has really begun
                if interrupt.is_asked() && !watched.done.load(Ordering::Relaxed) {
                    stop.interrupt();
                }
                if terminal && begun.elapsed() >= SHOWN_AFTER {
                    watched.draw(&progress, begun.elapsed());
                }
            }
        });
        Self { shared, thread: Some(thread) }
    }

    /// Takes the progress off the screen for good, before something else is written there.
    pub fn hide(&self) {
        self.shared.close();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // a watch that failed is no reason to fail
            let _ = thread.join();
        }
        self.shared.close();
    }
}

impl Shared {
    fn draw(&self, progress: &ProgressHandle, elapsed: Duration) {
        let mut line = lock(&self.line);
        if *line == Line::Closed || self.done.load(Ordering::Relaxed) {
            return;
        }
        let text = described(progress.query_progress().percentage(), elapsed);
        // over what was there before, the terminal's ^C included
        let _ = write!(io::stderr(), "\r{text}\x1b[K");
        *line = Line::Drawn;
    }

    fn close(&self) {
        let mut line = lock(&self.line);
        if *line == Line::Drawn {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
        *line = Line::Closed;
    }
}

/// How far a statement is, in a few characters.
fn described(percentage: Option<f64>, elapsed: Duration) -> String {
    const BAR: usize = 24;
    let seconds = elapsed.as_secs();
    let time = if seconds < 60 { format!("{seconds} s") } else { format!("{} min {} s", seconds / 60, seconds % 60) };
    match percentage {
        Some(percentage) => {
            let filled = ((percentage / 100.0 * BAR as f64) as usize).min(BAR);
            let bar = format!("{}{}", "█".repeat(filled), "░".repeat(BAR - filled));
            format!("{percentage:3.0} % {bar} {time}; Ctrl-C stops it")
        }
        None => format!("running for {time}; Ctrl-C stops it"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_said_as_far_as_it_is_known() {
        assert_eq!(described(None, Duration::from_secs(3)), "running for 3 s; Ctrl-C stops it");
        let half = described(Some(50.0), Duration::from_secs(61));
        assert_eq!(half, format!(" 50 % {}{} 1 min 1 s; Ctrl-C stops it", "█".repeat(12), "░".repeat(12)));
    }
}
