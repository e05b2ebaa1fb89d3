//! What is replaced as a whole while calls go on: the catalog of models.
//!
//! Whoever has taken it keeps what was taken, so that a call sees one state from beginning to end.

use std::sync::{Arc, PoisonError, RwLock};

/// A value that readers share and that may be replaced.
#[derive(Debug, Default)]
pub struct Live<T>(RwLock<Arc<T>>);

impl<T> Live<T> {
    pub fn new(value: T) -> Self {
        Self(RwLock::new(Arc::new(value)))
    }

    /// What is in force now.
    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another value in force; who has taken the old one keeps it.
    pub fn replace(&self, value: T) {
        let value = Arc::new(value);
        // The old value may be the last of its kind: it is dropped after the lock.
        let old = std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), value);
        drop(old);
    }
}

impl<T> From<T> for Live<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
