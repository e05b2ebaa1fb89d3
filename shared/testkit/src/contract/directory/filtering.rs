//! Filters, of every kind and over every kind of column.

use serde_json::{Value, json};
use tollgate_core::directory::{Change, Directory, Filter, schema};

use super::{fill, find, insert, is, keys, token, tokens, write};

const COLUMNS: &[&str] = &[
    "token",
    "key_alias",
    "user_id",
    "spend",
    "max_budget",
    "tpm_limit",
    "max_parallel_requests",
    "blocked",
    "models",
    "expires",
    "metadata",
    "budget_limits",
];
const TEXTS: &[&str] = &[
    "",
    "a",
    "Z",
    "stra",
    "STRA",
    "straße",
    "STRASSE",
    "ä",
    "Ä",
    "%",
    "_",
    "\\",
    "'",
    "\"",
    "🍎",
    "u'1",
    "gpt-4",
    "日本",
    "claude \"3\"",
    "d",
    "w",
    "null",
    "ann",
    "2026-01-31",
    "2026-01-31T12:00:00.000Z",
    "2026-01-31T12:00:00.0005Z",
    "a\0b",
    "\0",
    "'; DROP TABLE \"LiteLLM_VerificationToken\"; --",
];

fn filters() -> Vec<Filter> {
    let numbers = [
        json!(0),
        json!(7),
        json!(-7.5),
        json!(0.1),
        json!(2.5),
        json!(1e300),
        json!(9_007_199_254_740_993_i64),
        json!(u64::MAX),
    ];
    let values: Vec<Value> =
        TEXTS.iter().map(|text| json!(text)).chain(numbers).chain([json!(true), json!(false), json!(null)]).collect();
    let mut filters = Vec::new();
    for column in COLUMNS {
        let is_whole = !matches!(*column, "models" | "metadata" | "budget_limits");
        for value in values.iter().filter(|_| is_whole) {
            filters.push(Filter::Is(column, value.clone()));
            filters.push(Filter::IsNot(column, value.clone()));
            filters.push(Filter::Below(column, value.clone()));
            filters.push(Filter::From(column, value.clone()));
        }
        for text in TEXTS {
            filters.push(Filter::Has(column, (*text).to_owned()));
            filters.push(Filter::Member(column, "owner", (*text).to_owned()));
        }
        filters.extend([Filter::Null(column), Filter::Given(column)]);
        if !is_whole {
            continue;
        }
        filters.extend(TEXTS.iter().map(|text| Filter::Contains(column, (*text).to_owned())));
        let all: Vec<String> = TEXTS.iter().map(|text| (*text).to_owned()).collect();
        filters.extend([Filter::In(column, all), Filter::In(column, Vec::new())]);
    }
    let pair = || vec![is("token", "a"), Filter::Below("tpm_limit", json!(1))];
    filters.extend([Filter::Any(Vec::new()), Filter::All(Vec::new()), Filter::Any(pair()), Filter::All(pair())]);
    filters
        .push(Filter::All(vec![Filter::Any(pair()), Filter::Any(vec![Filter::Null("user_id"), Filter::All(pair())])]));
    filters
}

pub async fn filters_find_what_passes(directory: &dyn Directory) {
    fill(directory).await;
    let all = find(directory, &keys()).await;
    assert_eq!(all.len(), 5);
    for filter in filters() {
        let query = keys().with(filter.clone());
        let mut expected: Vec<String> = all.iter().filter(|row| filter.passes(row)).map(token).collect();
        let mut found = tokens(directory, &query).await;
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{filter:?}");
        assert_eq!(directory.count(&query).await, Ok(expected.len() as u64), "{filter:?}");
    }
    // What is right cannot be left to the rule alone.
    let cases: &[(Filter, &[&str])] = &[
        (is("spend", 0.1 + 0.2), &["b"]),
        (is("tpm_limit", 9_007_199_254_740_993_i64), &["a"]),
        (Filter::Contains("key_alias", "sTrA".to_owned()), &["a", "b", "c"]),
        (Filter::Contains("key_alias", "_".to_owned()), &["b"]),
        (Filter::IsNot("blocked", json!(true)), &["Z", "b", "c", "d"]),
        (Filter::Below("expires", json!("2026-01-31T12:00:00.001Z")), &["a"]),
        (Filter::Below("key_alias", json!("a")), &["a", "c"]),
        (Filter::Has("models", "claude \"3\"".to_owned()), &["a"]),
        (Filter::Has("budget_limits", "d".to_owned()), &["a"]),
        (Filter::Member("metadata", "owner", "ann".to_owned()), &["a"]),
        (Filter::Null("budget_limits"), &["Z", "d"]),
    ];
    for (filter, expected) in cases {
        let mut found = tokens(directory, &keys().with(filter.clone())).await;
        found.sort();
        assert_eq!(&found, expected, "{filter:?}");
    }
}

pub async fn a_list_of_many_is_one_filter(directory: &dyn Directory) {
    let name = |place: u32| format!("key {place}");
    let changes: Vec<Change> = (0..50).map(|place| insert(&schema::KEYS, json!({ "token": name(place) }))).collect();
    write(directory, changes).await;
    // More than any database lets a statement bind.
    let query = keys().with(Filter::In("token", (25..100_000).map(name).collect()));
    assert_eq!(directory.count(&query).await, Ok(25));
}
