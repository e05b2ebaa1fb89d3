//! What a write tells, and who hears it.

use std::time::Duration;

use serde_json::json;
use tollgate_core::directory::{Change, Columns, Filter, Row, schema};
use tollgate_testkit::postgres::{Server, server};

use super::super::tests::{database, file};
use super::*;

fn row(token: &str) -> Row {
    Row::from_iter([("token".to_owned(), json!(token))])
}

#[test]
fn a_write_tells_of_rows_and_of_tables_where_it_cannot() {
    let token = |token: &str| Filter::Is("token", json!(token));
    let keys = &schema::KEYS;
    let row_of = |token: &str| News::Row(keys, vec![token.to_owned()]);
    let many = |count: usize| (0..count).map(|place| Change::Put(keys, row(&place.to_string()))).collect::<Vec<_>>();
    let cases = [
        (vec![Change::Insert(keys, row("a")), Change::Update(keys, vec![token("a")], Row::new())], vec![row_of("a")]),
        (vec![Change::Delete(keys, vec![token("a"), Filter::Null("user_id")])], vec![row_of("a")]),
        (
            vec![Change::Delete(keys, vec![Filter::Null("user_id")]), Change::Put(keys, row("a"))],
            vec![News::Table(keys)],
        ),
        (vec![Change::Put(keys, row("a")), Change::Delete(keys, Vec::new())], vec![News::Table(keys)]),
        (vec![Change::Insert(&schema::MODEL_ALIASES, Row::new())], vec![News::Table(&schema::MODEL_ALIASES)]),
        (vec![Change::Expect(keys, Vec::new(), 0)], Vec::new()),
        (many(KEYS_MAX + 1), vec![News::Table(keys)]),
    ];
    for (changes, expected) in cases {
        assert_eq!(news_of(&changes), expected, "{changes:?}");
    }
    assert_eq!(news_of(&many(KEYS_MAX)).len(), KEYS_MAX);
}

#[test]
fn notes_are_read_as_they_were_written_and_stay_short() {
    let parts = ["u:1", "t"].map(str::to_owned).to_vec();
    for news in [News::Row(&schema::TEAM_MEMBERSHIPS, parts), News::Table(&schema::KEYS), News::Everything] {
        assert_eq!(News::read(&news.note()), Some(news));
    }
    let long = News::Row(&schema::KEYS, vec!["x".repeat(NOTE_BYTES_MAX)]);
    assert_eq!(long.note(), schema::KEYS.name);
    assert_eq!(News::read("LiteLLM_Other:1"), None);
}

async fn next(ear: &mut Ear) -> News {
    let heard = tokio::time::timeout(Duration::from_secs(20), ear.next()).await.expect("news");
    heard.expect("a connection")
}

#[tokio::test]
async fn other_instances_hear_of_a_write_and_of_what_they_have_missed() {
    let address = server().empty_database();
    let (one, other) = (database(&address).await, database(&address).await);
    let mut ear = other.changes();
    assert_eq!(next(&mut ear).await, News::Everything, "nobody knows what was before");
    let changes = vec![Change::Insert(&schema::KEYS, row("a")), Change::Delete(&schema::USERS, Vec::new())];
    one.write_all(&changes).await.expect("written");
    assert_eq!(next(&mut ear).await, News::Row(&schema::KEYS, vec!["a".to_owned()]));
    assert_eq!(next(&mut ear).await, News::Table(&schema::USERS));
    // What is taken back is not told.
    let twice = vec![Change::Insert(&schema::KEYS, row("b")), Change::Insert(&schema::KEYS, row("a"))];
    assert!(one.write_all(&twice).await.is_err());
    one.write_all(&[Change::Insert(&schema::KEYS, row("c"))]).await.expect("written");
    assert_eq!(next(&mut ear).await, News::Row(&schema::KEYS, vec!["c".to_owned()]));
    server().disconnect(Server::name_in(&address));
    let heard = loop {
        if let Ok(news) = tokio::time::timeout(Duration::from_secs(20), ear.next()).await.expect("news") {
            break news;
        }
    };
    assert_eq!(heard, News::Everything);
}

#[tokio::test]
async fn a_connection_that_broke_is_replaced() {
    let address = server().empty_database();
    let broken = database(&address).await;
    server().disconnect(Server::name_in(&address));
    let mut outcomes = Vec::new();
    for _ in 0..12 {
        outcomes.push(broken.write_all(&[Change::Put(&schema::KEYS, row("a"))]).await);
    }
    assert!(outcomes[11].is_ok(), "{outcomes:?}");
    assert!(
        outcomes.iter().flat_map(|outcome| outcome.as_ref().err()).all(|fault| matches!(fault, Fault::Unavailable(_)))
    );
}

#[tokio::test]
async fn a_process_hears_of_its_own_file() {
    let (_folder, address) = file();
    let database = database(&address).await;
    let mut ear = database.changes();
    database.write_all(&[Change::Insert(&schema::KEYS, row("a"))]).await.expect("written");
    assert_eq!(next(&mut ear).await, News::Row(&schema::KEYS, vec!["a".to_owned()]));
    assert!(row("a").text("token").is_some());
}
