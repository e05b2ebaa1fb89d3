//! The accounts in the process's memory: exact for one process, and for as long as it lives.
//!
//! Money is what the home said, plus what was settled and is not written there yet, plus what calls under way hold.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::{
    Draw, Edge, Enforcement, Home, Level, Measure, Money, Quota, Refused, Request, Reservation, TokenKind, Used,
    accounts,
};
use crate::clock::Moment;
use crate::ledger::Spend;
use crate::upstream::BoxFuture;

/// Accounts are looked through for idle ones when there are this many, and twice as many as were left last time.
const SWEEP_AT_LEAST: usize = 10_000;

#[derive(Default)]
pub struct Memory {
    books: Mutex<Books>,
    freed: Notify,
}

#[derive(Default)]
struct Books {
    accounts: HashMap<Arc<str>, Account>,
    sweep_at: usize,
}

/// What is known of one account, in its own unit.
#[derive(Clone, Debug, Default)]
struct Account {
    /// Money: what the home says. Windows: what was used in this one.
    used: u64,
    /// Money that was settled and is not in the home yet.
    pending: u64,
    /// What calls under way hold back, on top of the others.
    held: u64,
    /// When the window ends; nothing where there is none.
    ends: Moment,
}

impl Memory {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_reserve(&self, request: Request) -> Result<Reservation, Refused> {
        let mut books = self.books();
        books.sweep(request.now);
        let mut cost = request.cost_picousd;
        for (place, draw) in request.draws.iter().enumerate() {
            let account = books.account(draw, request.now);
            match room(account, draw, &request, cost) {
                Some(left) => cost = cost.min(left),
                None => return Err(Refused::Full { place, level: account.level(&draw.measure) }),
            }
        }
        let mut levels = Vec::with_capacity(request.draws.len());
        for draw in &request.draws {
            let account = books.account(draw, request.now);
            account.take(&draw.measure, amount(draw, cost, request.input_tokens, request.output_tokens));
            levels.push(account.level(&draw.measure));
        }
        Ok(Reservation {
            id: request.id,
            draws: request.draws,
            since: request.now,
            cost_picousd: cost,
            input_tokens: request.input_tokens,
            output_tokens: request.output_tokens,
            levels,
        })
    }
}

impl Books {
    /// The account, in the window that is now.
    fn account(&mut self, draw: &Draw, now: Moment) -> &mut Account {
        if !self.accounts.contains_key(&draw.account) {
            self.accounts.insert(Arc::clone(&draw.account), Account::of(&draw.measure));
        }
        // The entry was made above: nothing is inserted here.
        let account = self.accounts.entry(Arc::clone(&draw.account)).or_default();
        account.turn(&draw.measure, now);
        account
    }

    /// Forgets accounts that hold nothing that is not written elsewhere.
    fn sweep(&mut self, now: Moment) {
        if self.accounts.len() < self.sweep_at.max(SWEEP_AT_LEAST) {
            return;
        }
        self.accounts.retain(|_, account| account.held > 0 || account.pending > 0 || account.ends > now);
        self.sweep_at = self.accounts.len() * 2;
    }
}

impl Account {
    fn of(measure: &Measure) -> Self {
        match measure {
            Measure::Money(money) => Self { used: money.seed_picousd, ends: money.ends(), ..Self::default() },
            _ => Self::default(),
        }
    }

    /// Begins the window that is now. What calls hold that began in an older one is theirs to give back.
    fn turn(&mut self, measure: &Measure, now: Moment) {
        match measure {
            Measure::Money(Money { home: Home::Window(window), .. }) if window.end > self.ends => {
                (self.used, self.pending, self.ends) = (0, 0, window.end);
            }
            Measure::Requests { window, .. } | Measure::Tokens { window, .. } if self.ends <= now => {
                (self.used, self.held, self.ends) = (0, 0, now + *window);
            }
            _ => {}
        }
    }

    const fn total(&self) -> u64 {
        self.used.saturating_add(self.pending).saturating_add(self.held)
    }

    fn level(&self, measure: &Measure) -> Level {
        let resets_at =
            (!matches!(measure, Measure::Parallel { .. }) && self.ends > Moment::default()).then_some(self.ends);
        Level { used: self.total(), held: self.held, resets_at }
    }
}

impl Money {
    fn ends(&self) -> Moment {
        match &self.home {
            Home::Window(window) => window.end,
            Home::Row { .. } => Moment::default(),
        }
    }
}

/// What the call may take of the account: nothing where it is refused; of money perhaps less than it wants.
fn room(account: &Account, draw: &Draw, request: &Request, cost: u64) -> Option<u64> {
    let used = account.total();
    let wants = amount(draw, cost, request.input_tokens, request.output_tokens);
    let fits = |limit: u64| (used.saturating_add(wants) <= limit).then_some(u64::MAX);
    match &draw.measure {
        Measure::Requests { limit, .. } | Measure::Tokens { limit, .. } | Measure::Parallel { limit } => fits(*limit),
        Measure::Money(money) => {
            let Some(limit) = money.limit_picousd else { return Some(u64::MAX) };
            let left = limit.saturating_sub(used);
            match (money.edge, request.enforcement) {
                _ if wants <= left && left > 0 => Some(u64::MAX),
                (_, Enforcement::Strict) => None,
                (Edge::Reached, Enforcement::Shrink) => (left > 0).then_some(left),
                (Edge::Exceeded, Enforcement::Shrink) => (used <= limit).then_some(left),
            }
        }
    }
}

fn amount(draw: &Draw, cost: u64, input: u64, output: u64) -> u64 {
    match &draw.measure {
        Measure::Money(_) => cost,
        Measure::Requests { .. } | Measure::Parallel { .. } => 1,
        Measure::Tokens { kind: TokenKind::Total, .. } => input.saturating_add(output),
        Measure::Tokens { kind: TokenKind::Input, .. } => input,
        Measure::Tokens { kind: TokenKind::Output, .. } => output,
    }
}

impl Account {
    /// Takes what a call may use at most. A call that is made cannot be unmade: it is used at once.
    const fn take(&mut self, measure: &Measure, amount: u64) {
        match measure {
            Measure::Requests { .. } => self.used = self.used.saturating_add(amount),
            _ => self.held = self.held.saturating_add(amount),
        }
    }

    /// Replaces what was taken by what was used. `ends`: the window in which it was taken, where there is one.
    fn settle(&mut self, measure: &Measure, (taken, used): (u64, u64), ends: Option<Moment>) {
        let is_same_window = ends.is_none_or(|ends| ends == self.ends);
        match measure {
            Measure::Requests { .. } => {}
            Measure::Parallel { .. } => self.held = self.held.saturating_sub(taken),
            Measure::Tokens { .. } if is_same_window => {
                self.held = self.held.saturating_sub(taken);
                self.used = self.used.saturating_add(used);
            }
            // The window's tokens went with it.
            Measure::Tokens { .. } => {}
            Measure::Money(_) => {
                self.held = self.held.saturating_sub(taken);
                if is_same_window {
                    self.pending = self.pending.saturating_add(used);
                }
            }
        }
    }
}

impl Quota for Memory {
    fn reserve(&self, request: Request) -> BoxFuture<'_, Result<Reservation, Refused>> {
        Box::pin(std::future::ready(self.try_reserve(request)))
    }

    fn settle(&self, reservation: Reservation, used: Used) {
        let mut books = self.books();
        for (draw, level) in reservation.draws.iter().zip(&reservation.levels) {
            let Some(account) = books.accounts.get_mut(&draw.account) else { continue };
            let taken = amount(draw, reservation.cost_picousd, reservation.input_tokens, reservation.output_tokens);
            let used = amount(draw, used.cost_picousd, used.input_tokens, used.output_tokens);
            account.settle(&draw.measure, (taken, used), level.resets_at);
        }
        drop(books);
        self.freed.notify_waiters();
    }

    fn committed(&self, records: &[&Spend]) {
        let mut books = self.books();
        for record in records {
            for (name, ends) in accounts::of(&record.payer) {
                let Some(account) = books.accounts.get_mut(name.as_str()) else { continue };
                if ends.is_none_or(|ends| ends == account.ends) {
                    let moved = account.pending.min(record.cost_picousd);
                    account.pending -= moved;
                    account.used = account.used.saturating_add(moved);
                }
            }
        }
    }

    fn levels<'a>(&'a self, draws: &'a [Draw], now: Moment) -> BoxFuture<'a, Vec<Level>> {
        let mut books = self.books();
        let levels = draws.iter().map(|draw| books.account(draw, now).level(&draw.measure)).collect();
        Box::pin(std::future::ready(levels))
    }

    fn rewritten(&self, account: &str, spent_picousd: u64) {
        if let Some(account) = self.books().accounts.get_mut(account) {
            account.used = spent_picousd;
        }
        self.freed.notify_waiters();
    }

    fn freed(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.freed.notified())
    }
}
