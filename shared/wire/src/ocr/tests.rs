//! Requests for reading documents, as LiteLLM 1.106.2 takes them.

use serde_json::{Value, json};

use super::{BadForm, from_form, inline, wanted};
use crate::Operation;
use crate::json::Object;
use crate::media::Fetched;
use crate::prepare::{Rules, Settings, prepare};
use crate::provider;

fn rules(provider: &str) -> Rules {
    Rules::new(Settings::new(provider::find(provider).unwrap(), "mistral-ocr-latest"))
}

fn form(fields: &[(&str, &str)], file: Option<(&str, &str, &str)>) -> Vec<u8> {
    let mut form = String::new();
    for (name, value) in fields {
        form += &format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    if let Some((name, kind, content)) = file {
        form += &format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n{content}\r\n"
        );
    }
    (form + "--b--\r\n").into_bytes()
}

#[test]
fn a_form_is_a_request_with_its_file_inside() {
    let check = |file, want: Value| {
        let bytes = form(&[("model", "ocr"), ("pages", "[0,1]"), ("document", "x")], Some(file));
        let request: Value = serde_json::from_slice(&from_form("b", &bytes).unwrap()).unwrap();
        assert_eq!(request, json!({"model":"ocr","pages":[0,1],"document":want}));
    };
    let pdf = json!({"type":"document_url","document_url":"data:application/pdf;base64,JVBERi0="});
    check(("a.pdf", "application/pdf", "%PDF-"), pdf.clone());
    check(("a.pdf", "application/octet-stream", "%PDF-"), pdf);
    check(("a.png", "image/png", "x"), json!({"type":"image_url","image_url":"data:image/png;base64,eA=="}));
    assert_eq!(from_form("b", &form(&[("model", "ocr")], None)), Err(BadForm::NoFile));
    assert_eq!(from_form("b", &form(&[], Some(("a", "b/c", "")))), Err(BadForm::EmptyFile));
    assert!(matches!(from_form("b", b"junk"), Err(BadForm::Malformed(_))));
}

#[test]
fn only_the_model_of_a_request_changes() {
    let body = json!({"model":"alias","document":{"type":"document_url","document_url":"https://x/y.pdf"},"pages":[0],
        "include_image_base64":true});
    let text = body.to_string();
    let prepared = prepare(&rules("mistral"), Operation::Ocr, Object::parse(text.as_bytes()).unwrap()).unwrap();
    let mut want = body;
    want["model"] = "mistral-ocr-latest".into();
    assert_eq!(serde_json::from_slice::<Value>(&prepared.body).unwrap(), want);
}

#[test]
fn documents_of_this_machine_are_refused() {
    for document in [json!({"type":"file","file":"/etc/passwd"}), json!({"document_url":"reducto://x"}), json!("x")] {
        let text = json!({"model":"m","document":document}).to_string();
        let refused = prepare(&rules("mistral"), Operation::Ocr, Object::parse(text.as_bytes()).unwrap());
        assert!(refused.is_err(), "{text}");
    }
}

#[test]
fn foundry_gets_bytes_and_mistral_the_address() {
    let text = json!({"document":{"type":"image_url","image_url":{"url":"https://x/y.png"}}}).to_string();
    let mut body = Object::parse(text.as_bytes()).unwrap();
    assert_eq!(wanted(&rules("mistral"), &body), None);
    assert_eq!(wanted(&rules("azure_ai"), &body).as_deref(), Some("https://x/y.png"));
    let fetched =
        Fetched { url: "https://x/y.png".to_owned(), media_type: "image/png".to_owned(), bytes: b"x".to_vec() };
    inline(&mut body, &fetched);
    let want = json!({"document":{"type":"image_url","image_url":"data:image/png;base64,eA=="}});
    assert_eq!(serde_json::from_slice::<Value>(&body.to_vec()).unwrap(), want);
    assert_eq!(wanted(&rules("azure_ai"), &body), None);
}

#[test]
fn addresses_are_mistral_s_own_and_foundry_s() {
    let url = |name: &str, base| {
        let provider = provider::find(name).unwrap();
        provider::url(provider, base, None, "m", Operation::Ocr).unwrap()
    };
    assert_eq!(url("mistral", None), "https://api.mistral.ai/v1/ocr");
    assert_eq!(url("azure_ai", Some("https://a.example/")), "https://a.example/providers/mistral/azure/ocr");
}
