use super::*;
use crate::provider::{Auth, auth, find};

/// `given` is `provider model api_base api_version`, `-` standing for nothing.
fn check(given: &str, operation: Operation, want: &str) {
    let mut words = given.split(' ').map(|word| Some(word).filter(|word| *word != "-"));
    let mut next = || words.next().flatten();
    let provider = next().and_then(find).expect("a known provider");
    let (model, base, version) = (next().unwrap_or_default(), next(), next());
    let got = url(provider, base, version, model, operation).unwrap_or_else(|error| error.to_string());
    assert_eq!(got, want, "{given}");
}

fn chat(given: &str, want: &str) {
    check(given, Operation::ChatCompletion, want);
}

#[test]
fn operation_is_appended_to_the_base() {
    chat("openai gpt-4o", "https://api.openai.com/v1/chat/completions");
    chat("openai gpt-4o http://x/v1/", "http://x/v1/chat/completions");
    chat("groq m https://y/chat/completions", "https://y/chat/completions");
    check("openai tts-1", Operation::Speech, "https://api.openai.com/v1/audio/speech");
    check("openai w", Operation::Transcription, "https://api.openai.com/v1/audio/transcriptions");
    check("openai e", Operation::Embedding, "https://api.openai.com/v1/embeddings");
    check("openai m", Operation::Moderation, "https://api.openai.com/v1/moderations");
    check("openai i", Operation::ImageGeneration, "https://api.openai.com/v1/images/generations");
    check("openai t", Operation::TextCompletion, "https://api.openai.com/v1/completions");
}

#[test]
fn version_is_added_where_the_provider_wants_it() {
    chat("mistral m", "https://api.mistral.ai/v1/chat/completions");
    chat("mistral m http://x", "http://x/v1/chat/completions");
    chat("mistral m http://x/v1", "http://x/v1/chat/completions");
    chat("docker_model_runner m http://x/engines/llama.cpp", "http://x/engines/llama.cpp/v1/chat/completions");
    chat("gradient_ai m", "https://inference.do-ai.run/v1/chat/completions");
    chat("gradient_ai m https://agent", "https://agent/api/v1/chat/completions");
}

#[test]
fn missing_base_is_named() {
    chat("hosted_vllm m", "provider `hosted_vllm` has no address of its own: set `api_base`");
    chat("azure m", "provider `azure` has no address of its own: set `api_base`");
}

#[test]
fn azure_has_deployments_and_version_one() {
    let base = "https://r.openai.azure.com";
    let dated = format!("{base}/openai/deployments/d/chat/completions?api-version=2024-10-21");
    chat(&format!("azure d {base} 2024-10-21"), &dated);
    chat(&format!("azure d {base}/ 2024-10-21"), &dated);
    chat(&format!("azure o_series/d {base} 2024-10-21"), &dated);
    chat(&format!("azure d {base}"), &dated.replace("2024-10-21", AZURE_API_VERSION));
    for version in ["v1", "latest", "preview"] {
        chat(&format!("azure d {base} {version}"), &format!("{base}/openai/v1/chat/completions"));
    }
    let whole = format!("{base}/openai/deployments/other");
    chat(&format!("azure d {whole} 2024-10-21"), &format!("{whole}/chat/completions?api-version=2024-10-21"));
    chat(&format!("azure d%é {base} 2024-10-21"), &dated.replace("/d/", "/d%25%C3%A9/"));
}

#[test]
fn foundry_serves_models_below_its_own_path() {
    chat("azure_ai m https://x.com", "https://x.com/chat/completions");
    let foundry = "https://r.services.ai.azure.com";
    let want = format!("{foundry}/models/chat/completions?api-version=2024-05-01-preview");
    chat(&format!("azure_ai m {foundry} 2024-05-01-preview"), &want);
    chat(&format!("azure_ai m {foundry}/models?api-version=2024-05-01-preview"), &want);
    check("azure_ai m https://x.com", Operation::Rerank, "https://x.com/v1/rerank");
}

#[test]
fn databricks_serves_catalogue_models_by_its_gateway() {
    chat("databricks m https://h/serving-endpoints", "https://h/serving-endpoints/chat/completions");
    chat("databricks a.b.c https://h/serving-endpoints", "https://h/ai-gateway/mlflow/v1/chat/completions");
}

#[test]
fn rerank_address_may_be_whole() {
    check("cohere r", Operation::Rerank, "https://api.cohere.com/v2/rerank");
    check("cohere r http://x/v2/rerank", Operation::Rerank, "http://x/v2/rerank");
    check("jina_ai r http://x/v1/rerank", Operation::Rerank, "http://x/v1/rerank");
}

#[test]
fn dedicated_deployment_of_baseten_has_its_own_host() {
    chat("baseten abcd1234", "https://model-abcd1234.api.baseten.co/environments/production/sync/v1/chat/completions");
    chat("baseten openai/gpt-oss", "https://inference.baseten.co/v1/chat/completions");
}

#[test]
fn key_goes_where_the_provider_looks_for_it() {
    let azure = find("azure").expect("azure");
    assert_eq!(auth(azure, Some("https://x"), Some("2024-10-21")), Auth::Header("api-key"));
    assert_eq!(auth(azure, Some("https://x"), Some("v1")), Auth::Bearer);
    let foundry = find("azure_ai").expect("azure_ai");
    assert_eq!(auth(foundry, Some("https://r.services.ai.azure.com/x"), None), Auth::Header("api-key"));
    assert_eq!(auth(foundry, Some("https://x.com"), None), Auth::Bearer);
    assert_eq!(auth(find("groq").expect("groq"), None, None), Auth::Bearer);
}
