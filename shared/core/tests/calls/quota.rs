//! The accounts of one process keep the contract of quotas.

use std::sync::Arc;

use tollgate_core::quota::{Memory, Quota};
use tollgate_core::upstream::BoxFuture;
use tollgate_testkit::contract::{SharedQuota, quota};

fn nothing() -> BoxFuture<'static, ()> {
    Box::pin(std::future::ready(()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_accounts_of_one_process_keep_the_contract() {
    quota(async || {
        let one: Arc<dyn Quota> = Arc::new(Memory::default());
        let told = Arc::clone(&one);
        SharedQuota {
            other: Arc::clone(&one),
            one,
            hear: Box::new(nothing),
            write: Box::new(|_, _| nothing()),
            commit: Box::new(move |records| {
                told.committed(&records.iter().collect::<Vec<_>>());
                nothing()
            }),
        }
    })
    .await;
}
