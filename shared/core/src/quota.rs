//! Port: what callers may still spend: money, requests, tokens, and calls at the same time.
//!
//! A call takes from every account it draws on, or from none, in one round trip, before anything is sent to a
//! provider; when it has ended, what it took is replaced by what it used. An adapter counts; which accounts a call
//! draws on, and how much, is decided in `govern`.

pub mod accounts;
mod enduring;
mod memory;

use std::sync::Arc;
use std::time::Duration;

pub use enduring::{Enduring, IsAway};
pub use memory::Memory;

use crate::clock::Moment;
use crate::directory::Table;
use crate::ledger::Spend;
use crate::upstream::BoxFuture;

/// One account that a call draws on.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// Its name, the same on every instance: `spend:key:<hash>`, `rate:team:<id>:requests`, ….
    pub account: Arc<str>,
    pub measure: Measure,
}

/// What is counted, and how much of it there may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    Money(Money),
    /// Calls in a window that begins with its first call.
    Requests {
        limit: u64,
        window: Duration,
    },
    /// Tokens in such a window.
    Tokens {
        limit: u64,
        window: Duration,
        kind: TokenKind,
    },
    /// Calls under way.
    Parallel {
        limit: u64,
    },
}

impl Measure {
    /// How much of its unit a call uses that uses this.
    pub const fn amount(&self, used: &Used) -> u64 {
        match self {
            Self::Money(_) => used.cost_picousd,
            Self::Requests { .. } | Self::Parallel { .. } => 1,
            Self::Tokens { kind: TokenKind::Total, .. } => used.input_tokens.saturating_add(used.output_tokens),
            Self::Tokens { kind: TokenKind::Input, .. } => used.input_tokens,
            Self::Tokens { kind: TokenKind::Output, .. } => used.output_tokens,
        }
    }
}

/// Which tokens of a call a limit counts: `general_settings.token_rate_limit_type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenKind {
    #[default]
    Total,
    Input,
    Output,
}

/// A budget. What it is compared with is what its home says was spent, and what calls hold that are not written there
/// yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Money {
    /// `None`: spent from, without a limit.
    pub limit_picousd: Option<u64>,
    pub edge: Edge,
    pub home: Arc<Home>,
    /// What the home said when it was last read: where an account begins that nobody has used yet.
    pub seed_picousd: u64,
}

/// When a budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// When the limit is reached: nothing is admitted at a limit of 0.
    Reached,
    /// When it is exceeded.
    Exceeded,
}

/// Where the directory keeps what was spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// The column `spend` of a row.
    Row { table: NamedTable, key: Vec<String> },
    /// A row of `LiteLLM_BudgetWindowSpend`; what an older window spent does not count.
    Window(Window),
}

/// A table, compared by its name.
#[derive(Clone, Copy, Debug)]
pub struct NamedTable(pub &'static Table);

impl PartialEq for NamedTable {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for NamedTable {}

/// A budget window of an entity, as `LiteLLM_BudgetWindowSpend` keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Window {
    pub entity_type: String,
    pub entity_id: String,
    /// As it was written: `1d`, `30d`, ….
    pub duration: String,
    pub start: Moment,
    pub end: Moment,
}

/// What one call wants.
#[derive(Clone, Debug)]
pub struct Request {
    /// The call's own id, never used twice: [`Spend::id`](crate::ledger::Spend::id).
    pub id: Arc<str>,
    pub now: Moment,
    /// When it counts as lost, unless it is settled before.
    pub expires: Moment,
    /// Each account once.
    pub draws: Vec<Draw>,
    /// The most that it can cost.
    pub cost_picousd: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub enforcement: Enforcement,
    /// What is charged where nobody ever settles it: kept by an adapter whose accounts outlive the process.
    pub record: Option<Arc<Spend>>,
}

/// What happens to a call whose worst case does not fit into what is left of a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enforcement {
    /// It goes out while anything is left, as with LiteLLM; where nothing is left it is refused. It holds back all
    /// that it can cost, also what is not there: were it to hold only what is left, calls that end cheaper would make
    /// room for more such calls while it is under way, and all of them could overspend. So a budget is overspent by
    /// one call at most, and what is not used comes back when the call ends.
    #[default]
    Shrink,
    /// It is refused: no budget is ever overspent.
    Strict,
}

impl Request {
    /// The most that the call can use.
    pub const fn most(&self) -> Used {
        Used { cost_picousd: self.cost_picousd, input_tokens: self.input_tokens, output_tokens: self.output_tokens }
    }
}

/// What a call has taken.
#[derive(Clone, Debug)]
pub struct Reservation {
    pub id: Arc<str>,
    pub draws: Vec<Draw>,
    pub since: Moment,
    pub cost_picousd: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// How far each account is used now, in the order of the draws.
    pub levels: Vec<Level>,
}

impl Reservation {
    /// The most that the call can use.
    pub const fn most(&self) -> Used {
        Used { cost_picousd: self.cost_picousd, input_tokens: self.input_tokens, output_tokens: self.output_tokens }
    }
}

/// How far an account is used, held back amounts included; in its own unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    pub used: u64,
    /// Of these, what calls under way hold back.
    pub held: u64,
    /// When the window begins anew, where there is one.
    pub resets_at: Option<Moment>,
}

/// Why a call gets nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// This draw did not fit; its level without this call.
    Full { place: usize, level: Level },
    /// Nobody can tell: the text is for the log.
    Unknown(String),
}

/// What a call has used in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    pub cost_picousd: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
}

/// The accounts.
pub trait Quota: Send + Sync {
    /// Takes from every account, or from none.
    fn reserve(&self, request: Request) -> BoxFuture<'_, Result<Reservation, Refused>>;

    /// Replaces what was taken by what was used, and ends the call. Never waits: an adapter over a network queues it.
    /// Money stays held until [`committed`](Self::committed) says that it is in its home.
    fn settle(&self, reservation: Reservation, used: Used);

    /// Whether a reservation that lapses becomes a record by itself: then a [`Request`] has to bring it along.
    fn keeps_records(&self) -> bool {
        false
    }

    /// These records are in the directory now: what they cost is counted there.
    fn committed(&self, records: &[&Spend]);

    /// How far accounts are used; an account that nobody has used yet is at its seed.
    fn levels<'a>(&'a self, draws: &'a [Draw], now: Moment) -> BoxFuture<'a, Vec<Level>>;

    /// The home of this account says something else now: somebody has reset the budget, or written what was spent.
    fn rewritten(&self, account: &str, spent_picousd: u64);

    /// Resolves when something may have been given back since it was called; for whoever waits for room.
    fn freed(&self) -> BoxFuture<'_, ()>;
}
