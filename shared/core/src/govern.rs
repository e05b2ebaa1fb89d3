//! Governance: who may use what, how fast and for how much.
//!
//! A key is looked up once and remembered for a stated time (`identify`); what its owner may do is decided in
//! `authorise`. Acts through the ports `Directory`, `Quota` and `Journal`.

pub mod access;
mod admit;
pub mod authorise;
mod bearer;
mod caller;
mod draws;
mod enter;
mod group_budgets;
mod groups;
mod identify;
mod key_rules;
mod kind;
pub(crate) mod limits;
pub mod period;
mod priority;
mod profile;
mod recent;
mod required;
pub mod reset;
mod role;
mod team_rules;
mod throttle;
pub(crate) mod told;
mod windows;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use admit::{TokenEstimate, Visit, Worst};
pub use caller::{Caller, MASTER_USER};
pub use enter::{Doors, Knock};
pub use groups::Groups;
pub(crate) use identify::abbreviated;
pub use identify::{hash_of, shown};
pub use key_rules::{Generation, KeyRules};
pub use limits::{Claim, Scope};
pub use priority::Priorities;
pub use profile::Profile;
pub use role::Role;
pub use team_rules::TeamRules;
pub use windows::Allowance;

use period::Calendar;
use recent::Recent;
use reset::{ProxyBudget, Resets};

use crate::clock::Clock;
use crate::config::JournalFull;
use crate::directory::{Absent, Change, Directory, Fault, Filter, Row, Standing, Table};
use crate::ledger::{Journal, Unkept};
use crate::price::Pricing;
use crate::quota::{self, Enforcement, Quota, TokenKind};
use crate::{Error, denial::Denial};

/// Everything that governing needs.
pub struct Governance {
    pub directory: Arc<dyn Directory>,
    pub quota: Arc<dyn Quota>,
    pub journal: Arc<dyn Journal>,
    pub prices: Arc<Pricing>,
    /// What begins budgets anew when their period is over.
    pub resets: Arc<Resets>,
    pub clock: Clock,
    pub settings: Settings,
    /// Whether nobody has asked for the database: until the first key is made, an unknown one is answered as LiteLLM
    /// without a database answers.
    pub is_embedded: bool,
    /// Ways in beside keys.
    pub doors: Doors,
    profiles: Recent<Arc<Profile>>,
    rows: Recent<Option<Arc<Row>>>,
    /// Soft budgets that the operator has been told of.
    alerted: Recent<()>,
}

/// The ports that governance acts through.
pub struct Ports {
    pub directory: Arc<dyn Directory>,
    pub quota: Arc<dyn Quota>,
    pub journal: Arc<dyn Journal>,
}

impl Ports {
    /// The ports of a process on its own: counted in its memory, and written down nowhere.
    pub fn alone(directory: Arc<dyn Directory>) -> Self {
        Self { directory, quota: Arc::new(quota::Memory::default()), journal: Arc::new(Unkept) }
    }
}

/// What the configuration says of keys, budgets and limits.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `general_settings.user_api_key_cache_ttl`: how long a key that was looked up is believed; 60 s.
    pub key_ttl: Duration,
    /// Tollgate's own `general_settings.last_known_key_ttl_seconds`: how long it is believed while the database cannot be
    /// reached; an hour.
    pub stale_ttl: Duration,
    /// `general_settings.allow_requests_on_db_unavailable`: then a key that is remembered is believed for as long as the
    /// database is away. A key that nobody has seen is never believed.
    pub allows_unknown_state: bool,
    /// `litellm_settings.budget_exceeded_status_code`; 422.
    pub budget_status: u16,
    /// Tollgate's own `general_settings.budget_enforcement`: `default` or `strict`.
    pub enforcement: Enforcement,
    /// Tollgate's own `general_settings.budget_wait_seconds`: how long a call waits for others to give back what they
    /// hold of a budget that is not spent yet; 5 s.
    pub budget_wait: Duration,
    /// Tollgate's own `general_settings.unpriced_model_under_budget`: `allow` or `refuse`.
    pub refuses_unpriced: bool,
    /// Tollgate's own `general_settings.spend_journal_full`: calls whose cost cannot be kept are refused, or made.
    pub journal_full: JournalFull,
    /// `litellm_settings.block_requests_for_models_without_pricing`.
    pub blocks_unpriced: bool,
    /// The variable `LITELLM_RATE_LIMIT_WINDOW_SIZE`; 60 s.
    pub rate_window: Duration,
    /// `general_settings.token_rate_limit_type`.
    pub token_kind: TokenKind,
    /// `litellm_settings.max_budget` and `budget_duration`: for everything together.
    pub proxy_budget: Option<ProxyBudget>,
    /// `general_settings.apply_user_budget_to_team_keys`.
    pub user_budget_on_team_keys: bool,
    /// `general_settings.global_max_parallel_requests`: calls of everybody at the same time.
    pub global_parallel_max: Option<u64>,
    /// `general_settings.max_parallel_requests`: of each key that has no limit of its own.
    pub call_parallel_max: Option<u64>,
    /// `general_settings.user_header_name`, in lower case: the header that names the customer.
    pub customer_header: Option<String>,
    /// `general_settings.enforce_user_param`: whether every call must name its customer.
    pub needs_customer: bool,
    /// `general_settings.reject_clientside_metadata_tags`.
    pub refuses_client_tags: bool,
    /// `litellm_settings.max_end_user_budget`, and the budget `max_end_user_budget_id`, of customers without their own.
    pub customer_budget_usd: Option<f64>,
    pub customer_budget_id: Option<String>,
    /// `litellm_settings.timezone` and `budget_reset_time`: when periods of budgets end.
    pub calendar: Calendar,
    /// `litellm_settings.budget_rollover`: what was overspent is carried into the next period.
    pub rolls_over: bool,
    /// `general_settings.disable_reset_budget`: budgets never begin anew.
    pub never_resets: bool,
    /// Shares of a model's capacity; none where `dynamic_rate_limiter` is no callback.
    pub priorities: Option<Priorities>,
    /// `general_settings.store_prompts_in_spend_logs`.
    pub keeps_prompts: bool,
    /// `litellm_settings.disable_add_user_agent_to_request_tags`.
    pub omits_user_agents: bool,
    /// `general_settings.enforced_params`, and those of `service_account_settings`: what requests must have.
    pub required: Vec<String>,
    pub required_of_service_accounts: Vec<String>,
    /// `litellm_settings.budget_exceeded_throttle_percentage`, more than 0 and at most 1: what keys that ask for it have
    /// left of their limits when their budget is used up.
    pub throttle: Option<f64>,
    /// What may be asked of new keys and users.
    pub keys: KeyRules,
    /// What new teams are given.
    pub teams: TeamRules,
    /// `general_settings.team_admin_editable_team_fields`: what a team's own admin may change of it.
    pub team_admin_fields: Vec<String>,
    /// `litellm_settings.default_internal_user_params.available_teams`: teams that everybody may join.
    pub available_teams: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            key_ttl: Duration::from_mins(1),
            stale_ttl: Duration::from_hours(1),
            allows_unknown_state: false,
            budget_status: 422,
            enforcement: Enforcement::Shrink,
            budget_wait: Duration::from_secs(5),
            refuses_unpriced: false,
            journal_full: JournalFull::Refuse,
            blocks_unpriced: false,
            rate_window: Duration::from_mins(1),
            token_kind: TokenKind::Total,
            proxy_budget: None,
            user_budget_on_team_keys: false,
            global_parallel_max: None,
            call_parallel_max: None,
            customer_header: None,
            needs_customer: false,
            refuses_client_tags: false,
            customer_budget_usd: None,
            customer_budget_id: None,
            calendar: Calendar::default(),
            rolls_over: false,
            never_resets: false,
            priorities: None,
            keeps_prompts: false,
            omits_user_agents: false,
            required: Vec::new(),
            required_of_service_accounts: Vec::new(),
            throttle: None,
            keys: KeyRules::default(),
            teams: TeamRules::default(),
            team_admin_fields: Vec::new(),
            available_teams: Vec::new(),
        }
    }
}

impl Settings {
    /// How long what was looked up is believed while the database is away.
    pub const fn believed(&self) -> Duration {
        if self.allows_unknown_state { Duration::MAX } else { self.stale_ttl }
    }
}

/// How many keys, and how many other rows, are remembered at a time.
const REMEMBERED_MAX: usize = 50_000;

impl Governance {
    pub fn new(ports: Ports, clock: Clock, settings: Settings) -> Self {
        let Ports { directory, quota, journal } = ports;
        let (profiles, rows) = (Recent::new(REMEMBERED_MAX), Recent::new(REMEMBERED_MAX));
        let resets = Arc::new(Resets {
            directory: Arc::clone(&directory),
            quota: Arc::clone(&quota),
            clock: clock.clone(),
            calendar: settings.calendar.clone(),
            rollover: settings.rolls_over,
            customer_budget: settings.customer_budget_id.clone(),
            proxy_budget: settings.proxy_budget.clone(),
            turn: Arc::default(),
        });
        Self {
            directory,
            quota,
            journal,
            prices: Arc::default(),
            resets,
            clock,
            settings,
            is_embedded: false,
            doors: Doors::default(),
            profiles,
            rows,
            alerted: Recent::new(REMEMBERED_MAX),
        }
    }

    /// Whether there is a database.
    pub fn has_rows(&self) -> bool {
        self.directory.standing() != Standing::Absent
    }

    /// Whether the database could not be reached when it was asked last: whoever runs the gateway asks again and again
    /// then.
    pub fn is_away(&self) -> bool {
        self.directory.standing() == Standing::Unavailable
    }

    /// Makes changes, all or none, and forgets what was remembered of the rows they touch.
    ///
    /// # Errors
    /// The directory's own.
    pub async fn write(&self, changes: Vec<Change>) -> Result<(), Fault> {
        let touched: Vec<(&'static Table, Option<String>)> = changes.iter().filter_map(touched).collect();
        let spent: Vec<(String, u64)> = changes.iter().filter_map(reset::said_spent).collect();
        // As for budgets that begin anew: accounts hear of this and of spend records in the order of their writes.
        let turn = if spent.is_empty() { None } else { Some(self.resets.turn.lock().await) };
        self.directory.write(changes).await?;
        for (account, picousd) in spent {
            self.quota.rewritten(&account, picousd);
        }
        drop(turn);
        for (table, key) in touched {
            self.forget(table.name, key.as_deref());
        }
        Ok(())
    }

    /// A row has changed, here or at another instance; without a key, any of the table may have.
    ///
    /// A profile is made of rows of many tables: unless the change is about one key's own row, all are looked up again.
    pub fn forget(&self, table: &str, key: Option<&str>) {
        match key {
            Some(key) if table == crate::directory::schema::KEYS.name => self.profiles.forget(key),
            _ => self.profiles.doubt(),
        }
        match key {
            Some(key) => self.rows.forget(&name_of(table, key)),
            None => self.rows.doubt(),
        }
    }

    /// Anything may have changed: everything is looked up again before it is believed. While the database is away, what
    /// was known last still counts.
    pub fn doubt(&self) {
        self.profiles.doubt();
        self.rows.doubt();
    }

    /// The row under a key of one column, as it was at most `key_ttl` ago.
    ///
    /// # Errors
    /// Where the directory cannot be reached, and nothing recent enough is remembered.
    pub async fn row(&self, table: &'static Table, key: &str) -> Result<Option<Arc<Row>>, Error> {
        let (name, now) = (name_of(table.name, key), self.clock.now());
        if let Some(row) = self.rows.find(&name, now, self.settings.key_ttl) {
            return Ok(row);
        }
        if self.is_away()
            && let Some(row) = self.rows.last(&name, now, self.settings.believed())
        {
            return Ok(row);
        }
        let epoch = self.rows.epoch();
        match self.directory.get(&[(table, vec![key.to_owned()])]).await {
            Ok(mut found) => {
                let row = found.pop().flatten().map(Arc::new);
                self.rows.keep(name, row.clone(), now, epoch);
                Ok(row)
            }
            Err(fault) => self.rows.last(&name, now, self.settings.believed()).ok_or_else(|| unavailable(&fault)),
        }
    }

    /// The row of somebody whom a call names beside who makes it, a customer or a tag. While the database is away, who is
    /// not known from before counts as nobody, as with LiteLLM: the call is held against those who are.
    ///
    /// # Errors
    /// As [`row`](Self::row), where the database goes away just now.
    pub(crate) async fn named(&self, table: &'static Table, key: &str) -> Result<Option<Arc<Row>>, Error> {
        if self.is_away() {
            let last = self.rows.last(&name_of(table.name, key), self.clock.now(), self.settings.believed());
            return Ok(last.flatten());
        }
        match self.row(table, key).await {
            Err(_) if self.is_away() => Ok(None),
            outcome => outcome,
        }
    }
}

impl Default for Governance {
    /// Without a database: the master key is the only one.
    fn default() -> Self {
        Self::new(Ports::alone(Arc::new(Absent)), Clock::System, Settings::default())
    }
}

fn name_of(table: &str, key: &str) -> String {
    format!("{table}:{key}")
}

/// The table of a change, and the primary key where it is about one row.
fn touched(change: &Change) -> Option<(&'static Table, Option<String>)> {
    let of_row = |table: &'static Table, row: &Row| {
        let key = table.key.first().filter(|_| table.key.len() == 1)?;
        row.get(*key)?.as_str().map(str::to_owned)
    };
    match change {
        Change::Insert(table, row) | Change::Offer(table, row) | Change::Put(table, row) => {
            Some((table, of_row(table, row)))
        }
        Change::Update(table, filters, _) | Change::Add(table, filters, _) | Change::Delete(table, filters) => {
            let key = match filters.as_slice() {
                [Filter::Is(column, value), ..] if table.key == [*column] => value.as_str().map(str::to_owned),
                _ => None,
            };
            Some((table, key))
        }
        Change::Expect(..) => None,
    }
}

/// LiteLLM's answer while its database is away.
pub fn unavailable(fault: &Fault) -> Error {
    tracing::error!("{fault}");
    let sentence =
        "Service Unavailable: the database cannot be reached, and this key is not known from before: try again";
    Denial::new(503, "no_db_connection", sentence).about("None").with_header("retry-after", "1").into()
}
