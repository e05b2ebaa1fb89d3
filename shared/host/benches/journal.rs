//! What the journal costs a call: microseconds of CPU time, of all threads together, for its beginning and its end.
//!
//! Many calls at a time, as under load, and one at a time, as on an idle server.

use std::fs;
use std::time::Instant;

use tollgate_core::clock::Moment;
use tollgate_core::ledger::{Journal, Payer, Spend, Tokens};
use tollgate_host::journal::{FileJournal, Rules};

/// What the gateway runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The kernel's clock counts in hundredths of a second.
const TICK_MICROS: u64 = 10_000;
const ROUNDS: usize = 100;

fn cpu_micros() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = behind_name.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<u64>().ok());
    ticks.sum::<u64>() * TICK_MICROS
}

/// As long as a usual call's.
fn spend(number: usize) -> Spend {
    let some = |text: &str| Some(text.to_owned());
    Spend {
        id: format!("00000000-0000-4000-8000-{number:012}"),
        request_id: format!("chatcmpl-{number:024}"),
        call_id: format!("00000000-0000-4000-9000-{number:012}"),
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
        started: Moment(1_700_000_000_000_000),
        ended: Moment(1_700_000_001_000_000),
        tokens: Tokens { prompt: 100, completion: 100, total: 200, ..Tokens::default() },
        cost_picousd: 123_456_789,
        ..Spend::default()
    }
}

async fn call(journal: &FileJournal, begun: Spend, ended: Spend) {
    if journal.begin(&begun).await.is_err() || journal.end(ended).await.is_err() {
        println!("call {} was not journalled", begun.id);
    }
}

async fn measure(journal: &FileJournal, rounds: usize, at_once: usize) {
    let (mut cpu, mut seconds) = (0, 0.0);
    let mut round = 0;
    while round < rounds {
        // The kernel's clock is slow: many rounds are measured together, and their records are made before.
        let some = ROUNDS.min(rounds - round);
        let numbers = (0..some * at_once).map(|number| round * at_once + number);
        let mut spends = numbers.map(|number| (spend(number), spend(number)));
        let together: Vec<Vec<(Spend, Spend)>> = (0..some).map(|_| spends.by_ref().take(at_once).collect()).collect();
        let (before, started) = (cpu_micros(), Instant::now());
        for calls in together {
            let calls = calls.into_iter().map(|(begun, ended)| call(journal, begun, ended));
            futures_util::future::join_all(calls).await;
        }
        (cpu, seconds) = (cpu + cpu_micros() - before, seconds + started.elapsed().as_secs_f64());
        round += some;
    }
    let calls = (rounds * at_once) as f64;
    let (cpu, wall) = (cpu as f64 / calls, seconds * 1e6 / calls);
    println!("{at_once:4} calls at once: {cpu:6.1} µs of CPU a call, one call every {wall:6.1} µs");
}

fn main() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        for syncs in [true, false] {
            println!("spend_journal_sync: {syncs}");
            let rules = Rules { bytes_max: 4 << 30, syncs, ripe_at: u64::MAX };
            let journal = FileJournal::open(folder.path(), rules)?;
            for (rounds, at_once) in [(5_000, 1), (2_000, 16), (1_000, 64), (500, 256)] {
                measure(&journal, rounds, at_once).await;
            }
        }
        Ok(())
    })
}
