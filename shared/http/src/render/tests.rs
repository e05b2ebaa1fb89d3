use tollgate_core::Error;
use tollgate_wire::Operation;

use super::*;

fn check(error: Error, status: u16, want: &str) {
    assert_eq!(error.status(), status, "{error}");
    assert_eq!(String::from_utf8(body(&error)).expect("utf-8"), want);
}

#[test]
fn refused_keys_read_as_litellms() {
    check(
        Error::MissingKey,
        401,
        r#"{"error":{"message":"Authentication Error, No api key passed in.","type":"auth_error","param":"None","code":"401"}}"#,
    );
    check(
        Error::MalformedKey,
        401,
        r#"{"error":{"message":"Authentication Error, Malformed API Key passed in. Ensure Key has `Bearer ` prefix.","type":"auth_error","param":"None","code":"401"}}"#,
    );
    check(
        Error::UnknownKey,
        400,
        r#"{"error":{"message":"No connected db.","type":"no_db_connection","param":null,"code":"400"}}"#,
    );
}

#[test]
fn refused_bodies_read_as_litellms() {
    check(
        Error::MissingField { operation: Operation::ChatCompletion, name: "messages" },
        400,
        r#"{"error":{"message":"/chat/completions: Missing required parameter: 'messages'.","type":"invalid_request_error","param":"messages","code":"400"}}"#,
    );
    check(
        Error::WrongType { name: "model", expected: "a string" },
        400,
        r#"{"error":{"message":"'model' must be a string.","type":"bad_request_error","param":"model","code":"400"}}"#,
    );
    check(
        Error::UnknownModel { operation: Operation::ChatCompletion, model: "no-such".to_owned() },
        400,
        concat!(
            r#"{"error":{"message":"/chat/completions: Invalid model name passed in model=no-such. Call `/v1/models` to view available models for your key.","#,
            r#""type":"invalid_request_error","param":null,"code":"400","provider_specific_fields":{"error":"/chat/completions: Invalid model name passed in model=no-such. Call `/v1/models` to view available models for your key."}}}"#
        ),
    );
}

#[test]
fn what_litellms_framework_answers_has_its_form() {
    check(Error::NoSuchRoute, 404, r#"{"detail":"Not Found"}"#);
    check(Error::WrongMethod, 405, r#"{"detail":"Method Not Allowed"}"#);
    check(Error::MissingFile, 422, r#"{"detail":[{"type":"missing","loc":["body","file"],"msg":"Field required"}]}"#);
    check(
        Error::ModelNotListed("no-such".to_owned()),
        404,
        r#"{"detail":"The model `no-such` does not exist or is not accessible"}"#,
    );
}

fn check_messages(error: Error, request_id: Option<&str>, want: &str) {
    assert_eq!(String::from_utf8(body_for(&error, Operation::Messages, request_id)).expect("utf-8"), want);
}

#[test]
fn refusals_of_messages_have_anthropics_form() {
    check_messages(
        Error::WrongType { name: "model", expected: "a string" },
        None,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"'model' must be a string."}}"#,
    );
    check_messages(
        Error::UnknownModel { operation: Operation::Messages, model: "x".to_owned() },
        Some("req_mine"),
        concat!(
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"anthropic_messages: Invalid model name passed in model=x. Call `/v1/models` to view available models for your key.","#,
            r#""provider_specific_fields":{"error":"anthropic_messages: Invalid model name passed in model=x. Call `/v1/models` to view available models for your key."}},"request_id":"req_mine"}"#
        ),
    );
}

#[test]
fn what_is_refused_before_the_route_reads_alike_in_every_format() {
    for operation in Operation::ALL {
        for error in [Error::MissingKey, Error::UnknownKey, Error::BadBody("x".to_owned())] {
            assert_eq!(body_for(&error, operation, Some("req_mine")), body(&error));
        }
    }
}
