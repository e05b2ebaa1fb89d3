//! Silent models: a copy of each call goes to them, and nobody hears the answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tollgate_core::journey::mirror;
use tollgate_wire::Operation;

use crate::gateway::{Gateway, Setup, question, streamed_question};
use crate::log::Log;
use crate::several::{Mood, Several};

/// The group `g` of `a`, and of `b` where `a` fails; copies go to `s`, whose calls would have copies as well.
const MODELS: &str = "
model_list:
  - {model_name: g, litellm_params: {model: openai/m, api_key: k, api_base: 'http://a.example/v1', weight: 1, silent_model: s}}
  - {model_name: g, litellm_params: {model: openai/m, api_key: k, api_base: 'http://b.example/v1', weight: 0, silent_model: s}}
  - {model_name: s, litellm_params: {model: openai/quiet, api_key: k, api_base: 'http://s.example/v1', silent_model: g}}
  - {model_name: plain, litellm_params: {model: openai/m, api_key: k, api_base: 'http://p.example/v1'}}
";

fn gateway() -> (Gateway, Several) {
    let mut gateway = Gateway::set_up(MODELS, &[], [], Setup::default());
    let several = Several::default();
    gateway.app.upstream = Arc::new(several.clone());
    gateway.retries = None;
    (gateway, several)
}

/// How many copies wait.
fn waiting(gateway: &Gateway) -> usize {
    gateway.mirrored.as_ref().map_or(0, tokio::sync::mpsc::Receiver::len)
}

/// Makes all copies that wait; the queue itself never ends.
async fn work(gateway: Gateway) -> Arc<tollgate_core::App> {
    let app = Arc::new(gateway.app);
    let working = mirror::work(Arc::clone(&app), gateway.mirrored.unwrap());
    assert!(timeout(Duration::from_secs(60), working).await.is_err());
    app
}

#[tokio::test(start_paused = true)]
async fn a_call_is_copied_once_and_its_copy_is_marked_and_makes_none() {
    for body in [question("g"), streamed_question("g")] {
        let ((gateway, several), log) = (gateway(), Log::start());
        let event = r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}

data: [DONE]

"#;
        if body["stream"] == true {
            several.set("a", Mood::stream(&[(0, Some(event))]));
            several.set("s", Mood::stream(&[(5, Some(event))]));
        }
        let answer = gateway.ask(Operation::ChatCompletion, &body).await;
        assert_eq!((answer.status, several.asked()), (200, vec!["a".to_owned()]), "{}", answer.text);
        assert_eq!(waiting(&gateway), 1);
        assert!(log.call().contains(" silent=false"), "{}", log.call());
        let app = work(gateway).await;
        assert_eq!(several.asked(), ["s"]);
        let silent: Vec<String> = log.calls().into_iter().filter(|line| line.contains(" silent=true")).collect();
        assert!(matches!(silent.as_slice(), [line] if line.contains(" status=200")), "{:#?}", log.calls());
        assert!(log.text().contains(" of=call-1"), "{}", log.text());
        app.balancer.meter.view(&mut |view| {
            assert!(view.states.iter().all(|state| state.in_flight == 0), "a copy is counted to its end");
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_tried_again_is_copied_once() {
    let (gateway, several) = gateway();
    several.set("a", Mood::bad(500));
    assert_eq!(gateway.chat("g").await.status, 200);
    assert_eq!(several.asked(), ["a", "b"]);
    assert_eq!(waiting(&gateway), 1);
}

#[tokio::test(start_paused = true)]
async fn copies_that_find_the_queue_full_are_left_out_and_the_calls_are_not() {
    let ((gateway, several), log) = (gateway(), Log::start());
    for _ in 0..9 {
        assert_eq!(gateway.chat("g").await.status, 200);
    }
    assert_eq!((several.asked().len(), waiting(&gateway)), (9, 4));
    assert_eq!(log.text().matches("not mirrored to s").count(), 5);
    work(gateway).await;
    assert_eq!(several.asked(), ["s"; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_fails_is_logged_and_nothing_else() {
    let ((gateway, several), log) = (gateway(), Log::start());
    several.set("s", Mood::bad(401));
    assert_eq!(gateway.chat("g").await.status, 200);
    work(gateway).await;
    assert!(log.text().contains("mirrored call failed with 401"), "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn who_has_no_silent_model_makes_no_copies() {
    let (gateway, _several) = gateway();
    assert_eq!(gateway.chat("plain").await.status, 200);
    assert_eq!(waiting(&gateway), 0);
}
