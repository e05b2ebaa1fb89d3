//! The ledger's contract on both databases, and on LiteLLM's own.

use std::sync::Mutex;

use tollgate_core::directory::Directory;
use tollgate_core::ledger::Ledger;
use tollgate_testkit::contract::{Books, ledger};
use tollgate_testkit::postgres;

use super::super::tests::{database, file};
use super::*;

async fn books(address: &str) -> Books {
    let database = Arc::new(database(address).await);
    let directory: Arc<dyn Directory> = Arc::<Database>::clone(&database);
    let ledger = move |rules| Arc::new(SqlLedger::new(Arc::clone(&database), rules)) as Arc<dyn Ledger>;
    Books { directory, ledger: Box::new(ledger) }
}

#[tokio::test]
async fn a_file_of_sqlite_keeps_the_contract_of_ledgers() {
    let folders = Mutex::new(Vec::new());
    ledger(async || {
        let (folder, address) = file();
        folders.lock().expect("folders").push(folder);
        books(&address).await
    })
    .await;
}

#[tokio::test]
async fn postgresql_keeps_the_contract_of_ledgers() {
    ledger(async || books(&postgres::server().empty_database()).await).await;
}

#[tokio::test]
async fn a_database_of_litellms_keeps_the_contract_of_ledgers() {
    ledger(async || books(&postgres::server().litellm_database()).await).await;
}
