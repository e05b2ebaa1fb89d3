use super::*;

#[test]
fn names_tell_the_generation() {
    for model in
        ["gemini-3-pro", "gemini-3.1-pro-preview", "gemini-flash-latest", "gemini-flash-lite-latest", "learnlm-x"]
    {
        assert!(is_third(model), "{model}");
    }
    for model in [
        "gemini-2.5-flash",
        "gemini-1.5-pro",
        "gemini-pro",
        "gemini-flash-8b",
        "gemini-exp-1206",
        "gemini-2",
        "77",
        "gemini/77",
        "gemma-3-27b",
    ] {
        assert!(!is_third(model), "{model}");
    }
}

#[test]
fn later_models_read_json_schema() {
    for model in ["gemini-2.0-flash", "gemini-3-pro", "models/Gemini-10-x"] {
        assert!(reads_json_schema(model), "{model}");
    }
    for model in ["gemini-1.5-pro", "gemini-pro", "77", "gemini-2"] {
        assert!(!reads_json_schema(model), "{model}");
    }
}
