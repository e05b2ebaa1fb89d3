//! Rows by key and by query, their order and pages, and sums.

use serde_json::{Value, json};
use tollgate_core::directory::{Direction, Directory, Query, Row, schema};

use super::{fill, find, insert, keys, one, row, token, tokens, write};

pub async fn rows_come_by_their_keys_in_the_order_asked_for(directory: &dyn Directory) {
    fill(directory).await;
    let member = json!({ "user_id": "u", "team_id": "t:1" });
    write(directory, vec![insert(&schema::TEAM_MEMBERSHIPS, member)]).await;
    write(directory, vec![insert(&schema::MODEL_ALIASES, json!({ "created_by": "x", "updated_by": "x" }))]).await;
    let text = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
    let wanted = [
        (&schema::KEYS, text(&["b"])),
        (&schema::TEAM_MEMBERSHIPS, text(&["u", "t:1"])),
        (&schema::KEYS, text(&["nobody"])),
        (&schema::KEYS, text(&["a"])),
        (&schema::MODEL_ALIASES, text(&["1"])),
        (&schema::MODEL_ALIASES, text(&["one"])),
        (&schema::TEAM_MEMBERSHIPS, text(&["t:1", "u"])),
        (&schema::USERS, text(&["u"])),
        (&schema::KEYS, text(&["b"])),
        (&schema::KEYS, text(&["a\0"])),
    ];
    let found = directory.get(&wanted).await;
    let rows = found.unwrap_or_else(|fault| unreachable!("{fault}"));
    let first = |place: usize, row: &Row| row.get(wanted[place].0.key[0]).map(Value::to_string);
    let found: Vec<Option<String>> = rows.iter().enumerate().map(|(place, row)| first(place, row.as_ref()?)).collect();
    let expected =
        [Some("\"b\""), Some("\"u\""), None, Some("\"a\""), Some("1"), None, None, None, Some("\"b\""), None];
    assert_eq!(found, expected.map(|text| text.map(str::to_owned)));
    assert_eq!(directory.get(&[]).await, Ok(Vec::new()));
}

pub async fn what_was_written_is_read_as_it_was(directory: &dyn Directory) {
    let deep =
        json!({ "list": [1, -2, 0.5, 1e10, "é\u{1}\u{10ffff}", null, true, { "": "" }], "日本": { "\"": "\\" } });
    let written = json!({
        "token": "key \u{7f}\n\t'\"; --", "key_alias": "\u{fffd}🍎", "spend": 0.1 + 0.2, "total_spend": f64::MIN_POSITIVE,
        "max_budget": 1e17, "tpm_limit": i64::MAX, "rpm_limit": i64::MIN, "max_parallel_requests": i32::MIN,
        "blocked": false, "models": ["", "{a,b}", "\"", "NULL", "ü"], "metadata": deep,
        "expires": "1970-01-01T00:00:00.000Z", "created_at": "2999-12-31T23:59:59.999Z", "config": [], "permissions": 5
    });
    write(directory, vec![insert(&schema::KEYS, written.clone())]).await;
    let read = one(directory, &schema::KEYS, &["key \u{7f}\n\t'\"; --"]).await.unwrap_or_default();
    for (name, value) in row(written) {
        assert_eq!(read.get(&name), Some(&value), "{name}");
    }
    assert_eq!(read.len(), schema::KEYS.columns.len(), "a row has every column");
    assert_eq!(find(directory, &keys()).await, [read]);
}

pub async fn rows_are_sorted_byte_by_byte_and_nulls_last(directory: &dyn Directory) {
    fill(directory).await;
    let cases: &[(&str, Direction, &[&str])] = &[
        ("token", Direction::Up, &["Z", "a", "b", "c", "d"]),
        ("token", Direction::Down, &["d", "c", "b", "a", "Z"]),
        ("key_alias", Direction::Up, &["c", "a", "b", "Z", "d"]),
        ("key_alias", Direction::Down, &["Z", "b", "a", "c", "d"]),
        ("tpm_limit", Direction::Up, &["d", "c", "b", "a", "Z"]),
        ("tpm_limit", Direction::Down, &["a", "b", "c", "d", "Z"]),
        ("expires", Direction::Down, &["Z", "b", "a"]),
        ("blocked", Direction::Up, &["b", "a"]),
        ("max_budget", Direction::Up, &["c", "a"]),
        ("spend", Direction::Down, &["c", "b", "a"]),
    ];
    for (column, direction, expected) in cases {
        let found = tokens(directory, &keys().sorted(column, *direction)).await;
        assert_eq!(&found[..expected.len()], *expected, "{column} {direction:?}");
    }
    let by_two = keys().sorted("blocked", Direction::Up).sorted("token", Direction::Down);
    assert_eq!(tokens(directory, &by_two).await, ["b", "a", "d", "c", "Z"]);
}

pub async fn pages_do_not_overlap(directory: &dyn Directory) {
    fill(directory).await;
    for sort in [None, Some(("rotation_count", Direction::Up)), Some(("token", Direction::Down))] {
        let mut seen = Vec::new();
        for offset in [0, 2, 4, 6] {
            let mut query = keys().page(offset, 2);
            query.sort.extend(sort);
            seen.extend(tokens(directory, &query).await);
            assert_eq!(directory.count(&query).await, Ok(5), "a page does not matter to the count");
        }
        seen.sort();
        assert_eq!(seen, ["Z", "a", "b", "c", "d"], "{sort:?}");
    }
    let mut rest = keys().sorted("token", Direction::Up);
    rest.offset = 3;
    assert_eq!(tokens(directory, &rest).await, ["c", "d"]);
    assert_eq!(tokens(directory, &keys().page(u64::MAX, u64::MAX)).await, [""; 0]);
    assert_eq!(tokens(directory, &keys().page(0, 0)).await, [""; 0]);
}

pub async fn only_the_columns_asked_for_are_shown(directory: &dyn Directory) {
    fill(directory).await;
    let query = keys().is("token", "a").only(&["models", "token", "expires"]);
    let expected = json!({ "token": "a", "models": ["gpt-4", "claude \"3\""], "expires": "2026-01-31T12:00:00.000Z" });
    assert_eq!(find(directory, &query).await, [row(expected)]);
    let sorted = keys().sorted("tpm_limit", Direction::Up).page(0, 1).only(&["token"]);
    assert_eq!(find(directory, &sorted).await.iter().map(token).collect::<Vec<_>>(), ["d"]);
}

pub async fn sums_are_made_by_group(directory: &dyn Directory) {
    let day = |id: &str, user: Value, date: &str, model: &str, tokens: i64, spend: f64| {
        insert(
            &schema::DAILY_USER,
            json!({ "id": id, "user_id": user, "date": date, "api_key": "k", "model": model, "prompt_tokens": tokens, "spend": spend }),
        )
    };
    let rows = vec![
        day("1", json!("u"), "2026-01-01", "m", 5, 0.5),
        day("2", json!("u"), "2026-01-01", "n", 7, 0.25),
        day("3", json!("v"), "2026-01-02", "m", 1 << 40, 1.0),
        day("4", json!(null), "2026-01-03", "m", 0, 0.0),
    ];
    write(directory, rows).await;
    let all = Query::of(&schema::DAILY_USER);
    let sums = async |query: &Query, by: &[&'static str], columns: &[&'static str]| match directory
        .sum(query, by, columns)
        .await
    {
        Ok(rows) => Value::from(rows.into_iter().map(Value::Object).collect::<Vec<_>>()),
        Err(fault) => unreachable!("{fault}"),
    };
    let by_user = all.clone().sorted("user_id", Direction::Up);
    let expected = json!([
        { "user_id": "u", "prompt_tokens": 12.0, "spend": 0.75, "rows": 2 },
        { "user_id": "v", "prompt_tokens": 1_099_511_627_776.0, "spend": 1.0, "rows": 1 },
        { "user_id": null, "prompt_tokens": 0.0, "spend": 0.0, "rows": 1 },
    ]);
    assert_eq!(sums(&by_user, &["user_id"], &["prompt_tokens", "spend"]).await, expected);
    let largest = all.clone().sorted("spend", Direction::Down).page(1, 1);
    let expected = json!([{ "date": "2026-01-01", "model": "m", "spend": 0.5, "rows": 1 }]);
    assert_eq!(sums(&largest, &["date", "model"], &["spend"]).await, expected);
    let most = all.clone().sorted("rows", Direction::Down).sorted("date", Direction::Down).page(0, 2);
    let expected = json!([{ "date": "2026-01-01", "rows": 2 }, { "date": "2026-01-03", "rows": 1 }]);
    assert_eq!(sums(&most, &["date"], &[]).await, expected);
    let expected = json!([{ "spend": 1.75, "rows": 4 }]);
    assert_eq!(sums(&all, &[], &["spend"]).await, expected);
    assert_eq!(sums(&all.is("user_id", "nobody"), &[], &["spend"]).await, json!([]), "nothing has no sum");
}
