//! Transcriptions: a form on its way through, its model replaced and its file untouched.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use tollgate_core::call::{Call, CallBody, Upload};
use tollgate_core::upstream::{RequestBody, UpstreamError};
use tollgate_testkit::{Script, Scripted, Step};
use tollgate_wire::Operation;
use tollgate_wire::multipart::{self, Progress};

use crate::gateway::{Answer, Gateway, PROVIDER_KEY};
use crate::log::Log;

const FILE: &str = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\
                    Content-Type: audio/wav\r\n\r\nRIFF\0model\0\r\n-b\r\n";
const ANSWER: &str = r#"{"text":"Hello"}"#;

fn field(name: &str, value: &str) -> String {
    format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

/// The form as it is when its first `arrived` bytes, or as many as are needed, have been read.
fn upload(form: &str, arrived: usize) -> Upload {
    let bytes = Bytes::copy_from_slice(form.as_bytes());
    for length in arrived..=bytes.len() {
        let found = match multipart::scan("b", &bytes[..length]).unwrap() {
            Progress::Ready(found) | Progress::Ended(found) => found,
            Progress::NeedMore => continue,
        };
        let rest = Full::new(bytes.slice(length..)).map_err(|never| match never {});
        return Upload {
            boundary: "b".to_owned(),
            head: bytes.slice(..length),
            form: found,
            rest: RequestBody::Streamed(rest.boxed_unsync()).into(),
            length_bytes: Some(bytes.len() as u64),
        };
    }
    panic!("no form: {form}");
}

fn call(gateway: &Gateway, upload: Upload) -> Call {
    let call = gateway.call(Operation::Transcription, &serde_json::Value::Null);
    Call { body: CallBody::Upload(upload), ..call }
}

async fn check(form: &str, expected: &str) {
    for arrived in [0, form.len() / 2, form.len()] {
        let gateway = Gateway::new([Scripted::json(200, ANSWER)]);
        let answer = gateway.serve(call(&gateway, upload(form, arrived))).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ANSWER));
        let sent = gateway.sent();
        assert_eq!(sent.body, expected, "{arrived} bytes had arrived");
        assert_eq!(sent.uri, "https://api.openai.com/v1/audio/transcriptions");
        assert_eq!(sent.headers["content-length"], expected.len().to_string());
        assert_eq!(sent.headers["content-type"], "multipart/form-data; boundary=b");
        assert_eq!(sent.headers["authorization"], format!("Bearer {PROVIDER_KEY}"));
    }
}

#[tokio::test]
async fn the_model_is_replaced_before_and_behind_the_file() {
    let (client, provider) = (field("model", "transcribe"), field("model", "whisper-1"));
    let language = field("language", "en");
    check(&format!("{client}{FILE}--b--\r\n"), &format!("{provider}{FILE}--b--\r\n")).await;
    check(&format!("{FILE}{client}--b--\r\n"), &format!("{FILE}{provider}--b--\r\n")).await;
    check(&format!("{language}{FILE}{client}--b--\r\n"), &format!("{language}{FILE}{provider}--b--\r\n")).await;
    check(&format!("{client}{language}{FILE}--b--\r\n"), &format!("{provider}{language}{FILE}--b--\r\n")).await;
}

#[tokio::test]
async fn a_model_in_the_path_is_written_into_a_form_without_one() {
    let form = format!("{FILE}--b--\r\n");
    let gateway = Gateway::new([Scripted::json(200, ANSWER)]);
    let call = Call { path_model: Some("transcribe".to_owned()), ..call(&gateway, upload(&form, 0)) };
    assert_eq!(gateway.serve(call).await.status, 200);
    let expected = format!("{}{form}", field("model", "whisper-1"));
    assert_eq!(gateway.sent().body, expected);
    assert_eq!(gateway.sent().headers["content-length"], expected.len().to_string());
}

#[tokio::test]
async fn an_upload_that_is_too_long_to_be_kept_is_passed_on_as_it_is_and_sent_once() {
    let check = async |length: usize, is_told: bool, is_kept: bool| {
        let form = format!("{}{}{FILE}--b--\r\n", field("model", "transcribe"), field("prompt", &"x".repeat(length)));
        let gateway = Gateway::new([Scripted::json(500, "{}"), Scripted::json(200, ANSWER)]);
        let known = upload(&form, 0);
        let upload = Upload { length_bytes: known.length_bytes.filter(|_| is_told), ..known };
        let mut call = call(&gateway, upload);
        call.hints.retries = Some(1);
        let answer = gateway.serve(call).await;
        assert_eq!(answer.status, if is_kept { 200 } else { 500 }, "{}", answer.text);
        let requests = gateway.provider.requests();
        assert_eq!(requests.len(), if is_kept { 2 } else { 1 });
        for request in requests {
            assert_eq!(request.headers.contains_key("content-length"), is_kept || is_told);
            assert!(request.body.ends_with(b"--b--\r\n"));
        }
    };
    check(10, true, true).await;
    check(10, false, true).await;
    // The gateway of these tests keeps 64 KiB.
    check(100_000, true, false).await;
    check(100_000, false, false).await;
}

#[tokio::test]
async fn a_transcript_of_another_type_keeps_its_type() {
    let form = format!("{}{FILE}--b--\r\n", field("model", "transcribe"));
    let body = vec![Step::Bytes(b"1\n00:00 --> 00:01\nHello\n")];
    let gateway = Gateway::new([Script::Answer { status: 200, content_type: "text/plain", body }]);
    let answer: Answer = gateway.serve(call(&gateway, upload(&form, 0))).await;
    assert_eq!((answer.content_type.as_str(), answer.text.as_str()), ("text/plain", "1\n00:00 --> 00:01\nHello\n"));
}

#[tokio::test]
async fn a_form_that_lacks_something_is_refused_before_anyone_is_asked() {
    let check = async |form: &str, status: u16, begins: &str| {
        let (gateway, log) = (Gateway::new([]), Log::start());
        let answer = gateway.serve(call(&gateway, upload(form, 0))).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.text.starts_with(begins), "{}", answer.text);
        assert!(log.call().contains(&format!(" status={status}")));
        assert!(gateway.provider.requests().is_empty());
    };
    let unknown = "/audio/transcriptions: Invalid model name passed in model=";
    check(&format!("{}--b--\r\n", field("model", "transcribe")), 422, "Field required").await;
    check("--b--\r\n", 422, "Field required").await;
    check(&format!("{FILE}--b--\r\n"), 400, &format!("{unknown}None.")).await;
    check(&format!("{}{FILE}--b--\r\n", field("model", "no")), 400, &format!("{unknown}no.")).await;
}

#[tokio::test(start_paused = true)]
async fn failures_of_the_provider_are_told_as_ever() {
    let check = async |script: Script, status: u16, begins: &str| {
        let form = format!("{}{FILE}--b--\r\n", field("model", "transcribe"));
        let gateway = Gateway::new([script]);
        let answer = gateway.serve(call(&gateway, upload(&form, 0))).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.text.starts_with(begins), "{}", answer.text);
    };
    let slow_down = r#"{"error":{"message":"slow down"}}"#;
    check(Scripted::json(429, slow_down), 429, "litellm.RateLimitError: RateLimitError: OpenAIException").await;
    check(Scripted::json(200, r#"{"error":{"message":"no","code":500}}"#), 500, "litellm.InternalServerError: ").await;
    check(Script::Fail(UpstreamError::Refused), 500, "litellm.").await;
    check(Script::Hang, 408, "litellm.Timeout: ").await;
}
