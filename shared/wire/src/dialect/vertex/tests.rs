use super::*;
use crate::provider::{Cloud, find};

fn settings(model: &str, location: &str, api_base: Option<&str>) -> Settings {
    let cloud =
        Cloud { vertex_project: Some("p".to_owned()), vertex_location: location.to_owned(), ..Cloud::default() };
    let api_base = api_base.map(str::to_owned);
    Settings { cloud, api_base, ..Settings::new(find("vertex_ai").unwrap(), model) }
}

fn check(model: &str, location: &str, api_base: Option<&str>, mode: Mode, expected: &str) {
    let settings = settings(model, location, api_base);
    let found = match (route(&settings), mode) {
        (Route::Gemini, Mode::Whole) => google(&settings, "v1", "generateContent", mode),
        (Route::Gemini, Mode::Streamed) => google(&settings, "v1", "streamGenerateContent", mode),
        (Route::Claude, _) => claude(&settings, mode),
        _ => open_ai(&settings, mode),
    };
    assert_eq!(found.unwrap(), expected, "{model} in {location} at {api_base:?}");
}

#[test]
fn hosts_follow_the_location() {
    let check = |location: &str, host: &str| {
        let expected = format!("{host}/v1/projects/p/locations/{location}/publishers/google/models/m:generateContent");
        check("m", location, None, Mode::Whole, &expected);
    };
    check("us-central1", "https://us-central1-aiplatform.googleapis.com");
    check("global", "https://aiplatform.googleapis.com");
    check("eu", "https://aiplatform.eu.rep.googleapis.com");
}

#[test]
fn the_name_tells_the_interface() {
    let check = |model: &str, mode: Mode, path: &str| {
        let expected = format!("https://us-east5-aiplatform.googleapis.com/{path}");
        check(model, "us-east5", None, mode, &expected);
    };
    let own = "v1/projects/p/locations/us-east5/publishers";
    check(
        "gemini-2.5-pro",
        Mode::Streamed,
        &format!("{own}/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse"),
    );
    check("gemini/77", Mode::Whole, "v1/projects/p/locations/us-east5/endpoints/77:generateContent");
    check("claude-x@1", Mode::Whole, &format!("{own}/anthropic/models/claude-x@1:rawPredict"));
    check("claude-x@1", Mode::Streamed, &format!("{own}/anthropic/models/claude-x@1:streamRawPredict"));
    check("mistral-large@2411", Mode::Whole, &format!("{own}/mistralai/models/mistral-large@2411:rawPredict"));
    check(
        "jamba-1.5",
        Mode::Whole,
        "v1beta1/projects/p/locations/us-east5/publishers/ai21/models/jamba-1.5:rawPredict",
    );
    let shared = "v1/projects/p/locations/us-east5/endpoints/openapi/chat/completions";
    check("meta/llama-4", Mode::Whole, shared);
    check("xai/grok-4", Mode::Streamed, shared);
    check("openai/77", Mode::Whole, "v1beta1/projects/p/locations/us-east5/endpoints/77/chat/completions");
}

#[test]
fn an_address_of_ones_own_replaces_host_or_resource() {
    let check = |base: &str, mode: Mode, expected: &str| check("claude-x", "eu", Some(base), mode, expected);
    let path = "projects/p/locations/eu/publishers/anthropic/models/claude-x";
    check("http://h:1", Mode::Whole, &format!("http://h:1/v1/{path}:rawPredict"));
    check("http://h:1/", Mode::Streamed, &format!("http://h:1/v1/{path}:streamRawPredict?alt=sse"));
    check("http://h/v1", Mode::Whole, &format!("http://h/v1/{path}:rawPredict"));
    check("http://h/a/b", Mode::Streamed, "http://h/a/b:streamRawPredict?alt=sse");
}

#[test]
fn models_of_one_region_are_asked_there() {
    let expected =
        "https://aiplatform.googleapis.com/v1/projects/p/locations/global/endpoints/openapi/chat/completions";
    check("zai-org/glm-5-maas", "us-central1", None, Mode::Whole, expected);
}

#[test]
fn a_location_cannot_lead_elsewhere() {
    for location in ["evil.example/", "x#", "1a", "", "a b"] {
        let settings = settings("m", location, None);
        assert!(google(&settings, "v1", "generateContent", Mode::Whole).is_err(), "{location}");
    }
}
