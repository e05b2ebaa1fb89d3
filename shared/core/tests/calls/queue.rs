//! Calls of a deployment that may have few at the same time: they wait, are served in turn, or are told to come again.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::Instant;
use tollgate_wire::Operation;

use crate::gateway::{Answer, Gateway, question, streamed_question};
use crate::several::{Mood, Several, gateway};

const ONE: [(&str, &str); 1] = [("a", ", max_parallel_requests: 1")];
const CHAT: Operation = Operation::ChatCompletion;

fn urgent(priority: i64) -> Value {
    json!({ "model": "g", "messages": [], "priority": priority })
}

/// A gateway whose one deployment needs ten seconds for a call and has one at a time.
fn slow(router: &str) -> (Gateway, Several) {
    let (gateway, several) = gateway(&ONE, &format!("router_settings: {{{router}}}"));
    several.set("a", Mood::slow(Duration::from_secs(10)));
    (gateway, several)
}

/// These calls at the same time: the status of each, and after how many seconds it came.
async fn ask_all(gateway: &Gateway, bodies: &[Value]) -> Vec<(Answer, u64)> {
    let started = Instant::now();
    let calls = bodies.iter().map(async |body| {
        let answer = gateway.ask(CHAT, body).await;
        (answer, started.elapsed().as_secs())
    });
    join_all(calls).await
}

fn shown(answers: &[(Answer, u64)]) -> Vec<(u16, u64)> {
    answers.iter().map(|(answer, seconds)| (answer.status, *seconds)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_the_one_before_it_and_is_served() {
    let (gateway, several) = slow("queue_timeout: 60");
    let answers = ask_all(&gateway, &[question("g"), question("g"), question("g")]).await;
    assert_eq!(shown(&answers), [(200, 10), (200, 20), (200, 30)]);
    assert_eq!(several.asked().len(), 3);
    assert!(gateway.app.balancer.queue.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_more_urgent_call_is_served_before_an_earlier_one() {
    let (gateway, _several) = slow("queue_timeout: 60, default_priority: 5");
    let answers = ask_all(&gateway, &[question("g"), question("g"), urgent(9), urgent(0)]).await;
    assert_eq!(shown(&answers), [(200, 10), (200, 30), (200, 40), (200, 20)]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_keeps_its_place_until_its_end() {
    let (gateway, several) = slow("queue_timeout: 60");
    let piece = r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}

"#;
    several.set("a", Mood::stream(&[(0, Some(piece)), (7, Some(piece)), (0, Some("data: [DONE]\n\n"))]));
    let answers = ask_all(&gateway, &[streamed_question("g"), streamed_question("g")]).await;
    assert_eq!(shown(&answers), [(200, 7), (200, 14)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fails_lets_the_next_one_go() {
    let (gateway, several) = slow("num_retries: 0, queue_timeout: 60");
    several.set("a", Mood { pause: Duration::from_secs(3), ..Mood::bad(500) });
    let answers = ask_all(&gateway, &[question("g"), question("g")]).await;
    assert_eq!(shown(&answers), [(500, 3), (500, 6)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waited_too_long_is_told_to_come_again() {
    let (gateway, several) = slow("queue_timeout: 4");
    let answers = ask_all(&gateway, &[question("g"), question("g")]).await;
    assert_eq!(shown(&answers), [(200, 10), (429, 4)]);
    let (refused, _) = &answers[1];
    assert!(refused.text.contains("Deployment has all max_parallel_requests slots in use."), "{}", refused.text);
    assert_eq!(several.asked().len(), 1, "it was not sent");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_finds_the_queue_full_is_told_at_once() {
    let (gateway, _several) = slow("queue_timeout: 60, max_queued_requests: 1");
    let answers = ask_all(&gateway, &[question("g"), question("g"), question("g"), question("g")]).await;
    assert_eq!(shown(&answers), [(200, 10), (200, 20), (429, 0), (429, 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_frees_its_place() {
    let (gateway, _several) = slow("queue_timeout: 60, max_queued_requests: 1");
    let two = [question("g"), question("g")];
    assert!(tokio::time::timeout(Duration::from_secs(2), ask_all(&gateway, &two)).await.is_err());
    assert!(gateway.app.balancer.queue.is_empty());
    assert_eq!(shown(&ask_all(&gateway, &two).await), [(200, 10), (200, 20)]);
}

#[tokio::test(start_paused = true)]
async fn what_two_may_do_at_the_same_time_two_do() {
    let deployments = [("a", ", max_parallel_requests: 1"), ("b", ", max_parallel_requests: 1")];
    let (gateway, several) = gateway(&deployments, "router_settings: {queue_timeout: 60}");
    for host in ["a", "b"] {
        several.set(host, Mood::slow(Duration::from_secs(10)));
    }
    let answers = ask_all(&gateway, &vec![question("g"); 4]).await;
    assert_eq!(shown(&answers), [(200, 10), (200, 10), (200, 20), (200, 20)]);
    let mut asked = several.asked();
    asked.sort_unstable();
    assert_eq!(asked, ["a", "a", "b", "b"]);
}
