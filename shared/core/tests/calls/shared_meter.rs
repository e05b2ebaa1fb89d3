//! Two gateways on one meter: what one of them learns of a deployment counts for the other, and limits are common.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_core::clock::{Clock, Moment};
use tollgate_core::meter;
use tollgate_testkit::{Script, Scripted};

use crate::gateway::{Answer, Gateway, Setup};
use crate::whole::COMPLETION;

/// `first` is chosen while it can be.
const PAIR: &str = "
model_list:
  - {model_name: g, litellm_params: {model: openai/gpt-4o, api_key: k, weight: 1000000}, model_info: {id: first}}
  - {model_name: g, litellm_params: {model: openai/gpt-4o, api_key: k, weight: 0}, model_info: {id: second}}
";
const REFUSED: &str =
    r#"{"error":{"message":"Rate limit reached","type":"rate_limit_error","code":"rate_limit_exceeded"}}"#;
const BROKEN: &str = r#"{"error":{"message":"The server had an error","type":"server_error"}}"#;

/// What the other one must know by then.
const HEARD_WITHIN: Duration = Duration::from_millis(100);

struct Two {
    one: Gateway,
    other: Gateway,
    clock: Clock,
}

impl Two {
    fn of(yaml: &str, one: impl IntoIterator<Item = Script>, other: impl IntoIterator<Item = Script>) -> Self {
        let (meter, clock) = (Arc::new(meter::Memory::default()), Clock::manual(Moment(1_764_000_001_000_000)));
        let setup = || Setup { meter: Arc::<meter::Memory>::clone(&meter), clock: clock.clone() };
        let one = Gateway::set_up(yaml, &[], one, setup());
        Self { one, other: Gateway::set_up(yaml, &[], other, setup()), clock }
    }
}

fn good() -> Script {
    Scripted::json(200, COMPLETION)
}

/// A good answer of this deployment.
fn assert_served_by(answer: &Answer, id: &str) {
    assert_eq!((answer.status, answer.deployment_id.as_deref()), (200, Some(id)), "{}", answer.text);
}

/// Lets the call go as far as it comes without an answer.
async fn begin(call: impl Future<Output = Answer> + Unpin) {
    let waited = tokio::time::timeout(Duration::from_millis(20), call).await;
    assert!(waited.is_err(), "it was answered: {waited:?}");
}

#[tokio::test]
async fn what_fails_one_instance_is_left_alone_by_the_other_within_100_ms() {
    let check = async |failures: &[(u16, &'static str)]| {
        let one = failures.iter().map(|(status, body)| Scripted::json(*status, body));
        let two = Two::of(PAIR, one, [good()]);
        for (status, _) in failures {
            assert_eq!(two.one.chat("g").await.status, *status);
        }
        let failed = Instant::now();
        assert_served_by(&two.other.chat("g").await, "second");
        assert!(failed.elapsed() < HEARD_WITHIN, "the other knew after {:?}", failed.elapsed());
    };
    check(&[(429, REFUSED)]).await;
    check(&[(500, BROKEN); 3]).await;
}

#[tokio::test]
async fn failures_of_both_instances_are_counted_together() {
    let broken = || Scripted::json(500, BROKEN);
    let two = Two::of(PAIR, [broken(), good()], [broken(), broken()]);
    for gateway in [&two.other, &two.one, &two.other] {
        assert_eq!(gateway.chat("g").await.status, 500);
    }
    assert_served_by(&two.one.chat("g").await, "second");
}

#[tokio::test]
async fn one_call_of_either_instance_finds_out_whether_the_deployment_has_recovered() {
    let two = Two::of(PAIR, [Scripted::json(429, REFUSED), Script::Hang, good()], [good(), good(), good()]);
    assert_eq!(two.one.chat("g").await.status, 429);
    two.clock.advance(Duration::from_secs(60));
    {
        let mut probe = pin!(two.one.chat("g"));
        begin(probe.as_mut()).await;
        assert_eq!(two.one.provider.requests().len(), 2, "the deployment was not probed");
        assert_served_by(&two.other.chat("g").await, "second");
    }
    // The client of the probe has left: somebody else finds out.
    assert_served_by(&two.other.chat("g").await, "first");
    assert_served_by(&two.one.chat("g").await, "first");
}

#[tokio::test]
async fn requests_of_a_minute_are_those_of_both_instances() {
    let yaml = "
model_list:
  - {model_name: g, litellm_params: {model: openai/gpt-4o, api_key: k, rpm: 3}, model_info: {id: first}}
  - {model_name: g, litellm_params: {model: openai/gpt-4o, api_key: k, rpm: 2}, model_info: {id: second}}
router_settings: {routing_strategy: usage-based-routing-v2}
";
    let two = Two::of(yaml, [good(), good(), good()], [good(), good(), good()]);
    let mut asked = Vec::new();
    for gateway in [&two.one, &two.other, &two.one, &two.other, &two.other] {
        asked.extend(gateway.chat("g").await.deployment_id);
    }
    asked.sort();
    assert_eq!(asked, ["first", "first", "first", "second", "second"]);
    for gateway in [&two.one, &two.other] {
        assert_eq!(gateway.chat("g").await.status, 429);
    }
    two.clock.advance(Duration::from_secs(60));
    assert_eq!(two.one.chat("g").await.status, 200);
}

#[tokio::test]
async fn parallel_calls_are_those_of_both_instances() {
    let yaml = "
model_list:
  - {model_name: g, litellm_params: {model: openai/gpt-4o, api_key: k, max_parallel_requests: 1}, model_info: {id: sole}}
router_settings: {max_queued_requests: 0}
";
    let two = Two::of(yaml, [Script::Hang], [good()]);
    {
        let mut call = pin!(two.one.chat("g"));
        begin(call.as_mut()).await;
        assert_eq!(two.other.chat("g").await.status, 429);
    }
    assert_served_by(&two.other.chat("g").await, "sole");
}
