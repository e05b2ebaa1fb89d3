//! What is refused writes nothing, and of those who come at once none overwrites another unseen.

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tollgate_core::directory::{Change, Columns, Direction, Directory, Fault, Filter, Query, schema};

use super::{fill, find, insert, is, keys, one, refused, row, write};

/// How many try at once.
const WRITERS: usize = 12;

pub async fn a_conflict_writes_nothing(directory: &dyn Directory) {
    let credential = |id: &str, name: &str| json!({ "credential_id": id, "credential_name": name, "credential_values": {}, "created_by": "x", "updated_by": "x" });
    let table = &schema::CREDENTIALS;
    write(directory, vec![insert(table, credential("1", "n")), insert(table, credential("2", "m"))]).await;
    let set = || row(json!({ "credential_name": "n" }));
    let cases = [
        (insert(table, credential("1", "free")), "credential_id"),
        (insert(table, credential("3", "n")), "credential_name"),
        (Change::Update(table, vec![is("credential_id", "2")], set()), "credential_name"),
        (Change::Update(table, Vec::new(), set()), "credential_name"),
        (Change::Put(table, row(credential("3", "n"))), "credential_name"),
        (Change::Put(table, row(credential("2", "n"))), "credential_name"),
    ];
    let before = find(directory, &Query::of(table)).await;
    for (change, columns) in cases {
        let changes = vec![
            insert(&schema::KEYS, json!({ "token": "t" })),
            Change::Delete(table, vec![is("credential_id", "none")]),
            Change::Update(table, vec![is("credential_id", "1")], row(json!({ "updated_by": "y" }))),
            change,
        ];
        let shown = format!("{changes:?}");
        let taken = Fault::Taken { table: table.name, columns: columns.to_owned() };
        assert_eq!(refused(directory, changes).await, taken, "{shown}");
        assert_eq!(directory.count(&keys()).await, Ok(0), "{shown}");
        assert_eq!(find(directory, &Query::of(table)).await, before, "{shown}");
    }
    let member = || insert(&schema::TEAM_MEMBERSHIPS, json!({ "user_id": "u", "team_id": "t" }));
    let taken = Fault::Taken { table: schema::TEAM_MEMBERSHIPS.name, columns: "user_id, team_id".to_owned() };
    assert_eq!(refused(directory, vec![member(), member()]).await, taken);
    // Nulls are never the same.
    let user = |id: &str| insert(&schema::USERS, json!({ "user_id": id }));
    write(directory, vec![user("1"), user("2")]).await;
}

pub async fn what_does_not_fit_writes_nothing(directory: &dyn Directory) {
    fill(directory).await;
    let key = |value: Value| insert(&schema::KEYS, value);
    let set = |value: Value| Change::Update(&schema::KEYS, Vec::new(), row(value));
    let add = |column: &'static str, amount: f64| Change::Add(&schema::KEYS, Vec::new(), vec![(column, amount)]);
    let cases = [
        key(json!({ "token": null })),
        key(json!({ "user_id": "no token" })),
        key(json!({ "token": "t", "nonsense": 1 })),
        key(json!({ "token": "t", "spend": "1" })),
        key(json!({ "token": "t\0" })),
        key(json!({ "token": "t", "metadata": { "a": ["\0"] } })),
        key(json!({ "token": "t", "models": ["a", null] })),
        key(json!({ "token": "t", "expires": "tomorrow" })),
        key(json!({ "token": "t", "max_parallel_requests": 1_i64 << 31 })),
        set(json!({ "tpm_limit": 1.5 })),
        set(json!({ "spend": null })),
        set(json!({ "\"; DROP TABLE x": 1 })),
        add("tpm_limit", 9.22e18),
        add("max_parallel_requests", 2_147_483_647.0),
        add("tpm_limit", 0.5),
        add("spend", f64::NAN),
        add("key_alias", 1.0),
        Change::Delete(&schema::KEYS, vec![is("nonsense", 1)]),
        Change::Delete(&schema::KEYS, vec![is("metadata", json!({}))]),
    ];
    let mut before = find(directory, &keys().sorted("token", Direction::Up)).await;
    for change in cases {
        let mark = row(json!({ "team_id": "marked" }));
        let changes = vec![Change::Update(&schema::KEYS, Vec::new(), mark), change];
        let shown = format!("{changes:?}");
        let fault = refused(directory, changes).await;
        assert!(matches!(fault, Fault::Misfit(_)), "{fault:?} for {shown}");
        assert_eq!(find(directory, &keys().sorted("token", Direction::Up)).await, before, "{shown}");
    }
    before.clear();
}

pub async fn questions_that_make_no_sense_are_refused(directory: &dyn Directory) {
    let queries = [
        keys().is("nonsense", 1),
        keys().with(Filter::Any(vec![Filter::Null("\" OR TRUE --")])),
        keys().sorted("nonsense", Direction::Up),
        keys().sorted("models", Direction::Up),
        keys().is("metadata", json!({})),
        keys().with(Filter::Contains("budget_limits", "d".to_owned())),
        keys().with(Filter::In("models", Vec::new())),
        keys().only(&["nonsense"]),
    ];
    for query in queries {
        let found = directory.find(&query).await;
        assert!(matches!(found, Err(Fault::Misfit(_))), "{query:?}: {found:?}");
    }
    let sums: [(&[&str], &[&str]); 4] =
        [(&["nonsense"], &[]), (&[], &["nonsense"]), (&[], &["token"]), (&["models"], &[])];
    for (by, columns) in sums {
        let found = directory.sum(&keys(), by, columns).await;
        assert!(matches!(found, Err(Fault::Misfit(_))), "{by:?} {columns:?}: {found:?}");
    }
}

pub async fn an_expectation_that_fails_writes_nothing(directory: &dyn Directory) {
    fill(directory).await;
    for (filters, count) in [(vec![is("token", "a")], 0), (vec![is("token", "none")], 1), (vec![], 4)] {
        let changes =
            vec![insert(&schema::KEYS, json!({ "token": "t" })), Change::Expect(&schema::KEYS, filters, count)];
        assert_eq!(refused(directory, changes).await, Fault::Changed(schema::KEYS.name));
        assert_eq!(directory.count(&keys()).await, Ok(5));
    }
    let fine = vec![
        Change::Expect(&schema::KEYS, vec![is("token", "a"), is("spend", 0.1)], 1),
        Change::Expect(&schema::KEYS, vec![is("token", "t")], 0),
        insert(&schema::KEYS, json!({ "token": "t" })),
    ];
    write(directory, fine).await;
}

/// Everybody has read the same, and only one may act on it.
pub async fn of_writers_at_once_one_is_expected(directory: &Arc<dyn Directory>) {
    write(&**directory, vec![insert(&schema::KEYS, json!({ "token": "t", "rotation_count": 0 }))]).await;
    let updates = (0..WRITERS).map(|place| {
        let filters = vec![is("token", "t"), is("rotation_count", 0)];
        let set = row(json!({ "rotation_count": 1, "updated_by": place.to_string() }));
        vec![Change::Expect(&schema::KEYS, filters, 1), Change::Update(&schema::KEYS, vec![is("token", "t")], set)]
    });
    let additions = (0..WRITERS).map(|place| {
        vec![
            Change::Expect(&schema::KEYS, vec![is("key_alias", "one")], 0),
            insert(&schema::KEYS, json!({ "token": place.to_string(), "key_alias": "one" })),
        ]
    });
    for writes in [updates.collect::<Vec<_>>(), additions.collect()] {
        let outcomes = join_all(writes.into_iter().map(|changes| directory.write(changes))).await;
        let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let too_late = outcomes.iter().filter(|outcome| **outcome == Err(Fault::Changed(schema::KEYS.name))).count();
        assert_eq!((done, too_late), (1, WRITERS - 1), "{outcomes:?}");
    }
}

pub async fn amounts_of_writers_at_once_are_all_added(directory: &Arc<dyn Directory>) {
    let key = |token: &str| insert(&schema::KEYS, json!({ "token": token }));
    write(&**directory, vec![key("a"), key("b")]).await;
    // In both orders, in which databases that lock row by row would wait for each other.
    let add = |token: &str| Change::Add(&schema::KEYS, vec![is("token", token)], vec![("spend", 0.25)]);
    let writes =
        (0..4 * WRITERS).map(|place| if place % 2 == 0 { vec![add("a"), add("b")] } else { vec![add("b"), add("a")] });
    let outcomes = join_all(writes.map(|changes| directory.write(changes))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    for token in ["a", "b"] {
        let key = one(&**directory, &schema::KEYS, &[token]).await.unwrap_or_default();
        assert_eq!(key.number("spend"), Some(WRITERS as f64), "{token}");
    }
}

/// Who waits for another that waits for it is begun again.
pub async fn writers_in_both_orders_all_succeed(directory: &Arc<dyn Directory>) {
    let key = |token: &str| insert(&schema::KEYS, json!({ "token": token }));
    write(&**directory, vec![key("a"), key("b")]).await;
    let set = |token: &str, place: usize| {
        Change::Update(&schema::KEYS, vec![is("token", token)], row(json!({ "updated_by": place.to_string() })))
    };
    let writes = (0..4).map(|place| {
        if place % 2 == 0 { vec![set("a", place), set("b", place)] } else { vec![set("b", place), set("a", place)] }
    });
    let outcomes = join_all(writes.map(|changes| directory.write(changes))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let rows = find(&**directory, &keys()).await;
    assert_eq!(rows[0].text("updated_by"), rows[1].text("updated_by"), "one write has overwritten a part of another");
}
