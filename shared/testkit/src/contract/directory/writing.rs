//! Changes of every kind.

use serde_json::{Value, json};
use tollgate_core::directory::{Change, Columns, Directory, Filter, schema};

use super::{fill, find, insert, is, keys, one, row, tokens, write};

pub async fn what_a_new_row_leaves_out_is_filled(directory: &dyn Directory) {
    let names = json!({ "model_name": "m", "litellm_params": {}, "created_by": "x", "updated_by": "x" });
    write(directory, vec![insert(&schema::MODELS, names.clone()), insert(&schema::MODELS, names)]).await;
    let models = find(directory, &tollgate_core::directory::Query::of(&schema::MODELS)).await;
    let ids: Vec<Option<&str>> = models.iter().map(|row| row.text("model_id")).collect();
    assert!(ids.len() == 2 && ids[0] != ids[1] && ids[0].is_some(), "{ids:?}");
    assert!(models.iter().all(|row| row.flag("blocked") == Some(false) && row.moment("created_at").is_some()));
    write(directory, vec![insert(&schema::KEYS, json!({ "token": "t" }))]).await;
    let key = one(directory, &schema::KEYS, &["t"]).await.unwrap_or_default();
    let expected = [
        ("spend", json!(0.0)),
        ("models", json!([])),
        ("aliases", json!({})),
        ("blocked", json!(null)),
        ("rotation_count", json!(0)),
    ];
    for (name, value) in expected {
        assert_eq!(key.get(name), Some(&value), "{name}");
    }
}

pub async fn numbers_of_the_database_rise(directory: &dyn Directory) {
    let names = || json!({ "created_by": "x", "updated_by": "x", "aliases": { "a": "b" } });
    write(directory, vec![insert(&schema::MODEL_ALIASES, names()), insert(&schema::MODEL_ALIASES, names())]).await;
    let query = tollgate_core::directory::Query::of(&schema::MODEL_ALIASES);
    let mut ids: Vec<Option<i64>> = find(directory, &query).await.iter().map(|row| row.whole("id")).collect();
    ids.sort();
    assert_eq!(ids, [Some(1), Some(2)]);
}

pub async fn an_offer_changes_nothing_that_is_there(directory: &dyn Directory) {
    let credential = |id: &str, name: &str, by: &str| {
        row(
            json!({ "credential_id": id, "credential_name": name, "credential_values": {}, "created_by": by, "updated_by": by }),
        )
    };
    let table = &schema::CREDENTIALS;
    write(directory, vec![Change::Offer(table, credential("1", "n", "first"))]).await;
    let offers = [credential("1", "other", "second"), credential("2", "n", "third"), credential("3", "free", "fourth")];
    write(directory, offers.into_iter().map(|row| Change::Offer(table, row)).collect()).await;
    let first = one(directory, table, &["1"]).await.unwrap_or_default();
    assert_eq!((first.text("credential_name"), first.text("created_by")), (Some("n"), Some("first")));
    assert!(one(directory, table, &["2"]).await.is_none() && one(directory, table, &["3"]).await.is_some());
}

pub async fn a_put_makes_or_changes(directory: &dyn Directory) {
    let put = |value: Value| Change::Put(&schema::KEYS, row(value));
    write(directory, vec![put(json!({ "token": "t", "user_id": "u", "spend": 5 }))]).await;
    write(directory, vec![put(json!({ "token": "t", "spend": 6, "user_id": null })), put(json!({ "token": "t" }))])
        .await;
    let key = one(directory, &schema::KEYS, &["t"]).await.unwrap_or_default();
    assert_eq!((key.number("spend"), key.get("user_id")), (Some(6.0), Some(&json!(null))));
    assert_eq!(directory.count(&keys()).await, Ok(1));
    // A row that is there needs no more than what is changed.
    let budget = json!({ "budget_id": "b", "max_budget": 1, "created_by": "x", "updated_by": "x" });
    let changed = row(json!({ "budget_id": "b", "max_budget": 2 }));
    write(directory, vec![Change::Put(&schema::BUDGETS, row(budget)), Change::Put(&schema::BUDGETS, changed)]).await;
    let budget = one(directory, &schema::BUDGETS, &["b"]).await.unwrap_or_default();
    assert_eq!((budget.number("max_budget"), budget.text("created_by")), (Some(2.0), Some("x")));
    write(directory, vec![Change::Put(&schema::BUDGETS, row(json!({ "created_by": "x", "updated_by": "x" })))]).await;
    assert_eq!(directory.count(&tollgate_core::directory::Query::of(&schema::BUDGETS)).await, Ok(2), "an id was made");
}

pub async fn updates_reach_what_the_filters_find(directory: &dyn Directory) {
    fill(directory).await;
    let set =
        row(json!({ "user_id": "new", "models": ["x"], "metadata": { "y": 1 }, "expires": null, "blocked": true }));
    let some = Filter::Any(vec![is("token", "a"), is("token", "d")]);
    write(directory, vec![Change::Update(&schema::KEYS, vec![some], set.clone())]).await;
    for token in ["a", "d"] {
        let key = one(directory, &schema::KEYS, &[token]).await.unwrap_or_default();
        assert!(set.iter().all(|(name, value)| key.get(name) == Some(value)), "{key:?}");
    }
    assert_eq!(directory.count(&keys().is("user_id", "new")).await, Ok(2));
    let nobody = vec![is("token", "nobody")];
    write(directory, vec![Change::Update(&schema::KEYS, nobody, set)]).await;
    write(directory, vec![Change::Update(&schema::KEYS, Vec::new(), row(json!({})))]).await;
    let renamed = Change::Update(&schema::KEYS, vec![is("token", "a")], row(json!({ "token": "e" })));
    write(directory, vec![renamed, Change::Update(&schema::KEYS, Vec::new(), row(json!({ "key_name": "all" })))]).await;
    assert!(one(directory, &schema::KEYS, &["a"]).await.is_none());
    assert_eq!(directory.count(&keys().is("key_name", "all")).await, Ok(5));
}

pub async fn amounts_are_added(directory: &dyn Directory) {
    fill(directory).await;
    let amounts = vec![("spend", 0.2), ("max_budget", -1.5), ("tpm_limit", 2.0), ("max_parallel_requests", 1.0)];
    write(directory, vec![Change::Add(&schema::KEYS, vec![is("token", "a")], amounts.clone())]).await;
    write(directory, vec![Change::Add(&schema::KEYS, vec![is("token", "Z")], amounts)]).await;
    let read = async |token: &str| {
        let key = one(directory, &schema::KEYS, &[token]).await.unwrap_or_default();
        (key.number("spend"), key.number("max_budget"), key.whole("tpm_limit"), key.whole("max_parallel_requests"))
    };
    assert_eq!(read("a").await, (Some(0.1 + 0.2), Some(8.5), Some(9_007_199_254_740_995), Some(8)));
    assert_eq!(read("Z").await, (Some(0.2), Some(-1.5), Some(2), Some(1)), "what is absent counts as nothing");
}

pub async fn deletions_reach_what_the_filters_find(directory: &dyn Directory) {
    fill(directory).await;
    let gone = Filter::In("token", vec!["a".to_owned(), "Z".to_owned(), "nobody".to_owned()]);
    write(directory, vec![Change::Delete(&schema::KEYS, vec![gone])]).await;
    let mut left = tokens(directory, &keys()).await;
    left.sort();
    assert_eq!(left, ["b", "c", "d"]);
    // Changes see those before them.
    let again = vec![
        Change::Delete(&schema::KEYS, vec![is("token", "b")]),
        insert(&schema::KEYS, json!({ "token": "b", "user_id": "again" })),
        Change::Update(&schema::KEYS, vec![is("user_id", "again")], row(json!({ "team_id": "t" }))),
        Change::Expect(&schema::KEYS, vec![is("team_id", "t")], 1),
    ];
    write(directory, again).await;
    assert_eq!(tokens(directory, &keys().is("team_id", "t")).await, ["b"]);
}

pub async fn times_are_kept_in_one_form(directory: &dyn Directory) {
    let cases = [
        ("2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00.000Z"),
        ("2026-01-31T12:00:00.123999Z", "2026-01-31T12:00:00.123Z"),
        ("2026-01-31 12:00:00", "2026-01-31T12:00:00.000Z"),
    ];
    for (place, (given, kept)) in cases.iter().enumerate() {
        let token = place.to_string();
        write(directory, vec![insert(&schema::KEYS, json!({ "token": token, "expires": given }))]).await;
        let set = row(json!({ "last_active": given }));
        write(directory, vec![Change::Update(&schema::KEYS, vec![is("token", token.as_str())], set)]).await;
        let key = one(directory, &schema::KEYS, &[&token]).await.unwrap_or_default();
        assert_eq!((key.text("expires"), key.text("last_active")), (Some(*kept), Some(*kept)), "{given}");
    }
}
