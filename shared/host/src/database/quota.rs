//! The accounts in PostgreSQL: exact over every process that shares the database.
//!
//! A call takes in one round trip, by a function that the database runs (`quota/functions.sql`). Settlements wait in a
//! queue that [`PostgresQuota::run`] sends together. Which accounts a call draws on is decided in core.

mod ask;
mod lapse;
mod queue;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Error, Executor, PgPool, Postgres, Row};
use tokio::sync::Notify;
use tollgate_core::clock::Moment;
use tollgate_core::directory::{Fault, Kind};
use tollgate_core::ledger::Spend;
use tollgate_core::quota::{Draw, Level, Measure, Quota, Refused, Request, Reservation, Used};
use tollgate_core::upstream::BoxFuture;
use tracing::warn;

use self::ask::Asked;
use self::queue::{Queue, Settled};
use super::dialect::{Dialect, quoted};
use super::statement::{Bound, Statement};
use super::transaction::Transaction;
use super::{Database, Pools, fault_of, is_collision};

pub use lapse::{Lapsed, give_up_in, given_up_in, lapsed_in, release_in};

/// The function that is made last: where it is, all of this version are.
const LAST: &str = "tollgate_lapse_1";

/// How often a call asks again that collided with others.
const ATTEMPTS_MAX: usize = 4;

/// After this time whoever waits for room looks again: what other processes give back is not heard.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// How long settlements wait for others to go with.
const GATHER: Duration = Duration::from_millis(20);

/// How often calls are looked for that nobody settles, and how many are settled in one statement.
const SWEEP: Duration = Duration::from_secs(10);
const SWEEP_MAX: i32 = 500;

/// How long is waited where the database could not be reached.
const PAUSE: Duration = Duration::from_secs(1);

/// Whose time decides when windows end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Time {
    /// The database's, which is one for all processes.
    #[default]
    Server,
    /// What requests say: for tests.
    Caller,
}

type Asking<'q> = Query<'q, Postgres, PgArguments>;

/// The accounts of everyone who uses this database.
pub struct PostgresQuota {
    database: Arc<Database>,
    /// Whose calls these are: the process's, by its journal.
    owner: String,
    time: Time,
    statements: Statements,
    queue: Queue,
    freed: Notify,
}

/// The texts of the statements: always the same, so that each connection prepares them once.
struct Statements {
    reserve: String,
    settle: String,
    levels: String,
    lapse: String,
    bury: String,
}

impl Statements {
    fn new(dialect: &Dialect) -> Self {
        let function = |name| function(dialect, name);
        Self {
            reserve: format!(
                "SELECT full_at, levels, helds, resets FROM {}($1::int8, $2::text, $3::text, $4::int8, $5::bool, \
                 $6::text, $7::text[], $8::int2[], $9::int8[], $10::bool[], $11::int8[], $12::int8[], $13::int2[], \
                 $14::text[], $15::text[], $16::text[], $17::int8[])",
                function("tollgate_reserve_1")
            ),
            settle: format!("SELECT {}($1::text[], $2::text[], $3::int8[])", function("tollgate_settle_1")),
            bury: format!(
                "SELECT {}(ARRAY(SELECT id FROM {} WHERE owner = $1::text))",
                function("tollgate_release_1"),
                function("Tollgate_Reservation")
            ),
            lapse: format!("SELECT {}($1::int8, $2::int4)", function("tollgate_lapse_1")),
            levels: format!(
                "SELECT levels, helds, resets FROM {}($1::int8, $2::text[], $3::int2[], $4::int8[], $5::int2[], \
                 $6::text[], $7::text[], $8::text[], $9::int8[])",
                function("tollgate_levels_1")
            ),
        }
    }
}

/// The function, with its schema where that is not the connection's.
fn function(dialect: &Dialect, name: &str) -> String {
    match dialect {
        Dialect::Postgres { schema: Some(schema) } => format!("{}.{}", quoted(schema), quoted(name)),
        _ => quoted(name),
    }
}

/// The statements that make what these accounts need of PostgreSQL, in their order. Running them again changes nothing.
pub fn statements(dialect: &Dialect) -> Vec<String> {
    let schema = match dialect {
        Dialect::Sqlite => return Vec::new(),
        Dialect::Postgres { schema: Some(schema) } => format!("{}.\"", quoted(schema)),
        Dialect::Postgres { schema: None } => "\"".to_owned(),
    };
    include_str!("quota/functions.sql").split("\n--;\n").map(|text| text.replace("@\"", &schema)).collect()
}

/// These statements, unless the database has been given them.
///
/// # Errors
/// Where the database does not answer.
pub async fn missing(transaction: &mut Transaction) -> Result<Vec<String>, Error> {
    let Dialect::Postgres { schema } = transaction.dialect.clone() else { return Ok(Vec::new()) };
    let text = "SELECT COUNT(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = ";
    let mut statement = Statement::new(&transaction.dialect).text(text);
    statement.bind_as(Kind::Text, Bound::Text(Some(LAST.to_owned())));
    statement.push(" AND n.nspname = COALESCE(");
    statement.bind_as(Kind::Text, Bound::Text(schema));
    statement.push(", current_schema()::text)");
    let is_there = transaction.number(statement).await? > 0;
    Ok(if is_there { Vec::new() } else { statements(&transaction.dialect) })
}

impl PostgresQuota {
    pub fn new(database: Arc<Database>, owner: String, time: Time) -> Self {
        let statements = Statements::new(&database.dialect);
        Self { database, owner, time, statements, queue: Queue::default(), freed: Notify::new() }
    }

    /// Sends settlements, and settles what nobody else does, for ever: a future for the program to run beside its
    /// calls. What is waiting when it is dropped is lost unless [`flush`](Self::flush) is awaited after it.
    pub async fn run(&self) {
        let mut sweeps = tokio::time::interval(SWEEP);
        sweeps.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                () = self.queue.filled() => {
                    tokio::time::sleep(GATHER).await;
                    self.flush().await
                }
                _ = sweeps.tick() => self.sweep(self.database.clock.now()).await.map(drop),
            };
            if let Err(fault) = done {
                warn!("what calls have used cannot be settled: {fault}; trying again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Settles calls that have expired, of any process, at the most that they can have used; how many there were.
    ///
    /// # Errors
    /// [`Fault::Unavailable`]: the rest waits for the next time.
    pub async fn sweep(&self, now: Moment) -> Result<u64, Fault> {
        let mut swept = 0;
        loop {
            let query = || {
                let query = sqlx::query(AssertSqlSafe(self.statements.lapse.clone()));
                query.bind(self.asked_at(now)).bind(SWEEP_MAX)
            };
            let row = self.row(query).await?;
            let count: i64 = row.try_get(0).map_err(|error| fault_of(&error, None))?;
            swept += count.unsigned_abs();
            if count < i64::from(SWEEP_MAX) {
                break;
            }
        }
        if swept > 0 {
            self.freed.notify_waiters();
            warn!("{swept} calls were never settled: they count with the most that they can have cost");
        }
        Ok(swept)
    }

    /// A process is gone, and all its records are written: what it still holds was taken for calls that it never made.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn bury(&self, owner: &str) -> Result<(), Fault> {
        let query = || sqlx::query(AssertSqlSafe(self.statements.bury.clone())).bind(owner.to_owned());
        self.row(query).await?;
        self.freed.notify_waiters();
        Ok(())
    }

    /// Sends all settlements that wait.
    ///
    /// # Errors
    /// [`Fault::Unavailable`]: those that were not sent wait on.
    pub async fn flush(&self) -> Result<(), Fault> {
        while let Some(batch) = self.queue.take() {
            let sent = self.send(&batch).await;
            if sent.is_err() {
                self.queue.put_back(batch);
            }
            sent?;
            self.freed.notify_waiters();
        }
        Ok(())
    }

    async fn send(&self, batch: &[Settled]) -> Result<(), Fault> {
        let (mut ids, mut names, mut amounts) = (Vec::new(), Vec::new(), Vec::new());
        for settled in batch {
            for (draw, amount) in settled.draws.iter().zip(&settled.amounts) {
                ids.push(&*settled.id);
                names.push(&*draw.account);
                amounts.push(*amount);
            }
        }
        let query = || {
            let query = sqlx::query(AssertSqlSafe(self.statements.settle.clone()));
            query.bind(ids.clone()).bind(names.clone()).bind(amounts.clone())
        };
        self.row(query).await.map(drop)
    }

    async fn try_reserve(&self, request: Request) -> Result<Reservation, Refused> {
        let most = request.most();
        let asked = Asked::new(&request.draws, |draw| amount(draw, &most));
        let strict = request.enforcement == tollgate_core::quota::Enforcement::Strict;
        let expires_in = i64::try_from(request.expires.since(request.now).as_micros()).unwrap_or(i64::MAX);
        let record = request.record.as_deref().and_then(|record| serde_json::to_string(record).ok());
        let query = || {
            let query = sqlx::query(AssertSqlSafe(self.statements.reserve.clone()));
            let query = query.bind(self.asked_at(request.now)).bind(&*request.id).bind(&*self.owner);
            let query = query.bind(expires_in).bind(strict).bind(record.as_deref());
            let query = query.bind(asked.names.clone()).bind(asked.kinds.clone()).bind(asked.limits.clone());
            let query = query.bind(asked.rules.clone()).bind(asked.spans.clone()).bind(asked.wants.clone());
            let query = query.bind(asked.places.clone()).bind(asked.firsts.clone()).bind(asked.seconds.clone());
            query.bind(asked.thirds.clone()).bind(asked.starts.clone())
        };
        let row = self.row(query).await;
        let (full, found) = row.and_then(|row| answer(&row)).map_err(|fault| Refused::Unknown(fault.to_string()))?;
        if let Some(place) = full {
            let place = asked.original(place);
            let level = found.first().copied().unwrap_or_default();
            return Err(Refused::Full { place, level: shown(level, request.draws.get(place)) });
        }
        let levels = asked.in_original_order(&found, &request.draws);
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

    async fn try_levels(&self, draws: &[Draw], now: Moment) -> Result<Vec<Level>, Fault> {
        let asked = Asked::new(draws, |_| 0);
        let query = || {
            let query = sqlx::query(AssertSqlSafe(self.statements.levels.clone()));
            let query = query.bind(self.asked_at(now)).bind(asked.names.clone()).bind(asked.kinds.clone());
            let query = query.bind(asked.spans.clone()).bind(asked.places.clone()).bind(asked.firsts.clone());
            query.bind(asked.seconds.clone()).bind(asked.thirds.clone()).bind(asked.starts.clone())
        };
        let row = self.row(query).await?;
        let found = levels_of(&row, 0).map_err(|error| fault_of(&error, None))?;
        Ok(asked.in_original_order(&found, draws))
    }

    fn asked_at(&self, now: Moment) -> Option<i64> {
        (self.time == Time::Caller).then(|| i64::try_from(now.0).unwrap_or(i64::MAX))
    }

    /// Within the database's deadline, and again where others were in the way.
    async fn row<'q>(&self, query: impl Fn() -> Asking<'q> + Send) -> Result<PgRow, Fault> {
        let Pools::Postgres(pool) = &self.database.pools else {
            return Err(Fault::Misfit("these accounts need PostgreSQL".to_owned()));
        };
        let attempts = async {
            let mut attempt = 1;
            loop {
                match self.one(pool, query()).await {
                    Err(error) if is_collision(&error) && attempt < ATTEMPTS_MAX => attempt += 1,
                    outcome => return outcome.map_err(|error| fault_of(&error, None)),
                }
            }
        };
        self.database.within(attempts).await
    }

    /// One statement, one row.
    async fn one(&self, pool: &PgPool, query: Asking<'_>) -> Result<PgRow, Error> {
        if self.database.is_pooled {
            let mut transaction = pool.begin().await?;
            let row = transaction.fetch_one(query.persistent(false)).await?;
            return transaction.commit().await.map(|()| row);
        }
        query.fetch_one(pool).await
    }
}

/// Which draw is full, and the levels.
fn answer(row: &PgRow) -> Result<(Option<usize>, Vec<Level>), Fault> {
    let read = || {
        let full: Option<i32> = row.try_get(0)?;
        let place = full.and_then(|place| usize::try_from(place - 1).ok());
        Ok((place, levels_of(row, 1)?))
    };
    read().map_err(|error: Error| fault_of(&error, None))
}

fn levels_of(row: &PgRow, from: usize) -> Result<Vec<Level>, Error> {
    let column = |place: usize| row.try_get::<Option<Vec<i64>>, _>(from + place).map(Option::unwrap_or_default);
    let (used, held, resets) = (column(0)?, column(1)?, column(2)?);
    let number = |number: i64| u64::try_from(number).unwrap_or_default();
    let all = used.into_iter().zip(held).zip(resets);
    Ok(all
        .map(|((used, held), ends)| Level {
            used: number(used),
            held: number(held),
            resets_at: (ends > 0).then(|| Moment(number(ends))),
        })
        .collect())
}

/// What has no window of its own is never said to reset.
const fn shown(level: Level, draw: Option<&Draw>) -> Level {
    match draw {
        Some(Draw { measure: Measure::Parallel { .. }, .. }) => Level { resets_at: None, ..level },
        _ => level,
    }
}

fn amount(draw: &Draw, used: &Used) -> i64 {
    i64::try_from(draw.measure.amount(used)).unwrap_or(i64::MAX)
}

impl Quota for PostgresQuota {
    fn reserve(&self, request: Request) -> BoxFuture<'_, Result<Reservation, Refused>> {
        Box::pin(self.try_reserve(request))
    }

    fn settle(&self, reservation: Reservation, used: Used) {
        let amounts = reservation.draws.iter().map(|draw| amount(draw, &used)).collect();
        self.queue.add(Settled { id: reservation.id, draws: reservation.draws, amounts });
    }

    fn keeps_records(&self) -> bool {
        true
    }

    /// Nothing: whoever writes the records calls [`release_in`] in the same transaction.
    fn committed(&self, _: &[&Spend]) {}

    fn levels<'a>(&'a self, draws: &'a [Draw], now: Moment) -> BoxFuture<'a, Vec<Level>> {
        Box::pin(async move {
            self.try_levels(draws, now).await.unwrap_or_else(|fault| {
                warn!("how far budgets and limits are used cannot be read: {fault}");
                vec![Level::default(); draws.len()]
            })
        })
    }

    /// Only whoever waits is told: the home is read by every call.
    fn rewritten(&self, _: &str, _: u64) {
        self.freed.notify_waiters();
    }

    fn freed(&self) -> BoxFuture<'_, ()> {
        let freed = self.freed.notified();
        Box::pin(async move {
            tokio::time::timeout(LOOK_AGAIN, freed).await.ok();
        })
    }
}
