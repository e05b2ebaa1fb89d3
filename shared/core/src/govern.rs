//! Governance: who may use what, how fast and for how much.
//!
//! A key is looked up once and remembered for a stated time (`identify`); what its owner may do is decided in
//! `authorise`. Acts through the ports `Directory`, `Quota` and `Journal`.

pub mod authorise;
mod caller;
mod groups;
mod identify;
pub mod period;
mod profile;
mod recent;
mod role;

use std::sync::Arc;
use std::time::Duration;

pub use caller::{Caller, MASTER_USER};
pub use groups::Groups;
pub use identify::hash_of;
pub use profile::Profile;
pub use role::Role;

use recent::Recent;

use crate::clock::Clock;
use crate::directory::{Absent, Change, Directory, Fault, Filter, Row, Table};
use crate::{Error, denial::Denial};

/// Everything that governing needs.
pub struct Governance {
    pub directory: Arc<dyn Directory>,
    pub clock: Clock,
    pub settings: Settings,
    profiles: Recent<Arc<Profile>>,
    rows: Recent<Option<Arc<Row>>>,
}

/// What the configuration says of keys and budgets.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `general_settings.user_api_key_cache_ttl`: how long a key that was looked up is believed.
    pub key_ttl: Duration,
    /// How long it is believed while the database cannot be reached.
    pub stale_ttl: Duration,
    /// `litellm_settings.budget_exceeded_status_code`.
    pub budget_status: u16,
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
            budget_status: 422,
            team_admin_fields: Vec::new(),
            available_teams: Vec::new(),
        }
    }
}

/// How many keys, and how many other rows, are remembered at a time.
const REMEMBERED_MAX: usize = 50_000;

impl Governance {
    pub fn new(directory: Arc<dyn Directory>, clock: Clock, settings: Settings) -> Self {
        let (profiles, rows) = (Recent::new(REMEMBERED_MAX), Recent::new(REMEMBERED_MAX));
        Self { directory, clock, settings, profiles, rows }
    }

    /// Makes changes, all or none, and forgets what was remembered of the rows they touch.
    ///
    /// # Errors
    /// The directory's own.
    pub async fn write(&self, changes: Vec<Change>) -> Result<(), Fault> {
        let touched: Vec<(&'static Table, Option<String>)> = changes.iter().filter_map(touched).collect();
        self.directory.write(changes).await?;
        for (table, key) in touched {
            self.forget(table.name, key.as_deref());
        }
        Ok(())
    }

    /// A row has changed, here or at another instance; without a key, any of the table may have.
    ///
    /// A profile is made of rows of many tables: unless the change is about one key's own row, all are forgotten.
    pub fn forget(&self, table: &str, key: Option<&str>) {
        match key {
            Some(key) if table == crate::directory::schema::KEYS.name => self.profiles.forget(key),
            _ => self.profiles.forget_all(),
        }
        match key {
            Some(key) => self.rows.forget(&name_of(table, key)),
            None => self.rows.forget_all(),
        }
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
        let epoch = self.rows.epoch();
        match self.directory.get(&[(table, vec![key.to_owned()])]).await {
            Ok(mut found) => {
                let row = found.pop().flatten().map(Arc::new);
                self.rows.keep(name, row.clone(), now, epoch);
                Ok(row)
            }
            Err(fault) => self.rows.find(&name, now, self.settings.stale_ttl).ok_or_else(|| unavailable(&fault)),
        }
    }
}

impl Default for Governance {
    /// Without a database: the master key is the only one.
    fn default() -> Self {
        Self::new(Arc::new(Absent), Clock::System, Settings::default())
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
