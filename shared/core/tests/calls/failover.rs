//! Streams that fail: another deployment takes over as long as nothing generated has reached the client.

use std::time::Duration;

use tokio::time::Instant;
use tollgate_wire::Operation;

use crate::gateway::streamed_question;
use crate::several::{Mood, gateway};

const ROLE: &str = "data: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
const HELLO: &str =
    "data: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
const TOOL: &str = "data: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"t\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}}]}\n\n";
const ERROR: &str = "data: {\"error\":{\"message\":\"no\",\"code\":500}}\n\n";
const END: &str = "data: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// `a` is asked first and streams so; `b` is well.
async fn check(first: &[(u64, Option<&'static str>)], asked: &[&str], text: &str, took_s: u64) {
    let first_order = [("a", ", weight: 1"), ("b", ", weight: 0")];
    let limits = "router_settings: {first_chunk_timeout: 3, chunk_timeout: 7}";
    let (gateway, several) = gateway(&first_order, limits);
    several.set("a", Mood::stream(first));
    several.set("b", Mood::stream(&[(0, Some(ROLE)), (0, Some(HELLO)), (0, Some(END))]));
    let started = Instant::now();
    let answer = gateway.ask(Operation::ChatCompletion, &streamed_question("g")).await;
    assert_eq!(several.asked(), asked, "{first:?}: {}", answer.text);
    assert_eq!(
        (answer.text.matches("Hello").count(), answer.status),
        (text.matches("Hello").count(), 200),
        "{first:?}"
    );
    assert_eq!(answer.text.contains("[DONE]"), text.contains("[DONE]"), "{}", answer.text);
    assert_eq!(answer.text.contains("\"error\""), text.contains("error"), "{}", answer.text);
    assert_eq!(answer.text.matches("\"role\"").count(), text.matches("role").count(), "{}", answer.text);
    assert_eq!(started.elapsed().as_secs(), took_s, "{first:?}");
}

#[tokio::test(start_paused = true)]
async fn another_deployment_takes_over_before_the_first_content() {
    let both = ["a", "b"];
    check(&[(0, None)], &both, "role Hello [DONE]", 0).await;
    check(&[(0, Some(ERROR))], &both, "role Hello [DONE]", 0).await;
    check(&[(0, Some(ROLE)), (0, None)], &both, "role Hello [DONE]", 0).await;
    check(&[(0, Some(ROLE)), (1, Some(ERROR))], &both, "role Hello [DONE]", 1).await;
    // `first_chunk_timeout` is 3 seconds, however many chunks without content come.
    check(&[(9, Some(ROLE))], &both, "role Hello [DONE]", 3).await;
    check(&[(1, Some(ROLE)), (9, Some(HELLO))], &both, "role Hello [DONE]", 4).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_takes_over_after_the_first_content() {
    check(&[(0, Some(ROLE)), (0, Some(HELLO)), (0, Some(END))], &["a"], "role Hello [DONE]", 0).await;
    check(&[(0, Some(ROLE)), (0, Some(HELLO)), (0, None)], &["a"], "role Hello error", 0).await;
    check(&[(0, Some(HELLO)), (0, Some(ERROR))], &["a"], "Hello error", 0).await;
    check(&[(0, Some(ROLE)), (0, Some(TOOL)), (0, None)], &["a"], "role error", 0).await;
    // `chunk_timeout` is 7 seconds.
    check(&[(0, Some(HELLO)), (6, Some(END))], &["a"], "Hello [DONE]", 6).await;
    check(&[(0, Some(HELLO)), (9, Some(END))], &["a"], "Hello error", 7).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_begins_is_a_plain_error() {
    let (gateway, several) = gateway(&[("a", ""), ("b", "")], "router_settings: {num_retries: 1}");
    for host in ["a", "b"] {
        several.set(host, Mood::stream(&[(0, Some(ROLE)), (0, None)]));
    }
    let answer = gateway.ask(Operation::ChatCompletion, &streamed_question("g")).await;
    assert_eq!((answer.status, several.asked().len()), (500, 2), "{}", answer.text);
    assert!(answer.text.starts_with("litellm."), "{}", answer.text);
}

#[tokio::test(start_paused = true)]
async fn a_stream_falls_back_to_another_group() {
    let settings = "
  - {model_name: spare, litellm_params: {model: openai/gpt-4o, api_key: k, api_base: 'http://c.example/v1'}}
router_settings: {num_retries: 0, fallbacks: [{g: [spare]}]}";
    let (gateway, several) = gateway(&[("a", "")], settings);
    several.set("a", Mood::stream(&[(0, Some(ROLE)), (0, None)]));
    several.set("c", Mood::stream(&[(0, Some(HELLO)), (0, Some(END))]));
    let answer = gateway.ask(Operation::ChatCompletion, &streamed_question("g")).await;
    assert_eq!(several.asked(), ["a", "c"]);
    assert!(answer.text.contains("Hello") && answer.text.ends_with("data: [DONE]\n\n"), "{}", answer.text);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_has_failed_counts_against_its_deployment() {
    let (gateway, several) = gateway(&[("a", ", weight: 1"), ("b", ", weight: 0")], "");
    several.set("a", Mood::stream(&[(0, Some(HELLO)), (0, None)]));
    for _ in 0..3 {
        gateway.ask(Operation::ChatCompletion, &streamed_question("g")).await;
    }
    assert_eq!(several.asked(), ["a", "a", "a"]);
    several.set("a", Mood::stream(&[(0, Some(HELLO)), (0, Some(END))]));
    gateway.ask(Operation::ChatCompletion, &streamed_question("g")).await;
    assert_eq!(several.asked(), ["b"], "three failures in a row take it out");
    tokio::time::advance(Duration::from_secs(1)).await;
}
