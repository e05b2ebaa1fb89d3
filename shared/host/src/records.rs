//! Where the records are kept: the database, the journal and the accounts that the configuration names.
//!
//! Chooses adapters; decides nothing about keys or money. What has to go on beside the calls is handed to whoever runs
//! the gateway.

mod beside;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Notify;
use tollgate_core::clock::Clock;
use tollgate_core::config::{Config, SpendSettings};
use tollgate_core::directory::{self, Absent, Directory, Standing};
use tollgate_core::govern::{Governance, Ports};
use tollgate_core::ledger::{Backlog, Buffered, Direct, Drain, Journal, Ledger, Plain};
use tollgate_core::quota::{self, Enduring, Quota};
use tracing::warn;

pub use beside::Beside;

use crate::Failure;
use crate::database::ledger::SqlLedger;
use crate::database::quota::{PostgresQuota, Time};
use crate::database::{Address, Database, Settings};
use crate::journal::{Farewell, FileJournal, Rules};
use crate::sign::Credentials;

/// What runs the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// A process that lives: it has a disk, and works beside the calls.
    Server,
    /// A function that may be frozen after any answer.
    Function,
    /// Nobody is served: nothing is opened.
    Nowhere,
}

/// The folder of everything that is kept, where nothing else is said: the variable `TOLLGATE_DATA_DIR`, or this.
const FOLDER: &str = "tollgate-data";
const DATABASE: &str = "tollgate.db";
const JOURNAL: &str = "journal";
const LOCK: &str = "tollgate.lock";

/// Governance over the adapters that were chosen, and what goes on beside it.
pub struct Records {
    pub governance: Governance,
    pub beside: Option<Beside>,
}

/// Which database is meant.
enum Place {
    Nothing,
    Memory,
    Database(Box<Settings>),
    /// Nothing was said: a file in the folder, if it can be had.
    Embedded(PathBuf),
}

/// Opens what the configuration names. Connects to nothing yet.
///
/// # Errors
/// When an address cannot be used, or a folder that was named cannot be written.
pub fn records(
    config: &Config,
    home: Home,
    variable: &dyn Fn(&str) -> Option<String>,
    credentials: &Arc<Credentials>,
) -> Result<Records, Failure> {
    let folder = variable("TOLLGATE_DATA_DIR").filter(|path| !path.is_empty());
    let folder = PathBuf::from(folder.unwrap_or_else(|| FOLDER.to_owned()));
    let settings = config.governance.clone();
    let place = place(config, home, variable, credentials, &folder)?;
    let (directory, is_embedded): (Arc<Database>, bool) = match place {
        Place::Nothing => {
            let governance = Governance::new(Ports::alone(Arc::new(Absent)), Clock::System, settings);
            return Ok(Records { governance, beside: None });
        }
        Place::Memory => return Ok(in_memory(config)),
        Place::Database(database) => (open(*database)?, false),
        Place::Embedded(path) => match open(Settings::of(Address::Sqlite(path))) {
            Ok(database) => (database, true),
            Err(failure) => {
                warn!(
                    "no keys and no spend are kept: {failure}: set general_settings.database.url or TOLLGATE_DATA_DIR"
                );
                let governance = Governance::new(Ports::alone(Arc::new(Absent)), Clock::System, settings);
                return Ok(Records { governance, beside: None });
            }
        },
    };
    let id = tollgate_core::new_id();
    let accounts = directory
        .dialect
        .is_postgres()
        .then(|| Arc::new(PostgresQuota::new(Arc::clone(&directory), id.clone(), Time::Server)));
    let quota: Arc<dyn Quota> = match &accounts {
        Some(accounts) => {
            let (shared, database) = (Arc::<PostgresQuota>::clone(accounts), Arc::clone(&directory));
            Arc::new(Enduring::new(shared, Box::new(move || database.standing() == Standing::Unavailable)))
        }
        None => Arc::new(quota::Memory::default()),
    };
    let spend = &config.general_settings.spend;
    for warning in &spend.warnings {
        warn!("{warning}");
    }
    let sql_ledger = Arc::new(SqlLedger::new(Arc::clone(&directory), spend.rules));
    let ledger: Arc<dyn Ledger> = Arc::<SqlLedger>::clone(&sql_ledger);
    let (journal, drain) = journal((home, id), &folder, spend, (&ledger, &quota), accounts.clone())?;
    let ports = Ports { directory: Arc::<Database>::clone(&directory), quota, journal: journal.1 };
    let mut governance = Governance::new(ports, Clock::System, settings);
    governance.is_embedded = is_embedded;
    let lock = if accounts.is_none() && home == Home::Server { hold(&folder) } else { None };
    let beside = Beside {
        database: Some(directory),
        ledger: accounts.is_some().then_some(sql_ledger),
        accounts,
        files: journal.0,
        drain: drain.map(|drain| Arc::new(drain.in_turn(Arc::clone(&governance.resets.turn)))),
        resets: Arc::clone(&governance.resets),
        retention: spend.retention.clone(),
        migrates: !config.general_settings.database.disable_schema_update,
        lock,
        news: Notify::new(),
        resets_budgets: !governance.settings.never_resets,
    };
    Ok(Records { governance, beside: Some(beside) })
}

fn place(
    config: &Config,
    home: Home,
    variable: &dyn Fn(&str) -> Option<String>,
    credentials: &Arc<Credentials>,
    folder: &Path,
) -> Result<Place, Failure> {
    if home == Home::Nowhere {
        return Ok(Place::Nothing);
    }
    let given = config.general_settings.database.url.as_ref().map(|url| url.expose().to_owned());
    let given = given.or_else(|| variable("DATABASE_URL"));
    match given.as_deref().map(str::trim) {
        Some("memory") => return Ok(Place::Memory),
        Some("none") => return Ok(Place::Nothing),
        _ => {}
    }
    let read = Settings::read(&config.general_settings, variable, credentials);
    let read = read.map_err(|error| Failure::new(2, error.to_string()))?;
    Ok(match (read, home) {
        (Some(settings), _) => Place::Database(Box::new(settings)),
        (None, Home::Server) => Place::Embedded(folder.join(DATABASE)),
        (None, _) => Place::Nothing,
    })
}

/// Holds the folder of an SQLite file for this process. Another process may use the file, but counts for itself.
fn hold(folder: &Path) -> Option<File> {
    let lock = File::create(folder.join(LOCK)).ok()?;
    if lock.try_lock().is_err() {
        warn!(
            "another process uses the database in {}: each counts budgets and limits for itself: give each its own \
             TOLLGATE_DATA_DIR, or all of them one PostgreSQL by general_settings.database.url",
            folder.display()
        );
    }
    Some(lock)
}

fn open(settings: Settings) -> Result<Arc<Database>, Failure> {
    let database = Database::open(settings, Clock::System);
    database.map(Arc::new).map_err(|error| Failure::new(2, error.to_string()))
}

/// Everything in the process's memory: gone with it.
fn in_memory(config: &Config) -> Records {
    let (settings, spend) = (config.governance.clone(), &config.general_settings.spend);
    let directory = Arc::new(directory::Memory::default());
    let quota: Arc<dyn Quota> = Arc::new(quota::Memory::default());
    let ledger: Arc<dyn Ledger> = Arc::new(Plain::new(Arc::clone(&directory), spend.rules));
    let buffered = Arc::new(Buffered::default());
    let (journal, backlog): (Arc<dyn Journal>, Arc<dyn Backlog>) = (Arc::<Buffered>::clone(&buffered), buffered);
    let drain = Drain::new(backlog, ledger, Arc::clone(&quota), spend.pace);
    let governance = Governance::new(Ports { directory, quota, journal }, Clock::System, settings);
    let beside = Beside {
        database: None,
        ledger: None,
        accounts: None,
        files: None,
        drain: Some(Arc::new(drain.in_turn(Arc::clone(&governance.resets.turn)))),
        resets: Arc::clone(&governance.resets),
        retention: spend.retention.clone(),
        migrates: false,
        lock: None,
        news: Notify::new(),
        resets_budgets: !governance.settings.never_resets,
    };
    Records { governance, beside: Some(beside) }
}

/// What a process that is gone holds beyond what it has journalled.
fn give_back(accounts: Arc<PostgresQuota>) -> Farewell {
    Farewell(Box::new(move |owner| {
        let accounts = Arc::clone(&accounts);
        Box::pin(async move { accounts.bury(&owner).await })
    }))
}

type Journals = (Option<Arc<FileJournal>>, Arc<dyn Journal>);

/// `id`: the process's, as its journal and its accounts know it.
fn journal(
    (home, id): (Home, String),
    folder: &Path,
    spend: &SpendSettings,
    (ledger, quota): (&Arc<dyn Ledger>, &Arc<dyn Quota>),
    accounts: Option<Arc<PostgresQuota>>,
) -> Result<(Journals, Option<Drain>), Failure> {
    if home == Home::Function {
        let direct: Arc<dyn Journal> = Arc::new(Direct::new(Arc::clone(ledger), Arc::clone(quota)));
        return Ok(((None, direct), None));
    }
    let rules = Rules {
        bytes_max: spend.journal_bytes_max(),
        syncs: spend.journal_syncs,
        ripe_at: spend.pace.bounds.records_max as u64,
    };
    let root = folder.join(JOURNAL);
    let files = match FileJournal::open_as(id, &root, rules) {
        Ok(files) => Arc::new(match accounts {
            Some(accounts) => files.with_farewell(give_back(accounts)),
            None => files,
        }),
        Err(error) => {
            let place = root.display();
            return Err(Failure::new(
                2,
                format!("the spend journal cannot be kept in {place}: {error}: set TOLLGATE_DATA_DIR"),
            ));
        }
    };
    let backlog: Arc<dyn Backlog> = Arc::<FileJournal>::clone(&files);
    let drain = Drain::new(backlog, Arc::clone(ledger), Arc::clone(quota), spend.pace);
    let journal: Arc<dyn Journal> = Arc::<FileJournal>::clone(&files);
    Ok(((Some(files), journal), Some(drain)))
}
