//! What goes on beside the calls: spend is drained, budgets begin anew, changes of other instances are heard.
//!
//! Futures that whoever runs the gateway polls; nothing is started here.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tollgate_core::App;
use tollgate_core::directory::{Fault, Standing, Table, schema};
use tollgate_core::govern::reset::{self, Resets};
use tollgate_core::ledger::{Drain, Retention};
use tracing::{info, warn};

use crate::Failure;
use crate::database::ledger::SqlLedger;
use crate::database::quota::PostgresQuota;
use crate::database::{Database, Migration, News};
use crate::journal::FileJournal;

/// How long the records of the last calls may take to be written when the process leaves; what is left is written by
/// the next one.
const LAST_DRAIN: Duration = Duration::from_secs(5);
/// How long the start may take for what earlier processes have left.
const CATCH_UP: Duration = Duration::from_secs(20);
/// After a fault of the database.
const PAUSE: Duration = Duration::from_secs(1);
const INTERVAL_MAX: Duration = Duration::from_hours(1);
/// Tables that hold parts of the configuration.
const CONFIGURING: &[&Table] = &[&schema::MODELS, &schema::CREDENTIALS, &schema::CONFIG];

/// What has to go on.
pub struct Beside {
    /// The database; none where everything is in memory.
    pub database: Option<Arc<Database>>,
    /// What charges calls whose process does not come back, where instances share their accounts.
    pub ledger: Option<Arc<SqlLedger>>,
    /// The accounts, where the database keeps them.
    pub accounts: Option<Arc<PostgresQuota>>,
    pub files: Option<Arc<FileJournal>>,
    pub drain: Option<Arc<Drain>>,
    pub resets: Arc<Resets>,
    /// Whether tables are made and brought up to date at the start.
    pub migrates: bool,
    pub retention: Retention,
    pub resets_budgets: bool,
    /// Held for as long as the process lives.
    pub lock: Option<File>,
    /// That what is stored of the configuration has changed.
    pub news: Notify,
}

impl Beside {
    /// Brings the database to what this version needs, before anybody is served. A database that is away is waited for
    /// by nobody: what is known is served.
    ///
    /// # Errors
    /// When its tables are such that nothing could be kept in them.
    pub async fn prepare(&self) -> Result<(), Failure> {
        let Some(database) = &self.database else { return Ok(()) };
        let migration = if self.migrates { Migration::Done } else { Migration::Told };
        match database.migrate(migration).await {
            Ok(statements) if self.migrates => {
                if !statements.is_empty() {
                    info!("the database has been brought up to date with {} statements", statements.len());
                }
                self.catch_up().await;
                Ok(())
            }
            Ok(statements) if statements.is_empty() => {
                self.catch_up().await;
                Ok(())
            }
            Ok(statements) => {
                let first = statements.first().map_or("", String::as_str);
                Err(Failure::new(2, format!("the database lacks what is needed: run `tollgate migrate`: {first}")))
            }
            Err(Fault::Unavailable(text)) => {
                warn!("the database cannot be reached at the start: {text}");
                Ok(())
            }
            Err(fault) => Err(Failure::new(2, fault.to_string())),
        }
    }

    async fn catch_up(&self) {
        if let Some(drain) = &self.drain
            && !drain.catch_up(CATCH_UP).await
        {
            warn!("what earlier calls cost is still being written: budgets count it when that is done");
        }
    }

    /// Goes on for as long as it is polled.
    pub async fn run(&self, app: &App) {
        let drain = async {
            match &self.drain {
                Some(drain) => drain.run().await,
                None => std::future::pending().await,
            }
        };
        let accounts = async {
            if let Some(accounts) = &self.accounts {
                accounts.run().await;
            }
        };
        let directory = Arc::clone(&app.governance.directory);
        let prune = self.retention.run(directory, app.governance.clock.clone());
        let beside = (self.hear(app), self.keep_up(app), self.begin_anew(), self.give_up());
        tokio::join!(drain, accounts, prune, beside.0, beside.1, beside.2, beside.3, look_for(app));
    }

    /// Writes what is left, for a limited time.
    pub async fn leave(&self) {
        if let Some(drain) = &self.drain
            && !drain.drain_all(LAST_DRAIN).await
        {
            warn!("what the last calls cost waits in the spend journal for the next process");
        }
        if let Some(accounts) = &self.accounts
            && let Err(fault) = accounts.flush().await
        {
            warn!("what the last calls used is settled when their reservations lapse: {fault}");
        }
        if let Some(files) = &self.files
            && let Err(fault) = files.close().await
        {
            warn!("{fault}");
        }
    }

    /// Forgets what any instance has changed.
    async fn hear(&self, app: &App) {
        let Some(database) = &self.database else { return };
        let mut ear = database.changes();
        loop {
            match ear.next().await {
                Ok(News::Row(table, key)) => {
                    self.tell(table);
                    match key.as_slice() {
                        [key] => app.governance.forget(table.name, Some(key)),
                        _ => app.governance.forget(table.name, None),
                    }
                }
                Ok(News::Table(table)) => {
                    self.tell(table);
                    app.governance.forget(table.name, None);
                }
                Ok(News::Everything) => {
                    self.news.notify_one();
                    app.governance.doubt();
                }
                Err(fault) => {
                    warn!("changes of other instances are heard late: {fault}");
                    app.governance.doubt();
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// A change of what is stored of the configuration is looked at soon.
    fn tell(&self, table: &'static Table) {
        if CONFIGURING.contains(&table) {
            self.news.notify_one();
        }
    }

    /// Puts in force what any instance, or LiteLLM, has stored of models, credentials and settings.
    async fn keep_up(&self, app: &App) {
        loop {
            let interval = Duration::try_from_secs_f64(app.stored.interval_s()).unwrap_or(INTERVAL_MAX);
            // Whether it was heard of or is only due, it is looked at.
            tokio::time::timeout(interval.clamp(PAUSE, INTERVAL_MAX), self.news.notified()).await.ok();
            if let Err(fault) = app.stored.reload(app).await {
                warn!("stored models and settings are looked at later: {fault}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Charges calls of processes that have not come back for a day.
    async fn give_up(&self) {
        let Some(ledger) = &self.ledger else { return };
        loop {
            // Not at once: a process that has just started may be the one that comes back.
            tokio::time::sleep(reset::EVERY).await;
            match ledger.give_up().await {
                Ok(0) => {}
                Ok(calls) => {
                    warn!(
                        "{calls} calls of processes that did not come back are charged at the most that they can have cost"
                    );
                }
                Err(fault) => warn!("calls of processes that did not come back are charged later: {fault}"),
            }
        }
    }

    async fn begin_anew(&self) {
        if !self.resets_budgets {
            return;
        }
        loop {
            match self.resets.run().await {
                Ok(done) if done.rows + done.budgets + done.windows > 0 => {
                    info!(rows = done.rows, budgets = done.budgets, windows = done.windows, "budgets have begun anew");
                }
                Ok(_) => {}
                Err(fault) => warn!("budgets that are due begin anew later: {fault}"),
            }
            tokio::time::sleep(reset::EVERY).await;
        }
    }
}

/// Asks a database that is away again and again: calls do not wait for it.
async fn look_for(app: &App) {
    loop {
        tokio::time::sleep(PAUSE).await;
        if app.governance.is_away() && app.governance.directory.ping().await == Standing::Connected {
            info!("the database can be reached again");
        }
    }
}
