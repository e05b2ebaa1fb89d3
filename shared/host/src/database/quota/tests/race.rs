//! Four processes on one database: no budget, no window and no place is given twice, and nothing is lost.

use super::*;

const PROCESSES: usize = 4;
const CALLS: usize = 10_000;
const BUDGETS: usize = 16;
const AT_ONCE: usize = 32;

/// A process: its own connections, its own accounts, its own settlements under way.
async fn process(address: &str, number: usize) -> (Arc<Database>, Arc<PostgresQuota>) {
    let database = open(address).await;
    let quota = Arc::new(PostgresQuota::new(Arc::clone(&database), number.to_string(), Time::Server));
    let running = Arc::clone(&quota);
    tokio::spawn(async move { running.run().await });
    (database, quota)
}

fn everyone() -> Draw {
    let home = Home::Row { table: NamedTable(&USERS), key: vec![accounts::PROXY.to_owned()] };
    let money = Money { limit_picousd: None, edge: Edge::Reached, home: home.into(), seed_picousd: 0 };
    Draw { account: accounts::user(accounts::PROXY).into(), measure: Measure::Money(money) }
}

/// The call with this number, from beginning to end.
async fn call(quota: Arc<PostgresQuota>, number: usize) -> Option<Spend> {
    let key = format!("k{}", number % BUDGETS);
    let draws = vec![everyone(), budget(&key, Some(LIMIT))];
    let asked = Request { record: Some(Arc::new(record("", &key, COST_MAX))), ..request(draws) };
    match quota.reserve(asked).await {
        Ok(reservation) => {
            let cost_picousd = 1_000_000 * (1 + (number as u64 * 7919) % 10);
            let record = record(&reservation.id, &key, cost_picousd);
            quota.settle(reservation, Used { cost_picousd, ..Used::default() });
            Some(record)
        }
        Err(Refused::Full { .. }) => None,
        Err(Refused::Unknown(reason)) => panic!("{reason}"),
    }
}

/// Calls of one process, whose records it writes down as it goes.
async fn drive((database, quota): (Arc<Database>, Arc<PostgresQuota>), numbers: Vec<usize>) -> Vec<Spend> {
    // Tasks of their own, as calls are: they go on while records are written.
    let calls = stream::iter(numbers).map(|number| tokio::spawn(call(Arc::clone(&quota), number)));
    let admitted = calls.buffer_unordered(AT_ONCE).filter_map(|call| std::future::ready(call.unwrap()));
    let mut batches = pin!(admitted.chunks(100));
    let mut all = Vec::new();
    while let Some(records) = batches.next().await {
        // Some of these may not even be settled yet.
        commit(&database, &records).await;
        all.extend(records);
    }
    all
}

/// Spends what is left, one call after the other; how much is spent then. While calls are under way that may cost more
/// than they do, others are refused: what is left of that has to be there when they have ended.
async fn use_up(quota: &PostgresQuota, draw: Draw) -> u64 {
    while let Ok(reservation) = quota.reserve(request(vec![draw.clone()])).await {
        quota.settle(reservation, Used { cost_picousd: COST_MAX, ..Used::default() });
        quota.flush().await.unwrap();
    }
    quota.levels(&[draw], NOW).await[0].used
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_processes_race_for_sixteen_budgets() {
    let address = postgres::server().empty_database();
    let processes = join_all((0..PROCESSES).map(|number| process(&address, number))).await;
    let directory = &processes[0].0;
    for number in 0..BUDGETS {
        directory.write(vec![put(&home_of(&budget(&format!("k{number}"), None)), 0)]).await.unwrap();
    }
    directory.write(vec![put(&home_of(&everyone()), 0)]).await.unwrap();
    let began = Instant::now();
    let races = processes.iter().enumerate().map(|(process, both)| {
        let numbers = (0..CALLS).filter(|number| (number / BUDGETS) % PROCESSES == process).collect();
        tokio::spawn(drive(both.clone(), numbers))
    });
    let records: Vec<Spend> = join_all(races).await.into_iter().flat_map(Result::unwrap).collect();
    let seconds = began.elapsed().as_secs_f64();
    println!("{CALLS} calls, {} admitted, in {seconds:.2} s: {:.0} a second", records.len(), CALLS as f64 / seconds);
    for (_, quota) in &processes {
        quota.flush().await.unwrap();
    }
    let mut spent: BTreeMap<&str, u64> = BTreeMap::new();
    for record in &records {
        *spent.entry(&record.payer.key).or_default() += record.cost_picousd;
    }
    let quota = &processes[1].1;
    for number in 0..BUDGETS {
        let (key, draw) = (format!("k{number}"), budget(&format!("k{number}"), Some(LIMIT)));
        let sum = spent[&*key];
        assert!(sum < LIMIT + COST_MAX, "{key} has spent {sum} of {LIMIT}");
        let levels = quota.levels(&[draw], NOW).await;
        assert_eq!(levels, [Level { used: sum, held: 0, resets_at: None }], "{key}");
    }
    let all = quota.levels(&[everyone()], NOW).await;
    assert_eq!(all, [Level { used: spent.values().sum(), held: 0, resets_at: None }]);
    let name = postgres::Server::name_in(&address);
    let rest = postgres::server().psql(
        name,
        "SELECT (SELECT count(*) FROM \"Tollgate_Reservation\"), sum(pending), sum(held) FROM \"Tollgate_Account\"",
    );
    assert_eq!(rest.trim(), "0|0|0", "everything is in its home");
    for number in 0..BUDGETS {
        let used = use_up(quota, budget(&format!("k{number}"), Some(LIMIT))).await;
        assert!((LIMIT..LIMIT + COST_MAX).contains(&used), "k{number} was refused with {used} of {LIMIT} spent");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_processes_keep_windows_and_places() {
    const REQUESTS: u64 = 60;
    const TOKENS: u64 = 550;
    const PARALLEL: u64 = 12;
    let address = postgres::server().empty_database();
    let processes = join_all((0..PROCESSES).map(|number| process(&address, number))).await;
    let window = Duration::from_millis(1500);
    let (under_way, most) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
    let until = Instant::now() + 4 * window;
    let tasks = (0..AT_ONCE).map(|number| {
        let (_, quota) = processes[number % PROCESSES].clone();
        let (under_way, most) = (Arc::clone(&under_way), Arc::clone(&most));
        tokio::spawn(async move {
            let kind = TokenKind::Total;
            let draws = vec![
                Draw { account: "rate:requests".into(), measure: Measure::Requests { limit: REQUESTS, window } },
                Draw { account: "rate:tokens".into(), measure: Measure::Tokens { limit: TOKENS, window, kind } },
                Draw { account: "rate:parallel".into(), measure: Measure::Parallel { limit: PARALLEL } },
            ];
            let mut admitted = Vec::new();
            while Instant::now() < until {
                match quota.reserve(request(draws.clone())).await {
                    Ok(reservation) => {
                        most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        admitted.push([reservation.levels[0].resets_at, reservation.levels[1].resets_at]);
                        tokio::task::yield_now().await;
                        under_way.fetch_sub(1, Ordering::SeqCst);
                        quota.settle(reservation, Used { output_tokens: 10, ..Used::default() });
                    }
                    Err(Refused::Full { .. }) => quota.freed().await,
                    Err(Refused::Unknown(reason)) => panic!("{reason}"),
                }
            }
            admitted
        })
    });
    let admitted: Vec<_> = join_all(tasks).await.into_iter().flat_map(Result::unwrap).collect();
    assert!(most.load(Ordering::SeqCst) <= PARALLEL as i64, "{most:?} calls at once");
    for (place, limit) in [(0, REQUESTS), (1, TOKENS / 10)] {
        let mut windows: BTreeMap<_, u64> = BTreeMap::new();
        for call in &admitted {
            *windows.entry(call[place]).or_default() += 1;
        }
        let full = windows.values().filter(|calls| **calls >= TOKENS / 10).count();
        assert!(windows.len() >= 3 && full >= windows.len() - 1, "each window is used to the last: {windows:?}");
        assert!(windows.values().all(|calls| *calls <= limit), "{windows:?}");
    }
}
