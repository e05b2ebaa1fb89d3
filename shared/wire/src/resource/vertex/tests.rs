//! Rows, jobs and objects against what LiteLLM 1.106.2 makes of them.

use serde_json::{Value, json};

use super::{file, job, job_body, jobs, jobs_url, model_path, object, output, row};
use crate::dialect::Stamp;
use crate::prepare::Settings;
use crate::provider;

const INPUT: &str = "gs://b/litellm-vertex-files/publishers/google/models/gemini-2.5-flash/u1";

fn settings() -> Settings {
    let mut settings = Settings::new(provider::find("vertex_ai").unwrap(), "gemini-2.5-flash");
    settings.cloud.vertex_project = Some("p".to_owned());
    settings
}

fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn line(id: &str) -> Vec<u8> {
    let body = json!({"model":"x","messages":[{"role":"user","content":"Hi"}],"max_tokens":5});
    json!({"custom_id":id,"method":"POST","url":"/v1/chat/completions","body":body}).to_string().into_bytes()
}

#[test]
fn a_line_is_a_row_that_carries_its_id() {
    let written = parsed(&row(&settings(), &line("Request 1")).unwrap());
    let request = &written["request"];
    assert_eq!(request["contents"], json!([{"role":"user","parts":[{"text":"Hi"}]}]));
    assert_eq!(
        request["generationConfig"]["max_output_tokens"]
            .as_u64()
            .or(request["generationConfig"]["maxOutputTokens"].as_u64()),
        Some(5)
    );
    let want = json!({"litellm_custom_id":"request_1","litellm_custom_id_raw":"b32_kjsxc5lfon2cami"});
    assert_eq!(request["labels"], want);
}

#[test]
fn ids_of_any_length_come_back_with_the_output() {
    for id in ["a", "Request 1", "ä/ö", &"x".repeat(200)] {
        let request = parsed(&row(&settings(), &line(id)).unwrap())["request"].clone();
        let answer = json!({"candidates":[{"content":{"role":"model","parts":[{"text":"Hello"}]},"finishReason":"STOP"}],
            "usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2,"totalTokenCount":3},"modelVersion":"gemini-2.5-flash@1"});
        let said = json!({"request":request,"status":"","response":answer}).to_string();
        let shown = parsed(&output(&settings(), said.as_bytes(), Stamp::new("u".to_owned(), 1)));
        assert_eq!(shown["custom_id"], id);
        let body = &shown["response"]["body"];
        assert_eq!(body["choices"][0]["message"]["content"], "Hello");
        assert_eq!((&body["model"], &body["usage"]["total_tokens"]), (&json!("gemini-2.5-flash"), &json!(3)));
        let failed = json!({"request":request,"status":"quota"}).to_string();
        let shown = parsed(&output(&settings(), failed.as_bytes(), Stamp::new("u".to_owned(), 1)));
        assert_eq!(shown["error"], json!({"code":"vertex_ai_error","message":"quota"}));
    }
}

#[test]
fn what_is_no_output_stays_as_it_is() {
    for content in ["{\"a\":1}\n", "junk", "", "\u{0}"] {
        let shown = output(&settings(), content.as_bytes(), Stamp::default());
        assert_eq!(String::from_utf8(shown).unwrap(), content);
    }
}

#[test]
fn what_a_batch_cannot_ask_is_named() {
    for url in ["/v1/embeddings", "/v1/responses"] {
        let text = json!({"url":url,"body":{"model":"m","input":"a"}}).to_string();
        assert!(row(&settings(), text.as_bytes()).unwrap_err().contains(url));
    }
    assert!(row(&settings(), b"[]").is_err() && row(&settings(), b"{\"body\":1}").is_err());
}

#[test]
fn only_objects_of_the_gateway_can_be_named() {
    assert_eq!(object(INPUT, "b", ""), Ok(&INPUT[7..]));
    for id in
        ["gs://x/litellm-vertex-files/a", "gs://b/secret", "s3://b/x", "gs://b", "gs://b/litellm-vertex-files/../x"]
    {
        assert!(object(id, "b", "").is_err(), "{id}");
    }
    assert!(object(INPUT, "b", "pre").is_err());
}

#[test]
fn a_job_knows_its_model_by_the_file() {
    let want = json!({"inputConfig":{"gcsSource":{"uris":[INPUT]},"instancesFormat":"jsonl"},
        "outputConfig":{"predictionsFormat":"jsonl","gcsDestination":
            {"outputUriPrefix":"gs://b/litellm-vertex-files/publishers/google/models/gemini-2.5-flash"}},
        "model":"publishers/google/models/gemini-2.5-flash","displayName":"litellm-vertex-batch-1"});
    assert_eq!(parsed(&job_body(&settings(), INPUT, "1").unwrap()), want);
    assert!(job_body(&settings(), "gs://b/litellm-vertex-files/uploads/x", "1").is_none());
    assert_eq!(model_path("gemini-2.5-flash"), "publishers/google/models/gemini-2.5-flash");
    assert_eq!(model_path("1234567890"), "endpoints/1234567890");
    let url = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/batchPredictionJobs";
    assert_eq!(jobs_url(&settings()).unwrap(), url);
}

#[test]
fn jobs_and_objects_are_openai_s() {
    let said = json!({"name":"projects/1/locations/us-central1/batchPredictionJobs/381","state":"JOB_STATE_SUCCEEDED",
        "createTime":"2024-08-20T18:37:24.1Z","inputConfig":{"gcsSource":{"uris":[INPUT]}},
        "outputInfo":{"gcsOutputDirectory":"gs://b/out/"}});
    let shown = parsed(&job(said.to_string().as_bytes()).unwrap());
    let got = (&shown["id"], &shown["status"], &shown["output_file_id"], &shown["created_at"]);
    let want = (&json!("381"), &json!("completed"), &json!("gs://b/out/predictions.jsonl"), &json!(1724179044));
    assert_eq!(got, want);
    let page = parsed(&jobs(json!({"batchPredictionJobs":[said],"nextPageToken":"t"}).to_string().as_bytes()).unwrap());
    assert_eq!((&page["has_more"], &page["data"][0]["id"]), (&json!(true), &json!("381")));
    let said = json!({"id":"b/litellm-vertex-files/x/1724","name":"litellm-vertex-files/x","size":"12",
        "timeCreated":"2024-08-20T18:37:24.1Z"});
    let shown = parsed(&file(said.to_string().as_bytes(), "uploaded").unwrap());
    let want = json!({"id":"gs://b/litellm-vertex-files/x","bytes":12,"created_at":1724179044,
        "filename":"litellm-vertex-files/x","object":"file","purpose":"batch","status":"uploaded","expires_at":null,
        "status_details":null});
    assert_eq!(shown, want);
    assert!(job(b"[]").is_none() && file(b"<", "uploaded").is_none());
}
