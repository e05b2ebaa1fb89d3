//! Files and batches at providers that do not speak OpenAI's, asked as LiteLLM 1.106.2 asks.

use serde_json::json;
use tollgate_core::resources::{Action, ResourceCall};
use tollgate_testkit::{Recorded, Script, Scripted};

use crate::gateway::{Answer, Gateway};
use crate::resources::{call, with_form, with_json};

const CONFIG: &str = "
model_list:
  - {model_name: claude, litellm_params: {model: anthropic/claude-sonnet-4-5, api_base: 'http://h/a/', api_key: sk-ant}}
  - {model_name: nova, litellm_params: {model: bedrock/us.amazon.nova-lite-v1:0, aws_region_name: us-east-1,
      aws_access_key_id: AKID, aws_secret_access_key: s, s3_bucket_name: in/pre, s3_output_bucket_name: out,
      s3_region_name: eu-west-1, aws_batch_role_arn: 'arn:aws:iam::1:role/b'}}
  - {model_name: gem, litellm_params: {model: vertex_ai/gemini-2.5-flash, vertex_project: p, vertex_location: us-central1, gcs_bucket_name: b}}
general_settings: {master_key: sk-master-91fe}
";
const FILE: &str =
    r#"{"id":"file_1","type":"file","filename":"a.pdf","size_bytes":3,"created_at":"2025-01-01T00:00:05Z"}"#;
const BATCH: &str =
    r#"{"id":"msgbatch_1","type":"message_batch","processing_status":"ended","created_at":"2025-01-01T00:00:05Z"}"#;

fn at(provider: &str, call: ResourceCall) -> ResourceCall {
    ResourceCall { path_provider: Some(provider.to_owned()), ..call }
}

async fn ask(call: ResourceCall, script: Script) -> (Answer, Recorded) {
    let gateway = Gateway::of(CONFIG, &[], [script]);
    let answer = gateway.serve_resource(call).await;
    (answer, gateway.sent())
}

/// Where a call to Anthropic went, under which beta.
async fn check(call: ResourceCall, body: &'static str, want: &str, beta: &str) -> Answer {
    let (answer, sent) = ask(at("anthropic", call), Scripted::json(200, body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(format!("{} {}", sent.method, sent.uri), want);
    let header = |name: &str| sent.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!((header("x-api-key"), header("anthropic-version")), ("sk-ant", "2023-06-01"));
    assert_eq!(header("anthropic-beta"), beta);
    answer
}

#[tokio::test]
async fn anthropic_s_files_are_asked_for_and_shown_as_openai_s() {
    let beta = "files-api-2025-04-14";
    let one = |action| call(action, &["file_1"]);
    let shown = check(one(Action::RetrieveFile), FILE, "GET http://h/a/v1/files/file_1", beta).await.json();
    assert_eq!((&shown["bytes"], &shown["purpose"], &shown["object"]), (&json!(3), &json!("messages"), &json!("file")));
    let gone = check(one(Action::DeleteFile), FILE, "DELETE http://h/a/v1/files/file_1", beta).await.json();
    assert_eq!(gone, json!({"id":"file_1","deleted":true,"object":"file"}));
    let content = check(one(Action::FileContent), "raw", "GET http://h/a/v1/files/file_1/content", beta).await;
    assert_eq!(content.text, "raw");
    let results = call(Action::FileContent, &["msgbatch_1"]);
    check(results, "raw", "GET http://h/a/v1/messages/batches/msgbatch_1/results", beta).await;
    let query = [("after", "file_0"), ("limit", "5000"), ("x", "y")].map(|(name, value)| (name.into(), value.into()));
    let list = ResourceCall { query: query.into(), ..call(Action::ListFiles, &[]) };
    let page = r#"{"data":[],"has_more":true}"#;
    check(list, page, "GET http://h/a/v1/files?after_id=file_0&limit=1000", beta).await;
}

#[tokio::test]
async fn an_upload_for_a_claude_model_is_found_again_by_its_id() {
    let form = with_form(&[("purpose", "user_data"), ("model", "claude")], Some(("a.pdf", "abc")));
    let (answer, sent) = ask(form, Scripted::json(200, FILE)).await;
    assert_eq!((sent.method.as_str(), sent.uri.as_str()), ("POST", "http://h/a/v1/files"));
    let body = String::from_utf8_lossy(&sent.body).into_owned();
    assert!(body.contains("name=\"purpose\"\r\n\r\nuser_data\r\n") && body.contains("abc"), "{body}");
    let id = answer.json()["id"].as_str().unwrap_or_default().to_owned();
    assert!(id.starts_with("file-"), "{id}");
    let (_, sent) = ask(call(Action::RetrieveFile, &[&id]), Scripted::json(200, FILE)).await;
    assert_eq!(sent.uri, "http://h/a/v1/files/file_1");
}

#[tokio::test]
async fn anthropic_s_batches_are_shown_as_openai_s() {
    let beta = "message-batches-2024-09-24";
    let one = |action| call(action, &["msgbatch_1"]);
    let base = "http://h/a/v1/messages/batches";
    let shown = check(one(Action::RetrieveBatch), BATCH, &format!("GET {base}/msgbatch_1"), beta).await.json();
    assert_eq!((&shown["status"], &shown["output_file_id"]), (&json!("completed"), &json!("msgbatch_1")));
    check(one(Action::CancelBatch), BATCH, &format!("POST {base}/msgbatch_1/cancel"), beta).await;
    check(call(Action::ListBatches, &[]), r#"{"data":[]}"#, &format!("GET {base}"), beta).await;
}

#[tokio::test]
async fn anthropic_makes_no_batch_of_a_file() {
    let body = json!({"input_file_id":"file_1","endpoint":"/v1/chat/completions","completion_window":"24h"});
    let gateway = Gateway::of(CONFIG, &[], [Scripted::json(200, BATCH)]);
    let answer = gateway.serve_resource(at("anthropic", with_json(Action::CreateBatch, &body))).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.text.ends_with("send a batch's requests to /anthropic/v1/messages/batches"), "{answer:?}");
    assert_eq!(gateway.provider.requests().len(), 0);
}

#[tokio::test]
async fn a_failure_of_a_foreign_provider_keeps_its_words_and_status() {
    let said = r#"{"type":"error","error":{"type":"not_found_error","message":"File not found"}}"#;
    let retrieve = || at("anthropic", call(Action::RetrieveFile, &["file_x"]));
    let (answer, _) = ask(retrieve(), Scripted::json(404, said)).await;
    assert_eq!((answer.status, answer.text.as_str()), (404, said));
    let (answer, _) = ask(retrieve(), Scripted::json(200, "<html>")).await;
    assert_eq!(answer.status, 500, "{answer:?}");
}

const LINE: &str = r#"{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{"model":"nova","messages":[{"role":"user","content":"Hi"}]}}"#;
const ARN: &str = "arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/abc";
const JOB: &str = r#"{"jobArn":"arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/abc","status":"Completed",
    "inputDataConfig":{"s3InputDataConfig":{"s3Uri":"s3://in/pre/litellm-bedrock-files-m.jsonl"}},
    "outputDataConfig":{"s3OutputDataConfig":{"s3Uri":"s3://out/litellm-batch-outputs/j/"}}}"#;
const INPUT: &str = "s3://in/pre/litellm-bedrock-files-m.jsonl";

fn nova(call: ResourceCall) -> ResourceCall {
    ResourceCall { header_model: Some("nova".to_owned()), ..call }
}

fn told(sent: &Recorded) -> String {
    format!("{} {}", sent.method, sent.uri)
}

#[tokio::test]
async fn a_batch_file_goes_to_s3_in_bedrock_s_form() {
    let form = with_form(&[("purpose", "batch"), ("model", "nova")], Some(("a.jsonl", LINE)));
    let (answer, sent) = ask(form, Scripted::json(200, "")).await;
    let shown = answer.json();
    assert_eq!((&shown["purpose"], &shown["bytes"]), (&json!("batch"), &json!(sent.body.len())));
    let want = "PUT https://s3.eu-west-1.amazonaws.com/in/pre/litellm-bedrock-files-us.amazon.nova-lite-v1-0-";
    assert!(told(&sent).starts_with(want), "{sent:?}");
    let line: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(line["modelInput"]["messages"], json!([{"role":"user","content":[{"text":"Hi"}]}]));
    // The id leads back to the object.
    let id = shown["id"].as_str().unwrap_or_default().to_owned();
    let (_, read) = ask(call(Action::FileContent, &[&id]), Scripted::json(200, "{}")).await;
    assert_eq!(told(&read), told(&sent).replace("PUT", "GET"));
}

#[tokio::test]
async fn a_line_that_bedrock_cannot_take_is_named() {
    let line = LINE.replace("chat/completions", "responses");
    let form = with_form(&[("purpose", "batch"), ("model", "nova")], Some(("a.jsonl", &line)));
    let gateway = Gateway::of(CONFIG, &[], [Scripted::json(200, "")]);
    let answer = gateway.serve_resource(form).await;
    let sentence = "batch input file line 1: Bedrock batches take no /v1/responses: write /v1/chat/completions";
    assert_eq!((answer.status, answer.text.as_str()), (400, sentence));
    assert_eq!(gateway.provider.requests().len(), 0);
}

#[tokio::test]
async fn objects_of_others_cannot_be_named() {
    for (id, words) in [("s3://in/secret", "LiteLLM-managed"), ("s3://x/y", "does not match"), ("file-1", "managed")] {
        for action in [Action::FileContent, Action::DeleteFile, Action::RetrieveFile] {
            let gateway = Gateway::of(CONFIG, &[], [Scripted::json(200, "")]);
            let answer = gateway.serve_resource(nova(call(action, &[id]))).await;
            assert!(answer.status == 400 && answer.text.contains(words), "{answer:?}");
            assert_eq!(gateway.provider.requests().len(), 0);
        }
    }
}

#[tokio::test]
async fn objects_are_listed_retrieved_and_deleted() {
    let (answer, sent) = ask(nova(call(Action::ListFiles, &[])), Scripted::json(200, "<ListBucketResult/>")).await;
    assert_eq!(told(&sent), "GET https://s3.eu-west-1.amazonaws.com/in?list-type=2&prefix=pre%2Flitellm-b");
    assert_eq!(answer.json()["data"], json!([]));
    let object = "https://s3.eu-west-1.amazonaws.com/in/pre/litellm-bedrock-files-m.jsonl";
    let (answer, sent) = ask(nova(call(Action::RetrieveFile, &[INPUT])), Scripted::json(200, "")).await;
    assert_eq!((answer.status, told(&sent)), (200, format!("HEAD {object}")));
    let (answer, sent) = ask(nova(call(Action::DeleteFile, &[INPUT])), Scripted::json(204, "")).await;
    assert_eq!((answer.status, told(&sent)), (200, format!("DELETE {object}")));
    assert_eq!(answer.json()["deleted"], json!(true));
    let denied = "<Error><Code>AccessDenied</Code></Error>";
    let (answer, _) = ask(nova(call(Action::DeleteFile, &[INPUT])), Scripted::json(403, denied)).await;
    assert_eq!((answer.status, answer.text.as_str()), (403, denied));
}

#[tokio::test]
async fn a_job_is_made_asked_for_and_stopped() {
    let base = "https://bedrock.us-east-1.amazonaws.com/model-invocation-job";
    let body =
        json!({"model":"nova","input_file_id":INPUT,"endpoint":"/v1/chat/completions","completion_window":"24h"});
    let (answer, sent) = ask(with_json(Action::CreateBatch, &body), Scripted::json(200, JOB)).await;
    assert_eq!(told(&sent), format!("POST {base}"));
    let job: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(
        (&job["modelId"], &job["roleArn"]),
        (&json!("us.amazon.nova-lite-v1:0"), &json!("arn:aws:iam::1:role/b"))
    );
    let id = answer.json()["id"].as_str().unwrap_or_default().to_owned();
    assert_eq!(answer.json()["status"], json!("validating"));
    let coded = ARN.replace(':', "%3A").replace('/', "%2F");
    let (answer, sent) = ask(call(Action::RetrieveBatch, &[&id]), Scripted::json(200, JOB)).await;
    assert_eq!(told(&sent), format!("GET {base}/{coded}"));
    assert_eq!(answer.json()["status"], json!("completed"));
    let gateway = Gateway::of(CONFIG, &[], [Scripted::json(409, "{}"), Scripted::json(200, JOB)]);
    let answer = gateway.serve_resource(call(Action::CancelBatch, &[&id])).await;
    assert_eq!((answer.status, answer.json()["status"].clone()), (200, json!("completed")));
    let asked: Vec<_> = gateway.provider.requests().iter().map(told).collect();
    assert_eq!(asked, [format!("POST {base}/{coded}/stop"), format!("GET {base}/{coded}")]);
    let (answer, _) = ask(call(Action::CancelBatch, &[&id]), Scripted::json(403, "no")).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn a_job_without_model_or_of_another_region_is_refused() {
    let body = json!({"input_file_id":INPUT,"endpoint":"/v1/chat/completions","completion_window":"24h"});
    let elsewhere = ARN.replace("us-east-1", "us-west-2");
    let jobs = [at("bedrock", with_json(Action::CreateBatch, &body)), nova(call(Action::RetrieveBatch, &[&elsewhere]))];
    for job in jobs {
        let gateway = Gateway::of(CONFIG, &[], [Scripted::json(200, JOB)]);
        assert_eq!(gateway.serve_resource(job).await.status, 400);
        assert_eq!(gateway.provider.requests().len(), 0);
    }
}

const OBJECT: &str =
    r#"{"id":"b/litellm-vertex-files/publishers/google/models/gemini-2.5-flash/u/17","name":"n","size":"3"}"#;
const GEMINI_JOB: &str =
    r#"{"name":"projects/1/locations/us-central1/batchPredictionJobs/381","state":"JOB_STATE_RUNNING"}"#;

#[tokio::test]
async fn vertex_s_files_and_jobs_are_openai_s() {
    let form = with_form(&[("purpose", "batch"), ("model", "gem")], Some(("a.jsonl", LINE)));
    let (answer, sent) = ask(form, Scripted::json(200, OBJECT)).await;
    let prefix = "litellm-vertex-files%2Fpublishers%2Fgoogle%2Fmodels%2Fgemini-2.5-flash%2F";
    let want = format!("POST https://storage.googleapis.com/upload/storage/v1/b/b/o?uploadType=media&name={prefix}");
    assert!(told(&sent).starts_with(&want), "{sent:?}");
    let row: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(row["request"]["contents"][0]["parts"], json!([{"text":"Hi"}]));
    let file = answer.json()["id"].as_str().unwrap_or_default().to_owned();
    let content = format!("GET https://storage.googleapis.com/storage/v1/b/b/o/{prefix}u?alt=media");
    let (answer, sent) = ask(call(Action::FileContent, &[&file]), Scripted::json(200, "{}")).await;
    assert_eq!((answer.text.as_str(), told(&sent)), ("{}", content));
    let body = json!({"input_file_id":file,"endpoint":"/v1/chat/completions","completion_window":"24h"});
    let (answer, sent) = ask(with_json(Action::CreateBatch, &body), Scripted::json(200, GEMINI_JOB)).await;
    let base = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/batchPredictionJobs";
    assert_eq!(told(&sent), format!("POST {base}"));
    assert_eq!(answer.json()["status"], json!("in_progress"));
    let id = answer.json()["id"].as_str().unwrap_or_default().to_owned();
    let gateway = Gateway::of(CONFIG, &[], [Scripted::json(200, "{}"), Scripted::json(200, GEMINI_JOB)]);
    assert_eq!(gateway.serve_resource(call(Action::CancelBatch, &[&id])).await.status, 200);
    let asked: Vec<_> = gateway.provider.requests().iter().map(told).collect();
    assert_eq!(asked, [format!("POST {base}/381:cancel"), format!("GET {base}/381")]);
    let other = ResourceCall { header_model: Some("gem".to_owned()), ..call(Action::FileContent, &["gs://b/secret"]) };
    let gateway = Gateway::of(CONFIG, &[], [Scripted::json(200, "")]);
    assert_eq!((gateway.serve_resource(other).await.status, gateway.provider.requests().len()), (400, 0));
}
