//! Deadlines, on a clock that stands still until everybody waits: nobody waits longer than was said, nor shorter.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use tollgate_core::call::Timeouts;
use tollgate_testkit::{Script, Step};
use tollgate_wire::Operation;

use crate::gateway::{Gateway, question, streamed_question};
use crate::log::Log;

const SPEECH: Operation = Operation::Speech;
const CHAT: Operation = Operation::ChatCompletion;

/// A head, this much of a body, and then nothing for ever.
fn stalls(body: &'static [u8]) -> Script {
    Script::Answer { status: 200, content_type: "application/json", body: vec![Step::Bytes(body), Step::Silence] }
}

fn speech() -> Value {
    json!({ "model": "speech", "input": "Hi", "voice": "alloy" })
}

/// The client's own limits in seconds; 0 for none.
fn patience(whole_s: u64, stream_s: u64) -> Timeouts {
    let given = |seconds: u64| (seconds > 0).then(|| Duration::from_secs(seconds));
    Timeouts { whole: given(whole_s), stream: given(stream_s) }
}

async fn check(operation: Operation, body: Value, script: Script, timeouts: Timeouts, expected_s: u64) {
    let (mut gateway, log) = (Gateway::new([script]), Log::start());
    gateway.timeouts = timeouts;
    let started = Instant::now();
    let answer = gateway.ask(operation, &body).await;
    assert_eq!(started.elapsed().as_secs(), expected_s, "{body}: {}", answer.text);
    assert_eq!(answer.status, 408, "{}", answer.text);
    assert!(answer.text.starts_with("litellm.Timeout: "), "{}", answer.text);
    assert!(log.call().contains(" status=408"), "{}", log.call());
    assert_eq!(gateway.provider.open_bodies(), 0, "the connection is left open");
}

#[tokio::test(start_paused = true)]
async fn a_whole_answer_is_given_up_at_the_deployments_timeout() {
    for script in [Script::Hang, stalls(b""), stalls(b"{\"id\":")] {
        check(CHAT, question("chat"), script, patience(0, 0), 20).await;
    }
    check(SPEECH, speech(), Script::Hang, patience(0, 0), 20).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_given_up_at_the_deployments_stream_timeout() {
    check(CHAT, streamed_question("chat"), Script::Hang, patience(0, 0), 5).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_may_be_less_or_more_patient_than_the_deployment() {
    check(CHAT, question("chat"), Script::Hang, patience(2, 0), 2).await;
    check(CHAT, question("chat"), Script::Hang, patience(90, 0), 90).await;
    check(CHAT, question("chat"), Script::Hang, patience(0, 2), 20).await;
    check(CHAT, streamed_question("chat"), Script::Hang, patience(0, 2), 2).await;
    check(CHAT, streamed_question("chat"), Script::Hang, patience(9, 2), 2).await;
    check(CHAT, streamed_question("chat"), Script::Hang, patience(9, 0), 9).await;
    check(SPEECH, speech(), Script::Hang, patience(3, 0), 3).await;
}

#[tokio::test(start_paused = true)]
async fn the_sentence_of_a_timeout_names_its_limits_as_litellm() {
    let gateway = Gateway::new([Script::Hang]);
    let answer = gateway.chat("chat").await;
    let begins = "litellm.Timeout: APITimeoutError - Request timed out. Error_str: Request timed out. - timeout value=20.0, \
                  time taken=";
    assert!(answer.text.starts_with(begins), "{}", answer.text);
    let ends = "\n\nDeployment Info: request_timeout: None\ntimeout: 20.0\n\n\
                LiteLLM: model group 'chat' failed with the error above. No fallback was attempted.";
    assert!(answer.text.ends_with(ends), "{}", answer.text);
}

#[tokio::test(start_paused = true)]
async fn limits_come_from_the_deployment_then_the_router_then_the_settings() {
    let check = async |params: &str, settings: &str, whole_s: u64, stream_s: u64| {
        let yaml = format!(
            "model_list: [{{model_name: m, litellm_params: {{model: openai/gpt-4o, api_key: k, {params}}}}}]\n{settings}"
        );
        for (body, expected_s) in [(question("m"), whole_s), (streamed_question("m"), stream_s)] {
            let gateway = Gateway::of(&yaml, &[], [Script::Hang]);
            let started = Instant::now();
            assert_eq!(gateway.ask(CHAT, &body).await.status, 408);
            assert_eq!(started.elapsed().as_secs(), expected_s, "{body} with {yaml}");
        }
    };
    let router = "router_settings: {timeout: 30, stream_timeout: 3}";
    check("", "", 6000, 6000).await;
    check("", "litellm_settings: {request_timeout: 50}", 50, 50).await;
    check("", router, 30, 3).await;
    check("timeout: 7", "router_settings: {timeout: 30}", 7, 7).await;
    check("timeout: 7, stream_timeout: 2", router, 7, 2).await;
    check("stream_timeout: 2", router, 30, 2).await;
}

#[tokio::test(start_paused = true)]
async fn a_limit_beyond_all_time_is_a_year() {
    let body = vec![Step::Bytes(b": ping\n\n"), Step::Silence];
    let script = Script::Answer { status: 200, content_type: "text/event-stream", body };
    let (mut gateway, _log) = (Gateway::new([script]), Log::start());
    gateway.timeouts = Timeouts { whole: None, stream: Some(Duration::MAX) };
    let started = Instant::now();
    let answer = gateway.ask(CHAT, &streamed_question("chat")).await;
    assert!(answer.status == 500 && answer.text.contains("Timeout on reading data"), "{}", answer.text);
    assert_eq!(started.elapsed().as_secs(), 365 * 24 * 3600);
}
