//! The directory's contract on both databases, and what only a real server shows.

use std::sync::Arc;

use tollgate_core::directory::{Directory, Fault, Standing};
use tollgate_testkit::contract::directory;
use tollgate_testkit::postgres;

use super::*;

mod spend;
mod tls;

/// A migrated database.
pub async fn database(address: &str) -> Database {
    let settings = Settings::of(Address::parse(address).expect("an address"));
    let database = Database::open(settings, Clock::System).expect("a database");
    database.migrate(Migration::Done).await.expect("a schema");
    database
}

/// A file in a folder that is there as long as the guard.
pub fn file() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("sqlite://{}", folder.path().join("deep/tollgate.db").display());
    (folder, address)
}

#[tokio::test]
async fn a_file_of_sqlite_keeps_the_contract() {
    let folders = std::sync::Mutex::new(Vec::new());
    directory(async || {
        let (folder, address) = file();
        folders.lock().expect("folders").push(folder);
        Arc::new(database(&address).await) as Arc<dyn Directory>
    })
    .await;
}

#[tokio::test]
async fn postgresql_keeps_the_contract() {
    directory(async || Arc::new(database(&postgres::server().empty_database()).await) as Arc<dyn Directory>).await;
}

#[tokio::test]
async fn postgresql_keeps_the_contract_without_prepared_statements() {
    let pooled = async || {
        let address = format!("{}?pgbouncer=true&connection_limit=3&schema=other", postgres::server().empty_database());
        Arc::new(database(&address).await) as Arc<dyn Directory>
    };
    directory(pooled).await;
}

#[tokio::test]
async fn a_database_that_is_away_is_told_from_a_row_that_does_not_fit() {
    let settings = Settings::of(Address::parse("postgresql://u:secret@127.0.0.1:1/x").expect("an address"));
    let away = Database::open(settings, Clock::System).expect("a database");
    assert_eq!(away.standing(), Standing::Unavailable);
    let fault = away.write(Vec::new()).await.expect_err("nobody answers");
    assert!(matches!(fault, Fault::Unavailable(_)) && !format!("{fault} {away:?}").contains("secret"), "{fault}");
    assert_eq!(away.ping().await, Standing::Unavailable);
}
