use serde_json::json;

use super::*;
use crate::seal::Algorithm;

#[test]
fn names_tell_secrets_word_by_word() {
    let secret =
        ["langfuse_secret_key", "dd_api_key", "DD-API-KEY", "gcs_path_service_account", "x_token", "arize_space_key"];
    let plain = ["langfuse_host", "max_tokens", "keys", "input_cost_per_token", "gcs_bucket_name", "author", ""];
    assert_eq!(secret.map(is_secret), [true; 6]);
    assert_eq!(plain.map(is_secret), [false; 7]);
}

#[test]
fn only_plain_secrets_under_callback_vars_are_found() {
    let mut value = json!({
        "api_key": "not here",
        "logging": [{ "callback_vars": { "dd_api_key": "one", "dd_site": "x", "x_key": "litellm_enc::sealed" } }, 1],
        "callback_settings": { "callback_vars": { "x_token": "two", "y_token": "", "z_token": 3 } },
        "callback_vars": ["no map"],
    });
    let found: Vec<String> = plain(&mut value).into_iter().map(|value| value.as_str().unwrap().to_owned()).collect();
    assert_eq!(found, ["one", "two"]);
    redact(&mut value);
    assert_eq!(value["logging"][0]["callback_vars"]["dd_site"], REDACTED);
    assert_eq!(value["api_key"], "not here");
}

#[test]
fn what_is_sealed_opens_and_what_never_was_stays() {
    let sealer = Sealer::new(&Secret::new("salt".to_owned()), Algorithm::SecretBox);
    let sealed = sealer.seal_variable("secret").unwrap();
    assert!(sealed.starts_with("litellm_enc::") && !sealed.contains("secret"));
    assert_eq!(sealer.open_variable(&sealed).unwrap().expose(), "secret");
    assert_eq!(sealer.open_variable("plain").unwrap().expose(), "plain");
    let other = Sealer::new(&Secret::new("other".to_owned()), Algorithm::SecretBox);
    assert_eq!(other.open_variable(&sealed).unwrap_err(), OpenError::WrongKey);
}
