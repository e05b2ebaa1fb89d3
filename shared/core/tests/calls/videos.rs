//! Calls about videos, asked as LiteLLM 1.106.2 asks.

use serde_json::{Value, json};
use tollgate_core::resources::{Action, ResourceBody, ResourceCall};
use tollgate_testkit::{Recorded, Scripted};

use crate::gateway::{Answer, Gateway};
use crate::resources::{call, with_form, with_json};

const CONFIG: &str = "
model_list:
  - {model_name: film, litellm_params: {model: openai/sora-2, api_base: 'http://h/v1', api_key: sk-1}}
  - {model_name: azure-film, litellm_params: {model: azure/sora-dep, api_base: 'http://az', api_key: k, api_version: '2024-10-21'}}
general_settings: {master_key: sk-master-91fe}
";
const VIDEO: &str = r#"{"id":"video_1","object":"video","status":"queued"}"#;

async fn ask(call: ResourceCall, answer: &'static str) -> (Answer, Recorded) {
    let gateway = Gateway::of(CONFIG, &[], [Scripted::json(200, answer)]);
    let answer = gateway.serve_resource(call).await;
    (answer, gateway.sent())
}

fn told(sent: &Recorded) -> String {
    format!("{} {}", sent.method, sent.uri)
}

fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap_or_default().to_owned()
}

fn form(fields: &[(&str, &str)]) -> ResourceCall {
    ResourceCall { action: Action::CreateVideo, ..with_form(fields, Some(("a.png", "PNG"))) }
}

#[tokio::test]
async fn json_and_forms_are_sent_as_a_form_with_the_provider_s_model() {
    let body = json!({"model":"film","prompt":"a cat","seconds":4,"custom_llm_provider":"x","size":null});
    let (answer, sent) = ask(with_json(Action::CreateVideo, &body), VIDEO).await;
    assert_eq!((answer.status, told(&sent)), (200, "POST http://h/v1/videos".to_owned()));
    let text = String::from_utf8_lossy(&sent.body).into_owned();
    assert!(
        text.contains("name=\"model\"\r\n\r\nsora-2\r\n") && text.contains("name=\"seconds\"\r\n\r\n4\r\n"),
        "{text}"
    );
    assert!(!text.contains("custom_llm") && !text.contains("size"), "{text}");
    let (_, sent) = ask(form(&[("model", "film"), ("prompt", "a cat")]), VIDEO).await;
    let text = String::from_utf8_lossy(&sent.body).into_owned();
    assert!(
        text.contains("name=\"model\"\r\n\r\nsora-2\r\n") && text.contains("name=\"file\"; filename=\"a.png\""),
        "{text}"
    );
    let kind = sent.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("multipart/form-data; boundary=tollgate-"), "{kind}");
}

#[tokio::test]
async fn a_video_is_found_again_by_its_id() {
    for (model, base) in [("film", "http://h/v1/videos"), ("azure-film", "http://az/openai/v1/videos")] {
        let body = json!({"model":model,"prompt":"a cat"});
        let (answer, sent) = ask(with_json(Action::CreateVideo, &body), VIDEO).await;
        assert_eq!(told(&sent), format!("POST {base}"));
        let id = id(&answer);
        for (action, want) in [
            (Action::RetrieveVideo, format!("GET {base}/video_1")),
            (Action::VideoContent, format!("GET {base}/video_1/content")),
            (Action::DeleteVideo, format!("DELETE {base}/video_1")),
        ] {
            let (answer, sent) = ask(call(action, &[&id]), VIDEO).await;
            assert_eq!(told(&sent), want);
            let same = action == Action::VideoContent || self::id(&answer) == id;
            assert!(same, "{answer:?}");
        }
        let body = ResourceBody::Json(json!({"prompt":"a dog"}).to_string().into());
        let (_, sent) = ask(ResourceCall { body, ..call(Action::RemixVideo, &[&id]) }, VIDEO).await;
        assert_eq!(told(&sent), format!("POST {base}/video_1/remix"));
        assert_eq!(serde_json::from_slice::<Value>(&sent.body).unwrap(), json!({"prompt":"a dog"}));
    }
}

#[tokio::test]
async fn videos_are_listed_with_ids_of_their_provider() {
    let (answer, sent) = ask(call(Action::ListVideos, &[]), r#"{"data":[{"id":"video_1"}],"last_id":"video_1"}"#).await;
    assert_eq!(told(&sent), "GET http://h/v1/videos");
    let list = answer.json();
    let id = list["data"][0]["id"].as_str().unwrap_or_default().to_owned();
    assert!(list["last_id"] == id.as_str() && id.len() > 20, "{list}");
    let (_, sent) = ask(call(Action::RetrieveVideo, &[&id]), VIDEO).await;
    assert_eq!(told(&sent), "GET http://h/v1/videos/video_1");
}

#[tokio::test]
async fn what_makes_no_video_is_refused() {
    let junk = ResourceBody::Form { boundary: "b".to_owned(), bytes: "junk".into() };
    for bad in [
        with_json(Action::CreateVideo, &json!({"model":"film"})),
        with_json(Action::CreateVideo, &json!({"model":"nope","prompt":"a"})),
        with_json(Action::CreateVideo, &json!([])),
        call(Action::CreateVideo, &[]),
        ResourceCall { body: junk, ..call(Action::CreateVideo, &[]) },
    ] {
        let gateway = Gateway::of(CONFIG, &[], [Scripted::json(200, VIDEO)]);
        let answer = gateway.serve_resource(bad).await;
        assert_eq!((answer.status, gateway.provider.requests().len()), (400, 0), "{answer:?}");
    }
}

#[tokio::test]
async fn a_provider_s_failure_is_the_client_s() {
    let gateway = Gateway::of(CONFIG, &[], [Scripted::json(404, r#"{"error":{"message":"no video"}}"#)]);
    let answer = gateway.serve_resource(call(Action::RetrieveVideo, &["video_9"])).await;
    assert_eq!(answer.status, 404, "{answer:?}");
}
