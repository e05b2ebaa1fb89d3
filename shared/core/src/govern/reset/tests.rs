//! What is due begins anew, once, and nothing else does.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::{Done, Resets, is_due};
use crate::clock::{Clock, Moment};
use crate::directory::schema::{
    BUDGETS, CUSTOMERS, KEYS, ORGANIZATIONS, PROJECTS, TAGS, TEAM_MEMBERSHIPS, TEAMS, USERS, WINDOW_SPEND,
};
use crate::directory::{Change, Columns, Fault, Memory, Row, Table, moment_of, moment_text};
use crate::govern::period::Calendar;
use crate::quota::{self, Draw, Edge, Enforcement, Home, Measure, Money, NamedTable, Request, accounts};

const NOW: &str = "2026-06-15T12:00:00Z";

fn now() -> Moment {
    moment_of(NOW).unwrap()
}

fn resets() -> Resets {
    let clock = Clock::manual(now());
    Resets {
        directory: Arc::new(Memory::new(clock.clone())),
        quota: Arc::new(quota::Memory::default()),
        clock,
        calendar: Calendar::default(),
        rollover: false,
        customer_budget: None,
        proxy_budget: None,
        turn: Arc::default(),
    }
}

/// Another instance over the same directory.
fn other(resets: &Resets) -> Resets {
    let Resets { directory, clock, calendar, rollover, customer_budget, .. } = resets;
    Resets {
        directory: Arc::clone(directory),
        quota: Arc::new(quota::Memory::default()),
        clock: clock.clone(),
        calendar: calendar.clone(),
        rollover: *rollover,
        customer_budget: customer_budget.clone(),
        proxy_budget: None,
        turn: Arc::default(),
    }
}

/// What a future comes to that waits for nothing.
fn done<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}

fn run(resets: &Resets) -> Done {
    done(resets.run()).unwrap()
}

fn row(columns: Value) -> Row {
    columns.as_object().unwrap().clone()
}

fn insert(resets: &Resets, table: &'static Table, columns: Value) {
    done(resets.directory.write(vec![Change::Insert(table, row(columns))])).unwrap();
}

fn read(resets: &Resets, table: &'static Table, key: &[&str]) -> Row {
    let key = key.iter().map(|part| (*part).to_owned()).collect();
    done(resets.directory.get(&[(table, key)])).unwrap().remove(0).unwrap()
}

fn spend(resets: &Resets, table: &'static Table, key: &[&str]) -> f64 {
    read(resets, table, key).number("spend").unwrap()
}

fn key(token: &str, spend: f64, reset_at: Option<&str>) -> Value {
    json!({"token": token, "spend": spend, "max_budget": 10.0, "budget_duration": "1d", "budget_reset_at": reset_at})
}

fn budget(id: &str, reset_at: &str) -> Value {
    let by = "admin";
    json!({"budget_id": id, "max_budget": 10.0, "budget_duration": "7d", "budget_reset_at": reset_at,
           "created_by": by, "updated_by": by})
}

const PAST: &str = "2026-06-15T00:00:00.000Z";
const FUTURE: &str = "2026-06-16T00:00:00.000Z";

#[test]
fn what_is_due_begins_anew_and_nothing_else_does() {
    let resets = resets();
    let cases = [
        ("due", json!({"budget_reset_at": PAST}), true),
        ("in this instant", json!({"budget_reset_at": "2026-06-15T12:00:00.000Z"}), true),
        ("in a moment", json!({"budget_reset_at": "2026-06-15T12:00:00.001Z"}), false),
        ("later", json!({"budget_reset_at": FUTURE}), false),
        ("never", json!({"budget_reset_at": null}), false),
        ("without a period", json!({"budget_reset_at": PAST, "budget_duration": null}), false),
        ("expired", json!({"budget_reset_at": PAST, "expires": PAST}), false),
        ("about to expire", json!({"budget_reset_at": PAST, "expires": FUTURE}), true),
    ];
    for (token, columns, _) in &cases {
        let mut whole = row(key(token, 5.0, None));
        whole.extend(row(columns.clone()));
        insert(&resets, &KEYS, Value::Object(whole));
    }
    let before = cases.each_ref().map(|(token, _, _)| read(&resets, &KEYS, &[token]));
    assert_eq!(run(&resets), Done { rows: 3, ..Done::default() });
    for ((token, _, is_renewed), before) in cases.iter().zip(before) {
        assert_eq!(is_due(&KEYS, &before, now()), *is_renewed, "{token}");
        let after = read(&resets, &KEYS, &[token]);
        if *is_renewed {
            assert_eq!((after.number("spend"), after.text("budget_reset_at")), (Some(0.0), Some(FUTURE)), "{token}");
        } else {
            assert_eq!(after, before, "{token}");
        }
    }
    assert_eq!(run(&resets), Done::default(), "a second run has nothing to do");
    resets.clock.advance(Duration::from_secs(12 * 3600));
    assert_eq!(run(&resets).rows, 5, "what was later, and what began anew");
}

#[test]
fn users_and_teams_without_an_end_get_one() {
    let resets = resets();
    insert(&resets, &USERS, json!({"user_id": "u", "spend": 3.0, "budget_duration": "30d"}));
    insert(&resets, &TEAMS, json!({"team_id": "t", "spend": 4.0, "budget_duration": "1h"}));
    assert_eq!(run(&resets).rows, 2);
    for (table, id, end) in [(&USERS, "u", "2026-07-01T00:00:00.000Z"), (&TEAMS, "t", "2026-06-15T13:00:00.000Z")] {
        let row = read(&resets, table, &[id]);
        assert_eq!((row.number("spend"), row.text("budget_reset_at")), (Some(0.0), Some(end)), "{id}");
    }
}

#[test]
fn a_row_is_never_due_for_ever() {
    let resets = resets();
    for duration in ["0s", "0d", "soon", "99999999999999d"] {
        let user = json!({"user_id": duration, "spend": 3.0, "budget_duration": duration, "budget_reset_at": PAST});
        insert(&resets, &USERS, user);
    }
    assert_eq!(run(&resets).rows, 4);
    assert_eq!(run(&resets).rows, 0);
}

#[test]
fn overspend_is_carried_where_that_is_asked_for() {
    let resets = Resets { rollover: true, ..resets() };
    insert(&resets, &BUDGETS, budget("b", PAST));
    for (name, spent, _) in [("over", 12.5, 2.5), ("within", 9.0, 0.0), ("at", 10.0, 0.0)] {
        insert(&resets, &KEYS, key(name, spent, Some(PAST)));
        insert(&resets, &CUSTOMERS, json!({"user_id": name, "spend": spent, "budget_id": "b"}));
    }
    insert(&resets, &USERS, json!({"user_id": "u", "spend": 3.0, "budget_duration": "1d"}));
    run(&resets);
    for (name, _, carried) in [("over", 12.5, 2.5), ("within", 9.0, 0.0), ("at", 10.0, 0.0)] {
        assert_eq!(spend(&resets, &KEYS, &[name]), carried, "{name}");
        assert_eq!(spend(&resets, &CUSTOMERS, &[name]), carried, "{name}");
    }
    assert_eq!(spend(&resets, &USERS, &["u"]), 0.0, "what has no limit is never overspent");
}

#[test]
fn everyone_who_has_a_budget_begins_anew_with_it() {
    let resets = Resets { customer_budget: Some("b".to_owned()), ..resets() };
    let by = "admin";
    insert(&resets, &BUDGETS, budget("b", PAST));
    insert(&resets, &BUDGETS, budget("later", FUTURE));
    for (id, suffix) in [("b", ""), ("later", "2")] {
        let name = |kind: &str| format!("{kind}{suffix}");
        insert(
            &resets,
            &TEAM_MEMBERSHIPS,
            json!({"user_id": name("u"), "team_id": "t", "spend": 1.0, "budget_id": id}),
        );
        insert(&resets, &KEYS, json!({"token": name("k"), "spend": 1.0, "budget_id": id}));
        insert(
            &resets,
            &ORGANIZATIONS,
            json!({"organization_id": name("o"), "organization_alias": "o", "spend": 1.0, "budget_id": id,
                   "created_by": by, "updated_by": by}),
        );
        insert(&resets, &TAGS, json!({"tag_name": name("g"), "spend": 1.0, "budget_id": id}));
        let project =
            json!({"project_id": name("p"), "spend": 1.0, "budget_id": id, "created_by": by, "updated_by": by});
        insert(&resets, &PROJECTS, project);
        insert(&resets, &CUSTOMERS, json!({"user_id": name("c"), "spend": 1.0, "budget_id": id}));
    }
    insert(&resets, &CUSTOMERS, json!({"user_id": "default", "spend": 1.0}));
    let own =
        json!({"token": "own", "spend": 1.0, "budget_id": "b", "budget_duration": "1d", "budget_reset_at": FUTURE});
    insert(&resets, &KEYS, own);
    assert_eq!(run(&resets), Done { budgets: 1, ..Done::default() });
    let holders: [(&'static Table, &str); 5] =
        [(&KEYS, "k"), (&ORGANIZATIONS, "o"), (&TAGS, "g"), (&PROJECTS, "p"), (&CUSTOMERS, "c")];
    for (table, name) in holders {
        assert_eq!(spend(&resets, table, &[name]), 0.0, "{}", table.name);
        assert_eq!(spend(&resets, table, &[&format!("{name}2")]), 1.0, "{}", table.name);
    }
    assert_eq!(spend(&resets, &TEAM_MEMBERSHIPS, &["u", "t"]), 0.0);
    assert_eq!(spend(&resets, &CUSTOMERS, &["default"]), 0.0, "it has the default budget");
    assert_eq!(spend(&resets, &KEYS, &["own"]), 1.0, "its period is its own");
    let end = read(&resets, &BUDGETS, &["b"]);
    assert_eq!(end.text("budget_reset_at"), Some("2026-06-22T00:00:00.000Z"));
    assert_eq!(run(&resets), Done::default());
}

#[test]
fn what_was_read_before_another_instance_was_done_changes_nothing() {
    let (one, late) = {
        let one = resets();
        let late = other(&one);
        (one, late)
    };
    insert(&one, &KEYS, key("k", 5.0, Some(PAST)));
    insert(&one, &BUDGETS, budget("b", PAST));
    insert(&one, &CUSTOMERS, json!({"user_id": "c", "spend": 1.0, "budget_id": "b"}));
    let (stale, stale_budget) = (read(&one, &KEYS, &["k"]), read(&one, &BUDGETS, &["b"]));
    run(&one);
    let spent = |table: &'static Table, column, id: &str| {
        let this = vec![crate::directory::Filter::Is(column, id.into())];
        done(one.directory.write(vec![Change::Add(table, this, vec![("spend", 0.25)])])).unwrap();
    };
    spent(&KEYS, "token", "k");
    spent(&CUSTOMERS, "user_id", "c");
    done(late.row(&KEYS, &stale)).unwrap();
    assert_eq!(done(late.row(&BUDGETS, &stale_budget)), Err(Fault::Changed(BUDGETS.name)));
    assert_eq!((spend(&one, &KEYS, &["k"]), spend(&one, &CUSTOMERS, &["c"])), (0.25, 0.25));
}

#[test]
fn a_key_that_is_met_before_the_job_runs_begins_anew_at_once() {
    let resets = resets();
    insert(&resets, &KEYS, key("k", 10.0, Some(PAST)));
    let found = read(&resets, &KEYS, &["k"]);
    assert!(ask(&resets, &found).is_err(), "all of it is spent");
    assert!(is_due(&KEYS, &found, now()));
    done(resets.row(&KEYS, &found)).unwrap();
    let found = read(&resets, &KEYS, &["k"]);
    assert!(!is_due(&KEYS, &found, now()));
    ask(&resets, &found).unwrap();
    done(resets.row(&KEYS, &found)).unwrap();
    assert_eq!(read(&resets, &KEYS, &["k"]), found, "what is not due is left as it is");
}

/// Whether a call of this key is admitted.
fn ask(resets: &Resets, key: &Row) -> Result<(), quota::Refused> {
    let token = key.text("token").unwrap();
    let home = Home::Row { table: NamedTable(&KEYS), key: vec![token.to_owned()] };
    let seed_picousd = super::picousd(key.number("spend").unwrap());
    let money = Money { limit_picousd: Some(10_000_000_000_000), edge: Edge::Reached, home: home.into(), seed_picousd };
    let draws = vec![Draw { account: accounts::key(token).into(), measure: Measure::Money(money) }];
    let request = Request {
        id: crate::new_id().into(),
        now: now(),
        expires: now() + Duration::from_secs(60),
        draws,
        cost_picousd: 1,
        input_tokens: 0,
        output_tokens: 0,
        enforcement: Enforcement::Strict,
        record: None,
    };
    done(resets.quota.reserve(request)).map(|_| ())
}

#[test]
fn more_rows_than_one_batch_are_all_done() {
    let resets = resets();
    let rows = (0..1203).map(|number| Change::Insert(&KEYS, row(key(&format!("k{number:05}"), 1.0, Some(PAST)))));
    let windows = (0..1203).map(|number| {
        let limits = json!([{"budget_duration": "1h", "max_budget": 1.0, "reset_at": PAST}]);
        Change::Insert(&TEAMS, row(json!({"team_id": format!("t{number:05}"), "budget_limits": limits})))
    });
    done(resets.directory.write(rows.chain(windows).collect())).unwrap();
    assert_eq!(run(&resets), Done { rows: 1203, windows: 1203, ..Done::default() });
    assert_eq!(run(&resets), Done::default());
}

#[test]
fn windows_that_are_over_begin_anew_each_by_itself() {
    for (rollover, carried) in [(false, 0.0), (true, 3.0)] {
        let resets = Resets { rollover, ..resets() };
        let limits = json!([
            {"budget_duration": "1d", "max_budget": 4.0, "reset_at": "2026-06-15T00:00:00+00:00"},
            {"budget_duration": "7d", "max_budget": 4.0, "reset_at": "2026-06-22T00:00:00.000Z"},
        ]);
        insert(&resets, &KEYS, json!({"token": "k", "budget_limits": limits}));
        for (duration, start) in [("1d", "2026-06-14T00:00:00.000Z"), ("7d", "2026-06-15T00:00:00.000Z")] {
            let window = json!({"entity_type": "key", "entity_id": "k", "window_duration": duration,
                                "window_start": start, "spend": 7.0});
            insert(&resets, &WINDOW_SPEND, window);
        }
        assert_eq!(run(&resets), Done { windows: 1, ..Done::default() });
        let day = read(&resets, &WINDOW_SPEND, &["key", "k", "1d"]);
        assert_eq!((day.number("spend"), day.text("window_start")), (Some(carried), Some("2026-06-15T00:00:00.000Z")));
        assert_eq!(spend(&resets, &WINDOW_SPEND, &["key", "k", "7d"]), 7.0);
        let limits = read(&resets, &KEYS, &["k"]);
        let ends: Vec<&str> = limits["budget_limits"].as_array().unwrap().iter().map(end_of).collect();
        assert_eq!(ends, [FUTURE, "2026-06-22T00:00:00.000Z"]);
        assert_eq!(run(&resets), Done::default());
    }
    assert_eq!(moment_text(now()), "2026-06-15T12:00:00.000Z");
}

fn end_of(limit: &Value) -> &str {
    limit["reset_at"].as_str().unwrap()
}
