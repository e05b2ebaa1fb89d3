use std::time::{Duration, UNIX_EPOCH};

use http::Request;
use serde_json::Value;
use tollgate_core::Secret;

use super::*;

/// 2024-02-29T23:59:58Z, at which the signatures were recorded.
const MOMENT_S: u64 = 1_709_251_198;

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap_or_default()
}

fn signed(case: &Value) -> Parts {
    let mut request = Request::builder().method(text(case, "method")).uri(text(case, "url"));
    for (name, value) in case["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    // Neither signed nor touched.
    let request = request.header("user-agent", "tollgate").header("accept", "*/*").header("authorization", "old");
    let (mut head, ()) = request.body(()).unwrap().into_parts();
    let keys = AwsKeys {
        id: text(case, "id").to_owned(),
        secret: Secret::new(text(case, "secret").to_owned()),
        session_token: case["token"].as_str().map(|token| Secret::new(token.to_owned())),
    };
    let now = UNIX_EPOCH + Duration::from_secs(MOMENT_S);
    let scope = Scope { service: text(case, "service"), region: text(case, "region"), now };
    sign(&mut head, text(case, "body").as_bytes(), &keys, &scope).unwrap();
    head
}

#[test]
fn signatures_are_those_of_botocore() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("recorded.json")).unwrap();
    assert!(cases.len() > 50);
    for case in &cases {
        let head = signed(case);
        assert_eq!(head.headers["authorization"].to_str().unwrap(), text(case, "authorization"), "{case}");
        assert_eq!(
            head.headers.get("x-amz-security-token").map(|token| token.to_str().unwrap()),
            case["token"].as_str()
        );
        assert_eq!(head.headers["accept"], "*/*");
    }
}

#[test]
fn what_a_signature_is_made_of_is_not_shown() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("recorded.json")).unwrap();
    let shown = format!("{:?}", signed(&cases[1]).headers);
    assert!(!shown.contains("Signature=") && !shown.contains("IQoJ"), "{shown}");
}

#[test]
fn a_token_that_cannot_be_sent_is_refused_without_being_told() {
    let keys = AwsKeys {
        id: "id".to_owned(),
        secret: Secret::new("s".to_owned()),
        session_token: Some(Secret::new("hidden\n".to_owned())),
    };
    let (mut head, ()) = Request::builder().uri("http://h/").body(()).unwrap().into_parts();
    let error = sign(&mut head, b"", &keys, &Scope { service: "s", region: "r", now: UNIX_EPOCH }).unwrap_err();
    assert!(!error.to_string().contains("hidden"), "{error}");
}

/// As `botocore.signers.generate_db_auth_token` makes it at that moment, but for the order of the parameters, which the
/// signature does not cover.
#[test]
fn a_token_for_a_database_is_botocores() {
    let keys = AwsKeys {
        id: "AKIDEXAMPLE".to_owned(),
        secret: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
        session_token: Some(Secret::new("to/ken+==".to_owned())),
    };
    let now = UNIX_EPOCH + Duration::from_secs(1_440_938_160);
    let scope = Scope { service: "rds-db", region: "eu-west-1", now };
    let token = presign_connect("db.eu-west-1.rds.amazonaws.com:5432", "us er", &keys, &scope);
    let recorded = "db.eu-west-1.rds.amazonaws.com:5432/?Action=connect&DBUser=us%20er&X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Feu-west-1%2Frds-db%2Faws4_request&X-Amz-Date=20150830T123600Z\
        &X-Amz-Expires=900&X-Amz-Security-Token=to%2Fken%2B%3D%3D&X-Amz-SignedHeaders=host\
        &X-Amz-Signature=8a30cd354149238a5d0488503e1e9398f90c9695eed56b9b7decc1c6b16ecdc8";
    assert_eq!(token, recorded);
}
