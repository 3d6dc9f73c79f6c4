//! How much a compressed file may become: a bound on decompression bombs.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The usual [`Limits::max_ratio`]. CloudTrail's own files inflate to 6 to 30 times their size.
pub const MAX_RATIO: u64 = 250;

/// The usual [`Limits::max_size`]: 64 GiB.
pub const MAX_SIZE: u64 = 64 << 30;

/// What any file may become, however small it is: a few records repeated often are no bomb.
const ALLOWANCE: u64 = 64 << 20;

/// Limits on what comes out of one file, all that is packed in it included.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes that may come out for each byte of the file, once more than 64 MiB came out.
    pub max_ratio: u64,
    /// Bytes that may come out at all.
    pub max_size: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_ratio: MAX_RATIO, max_size: MAX_SIZE }
    }
}

/// What may still come out of one file, shared by all that is packed in it.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    left: AtomicU64,
}

impl Budget {
    /// For a file of `packed` bytes.
    pub fn new(packed: u64, limits: Limits) -> Arc<Self> {
        let left = packed.saturating_mul(limits.max_ratio).max(ALLOWANCE).min(limits.max_size);
        Arc::new(Self { limits, left: AtomicU64::new(left) })
    }

    pub fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    /// Takes `bytes` off what is left; fails if that is less.
    pub fn spend(&self, bytes: u64) -> io::Result<()> {
        let spent = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        let Limits { max_ratio, max_size } = self.limits;
        spent.map(drop).map_err(|_| {
            io::Error::other(format!(
                "inflates to more than {max_ratio} times its size, or {max_size} bytes: a decompression bomb? \
                 (see --max-ratio and --max-size)"
            ))
        })
    }
}

/// A decompressor's output, counted.
pub struct Limited<R> {
    pub inner: R,
    pub budget: Arc<Budget>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // no more than is left is asked for, so that all of it is kept; one byte beyond tells that there is more
        let room = usize::try_from(self.budget.left()).unwrap_or(usize::MAX).max(1);
        let len = buffer.len().min(room);
        let read = self.inner.read(&mut buffer[..len])?;
        self.budget.spend(read as u64)?;
        Ok(read)
    }
}
