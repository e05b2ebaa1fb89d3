use serde_json::json;

use super::*;
use crate::config::{Environment, Mode, ReadError, load};

/// A document with one deployment of these `litellm_params`, and more sections behind it.
struct Document(String);

impl Environment for Document {
    fn read(&self, _: &str, _: u64) -> Result<Vec<u8>, ReadError> {
        Ok(self.0.clone().into_bytes())
    }

    fn exists(&self, _: &str) -> bool {
        true
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

pub(super) fn deploy(params: &str, more: &str, variables: &[(&str, &str)]) -> Result<Deployment, Unusable> {
    let text = format!("model_list: [{{model_name: group, litellm_params: {{{params}}}{more}}}]");
    let config = load("config.yaml", &Document(text), Mode::Boot).unwrap_or_else(|refusal| panic!("{refusal}")).config;
    let found = |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
    Deployment::new(&config, &config.models[0], &found)
}

fn deployed(params: &str) -> Deployment {
    deploy(params, "", &[]).unwrap_or_else(|error| panic!("{params}: {error}"))
}

#[test]
fn each_provider_is_shown_the_key_in_its_own_header() {
    let check = |params: &str, variables: &[(&str, &str)], header: &str, expected: &str| {
        let deployment = deploy(params, "", variables).unwrap_or_else(|error| panic!("{params}: {error}"));
        assert_eq!(deployment.headers.get(header).map(|value| value.to_str().unwrap()), Some(expected), "{params}");
        assert!(deployment.headers[header].is_sensitive(), "{header} is shown by Debug");
        assert_eq!(deployment.missing_key, None);
    };
    let azure = "model: azure/x, api_base: 'https://a.example', api_version: 2024-10-21";
    check("model: openai/gpt-4o, api_key: own", &[("OPENAI_API_KEY", "set")], "authorization", "Bearer own");
    check("model: openai/gpt-4o", &[("OPENAI_API_KEY", "set")], "authorization", "Bearer set");
    check(&format!("{azure}, api_key: own"), &[], "api-key", "own");
    check(azure, &[("AZURE_API_KEY", "set")], "api-key", "set");
    check(&format!("{azure}, azure_ad_token: t, api_key: own"), &[], "authorization", "Bearer t");
    check("model: groq/x, api_key: own", &[], "authorization", "Bearer own");
    check("model: anthropic/claude-x, api_key: own", &[], "x-api-key", "own");
    check("model: anthropic/claude-x, api_key: sk-ant-oat-1", &[], "authorization", "Bearer sk-ant-oat-1");
    let both = [("ANTHROPIC_AUTH_TOKEN", "t"), ("ANTHROPIC_API_KEY", "k")];
    check("model: anthropic/claude-x", &both, "x-api-key", "k");
    check("model: anthropic/claude-x", &both[..1], "authorization", "Bearer t");
    let foundry = "model: azure_ai/claude-x, api_base: \"https://r.services.ai.azure.com/anthropic\"";
    check(&format!("{foundry}, api_key: own"), &[], "x-api-key", "own");
}

#[test]
fn a_missing_key_is_named_only_where_one_is_needed() {
    let check = |params: &str, expected: Option<&str>| {
        assert_eq!(deployed(params).missing_key.as_deref(), expected, "{params}");
    };
    check("model: openai/gpt-4o", Some("OPENAI_API_KEY"));
    check("model: groq/x", Some("GROQ_API_KEY"));
    check("model: openai/gpt-4o, api_key: k", None);
    check("model: openai/gpt-4o, mock_response: x", None);
    check("model: hosted_vllm/x, api_base: 'http://127.0.0.1:1/v1'", None);
}

#[test]
fn what_cannot_be_served_says_why_without_secrets() {
    let check = |params: &str, expected: &str| {
        let text = deploy(params, "", &[]).err().map(|error| error.0).unwrap_or_default();
        assert!(text.contains(expected), "{params}: {text}");
        assert!(!text.contains("hidden"), "{params}: {text}");
    };
    check("model: openai/x, api_key: \"hidden\\n\"", "api_key holds characters that cannot be sent");
    check("model: openai/x, api_key: k, api_base: 'user:hidden@host/v1'", "api_base");
    check("model: openai/x, api_key: k, api_base: 'ftp://user:hidden@host/v1?key=hidden'", "no http or https address");
    check("model: openai/x, api_key: k, api_base: 'http://user:hidden@'", "api_base");
}

#[test]
fn an_address_is_shown_without_its_query_and_user() {
    let check = |address: &str, expected: &str| assert_eq!(shown_base(address), expected);
    check("https://host/v1", "https://host/v1");
    check("https://user:secret@host:8080/v1?key=secret#x", "https://host:8080/v1");
    check("https://host/a@b", "https://host/a@b");
    check("https://a@b@host", "https://host");
    check("host/v1?key=secret", "host/v1");
    check("user:secret@host/v1", "host/v1");
    check("", "");
}

#[test]
fn the_kind_of_a_model_is_its_mode_else_what_is_known_else_a_chat() {
    let check = |model: &str, more: &str, expected: Operation| {
        let deployment = deploy(&format!("model: {model}, api_key: k"), more, &[]).unwrap();
        assert_eq!(deployment.operation(), expected, "{model}{more}");
    };
    check("openai/gpt-4o", "", Operation::ChatCompletion);
    check("openai/text-embedding-3-small", "", Operation::Embedding);
    check("openai/whisper-1", "", Operation::Transcription);
    check("openai/tts-1", "", Operation::Speech);
    check("openai/nobody-knows", "", Operation::ChatCompletion);
    check("openai/nobody-knows", ", model_info: {mode: embedding}", Operation::Embedding);
    check("openai/gpt-4o", ", model_info: {mode: completion}", Operation::TextCompletion);
}

#[test]
fn a_description_holds_what_the_configuration_says_and_no_key() {
    let params = "model: openai/gpt-4o, api_key: hidden, api_base: 'https://u:hidden@host/v1?k=hidden', \
                  extra_headers: {x-token: hidden}, user: hidden";
    let deployment = deploy(params, ", model_info: {id: mine, note: kept}", &[]).unwrap();
    let shown = deployment.describe();
    assert!(!shown.to_string().contains("hidden"), "{shown}");
    assert_eq!(shown["model_name"], "group");
    let params = &shown["litellm_params"];
    assert_eq!((&params["model"], &params["api_base"]), (&json!("openai/gpt-4o"), &json!("https://host/v1")));
    assert!(params.get("user").is_none() && params.get("extra_headers").is_none(), "{params}");
    assert_eq!((&shown["model_info"]["id"], &shown["model_info"]["note"]), (&json!("mine"), &json!("kept")));
    assert_eq!(shown["model_info"]["litellm_provider"], "openai");
    assert!(shown["model_info"]["input_cost_per_token"].as_f64().is_some_and(|cost| cost > 0.0));
}

#[test]
fn shares_are_kept_measure_by_measure() {
    let check = |more: &str, expected: [f64; MEASURES]| {
        assert_eq!(deployed(&format!("model: openai/gpt-4o, api_key: k{more}")).shares, expected, "{more}");
    };
    check("", [0.0, 0.0, 0.0]);
    check(", weight: 2.5", [2.5, 0.0, 0.0]);
    check(", rpm: 10", [0.0, 10.0, 0.0]);
    check(", weight: 0, rpm: 10, tpm: 20", [0.0, 10.0, 20.0]);
}
