//! A gateway whose calls are paid for, and the journal of what they have cost.

use std::sync::{Arc, Mutex};

use http::{HeaderMap, Method};
use tollgate_core::Door;
use tollgate_core::call::Visitor;
use tollgate_core::clock::Clock;
use tollgate_core::directory::Absent;
use tollgate_core::govern::{Governance, Groups, Knock, Ports, Settings};
use tollgate_core::ledger::{Journal, JournalFault, Spend};
use tollgate_core::upstream::BoxFuture;
use tollgate_testkit::Script;

use crate::gateway::{Gateway, MASTER_KEY};

/// Calls that have ended.
#[derive(Default)]
pub struct Kept(Mutex<Vec<Spend>>);

impl Kept {
    /// The one call that has ended.
    pub fn one(&self) -> Spend {
        let spends = self.0.lock().unwrap();
        let [spend] = spends.as_slice() else { panic!("{} calls: {spends:#?}", spends.len()) };
        spend.clone()
    }
}

impl Journal for Kept {
    fn begin<'a>(&'a self, _: &'a Spend) -> BoxFuture<'a, Result<(), JournalFault>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn end(&self, spend: Spend) -> BoxFuture<'static, Result<(), JournalFault>> {
        self.0.lock().unwrap().push(spend);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A gateway, whoever holds its master key, and what calls have cost.
pub struct Paid {
    pub gateway: Gateway,
    pub visitor: Visitor,
    pub kept: Arc<Kept>,
}

impl Paid {
    pub async fn of(yaml: &str, variables: &[(&str, &str)], scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::set(yaml, variables, scripts, Settings::default()).await
    }

    /// The same, governed by these settings.
    pub async fn set(
        yaml: &str,
        variables: &[(&str, &str)],
        scripts: impl IntoIterator<Item = Script>,
        settings: Settings,
    ) -> Self {
        let mut gateway = Gateway::of(yaml, variables, scripts);
        let kept = Arc::new(Kept::default());
        let ports = Ports { journal: Arc::<Kept>::clone(&kept), ..Ports::alone(Arc::new(Absent)) };
        gateway.app.governance = Governance::new(ports, Clock::System, settings);
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {MASTER_KEY}").parse().unwrap());
        let knock = Knock {
            door: Door::Plain,
            method: &Method::POST,
            path: "/v1/chat/completions",
            pattern: "/v1/chat/completions",
            groups: Groups::LLM,
            headers: &headers,
            peer: None,
        };
        let entry = gateway.app.governance.enter(&gateway.app.gatekeeper, knock).await.unwrap();
        let visitor = Visitor {
            caller: entry.unconditional().unwrap(),
            endpoint: "/v1/chat/completions".to_owned(),
            address: None,
            customer: None,
            user_agent: None,
        };
        Self { gateway, visitor, kept }
    }
}

/// Holds what a call has cost against LiteLLM's number, which is a sum of floating-point numbers.
pub fn costs(spend: &Spend, want_usd: f64, what: &str) {
    let got = spend.cost_picousd as f64 / 1e12;
    assert!((got - want_usd).abs() <= want_usd.abs() * 1e-9, "{what}: {got} in place of {want_usd}: {spend:#?}");
}
