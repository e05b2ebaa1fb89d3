//! Lines of batches against what LiteLLM 1.106.2 writes for Bedrock.

use serde_json::{Value, json};

use super::batch_line;
use crate::prepare::Settings;
use crate::provider;

fn line(model: &str, record: &Value) -> Result<Value, String> {
    let settings = Settings::new(provider::find("bedrock").unwrap(), model);
    batch_line(&settings, record.to_string().as_bytes()).map(|text| serde_json::from_slice(&text).unwrap())
}

fn chat(model: &str) -> Value {
    json!({"custom_id":"a-1","method":"POST","url":"/v1/chat/completions",
        "body":{"model":model,"messages":[{"role":"user","content":"Hi"}],"max_tokens":5}})
}

#[test]
fn each_family_gets_its_own_body() {
    let claude = json!({"recordId":"a-1","modelInput":{"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}],
        "max_tokens":5,"anthropic_version":"bedrock-2023-05-31"}});
    assert_eq!(line("x", &chat("anthropic.claude-3-haiku-20240307-v1:0")), Ok(claude.clone()));
    // A line that names a group is for the deployment's model.
    assert_eq!(line("us.anthropic.claude-sonnet-4-5-20250929-v1:0", &chat("my-group")), Ok(claude));
    let nova = json!({"recordId":"a-1","modelInput":{"messages":[{"role":"user","content":[{"text":"Hi"}]}],
        "inferenceConfig":{"maxTokens":5}}});
    let wrote = line("x", &chat("us.amazon.nova-lite-v1:0")).unwrap();
    assert_eq!(wrote["modelInput"]["messages"], nova["modelInput"]["messages"]);
    assert_eq!(wrote["modelInput"]["inferenceConfig"], nova["modelInput"]["inferenceConfig"]);
    let plain = json!({"recordId":"a-1","modelInput":{"messages":[{"role":"user","content":"Hi"}],"max_tokens":5}});
    assert_eq!(line("x", &chat("openai.gpt-oss-20b-1:0")), Ok(plain));
}

#[test]
fn prompts_and_embeddings_are_taken_by_address_or_by_shape() {
    let prompt =
        json!({"custom_id":"p","url":"/v1/completions","body":{"model":"openai.gpt-oss-20b-1:0","prompt":"Hi"}});
    let want = json!({"recordId":"p","modelInput":{"messages":[{"role":"user","content":"Hi"}]}});
    assert_eq!(line("x", &prompt), Ok(want));
    let body = json!({"model":"amazon.titan-embed-text-v2:0","input":"Hi","dimensions":256});
    for url in ["/v1/embeddings", ""] {
        let record = json!({"custom_id":"e","url":url,"body":body});
        let want = json!({"recordId":"e","modelInput":{"inputText":"Hi","dimensions":256}});
        assert_eq!(line("x", &record), Ok(want), "{url}");
    }
}

#[test]
fn what_a_batch_cannot_do_is_named() {
    let check = |record: Value, words: &str| {
        let error = line("x", &record).unwrap_err();
        assert!(error.contains(words), "{error}");
    };
    let titan = "amazon.titan-embed-text-v2:0";
    check(json!({"url":"/v1/embeddings","body":{"model":titan,"input":["a","b"]}}), "one text");
    check(json!({"url":"/v1/embeddings","body":{"model":titan}}), "one text");
    check(json!({"url":"/v1/embeddings","body":{"model":"cohere.embed-english-v3","input":"a"}}), "only");
    check(json!({"url":"/v1/responses","body":{"model":"m","input":"a"}}), "/v1/chat/completions");
    check(json!({"url":"/v1/completions","body":{"model":"m","prompt":[1,2]}}), "`prompt`");
    check(json!({"url":"/v1/chat/completions","body":7}), "`body`");
}
