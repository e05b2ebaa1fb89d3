//! Log lines on their way out: collected for a moment and written together.
//!
//! A write of its own for every line costs a twentieth of a call's CPU time. What is waiting is bounded:
//! beyond [`BATCH_BYTES_MAX`] a line waits for its own write. Decides nothing about lines.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait for others.
const BATCH_WAIT: Duration = Duration::from_millis(20);
/// What may wait; more is written at once by whoever logs it.
const BATCH_BYTES_MAX: usize = 64 * 1024;

/// A writer to standard output that all threads share.
#[derive(Clone)]
pub struct Batch {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Vec<u8>>,
    arrived: Condvar,
}

impl Batch {
    /// Starts the thread that writes; it sleeps while nothing is logged.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let batch = Self { shared: Arc::clone(&shared) };
        thread::Builder::new().name("logs".to_owned()).spawn(move || shared.write_forever())?;
        Ok(batch)
    }

    /// Writes what is waiting; for the end of the process.
    pub fn flush(&self) {
        self.shared.write_out(&mut self.shared.lock());
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_forever(&self) {
        loop {
            let waiting = self.lock();
            let waiting = self.arrived.wait_while(waiting, |lines| lines.is_empty());
            drop(waiting);
            thread::sleep(BATCH_WAIT);
            self.write_out(&mut self.lock());
        }
    }

    /// Held while writing, so that lines keep their order; whoever logs meanwhile waits as for any slow output.
    fn write_out(&self, lines: &mut Vec<u8>) {
        // There is nowhere to report that the log cannot be written.
        io::stdout().write_all(lines).and_then(|()| io::stdout().flush()).ok();
        lines.clear();
    }
}

/// One line: the formatter hands it over in one piece.
pub struct Line<'a>(&'a Shared);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.0.lock();
        let was_empty = waiting.is_empty();
        waiting.extend_from_slice(line);
        if waiting.len() > BATCH_BYTES_MAX {
            self.0.write_out(&mut waiting);
        } else if was_empty {
            self.0.arrived.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Batch {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(&self.shared)
    }
}
