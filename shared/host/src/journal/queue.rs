//! What waits to be journalled, in memory: between the calls and the thread that writes.
//!
//! Nobody waits here but that thread. Decides what the memory may hold; knows no file.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tollgate_core::ledger::JournalFault;

use super::frame::Kind;

/// What may wait before calls are refused: a disk that is this far behind does not keep up.
const WAITING_BYTES_MAX: usize = 64 * 1024 * 1024;
/// What is taken at once, and written in one piece.
const TAKEN_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Whoever waits for something to be durable; it may have given up.
pub type Waiter = oneshot::Sender<Result<(), JournalFault>>;

/// A record on its way.
#[derive(Debug)]
pub struct Record {
    pub kind: Kind,
    /// The call's own id.
    pub id: Box<str>,
    pub json: Vec<u8>,
    /// `None` where the waiter has been told already.
    pub waiter: Option<Waiter>,
}

/// What the writing thread is asked.
#[derive(Debug)]
pub enum Task {
    Write(Record),
    /// Tells when everything before it is durable.
    Flush(Waiter),
    /// Records up to this position are in the directory.
    Acknowledged(u64),
    /// Ends the thread; tells when it has put its things in order.
    Close(Waiter),
}

impl Task {
    fn bytes(&self) -> usize {
        match self {
            Self::Write(record) => record.json.len(),
            _ => 0,
        }
    }
}

#[derive(Debug, Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    tasks: VecDeque<Task>,
    bytes: usize,
    is_closed: bool,
    /// Whether the thread waits here: waking one that does not costs a call of the system all the same.
    is_awaited: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is room for one call more.
    pub fn has_room(&self) -> bool {
        self.lock().bytes < WAITING_BYTES_MAX
    }

    /// Hands a task over. What ends a call is never refused: there are no more of these than calls that have begun.
    /// The task is dropped, and its waiter with it, after the end.
    pub fn push(&self, task: Task) {
        let mut waiting = self.lock();
        if waiting.is_closed {
            return;
        }
        waiting.is_closed = matches!(task, Task::Close(_));
        waiting.bytes += task.bytes();
        waiting.tasks.push_back(task);
        let is_awaited = mem::take(&mut waiting.is_awaited);
        drop(waiting);
        if is_awaited {
            self.arrived.notify_one();
        }
    }

    /// The next tasks, as soon as there are any; nothing where none came in this time.
    pub fn take(&self, within: Duration) -> Vec<Task> {
        let is_idle = |waiting: &mut Waiting| {
            waiting.is_awaited = waiting.tasks.is_empty();
            waiting.is_awaited
        };
        let (mut waiting, _) =
            self.arrived.wait_timeout_while(self.lock(), within, is_idle).unwrap_or_else(PoisonError::into_inner);
        waiting.is_awaited = false;
        let mut taken = Vec::with_capacity(waiting.tasks.len());
        let mut bytes = 0;
        while bytes < TAKEN_BYTES_MAX
            && let Some(task) = waiting.tasks.pop_front()
        {
            bytes += task.bytes();
            taken.push(task);
        }
        waiting.bytes -= bytes;
        taken
    }
}
