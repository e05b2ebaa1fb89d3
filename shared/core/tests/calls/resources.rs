//! Calls about files, batches and vector stores, against what LiteLLM 1.106.2 was recorded to send and to answer.

use std::time::Instant;

use serde_json::json;
use tollgate_core::resources::{Action, ResourceBody, ResourceCall};
use tollgate_testkit::{Script, Scripted, Step};

use crate::gateway::{Answer, Gateway};

const CONFIG: &str = "
model_list:
  - {model_name: batch-model, litellm_params: {model: openai/gpt-4o-mini, api_base: 'http://h/m/v1', api_key: sk-model}}
  - {model_name: azure-model, litellm_params: {model: azure/dep, api_base: 'http://h/az', api_key: az-key, api_version: '2024-10-21'}}
  - {model_name: claude, litellm_params: {model: groq/llama, api_key: sk-groq}}
files_settings:
  - {custom_llm_provider: openai, api_key: sk-files, api_base: 'http://h/f/v1'}
finetune_settings:
  - {custom_llm_provider: openai, api_key: sk-ft, api_base: 'http://h/ft/v1'}
general_settings: {master_key: sk-master-91fe}
";
const VARIABLES: &[(&str, &str)] = &[("OPENAI_API_KEY", "sk-env"), ("OPENAI_API_BASE", "http://h/env/v1")];
const FILE: &str = r#"{"id":"file-abc123","object":"file","extra":1}"#;
/// `file-abc123` and `batch_abc` of `batch-model`, as LiteLLM hands them out.
const ROUTED_FILE: &str = "file-bGl0ZWxsbTpmaWxlLWFiYzEyMzttb2RlbCxiYXRjaC1tb2RlbA";
const ROUTED_BATCH: &str = "batch_bGl0ZWxsbTpiYXRjaF9hYmM7bW9kZWwsYmF0Y2gtbW9kZWw";
const ROUTED_OUTPUT: &str = "file-bGl0ZWxsbTpmaWxlLW91dDE7bW9kZWwsYmF0Y2gtbW9kZWw";
const LINE: &str = r#"{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{}}"#;

pub fn call(action: Action, ids: &[&str]) -> ResourceCall {
    ResourceCall {
        visitor: None,
        id: "call-1".to_owned(),
        action,
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        path_provider: None,
        header_provider: None,
        header_model: None,
        query: Vec::new(),
        timeouts: tollgate_core::call::Timeouts::default(),
        body: ResourceBody::Nothing,
        started: Instant::now(),
    }
}

pub fn with_json(action: Action, body: &serde_json::Value) -> ResourceCall {
    ResourceCall { body: ResourceBody::Json(body.to_string().into()), ..call(action, &[]) }
}

pub fn with_form(fields: &[(&str, &str)], file: Option<(&str, &str)>) -> ResourceCall {
    let mut form = String::new();
    for (name, value) in fields {
        form += &format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    if let Some((name, content)) = file {
        form += &format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/x\r\n\r\n{content}\r\n"
        );
    }
    form += "--b--\r\n";
    let body = ResourceBody::Form { boundary: "b".to_owned(), bytes: form.into() };
    ResourceCall { body, ..call(Action::CreateFile, &[]) }
}

async fn ask(call: ResourceCall, answer: &'static str) -> (Answer, Gateway) {
    let gateway = Gateway::of(CONFIG, VARIABLES, [Scripted::json(200, answer)]);
    (gateway.serve_resource(call).await, gateway)
}

/// Asks, and tells where the request went and with which key.
async fn check(call: ResourceCall, want: &str, key: &str) {
    let (answer, gateway) = ask(call, FILE).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let sent = gateway.sent();
    assert_eq!(format!("{} {}", sent.method, sent.uri), want);
    let shown = sent.headers.get("authorization").or_else(|| sent.headers.get("api-key"));
    let shown = shown.and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!(shown.trim_start_matches("Bearer "), key, "{want}");
}

async fn check_refused(call: ResourceCall, status: u16, sentence: &str) {
    let (answer, gateway) = ask(call, FILE).await;
    assert_eq!((answer.status, answer.text.as_str()), (status, sentence));
    assert_eq!(gateway.provider.requests().len(), 0, "{sentence}");
}

#[tokio::test]
async fn the_account_is_that_of_model_path_header_query_or_settings() {
    let azure = || Some("azure".to_owned());
    let list = || call(Action::ListFiles, &[]);
    check(list(), "GET http://h/f/v1/files", "sk-files").await;
    let version = "api-version=2024-10-21";
    let in_azure = format!("GET http://h/az/openai/files?{version}");
    check(ResourceCall { path_provider: azure(), ..list() }, &in_azure, "az-key").await;
    check(ResourceCall { header_provider: azure(), ..list() }, &in_azure, "az-key").await;
    let query = vec![("custom_llm_provider".to_owned(), "azure".to_owned())];
    check(ResourceCall { query, ..list() }, &in_azure, "az-key").await;
    let model = Some("batch-model".to_owned());
    check(ResourceCall { header_model: model, ..list() }, "GET http://h/m/v1/files", "sk-model").await;
    let query = [("purpose", "batch"), ("limit", "2"), ("x", "y")].map(|(name, value)| (name.into(), value.into()));
    check(ResourceCall { query: query.into(), ..list() }, "GET http://h/f/v1/files?purpose=batch&limit=2", "sk-files")
        .await;
    check(call(Action::ListFineTuningJobs, &[]), "GET http://h/ft/v1/fine_tuning/jobs", "sk-ft").await;
    check(call(Action::ListVectorStores, &[]), "GET http://h/env/v1/vector_stores", "sk-env").await;
}

#[tokio::test]
async fn an_id_that_names_its_model_finds_the_account_again() {
    check(call(Action::RetrieveFile, &[ROUTED_FILE]), "GET http://h/m/v1/files/file-abc123", "sk-model").await;
    check(call(Action::DeleteFile, &[ROUTED_FILE]), "DELETE http://h/m/v1/files/file-abc123", "sk-model").await;
    check(call(Action::FileContent, &[ROUTED_FILE]), "GET http://h/m/v1/files/file-abc123/content", "sk-model").await;
    let cancel = call(Action::CancelBatch, &[ROUTED_BATCH]);
    check(cancel, "POST http://h/m/v1/batches/batch_abc/cancel", "sk-model").await;
    check(call(Action::RetrieveFile, &["file-abc123"]), "GET http://h/f/v1/files/file-abc123", "sk-files").await;
}

#[tokio::test]
async fn an_id_cannot_lead_to_another_path() {
    check(call(Action::RetrieveFile, &["../x?y#z"]), "GET http://h/f/v1/files/..%2Fx%3Fy%23z", "sk-files").await;
    check(call(Action::RetrieveFile, &[".."]), "GET http://h/f/v1/files/%2E%2E", "sk-files").await;
}

#[tokio::test]
async fn a_batch_of_a_routed_file_is_handed_out_under_routed_ids() {
    let body = json!({ "input_file_id": ROUTED_FILE, "endpoint": "/v1/chat/completions", "completion_window": "24h",
        "custom_llm_provider": "openai" });
    let batch = r#"{"id":"batch_abc","input_file_id":"file-abc123","output_file_id":"file-out1","error_file_id":null}"#;
    let (answer, gateway) = ask(with_json(Action::CreateBatch, &body), batch).await;
    let want =
        json!({ "input_file_id": "file-abc123", "endpoint": "/v1/chat/completions", "completion_window": "24h" });
    assert_eq!(gateway.sent_json(), want);
    let want = json!({ "id": ROUTED_BATCH, "input_file_id": ROUTED_FILE, "output_file_id": ROUTED_OUTPUT, "error_file_id": null });
    assert_eq!(answer.json(), want);
}

#[tokio::test]
async fn an_answer_without_a_model_is_the_provider_s_own() {
    let (answer, _) = ask(call(Action::RetrieveFile, &["file-abc123"]), FILE).await;
    assert_eq!(answer.text, FILE);
}

#[tokio::test]
async fn an_upload_is_checked_and_only_its_own_fields_are_sent() {
    let fields = [("model", "batch-model"), ("purpose", "batch"), ("litellm_metadata", "{}")];
    let (answer, gateway) = ask(with_form(&fields, Some(("a.jsonl", LINE))), FILE).await;
    assert_eq!(answer.json()["id"], ROUTED_FILE);
    let sent = gateway.sent();
    assert_eq!(sent.uri, "http://h/m/v1/files");
    let body = String::from_utf8_lossy(&sent.body).into_owned();
    assert!(body.contains("name=\"purpose\"\r\n\r\nbatch\r\n") && body.contains(LINE), "{body}");
    assert!(body.contains("filename=\"a.jsonl\"\r\nContent-Type: text/x\r\n"), "{body}");
    assert!(!body.contains("batch-model") && !body.contains("litellm"), "{body}");
    check(with_form(&[("purpose", "vision")], Some(("a", "x"))), "POST http://h/f/v1/files", "sk-files").await;
    let target = [("purpose", "vision"), ("target_model_names[]", "batch-model")];
    check(with_form(&target, Some(("a", "x"))), "POST http://h/m/v1/files", "sk-model").await;
}

#[tokio::test]
async fn an_upload_that_no_provider_would_take_is_refused() {
    let file = Some(("a.jsonl", LINE));
    check_refused(with_form(&[], file), 422, "Field required: purpose").await;
    check_refused(with_form(&[("purpose", "batch")], None), 422, "Field required: file").await;
    let known = "('assistants', 'assistants_output', 'batch', 'batch_output', 'fine-tune', 'fine-tune-results', 'vision', 'user_data', 'evals', 'messages')";
    let sentence = format!("Invalid purpose: nonsense. Must be one of: {known}");
    check_refused(with_form(&[("purpose", "nonsense")], file), 400, &sentence).await;
    let sentence = "Batch input file line 1 is not valid JSON. The file was not forwarded to the provider.";
    check_refused(with_form(&[("purpose", "batch")], Some(("a.jsonl", "no"))), 400, sentence).await;
    let sentence = "Filename '../a' is not allowed: directory traversal sequences are not permitted in uploaded file names. The file was not forwarded to the provider.";
    check_refused(with_form(&[("purpose", "vision")], Some(("../a", "x"))), 400, sentence).await;
    let sentence = "expires_after[anchor] must be 'created_at', got 'x'";
    let fields = [("purpose", "vision"), ("expires_after[anchor]", "x"), ("expires_after[seconds]", "1")];
    check_refused(with_form(&fields, file), 400, sentence).await;
    let sentence = "file upload: Invalid model name passed in model=nope. Call `/v1/models` to view available models for your key.";
    check_refused(with_form(&[("purpose", "batch"), ("model", "nope")], file), 400, sentence).await;
    let form = ResourceBody::Form { boundary: "b".to_owned(), bytes: "junk".into() };
    let sentence = "Invalid form payload: 400: Invalid multipart data.";
    check_refused(ResourceCall { body: form, ..call(Action::CreateFile, &[]) }, 400, sentence).await;
}

#[tokio::test]
async fn a_call_that_cannot_be_served_says_why() {
    let list = |provider: &str| ResourceCall { path_provider: Some(provider.into()), ..call(Action::ListFiles, &[]) };
    check_refused(list("nosuch"), 400, "'nosuch' is not a valid LlmProviders").await;
    let groq = "the files, batches, vector stores and videos of provider `groq` are not served: use openai or azure, or its pass-through route";
    check_refused(list("groq"), 400, groq).await;
    let query = vec![("limit".to_owned(), "0".to_owned())];
    let sentence = "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.";
    check_refused(ResourceCall { query, ..call(Action::ListFiles, &[]) }, 400, sentence).await;
    let sentence = "avector_store_search: Missing required parameter: 'query'.";
    check_refused(with_json(Action::SearchVectorStore, &json!({})), 400, sentence).await;
    let body = json!({ "name": "n", "api_base": "http://evil" });
    let sentence = "api_base is not allowed in request body.";
    check_refused(with_json(Action::CreateVectorStore, &body), 401, sentence).await;
}

#[tokio::test]
async fn a_provider_s_failure_is_passed_on_with_its_status() {
    let body = r#"{"error":{"message":"No such File object: file-x","type":"invalid_request_error","param":"id","code":null}}"#;
    let gateway = Gateway::of(CONFIG, VARIABLES, [Scripted::json(404, body)]);
    let answer = gateway.serve_resource(call(Action::RetrieveFile, &["file-x"])).await;
    let sentence = "Error code: 404 - {'error': {'message': 'No such File object: file-x', 'type': 'invalid_request_error', 'param': 'id', 'code': None}}";
    assert_eq!((answer.status, answer.text.as_str()), (404, sentence));
}

#[tokio::test]
async fn content_that_breaks_off_is_cut_and_leaves_nothing_open() {
    let script = Script::Answer {
        status: 200,
        content_type: "application/octet-stream",
        body: vec![Step::Bytes(b"half"), Step::Break],
    };
    let gateway = Gateway::of(CONFIG, VARIABLES, [script]);
    let reply = gateway.app.serve_resource(call(Action::FileContent, &["file-1"])).await;
    let Ok(reply) = reply else { panic!("no head") };
    let tollgate_core::call::ReplyBody::Relayed(relay) = reply.body else { panic!("not relayed") };
    assert!(http_body_util::BodyExt::collect(*relay).await.is_err());
    assert_eq!(gateway.provider.open_bodies(), 0);
}
