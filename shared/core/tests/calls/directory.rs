//! The directory in memory keeps the contract of directories.

use std::sync::Arc;

use tollgate_core::directory::{Directory, Memory};
use tollgate_testkit::contract::directory;

#[tokio::test]
async fn the_directory_in_memory_keeps_the_contract() {
    directory(async || Arc::new(Memory::default()) as Arc<dyn Directory>).await;
}
