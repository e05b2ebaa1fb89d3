use serde_json::{Map, Value, json};

use super::*;

const RECORDED: &str = include_str!("recorded.json");

fn recorded() -> Value {
    serde_json::from_str(RECORDED).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

fn sealer(salt: &str, algorithm: Algorithm) -> Sealer {
    Sealer::new(&Secret::new(salt.to_owned()), algorithm)
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn what_litellm_has_sealed_opens() {
    let recorded = recorded();
    let cases = recorded["values"].as_array().unwrap();
    assert_eq!(cases.len(), 54);
    for case in cases {
        let opened = sealer(text(case, "salt"), Algorithm::default()).open(text(case, "stored")).unwrap();
        assert_eq!(opened.expose(), text(case, "text"), "{case}");
        assert_eq!(sealer("sk-other", Algorithm::default()).open(text(case, "stored")), Err(OpenError::WrongKey));
    }
}

#[test]
fn what_is_sealed_has_litellms_form_and_opens_again() {
    for algorithm in [Algorithm::SecretBox, Algorithm::AesGcm] {
        for value in ["", "sk-1", "grüße 鍵", &"k".repeat(VALUE_BYTES_MAX)] {
            let sealer = sealer("sk-salt", algorithm);
            let stored = sealer.seal(value).unwrap();
            assert_eq!(sealer.open(&stored).unwrap().expose(), value);
            assert_ne!(stored, sealer.seal(value).unwrap(), "a nonce is used once");
            let (encoded, overhead) = match algorithm {
                Algorithm::SecretBox => (stored.as_str(), BOX_NONCE_BYTES + TAG_BYTES),
                Algorithm::AesGcm => (stored.strip_prefix(GCM_PREFIX).unwrap(), GCM_NONCE_BYTES + TAG_BYTES),
            };
            assert_eq!(BASE64_URL_SAFE.decode(encoded).unwrap().len(), value.len() + overhead);
        }
        let long = "k".repeat(VALUE_BYTES_MAX + 1);
        assert_eq!(sealer("sk-salt", algorithm).seal(&long), Err(SealError::TooLong));
    }
}

#[test]
fn the_setting_names_the_form_as_litellm_reads_it() {
    let cases = [
        (None, Algorithm::SecretBox),
        (Some("xsalsa20-poly1305"), Algorithm::SecretBox),
        (Some("aes-256-gcm"), Algorithm::AesGcm),
        (Some("AES-256-GCM"), Algorithm::AesGcm),
    ];
    for (name, expected) in cases {
        assert_eq!(Algorithm::named(name), expected, "{name:?}");
    }
}

#[test]
fn a_changed_value_does_not_open() {
    for algorithm in [Algorithm::SecretBox, Algorithm::AesGcm] {
        let sealer = sealer("sk-salt", algorithm);
        let stored = sealer.seal("sk-provider-key").unwrap();
        let first = stored.rfind(':').map_or(0, |place| place + 1);
        for place in first..stored.trim_end_matches('=').len() - 1 {
            let mut bytes = stored.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(sealer.open(&changed), Err(OpenError::WrongKey), "{place}");
        }
    }
}

#[test]
fn plain_text_is_told_from_a_wrong_key() {
    let plain = [
        "",
        "*",
        "sk-proj-abc",
        "os.environ/OPENAI_API_KEY",
        "https://example.com/v1",
        "AKIAIOSFODNN7EXAMPLE",
        // A secret key of AWS: 40 letters of base64, and yet too short.
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        // 51 letters, which nobody pads.
        "sk-abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv",
        "grüße",
    ];
    let sealer = sealer("sk-salt", Algorithm::default());
    for text in plain {
        assert_eq!(sealer.open(text), Err(OpenError::NotSealed), "{text}");
    }
    for text in ["v2:gcm:", "v2:gcm:*", "v2:gcm:AAAA", &"A".repeat(56)] {
        assert_eq!(sealer.open(text), Err(OpenError::WrongKey), "{text}");
    }
    assert_eq!(sealer.open(&"A".repeat(SEALED_BYTES_MAX + 4)), Err(OpenError::NotSealed));
    assert!(OpenError::WrongKey.to_string().contains("LITELLM_SALT_KEY does not match"));
}

#[test]
fn an_object_of_litellms_opens_and_ours_is_like_it() {
    let recorded = recorded();
    let case = &recorded["object"];
    let sealer = sealer(text(case, "salt"), Algorithm::default());
    let opened = sealer.open_object(&object(case["stored"].clone())).unwrap();
    assert_eq!(opened.expose(), case["plain"].as_object().unwrap());
    let stored = sealer.seal_object(&opened).unwrap();
    assert_eq!((&stored["rpm"], &stored["use_in_pass_through"]), (&json!(10), &json!(false)));
    assert!(stored["api_key"].as_str().unwrap().len() > 50);
    assert_eq!(sealer.open_object(&stored).unwrap(), opened);
}

#[test]
fn a_wrong_key_is_named_and_plain_values_are_kept() {
    let ours = sealer("sk-salt", Algorithm::default());
    let theirs = sealer("sk-theirs", Algorithm::default()).seal("sk-1").unwrap();
    let looks_sealed = "A".repeat(64);
    let gcm = sealer("sk-theirs", Algorithm::AesGcm).seal("sk-1").unwrap();
    let own = ours.seal("openai/gpt-4o").unwrap();
    let cases = [
        (json!({"model": "openai/gpt-4o", "api_key": "sk-plain"}), None),
        (json!({"model": "openai/gpt-4o", "api_key": theirs}), Some("api_key")),
        // The key is right, for another value opens: this one was never sealed.
        (json!({"model": own, "api_key": looks_sealed}), None),
        (json!({"model": own, "api_key": gcm}), Some("api_key")),
        (json!({"nested": {"api_key": theirs}, "list": [theirs]}), None),
        (json!({}), None),
    ];
    for (stored, fault) in cases {
        let outcome = ours.open_object(&object(stored.clone()));
        let found = outcome.as_ref().err().map(|error| (error.key.as_str(), error.error));
        assert_eq!(found, fault.map(|key| (key, OpenError::WrongKey)), "{stored}");
    }
}

#[test]
fn a_session_token_of_litellms_opens_and_nothing_else_does() {
    let recorded = recorded();
    let case = &recorded["token"];
    let (salt, prefix, inner) = (text(case, "salt"), text(case, "prefix"), text(case, "text"));
    let sealer = sealer(salt, Algorithm::AesGcm);
    assert_eq!(prefix, SESSION_TOKEN_PREFIX);
    assert_eq!(sealer.open_token(text(case, "token"), prefix).unwrap().expose(), inner);
    let own = sealer.seal_token(inner, prefix).unwrap();
    assert_eq!(sealer.open_token(own.expose(), prefix).unwrap().expose(), inner);

    let bare = own.expose().strip_prefix(prefix).unwrap();
    let secret_box = Sealer { algorithm: Algorithm::SecretBox, ..sealer.clone() }.seal(inner).unwrap();
    let gcm = sealer.seal(inner).unwrap();
    let refused = [
        secret_box.clone(),
        format!("{prefix}{secret_box}"),
        gcm.clone(),
        format!("{prefix}{gcm}"),
        format!("{prefix}{}", gcm.strip_prefix(GCM_PREFIX).unwrap()),
        bare.to_owned(),
        format!("other_login_{bare}"),
        format!("{prefix}{}", &bare[..bare.len() - 4]),
        prefix.to_owned(),
        "sk-1".to_owned(),
        String::new(),
    ];
    for token in refused {
        assert!(sealer.open_token(&token, prefix).is_none(), "{token}");
    }
    assert!(sealer.open_token(&format!("other_login_{bare}"), "other_login_").is_none(), "the kind is bound to it");
}

#[test]
fn debug_shows_no_secret() {
    let sealer = sealer("sk-salt", Algorithm::AesGcm);
    let opened = SecretObject::new(object(json!({"api_key": "sk-hidden"})));
    let shown = format!("{sealer:?} {opened:?} {:?}", sealer.open(&sealer.seal("sk-hidden").unwrap()));
    assert!(!shown.contains("sk-hidden") && !shown.contains("sk-salt") && shown.contains("api_key"), "{shown}");
}
