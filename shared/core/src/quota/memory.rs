//! The accounts in the process's memory: exact for one process, and for as long as it lives.
//!
//! Money is what the home said, plus what was settled and is not written there yet, plus what calls under way hold.

mod account;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use self::account::Account;
use super::{Draw, Level, Quota, Refused, Request, Reservation, Used, accounts};
use crate::clock::Moment;
use crate::ledger::Spend;
use crate::upstream::BoxFuture;

/// Accounts are looked through for idle ones when there are this many, and twice as many as were left last time.
const SWEEP_AT_LEAST: usize = 10_000;

/// For how long an account is kept that nobody asks for. Longer than any copy of a row lives: when the account is
/// made anew, it begins with what such a copy says was spent.
const IDLE: Duration = Duration::from_secs(3600);

#[derive(Default)]
pub struct Memory {
    books: Mutex<Books>,
    freed: Notify,
}

/// The accounts stand in a row, so that a call finds each of its own by name only once.
#[derive(Default)]
struct Books {
    places: HashMap<Arc<str>, usize>,
    accounts: Vec<Account>,
    sweep_at: usize,
}

impl Memory {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_reserve(&self, request: Request) -> Result<Reservation, Refused> {
        let mut levels = vec![Level::default(); request.draws.len()];
        self.books().reserve(&request, &mut levels)?;
        Ok(Reservation {
            id: request.id,
            draws: request.draws,
            since: request.now,
            cost_picousd: request.cost_picousd,
            input_tokens: request.input_tokens,
            output_tokens: request.output_tokens,
            levels,
        })
    }
}

impl Books {
    fn reserve(&mut self, request: &Request, levels: &mut [Level]) -> Result<(), Refused> {
        self.sweep(request.now);
        let most = request.most();
        for (place, draw) in request.draws.iter().enumerate() {
            let position = self.position(draw, request.now);
            let Some(account) = self.accounts.get(position) else { continue };
            if !account.has_room(&draw.measure, draw.measure.amount(&most), request.enforcement) {
                return Err(Refused::Full { place, level: account.level(&draw.measure) });
            }
            // Where the account stands, until its level does: no second look for its name, no list of its own.
            levels[place].used = position as u64;
        }
        for (draw, level) in request.draws.iter().zip(levels) {
            let position = usize::try_from(level.used).unwrap_or(usize::MAX);
            let Some(account) = self.accounts.get_mut(position) else { continue };
            account.take(&draw.measure, draw.measure.amount(&most), request.now);
            *level = account.level(&draw.measure);
        }
        Ok(())
    }

    /// Where the account stands, with the window that is now.
    fn position(&mut self, draw: &Draw, now: Moment) -> usize {
        let position = match self.places.get(&draw.account) {
            Some(position) => *position,
            None => {
                self.accounts.push(Account::of(&draw.measure));
                self.places.insert(Arc::clone(&draw.account), self.accounts.len() - 1);
                self.accounts.len() - 1
            }
        };
        if let Some(account) = self.accounts.get_mut(position) {
            account.turn(&draw.measure, now);
        }
        position
    }

    fn known(&mut self, name: &str) -> Option<&mut Account> {
        let position = *self.places.get(name)?;
        self.accounts.get_mut(position)
    }

    /// Forgets accounts that hold nothing that is not written elsewhere, and that nobody has asked for in a while.
    fn sweep(&mut self, now: Moment) {
        if self.accounts.len() < self.sweep_at.max(SWEEP_AT_LEAST) {
            return;
        }
        let mut kept = Vec::with_capacity(self.accounts.len());
        self.places.retain(|_, position| {
            let Some(account) = self.accounts.get(*position) else { return false };
            let is_idle = account.is_spare() && account.ends <= now && account.touched + IDLE <= now;
            if !is_idle {
                *position = kept.len();
                kept.push(*account);
            }
            !is_idle
        });
        self.accounts = kept;
        self.sweep_at = self.accounts.len() * 2;
    }
}

impl Quota for Memory {
    fn reserve(&self, request: Request) -> BoxFuture<'_, Result<Reservation, Refused>> {
        Box::pin(std::future::ready(self.try_reserve(request)))
    }

    fn settle(&self, reservation: Reservation, used: Used) {
        let most = reservation.most();
        let mut books = self.books();
        for (draw, level) in reservation.draws.iter().zip(&reservation.levels) {
            let Some(account) = books.known(&draw.account) else { continue };
            let (taken, used) = (draw.measure.amount(&most), draw.measure.amount(&used));
            account.settle(&draw.measure, (taken, used), level.resets_at);
        }
        drop(books);
        self.freed.notify_waiters();
    }

    fn committed(&self, records: &[&Spend]) {
        let mut books = self.books();
        for record in records {
            for (name, ends) in accounts::of(&record.payer) {
                let Some(account) = books.known(&name) else { continue };
                if ends.is_none_or(|ends| ends == account.ends) {
                    account.commit(record.cost_picousd);
                }
            }
        }
    }

    fn levels<'a>(&'a self, draws: &'a [Draw], now: Moment) -> BoxFuture<'a, Vec<Level>> {
        let mut books = self.books();
        let level = |draw: &Draw| {
            let position = books.position(draw, now);
            books.accounts.get(position).map_or_else(Level::default, |account| account.level(&draw.measure))
        };
        let levels = draws.iter().map(level).collect();
        Box::pin(std::future::ready(levels))
    }

    fn rewritten(&self, account: &str, spent_picousd: u64) {
        if let Some(account) = self.books().known(account) {
            account.used = spent_picousd;
        }
        self.freed.notify_waiters();
    }

    fn freed(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.freed.notified())
    }
}
