//! Reading a tool's pipes without trusting it: bounded in memory, bounded in time.
//! Never blocks whoever waits for the tool: a grandchild that keeps a pipe open is left alone.

use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::types::Captured;

/// One pipe being read by its own thread.
pub(super) struct Capture {
    kept: Arc<Mutex<Vec<u8>>>,
    seen: Arc<AtomicU64>,
    closed: Arc<AtomicBool>,
}

impl Capture {
    /// Reads `pipe` to its end on a thread of its own and keeps the first `cap` bytes.
    pub(super) fn begin(mut pipe: impl Read + Send + 'static, cap: u64) -> Self {
        let capture = Self { kept: Arc::default(), seen: Arc::default(), closed: Arc::default() };
        let (kept, seen, closed) =
            (capture.kept.clone(), capture.seen.clone(), capture.closed.clone());
        std::thread::spawn(move || {
            let mut chunk = vec![0; 64 << 10];
            loop {
                match pipe.read(&mut chunk) {
                    Ok(0) => break,
                    Ok(count) => {
                        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                        let room = cap.saturating_sub(kept.len() as u64);
                        let take = usize::try_from(room).unwrap_or(usize::MAX).min(count);
                        kept.extend_from_slice(&chunk[..take]);
                        seen.fetch_add(count as u64, Ordering::SeqCst);
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
            closed.store(true, Ordering::SeqCst);
        });
        capture
    }

    /// How many bytes came so far.
    pub(super) fn seen(&self) -> u64 {
        self.seen.load(Ordering::SeqCst)
    }

    /// Whether the pipe came to its end.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// What came. Called when the pipe is closed, or was given up on.
    pub(super) fn take(self) -> Captured {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = std::mem::take(&mut *kept);
        Captured { original_bytes: self.seen.load(Ordering::SeqCst).max(bytes.len() as u64), bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise P2: two gigabytes go by, and what is kept of them is what the limit says.
    #[test]
    fn p2_two_gigabytes_are_read_to_the_end_and_only_the_start_is_kept() {
        let capture = Capture::begin(std::io::repeat(b'x').take(2 << 30), 1 << 20);
        while !capture.is_closed() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(capture.kept.lock().unwrap().capacity() <= 2 << 20);
        let captured = capture.take();
        assert!(captured.is_truncated());
        assert_eq!((captured.bytes.len(), captured.original_bytes), (1 << 20, 2 << 30));
    }
}
