//! Streams: what reaches the client, how each kind of stream ends, and what is left behind.

use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::Instant;
use tollgate_core::call::ReplyBody;
use tollgate_core::relay::Relay;
use tollgate_testkit::{Script, Scripted, Step};
use tollgate_wire::Operation;

use crate::gateway::{Gateway, streamed_question};
use crate::log::Log;

const HELLO: &[u8] =
    b"data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"gpt-4o-x\",\
    \"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"},\"finish_reason\":null}]}\n\n";
const FINISH: &[u8] =
    b"data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"gpt-4o-x\",\
    \"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &[u8] =
    b"data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"gpt-4o-x\",\
    \"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7,\"total_tokens\":18}}\n\n";
const DONE: &[u8] = b"data: [DONE]\n\n";
const ERROR: &[u8] = b"data: {\"error\":{\"message\":\"upstream says no\",\"type\":\"server_error\",\"code\":500}}\n\n";

pub fn stream(steps: Vec<Step>) -> Script {
    Script::Answer { status: 200, content_type: "text/event-stream", body: steps }
}

/// The relay of a call that has begun well.
pub async fn begin(gateway: &Gateway, operation: Operation, body: &Value) -> Box<Relay> {
    match gateway.app.serve(gateway.call(operation, body)).await {
        Ok(reply) => match reply.body {
            ReplyBody::Relayed(relay) => relay,
            ReplyBody::Whole(_) | ReplyBody::Events(_) => panic!("the answer is not relayed"),
        },
        Err(failed) => panic!("refused: {}", failed.error),
    }
}

/// The next frame's text; nothing at the end.
pub async fn frame(relay: &mut Relay) -> Option<String> {
    let frame = relay.frame().await?.expect("the stream is not cut");
    Some(String::from_utf8(frame.into_data().expect("no trailers").to_vec()).expect("text"))
}

/// Streams to the end; checks the events' `content`, finishes and kind of end, and the one line in the log.
async fn check(steps: Vec<Step>, expected: &[&str], status: u16) {
    let (gateway, log) = (Gateway::new([stream(steps)]), Log::start());
    let answer = gateway.ask(Operation::ChatCompletion, &streamed_question("chat")).await;
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "text/event-stream; charset=utf-8"));
    let events: Vec<String> = answer.events().iter().map(|event| brief(event)).collect();
    assert_eq!(events, expected, "{}", answer.text);
    assert!(log.call().contains(&format!(" status={status}")), "{}", log.call());
    assert_eq!(gateway.provider.open_bodies(), 0);
}

/// An event in a word; the model's name must be the client's.
fn brief(data: &str) -> String {
    let Ok(event) = serde_json::from_str::<Value>(data) else { return data.to_owned() };
    if let Some(error) = event.get("error") {
        return format!("error {}", error["code"].as_str().expect("a code as text"));
    }
    assert_eq!(event["model"], "chat", "{data}");
    let choice = &event["choices"][0];
    match (choice["delta"]["content"].as_str(), choice["finish_reason"].as_str()) {
        (Some(content), _) => content.to_owned(),
        (None, Some(reason)) => format!("finish {reason}"),
        (None, None) => data.to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_one_finish_and_one_done() {
    let whole = ["Hello", "finish stop", "[DONE]"];
    let bytes = |pieces: &[&'static [u8]]| pieces.iter().map(|piece| Step::Bytes(piece)).collect::<Vec<_>>();
    check(bytes(&[HELLO, FINISH, DONE]), &whole, 200).await;
    check(bytes(&[HELLO, FINISH, USAGE, DONE]), &whole, 200).await;
    check(bytes(&[HELLO, FINISH, DONE, DONE]), &whole, 200).await;
    check(bytes(&[HELLO, FINISH, DONE, HELLO, ERROR]), &whole, 200).await;
    check(bytes(&[HELLO, FINISH]), &whole, 200).await;
    check(bytes(&[HELLO, DONE]), &whole, 200).await;
    check(bytes(&[HELLO]), &whole, 200).await;
    check(bytes(&[b": ping\n\n", HELLO, b": ping\n\n", FINISH, b"data: [DONE]"]), &whole, 200).await;
    check(bytes(&[HELLO, HELLO, DONE]), &["Hello", "Hello", "finish stop", "[DONE]"], 200).await;
    check(bytes(&[DONE]), &["[DONE]"], 200).await;
    check(bytes(&[]), &["[DONE]"], 200).await;
    let (first, second) = HELLO.split_at(40);
    check(bytes(&[first, second, FINISH, DONE]), &whole, 200).await;
    // Whatever happens after the end is no failure any more.
    check([bytes(&[HELLO, FINISH, DONE]), vec![Step::Break]].concat_steps(), &whole, 200).await;
    check([bytes(&[HELLO, FINISH, DONE]), vec![Step::Silence]].concat_steps(), &whole, 200).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_ends_with_one_error_and_no_done() {
    let check = async |last: Step, status: u16| {
        check(vec![Step::Bytes(HELLO), last], &["Hello", &format!("error {status}")], status).await;
    };
    check(Step::Break, 500).await;
    check(Step::Bytes(ERROR), 500).await;
    check(Step::Bytes(b"data: {\"id\":\n\n"), 500).await;
    check(Step::Bytes(b"<html>bad gateway</html>\n\n"), 500).await;
    check(Step::Silence, 500).await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_in_one_frame_with_a_fault_is_delivered_before_it() {
    let both: &'static [u8] = [HELLO, ERROR, HELLO].concat().leak();
    check(vec![Step::Bytes(both), Step::Bytes(DONE)], &["Hello", "error 500"], 500).await;
    check(vec![Step::Bytes(HELLO), Step::Bytes(both)], &["Hello", "Hello", "error 500"], 500).await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_first_event_is_a_plain_one() {
    let check = async |first: Step, status: u16, begins: &str| {
        let (gateway, log) = (Gateway::new([stream(vec![first])]), Log::start());
        let answer = gateway.ask(Operation::ChatCompletion, &streamed_question("chat")).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.text.starts_with(begins), "{}", answer.text);
        // The provider had begun to answer: LiteLLM's router has nothing to say after it.
        assert!(!answer.text.contains("No fallback was attempted"), "{}", answer.text);
        assert!(log.call().contains(&format!(" status={status}")), "{}", log.call());
        assert_eq!(gateway.provider.open_bodies(), 0);
    };
    let said = "litellm.APIConnectionError: APIConnectionError: OpenAIException - upstream says no";
    check(Step::Bytes(ERROR), 500, said).await;
    check(Step::Break, 500, "litellm.").await;
    check(Step::Bytes(b"data: {]\n\n"), 500, "litellm.").await;
    check(Step::Bytes(b"<html>"), 500, "litellm.").await;
    let stalled =
        "litellm.APIConnectionError: APIConnectionError: OpenAIException - Timeout on reading data from socket";
    check(Step::Silence, 500, stalled).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_held_back() {
    for more in [vec![Step::Silence], vec![Step::Bytes(HELLO), Step::Silence]] {
        let frames = more.len();
        let steps = [vec![Step::Bytes(HELLO)], more].concat_steps();
        let gateway = Gateway::new([stream(steps)]);
        let started = Instant::now();
        let mut relay = begin(&gateway, Operation::ChatCompletion, &streamed_question("chat")).await;
        for _ in 0..frames {
            let text = frame(&mut relay).await.expect("a frame");
            assert!(text.starts_with("data: {") && text.ends_with("}\n\n") && text.contains("Hello"), "{text}");
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_stays_after_done_is_left_within_250_ms() {
    let steps = [HELLO, FINISH, DONE].map(Step::Bytes).into_iter().chain([Step::Silence]).collect();
    let gateway = Gateway::new([stream(steps)]);
    let mut relay = begin(&gateway, Operation::ChatCompletion, &streamed_question("chat")).await;
    while !frame(&mut relay).await.expect("a frame").contains("[DONE]") {}
    let done = Instant::now();
    assert!(frame(&mut relay).await.is_none());
    assert!(done.elapsed() <= Duration::from_millis(251), "{:?}", done.elapsed());
    assert_eq!(gateway.provider.open_bodies(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_closes_the_providers_body_and_is_logged_once() {
    // After this many frames, with this status, and these many tokens of what was delivered.
    let check = async |frames: usize, status: u16, tokens: &str| {
        let steps = [HELLO, HELLO, FINISH, DONE].map(Step::Bytes).into_iter().chain([Step::Silence]).collect();
        let (gateway, log) = (Gateway::new([stream(steps)]), Log::start());
        let mut relay = begin(&gateway, Operation::ChatCompletion, &streamed_question("chat")).await;
        for _ in 0..frames {
            frame(&mut relay).await.expect("a frame");
        }
        assert_eq!(gateway.provider.open_bodies(), 1);
        // The frame with the end waits until the call has been written down.
        assert_eq!(log.calls().is_empty(), frames < 4, "the call has not ended");
        drop(relay);
        assert_eq!(gateway.provider.open_bodies(), 0);
        let line = log.call();
        assert!(line.contains(&format!(" status={status}")) && line.contains(tokens), "{frames}: {line}");
    };
    check(0, 499, " completion_tokens=1").await;
    check(1, 499, " completion_tokens=1").await;
    check(2, 499, " completion_tokens=2").await;
    check(3, 499, " completion_tokens=2").await;
    check(4, 200, " completion_tokens=2").await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_before_the_answer_is_logged_too() {
    let waits: [fn() -> Script; 2] = [|| Script::Hang, || stream(vec![Step::Silence])];
    for script in waits {
        let (gateway, log) = (Gateway::new([script()]), Log::start());
        let body = streamed_question("chat");
        let call = gateway.app.serve(gateway.call(Operation::ChatCompletion, &body));
        assert!(tokio::time::timeout(Duration::from_secs(1), call).await.is_err());
        assert_eq!(gateway.provider.open_bodies(), 0);
        assert!(log.call().contains(" status=499"), "{}", log.call());
    }
}

#[tokio::test]
async fn the_provider_counts_where_it_does_and_the_client_sees_it_only_if_it_asks() {
    let check = async |asks: Option<bool>, usage: &'static [u8], shown: bool, logged: &str| {
        let script = stream([HELLO, FINISH, usage, DONE].map(Step::Bytes).into());
        let (gateway, log) = (Gateway::new([script]), Log::start());
        let mut body = streamed_question("chat");
        if let Some(asks) = asks {
            body["stream_options"] = json!({ "include_usage": asks });
        }
        let answer = gateway.ask(Operation::ChatCompletion, &body).await;
        assert_eq!(answer.text.contains("\"usage\":{"), shown, "{}", answer.text);
        assert!(log.call().contains(logged), "{}", log.call());
        assert_eq!(gateway.sent_json()["stream_options"]["include_usage"], true, "usage is always asked for");
    };
    check(None, USAGE, false, " completion_tokens=7").await;
    check(Some(false), USAGE, false, " completion_tokens=7").await;
    check(Some(true), USAGE, true, " completion_tokens=7").await;
    check(Some(true), b": none\n\n", true, " completion_tokens=1").await;
    check(None, b": none\n\n", false, " completion_tokens=1").await;
}

#[tokio::test]
async fn a_text_completion_of_a_chat_model_streams_as_text() {
    let gateway = Gateway::new([stream([HELLO, FINISH, DONE].map(Step::Bytes).into())]);
    let body = json!({ "model": "chat", "prompt": "Hi", "stream": true });
    let answer = gateway.ask(Operation::TextCompletion, &body).await;
    let events = answer.events();
    let first: Value = serde_json::from_str(&events[0]).expect("JSON");
    assert_eq!((&first["object"], &first["choices"][0]["text"]), (&json!("text_completion"), &json!("Hello")));
    assert_eq!(events.iter().filter(|event| *event == "[DONE]").count(), 1);
    assert_eq!(gateway.sent_json()["messages"], json!([{ "role": "user", "content": "Hi" }]));
}

#[tokio::test(start_paused = true)]
async fn a_raw_answer_that_breaks_is_cut_and_not_ended() {
    let check = async |last: Option<Step>, status: u16| {
        let steps = [vec![Step::Bytes(b"ID3")], last.into_iter().collect()].concat_steps();
        let script = Script::Answer { status: 200, content_type: "audio/mpeg", body: steps };
        let (gateway, log) = (Gateway::new([script]), Log::start());
        let body = json!({ "model": "speech", "input": "Hi", "voice": "alloy" });
        let relay = begin(&gateway, Operation::Speech, &body).await;
        let collected = relay.collect().await;
        assert_eq!(collected.is_ok(), status == 200, "a client must see that the end is missing");
        assert!(log.call().contains(&format!(" status={status}")), "{}", log.call());
        assert_eq!(gateway.provider.open_bodies(), 0);
    };
    check(None, 200).await;
    check(Some(Step::Break), 500).await;
    check(Some(Step::Silence), 500).await;
    let broken = Gateway::new([Scripted::json(200, "")]);
    let body = json!({ "model": "speech", "input": "Hi", "voice": "alloy" });
    assert_eq!(broken.ask(Operation::Speech, &body).await.status, 200);
}

/// Steps are not `Clone`, so they cannot be concatenated as slices.
trait ConcatSteps {
    fn concat_steps(self) -> Vec<Step>;
}

impl ConcatSteps for [Vec<Step>; 2] {
    fn concat_steps(self) -> Vec<Step> {
        self.into_iter().flatten().collect()
    }
}
