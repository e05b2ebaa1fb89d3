use super::*;

/// `want` is `provider model`, as LiteLLM 1.106.2 answers.
fn check(model: &str, custom_llm_provider: Option<&str>, api_base: Option<&str>, want: &str) {
    let got = resolve(model, custom_llm_provider, api_base).expect(model);
    assert_eq!(format!("{} {}", got.provider.name, got.model), want, "{model}");
}

#[test]
fn prefix_names_the_provider_and_is_taken_off_once() {
    check("openai/gpt-4o", None, None, "openai gpt-4o");
    check("groq/openai/gpt-oss-120b", None, None, "groq openai/gpt-oss-120b");
    check("hosted_vllm/a/b/c", None, None, "hosted_vllm a/b/c");
    check("veniceai/foo/bar", None, None, "veniceai foo/bar");
    check("nano-gpt/foo", None, None, "nano-gpt foo");
    check("openai/responses/gpt-4o", None, None, "openai responses/gpt-4o");
    check("openrouter/anthropic/claude-3.5-sonnet", None, None, "openrouter anthropic/claude-3.5-sonnet");
}

#[test]
fn openrouters_own_routers_keep_their_name() {
    check("openrouter/auto", None, None, "openrouter openrouter/auto");
    check("openrouter/auto", Some("openrouter"), None, "openrouter openrouter/auto");
}

#[test]
fn given_provider_wins_over_the_name() {
    check("my/model/name", Some("openai"), Some("http://x/v1"), "openai my/model/name");
    check("openai/gpt-4o", Some("openai"), None, "openai gpt-4o");
    check("gpt-4o", Some("azure"), None, "azure gpt-4o");
    check("llama3", Some("groq"), None, "groq llama3");
}

#[test]
fn some_models_belong_to_another_row() {
    check("azure/my-dep", None, None, "azure my-dep");
    check("azure/mistral-large-latest", None, None, "openai azure/mistral-large-latest");
    check("azure_ai/gpt-4o", None, None, "azure_ai gpt-4o");
    check("azure_ai/gpt-4o", None, Some("https://x.openai.azure.com"), "azure gpt-4o");
    check("azure_ai/gpt-4o", None, Some("https://x.services.ai.azure.com"), "azure_ai gpt-4o");
    check("azure_ai/mistral-large", None, Some("https://x.com"), "azure_ai mistral-large");
    check("anthropic/claude-2", None, None, "anthropic_text claude-2");
    check("anthropic/claude-2.1", None, None, "anthropic claude-2.1");
    check("ai21/jamba-large-1.7", None, None, "ai21_chat jamba-large-1.7");
}

#[test]
fn known_address_tells_the_provider() {
    check("foo", None, Some("https://api.groq.com/openai/v1"), "groq foo");
    check("foo", None, Some("https://api.groq.com/openai/v1/"), "groq foo");
    check("foo", None, Some("https://api.perplexity.ai/x"), "perplexity foo");
    check("foo", None, Some("https://llm.chutes.ai/v1/"), "chutes foo");
    check("foo", None, Some("https://API.X.AI/v1"), "xai foo");
    check("gpt-4o", None, Some("https://api.mistral.ai/v1"), "mistral gpt-4o");
}

#[test]
fn known_name_tells_the_provider() {
    for model in ["gpt-4o", "o3-mini", "text-embedding-3-small", "dall-e-3", "whisper-1", "tts-1", "gpt-image-99", "*"]
    {
        check(model, None, None, &format!("openai {model}"));
    }
    check("gpt-3.5-turbo-instruct", None, None, "text-completion-openai gpt-3.5-turbo-instruct");
    check("ft:gpt-4o:org::id", None, None, "openai ft:gpt-4o:org::id");
    check("claude-newfamily-9-1", None, None, "anthropic claude-newfamily-9-1");
    check("us.anthropic.claude-zzz-9-v1:0", None, None, "bedrock us.anthropic.claude-zzz-9-v1:0");
    check("amazon.nova-pro-v1:0", None, None, "bedrock amazon.nova-pro-v1:0");
    check("gemini-2.5-pro", None, None, "vertex_ai gemini-2.5-pro");
    check("jamba-large-1.7", None, None, "ai21_chat jamba-large-1.7");
    check("embed-english-v3.0", None, None, "cohere embed-english-v3.0");
    check("rerank-v3.5", None, None, "cohere rerank-v3.5");
}

#[test]
fn what_tells_no_provider_is_refused() {
    for model in ["zzz", "zzz/model", "claude-foo", "gpt-9", "GPT-4o", "command-r", "mistral-large-latest", ""] {
        assert!(matches!(resolve(model, None, None), Err(Unresolved::NoProvider { .. })), "{model}");
    }
    let unknown = resolve("gpt-4o", Some("opnai"), None);
    assert_eq!(unknown, Err(Unresolved::UnknownProvider { name: "opnai".to_owned() }));
}

#[test]
fn foreign_host_cannot_pose_as_a_provider() {
    let bases = [
        "https://evil.com/api.groq.com/openai/v1",
        "https://api.groq.com.evil.com/openai/v1",
        "https://api.groq.com@evil.com/openai/v1",
        "https://api.groq.com/openai/v1x",
        "https://api.deepseek.com",
        "http://localhost:8000/v1",
    ];
    for base in bases {
        assert!(resolve("foo", None, Some(base)).is_err(), "{base}");
    }
}
