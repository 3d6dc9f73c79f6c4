//! How far a load is: a bar on a terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

use crate::bucket::Counts;
use crate::load::Progress;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows a load's progress on standard error until it is dropped.
pub struct Display {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Display {
    /// `counts` are of the buckets that are being listed, if any are.
    pub fn start(progress: Arc<Progress>, counts: Option<Arc<Counts>>) -> Self {
        let listed = move || counts.as_ref().is_none_or(|counts| counts.is_complete.load(Ordering::Relaxed));
        let done = Arc::new(AtomicBool::new(false));
        let seen = done.clone();
        let thread = thread::spawn(move || {
            if io::stderr().is_terminal() { bar(&progress, listed, &seen) } else { lines(&progress, listed, &seen) }
        });
        Self { done, thread: Some(thread) }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // a display that failed is no reason to fail
            let _ = thread.join();
        }
    }
}

fn bar(progress: &Progress, listed: impl Fn() -> bool, done: &AtomicBool) {
    let style = |template| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    // how long it takes is known when it is known what there is
    let listing = style("{pos} files of {len} listed so far, {msg}");
    let reading = style("{bar:24} {pos}/{len} files, {msg}, {eta} left");
    let begun = Instant::now();
    // what is over at once needs no bar
    thread::park_timeout(Duration::from_millis(300));
    let bar = ProgressBar::new(0).with_style(listing);
    let mut is_listed = false;
    while !done.load(Ordering::Relaxed) {
        if !is_listed && listed() {
            is_listed = true;
            bar.set_style(reading.clone());
        }
        bar.set_length(progress.files_found.load(Ordering::Relaxed));
        bar.set_position(progress.files.load(Ordering::Relaxed));
        bar.set_message(message(progress, begun));
        thread::park_timeout(Duration::from_millis(100));
    }
    bar.finish_and_clear();
}

fn lines(progress: &Progress, listed: impl Fn() -> bool, done: &AtomicBool) {
    let begun = Instant::now();
    let mut next = LINE_EVERY;
    while !done.load(Ordering::Relaxed) {
        thread::park_timeout(LINE_EVERY);
        if begun.elapsed() >= next && !done.load(Ordering::Relaxed) {
            next += LINE_EVERY;
            let files = progress.files.load(Ordering::Relaxed);
            let found = progress.files_found.load(Ordering::Relaxed);
            let so_far = if listed() { "" } else { " listed so far" };
            eprintln!("{files}/{found} files{so_far}, {}", message(progress, begun));
        }
    }
}

fn message(progress: &Progress, begun: Instant) -> String {
    let events = progress.events.load(Ordering::Relaxed);
    let bytes = progress.bytes.load(Ordering::Relaxed);
    let rate = events as f64 / begun.elapsed().as_secs_f64().max(0.001);
    let found = progress.bytes_found.load(Ordering::Relaxed);
    let of = if found > bytes { format!(" of {}", HumanBytes(found)) } else { String::new() };
    format!("{} events, {}{of}, {} events/s", HumanCount(events), HumanBytes(bytes), HumanCount(rate as u64))
}
