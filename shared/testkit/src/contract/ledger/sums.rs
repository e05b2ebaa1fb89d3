//! What is added to totals, windows and days.

use std::time::Duration;

use serde_json::json;
use tollgate_core::clock::Moment;
use tollgate_core::directory::{Columns, Row, Table, schema};
use tollgate_core::ledger::{Outcome, Payer, Rules, Spend, usd};
use tollgate_core::quota::{Window, accounts};

use super::{Books, all, call, commit, entries, everyone, is_close, number, one, seed, start};

pub async fn everyone_who_pays_gets_the_whole_sum(books: &Books) {
    seed(books).await;
    let ledger = (books.ledger)(Rules::default());
    let paid = |id: &str| Spend { payer: everyone(), ..call(id, 250_000_000_000) };
    commit(&*ledger, "journal", &entries(1, [paid("a"), paid("b")])).await;
    commit(&*ledger, "journal", &entries(3, [paid("c")])).await;
    let expected: &[(&'static Table, &[&str], &str, f64)] = &[
        (&schema::KEYS, &["hash"], "spend", 1.75),
        (&schema::KEYS, &["hash"], "total_spend", 2.75),
        (&schema::USERS, &["user"], "spend", 0.75),
        (&schema::USERS, &[accounts::PROXY], "spend", 0.75),
        (&schema::TEAMS, &["team"], "spend", 0.75),
        (&schema::TEAM_MEMBERSHIPS, &["user", "team"], "spend", 0.75),
        (&schema::TEAM_MEMBERSHIPS, &["user", "team"], "total_spend", 0.75),
        (&schema::ORGANIZATIONS, &["organization"], "spend", 0.75),
        (&schema::ORGANIZATION_MEMBERSHIPS, &["user", "organization"], "spend", 0.75),
        (&schema::PROJECTS, &["project"], "spend", 0.75),
        (&schema::CUSTOMERS, &["customer"], "spend", 0.75),
        (&schema::TAGS, &["tag"], "spend", 0.75),
        (&schema::MODEL_ACCESS_GROUP_BUDGETS, &["access"], "spend", 0.75),
    ];
    for (table, key, column, sum) in expected {
        assert_eq!(number(books, table, key, column).await, Some(*sum), "{} {key:?} {column}", table.name);
    }
    let key = one(books, &schema::KEYS, &["hash"]).await.unwrap_or_default();
    assert_eq!(key.text("last_active"), Some("2026-03-01T00:00:01.500Z"));
}

pub async fn who_has_no_row_gets_one_only_where_litellm_makes_it(books: &Books) {
    seed(books).await;
    let ledger = (books.ledger)(Rules::default());
    let some = |text: &str| Some(text.to_owned());
    let stranger = Payer {
        key: "other hash".to_owned(),
        user_id: some("stranger"),
        team_id: some("team"),
        organization_id: some("nobody"),
        customer_id: some("new"),
        tags: vec!["new".to_owned()],
        ..Payer::default()
    };
    commit(&*ledger, "journal", &entries(1, [Spend { payer: stranger, ..call("a", 1_000_000_000_000) }])).await;
    assert_eq!(number(books, &schema::CUSTOMERS, &["new"], "spend").await, Some(1.0));
    let none: &[(&'static Table, &[&str])] = &[
        (&schema::KEYS, &["other hash"]),
        (&schema::USERS, &["stranger"]),
        (&schema::TEAM_MEMBERSHIPS, &["stranger", "team"]),
        (&schema::ORGANIZATIONS, &["nobody"]),
        (&schema::TAGS, &["new"]),
    ];
    for (table, key) in none {
        assert_eq!(one(books, table, key).await, None, "{} {key:?}", table.name);
    }
    assert_eq!(number(books, &schema::TEAMS, &["team"], "spend").await, Some(1.0));
}

pub async fn a_thousand_calls_add_up_to_the_picodollar(books: &Books) {
    seed(books).await;
    let ledger = (books.ledger)(Rules::default());
    // Numbers that look like chance and are the same in every run.
    let costs: Vec<u64> =
        (0..1000_u64).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 3_000_000_007).collect();
    let calls = costs.iter().enumerate().map(|(id, cost)| Spend { payer: everyone(), ..call(&id.to_string(), *cost) });
    for batch in entries(1, calls).chunks(70) {
        commit(&*ledger, "journal", batch).await;
    }
    let total = usd(costs.iter().sum());
    let logs: f64 = all(books, &schema::SPEND_LOGS).await.iter().filter_map(|row| row.number("spend")).sum();
    let tables: &[(&'static Table, &[&str])] =
        &[(&schema::TEAMS, &["team"]), (&schema::USERS, &["user"]), (&schema::CUSTOMERS, &["customer"])];
    for (table, key) in tables {
        let sum = number(books, table, key, "spend").await.unwrap_or_default();
        assert!(is_close(sum, total), "{}: {sum}, not {total}", table.name);
    }
    assert!(is_close(logs, total), "{logs}, not {total}");
    for (id, cost) in costs.iter().enumerate().step_by(97) {
        let key = format!("chatcmpl-{id}");
        assert_eq!(number(books, &schema::SPEND_LOGS, &[&key], "spend").await, Some(usd(*cost)), "exact in its row");
    }
}

pub async fn a_newer_window_takes_the_place_of_an_older_one(books: &Books) {
    let ledger = (books.ledger)(Rules::default());
    let window = |day: u64| Window {
        entity_type: "key".to_owned(),
        entity_id: "hash".to_owned(),
        duration: "1d".to_owned(),
        start: start() + Duration::from_hours(24 * day),
        end: start() + Duration::from_hours(24 * (day + 1)),
    };
    let paid = |id: &str, days: &[u64]| {
        let windows = days.iter().map(|day| window(*day)).collect();
        Spend { payer: Payer { windows, ..call(id, 0).payer }, ..call(id, 1_000_000_000_000) }
    };
    let cases: &[(&[u64], f64)] = &[(&[5], 1.0), (&[5], 2.0), (&[4], 2.0), (&[6], 1.0), (&[5, 6], 2.0), (&[7, 6], 1.0)];
    for (round, (days, spent)) in cases.iter().enumerate() {
        let calls: Vec<Spend> = days.iter().map(|day| paid(&format!("{round}-{day}"), &[*day])).collect();
        commit(&*ledger, "journal", &entries(1 + 10 * round as u64, calls)).await;
        let sum = number(books, &schema::WINDOW_SPEND, &["key", "hash", "1d"], "spend").await;
        assert_eq!(sum, Some(*spent), "after {days:?}, round {round}");
    }
    let row = one(books, &schema::WINDOW_SPEND, &["key", "hash", "1d"]).await.unwrap_or_default();
    assert_eq!(row.text("window_start"), Some("2026-03-08T00:00:00.000Z"));
}

pub async fn days_add_up_by_all_that_tells_them_apart(books: &Books) {
    let ledger = (books.ledger)(Rules::default());
    let paid = |id: &str| Spend { payer: everyone(), ..call(id, 500_000_000_000) };
    let failed = Spend { outcome: Outcome::Failed, cost_picousd: 0, ..paid("failed") };
    let tomorrow = Spend { started: Moment(start().0 + 86_400_000_000), ..paid("tomorrow") };
    let another = Spend { model: "other".to_owned(), call_type: "aembedding".to_owned(), ..paid("another") };
    commit(&*ledger, "journal", &entries(1, [paid("a"), paid("b")])).await;
    commit(&*ledger, "journal", &entries(3, [failed, tomorrow, another])).await;
    let tables: &[(&'static Table, &str, &str)] = &[
        (&schema::DAILY_USER, "user_id", "user"),
        (&schema::DAILY_TEAM, "team_id", "team"),
        (&schema::DAILY_ORGANIZATION, "organization_id", "organization"),
        (&schema::DAILY_CUSTOMER, "end_user_id", "customer"),
        (&schema::DAILY_TAG, "tag", "tag"),
        (&schema::DAILY_GLOBAL, "model_group", "group"),
    ];
    for (table, column, id) in tables {
        let rows = all(books, table).await;
        assert_eq!(rows.len(), 3, "{}", table.name);
        let is_first = |row: &&Row| row.text("date") == Some("2026-03-01") && row.text("model") == Some("gpt-4o");
        let first = rows.iter().find(is_first).cloned().unwrap_or_default();
        let wanted = json!({
            *column: id, "custom_llm_provider": "openai", "mcp_namespaced_tool_name": "",
            "endpoint": "/chat/completions", "model_group": "group", "spend": 1.0, "prompt_tokens": 30,
            "completion_tokens": 15, "api_requests": 3, "successful_requests": 2, "failed_requests": 1,
            "total_response_time_ms": 3000, "timed_requests": 2, "autorouter_savings_spend": 0.0,
        });
        for (name, value) in wanted.as_object().into_iter().flatten() {
            assert_eq!(first.get(name), Some(value), "{}.{name}", table.name);
        }
        assert!(rows.iter().any(|row| row.text("endpoint") == Some("/embeddings")), "{}", table.name);
    }
}

pub async fn writers_that_come_at_once_lose_nothing(books: &Books) {
    seed(books).await;
    let writers = (0..4).map(|writer| async move {
        let ledger = (books.ledger)(Rules::default());
        let journal = format!("journal-{writer}");
        for round in 0..5_u64 {
            let paid =
                |id: u64| Spend { payer: everyone(), ..call(&format!("{writer}-{round}-{id}"), 100_000_000_000) };
            commit(&*ledger, &journal, &entries(1 + round * 10, (0..10).map(paid))).await;
        }
    });
    futures_util::future::join_all(writers).await;
    for (table, key) in [(&schema::TEAMS, "team"), (&schema::CUSTOMERS, "customer"), (&schema::USERS, accounts::PROXY)]
    {
        let sum = number(books, table, &[key], "spend").await.unwrap_or_default();
        assert!(is_close(sum, 20.0), "{}: {sum}", table.name);
    }
    let days = all(books, &schema::DAILY_TEAM).await;
    assert_eq!(days.iter().filter_map(|row| row.whole("api_requests")).collect::<Vec<_>>(), [200]);
}
