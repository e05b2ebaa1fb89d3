//! What it costs to write a call's record: microseconds of CPU time, of all threads together, a record.
//!
//! Batches as the drain writes them, into a file of SQLite and into memory.

use std::error::Error;
use std::fs;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use tollgate_core::clock::{Clock, Moment};
use tollgate_core::directory::Memory;
use tollgate_core::ledger::{Entry, Ledger, Payer, Plain, Rules, Spend, Tokens};
use tollgate_host::database::ledger::SqlLedger;
use tollgate_host::database::{Address, Database, Migration, Settings};

/// What the gateway runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The kernel's clock counts in hundredths of a second.
const TICK_MICROS: u64 = 10_000;
const BATCH: u64 = 1000;

fn cpu_micros() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = behind_name.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<u64>().ok());
    ticks.sum::<u64>() * TICK_MICROS
}

/// Looks like chance, as ids do: indexes are met anywhere.
fn chance(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// As long as a usual call's, of one key and one team.
fn spend(number: u64) -> Spend {
    let some = |text: &str| Some(text.to_owned());
    let started = Moment(1_700_000_000_000_000 + number * 50);
    Spend {
        id: format!("{:016x}-0000-4000", chance(number)),
        request_id: format!("chatcmpl-{:016x}", chance(number)),
        // The gateway's own ids rise.
        call_id: format!("{number:016x}-0000-7000-9000-000000000000"),
        call_type: "acompletion".to_owned(),
        endpoint: "/v1/chat/completions".to_owned(),
        payer: Payer {
            key: "a".repeat(64),
            key_alias: some("a key"),
            user_id: some("user"),
            team_id: some("team"),
            ..Payer::default()
        },
        model: "gpt-4o".to_owned(),
        model_id: "b".repeat(64),
        model_group: "gpt-4o".to_owned(),
        provider: "openai".to_owned(),
        api_base: "https://api.openai.com/v1".to_owned(),
        started,
        ended: Moment(started.0 + 1_000_000),
        tokens: Tokens { prompt: 100, completion: 100, total: 200, ..Tokens::default() },
        cost_picousd: 123_456_789,
        cost_breakdown: Some(json!({"input_cost": 0.0001, "output_cost": 0.0002, "total_cost": 0.0003})),
        requester_ip: some("192.0.2.1"),
        user_agent: some("openai-python/1.0"),
        ..Spend::default()
    }
}

async fn measure(name: &str, ledger: &dyn Ledger, batches: u64) -> Result<(), Box<dyn Error>> {
    let (mut cpu, mut seconds) = (0, 0.0);
    for batch in 0..batches {
        let positions = batch * BATCH + 1..=(batch + 1) * BATCH;
        let entries: Vec<Entry> = positions.map(|position| Entry { position, spend: spend(position) }).collect();
        let (before, started) = (cpu_micros(), Instant::now());
        ledger.commit("journal", &entries).await?;
        (cpu, seconds) = (cpu + cpu_micros() - before, seconds + started.elapsed().as_secs_f64());
    }
    let records = (batches * BATCH) as f64;
    println!("{name:8} {:6.1} µs of CPU a record, one every {:6.1} µs", cpu as f64 / records, seconds * 1e6 / records);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let address = format!("sqlite://{}", folder.path().join("tollgate.db").display());
        let database = Arc::new(Database::open(Settings::of(Address::parse(&address)?), Clock::System)?);
        database.migrate(Migration::Done).await?;
        measure("SQLite", &SqlLedger::new(database, Rules::default()), 100).await?;
        let memory = Arc::new(Memory::new(Clock::System));
        measure("memory", &Plain::new(memory, Rules::default()), 100).await
    })
}
