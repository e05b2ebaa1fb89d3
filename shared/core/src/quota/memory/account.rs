//! One account in memory: what is taken of it, and what is put right when a call has ended.
//!
//! Knows no other account, and no lock.

use crate::clock::Moment;
use crate::quota::{Edge, Enforcement, Home, Level, Measure, Money};

/// What is known of one account, in its own unit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Account {
    /// Money: what the home says. Windows: what was used in this one.
    pub used: u64,
    /// Money that was settled and is not in the home yet.
    pub pending: u64,
    /// What calls under way hold back, on top of the others.
    pub held: u64,
    /// When the window ends; nothing where there is none, or none has begun.
    pub ends: Moment,
    /// When it was last asked for.
    pub touched: Moment,
}

impl Account {
    /// One that nobody has used yet.
    pub fn of(measure: &Measure) -> Self {
        match measure {
            Measure::Money(money) => Self { used: money.seed_picousd, ends: money.ends(), ..Self::default() },
            _ => Self::default(),
        }
    }

    /// Ends a window that is over. What calls hold that were made in it is forgotten with it; the next window begins
    /// with the first call that is admitted, not with one that only asks.
    pub fn turn(&mut self, measure: &Measure, now: Moment) {
        self.touched = self.touched.max(now);
        match measure {
            Measure::Money(money) if money.ends() > self.ends => {
                (self.used, self.pending, self.held, self.ends) = (0, 0, 0, money.ends());
            }
            Measure::Requests { .. } | Measure::Tokens { .. } if self.ends <= now => {
                (self.used, self.held, self.ends) = (0, 0, Moment::default());
            }
            _ => {}
        }
    }

    /// Whether the call may be admitted.
    pub const fn has_room(&self, measure: &Measure, wants: u64, enforcement: Enforcement) -> bool {
        let before = self.total();
        let after = before.saturating_add(wants);
        match measure {
            Measure::Requests { limit, .. } | Measure::Tokens { limit, .. } | Measure::Parallel { limit } => {
                after <= *limit
            }
            Measure::Money(Money { limit_picousd: None, .. }) => true,
            Measure::Money(Money { limit_picousd: Some(limit), edge, .. }) => {
                let is_left = match edge {
                    Edge::Reached => before < *limit,
                    Edge::Exceeded => before <= *limit,
                };
                is_left && (matches!(enforcement, Enforcement::Shrink) || after <= *limit)
            }
        }
    }

    /// Takes what a call may use at most. A call that is made cannot be unmade: it is used at once.
    pub fn take(&mut self, measure: &Measure, amount: u64, now: Moment) {
        match measure {
            Measure::Requests { window, .. } => {
                self.begin(now, *window);
                self.used = self.used.saturating_add(amount);
                return;
            }
            Measure::Tokens { window, .. } => self.begin(now, *window),
            Measure::Money(_) | Measure::Parallel { .. } => {}
        }
        self.held = self.held.saturating_add(amount);
    }

    fn begin(&mut self, now: Moment, window: std::time::Duration) {
        if self.ends == Moment::default() {
            self.ends = now + window;
        }
    }

    /// Replaces what was taken by what was used. `ends`: the window in which it was taken, where there is one.
    pub fn settle(&mut self, measure: &Measure, (taken, used): (u64, u64), ends: Option<Moment>) {
        // What was used in a window that is over went with it.
        if ends.is_some_and(|ends| ends != self.ends) {
            return;
        }
        match measure {
            Measure::Requests { .. } => return,
            Measure::Parallel { .. } => {}
            Measure::Tokens { .. } => self.used = self.used.saturating_add(used),
            Measure::Money(_) => self.pending = self.pending.saturating_add(used),
        }
        self.held = self.held.saturating_sub(taken);
    }

    /// Money that is in the home now.
    pub fn commit(&mut self, cost_picousd: u64) {
        let moved = self.pending.min(cost_picousd);
        self.pending -= moved;
        self.used = self.used.saturating_add(moved);
    }

    pub fn level(&self, measure: &Measure) -> Level {
        let has_window = !matches!(measure, Measure::Parallel { .. }) && self.ends > Moment::default();
        Level { used: self.total(), held: self.held, resets_at: has_window.then_some(self.ends) }
    }

    /// Whether it holds nothing that is not written elsewhere.
    pub const fn is_spare(&self) -> bool {
        self.held == 0 && self.pending == 0
    }

    const fn total(&self) -> u64 {
        self.used.saturating_add(self.pending).saturating_add(self.held)
    }
}

impl Money {
    fn ends(&self) -> Moment {
        match &*self.home {
            Home::Window(window) => window.end,
            Home::Row { .. } => Moment(0),
        }
    }
}
