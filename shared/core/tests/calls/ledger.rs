//! The ledger over a directory in memory keeps the contract of ledgers.

use std::sync::Arc;

use tollgate_core::clock::Clock;
use tollgate_core::directory::Memory;
use tollgate_core::ledger::{Ledger, Plain};
use tollgate_testkit::contract::{Books, ledger};

#[tokio::test]
async fn a_directory_in_memory_keeps_the_contract_of_ledgers() {
    ledger(async || {
        let directory = Arc::new(Memory::new(Clock::default()));
        let own = Arc::clone(&directory);
        let ledger = move |rules| Arc::new(Plain::new(Arc::clone(&own), rules)) as Arc<dyn Ledger>;
        Books { directory, ledger: Box::new(ledger) }
    })
    .await;
}
