//! The meter of one process keeps the contract of meters.

use std::sync::Arc;

use tollgate_core::meter::{Memory, Meter};
use tollgate_testkit::contract::{Shared, meter};

#[tokio::test]
async fn the_meter_of_one_process_keeps_the_contract() {
    meter(async || {
        let one: Arc<dyn Meter> = Arc::new(Memory::default());
        Shared { other: Arc::clone(&one), one, hear: Box::new(|| Box::pin(std::future::ready(()))) }
    })
    .await;
}
