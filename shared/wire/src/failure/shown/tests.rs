use super::super::FailureClass;
use super::*;

fn failure(class: FailureClass) -> Failure {
    Failure::new(class, "slow\ndown sk-abcdefghijklmnop")
}

fn check_body(class: FailureClass, format: Format, wanted: &str) {
    assert_eq!(String::from_utf8(failure(class).body_for(format, None)).unwrap(), wanted);
}

fn check_event(format: Format, begun: &Begun, wanted: &str) {
    let event = failure(FailureClass::RateLimit).event_for(format, begun);
    assert_eq!(String::from_utf8(event).unwrap(), wanted);
}

#[test]
fn a_body_has_the_form_of_its_route() {
    let chat = r#"{"error":{"message":"litellm.RateLimitError: slow\ndown REDACTED","type":"throttling_error","param":null,"code":"429"}}"#;
    for format in [Format::OpenAi, Format::Responses, Format::GenerateContent] {
        check_body(FailureClass::RateLimit, format, chat);
    }
    check_body(
        FailureClass::RateLimit,
        Format::Messages,
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"litellm.RateLimitError: slow\ndown REDACTED"}}"#,
    );
    check_body(
        FailureClass::Timeout,
        Format::Messages,
        r#"{"type":"error","error":{"type":"api_error","message":"litellm.Timeout: slow\ndown REDACTED"}}"#,
    );
}

#[test]
fn a_stream_ends_with_the_event_of_its_format() {
    let nothing = Begun::default();
    let chat = "data: {\"error\":{\"message\":\"litellm.RateLimitError: slow\\ndown REDACTED\",\"type\":\"throttling_error\",\"param\":null,\"code\":\"429\"}}\n\n";
    check_event(Format::OpenAi, &nothing, chat);
    check_event(Format::GenerateContent, &nothing, chat);
    check_event(
        Format::Messages,
        &nothing,
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"litellm.RateLimitError: slow\\ndown REDACTED\"}}\n\n",
    );
    check_event(
        Format::Responses,
        &Begun {
            id: "resp_1".to_owned(),
            created_s: 1_700_000_000,
            model: Some("gpt-4o".to_owned()),
            sequence_number: 2,
        },
        concat!(
            "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"id\":\"resp_1\",\"created_at\":1700000000,",
            "\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"litellm.RateLimitError: slow\\ndown REDACTED\"},\"model\":\"gpt-4o\",",
            "\"object\":\"response\",\"output\":[],\"status\":\"failed\"},\"sequence_number\":2}\n\ndata: [DONE]\n\n"
        ),
    );
}

#[test]
fn a_clients_own_request_id_comes_back_in_messages_alone() {
    for format in Format::ALL {
        let body = String::from_utf8(failure(FailureClass::NotFound).body_for(format, Some("req_mine"))).unwrap();
        assert_eq!(body.contains("req_mine"), format == Format::Messages, "{body}");
    }
    assert_eq!(
        messages_error(529, "x", None, Some("")).to_string(),
        r#"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#
    );
}

#[test]
fn googles_form_names_the_status() {
    let wanted =
        r#"{"error":{"code":400,"message":"Invalid Google countTokens request body","status":"INVALID_ARGUMENT"}}"#;
    assert_eq!(google_error(400, "Invalid Google countTokens request body").to_string(), wanted);
    assert_eq!(google_error(418, "")["error"]["status"], "FAILED_PRECONDITION");
    assert_eq!(google_error(502, "")["error"]["status"], "INTERNAL");
}

#[test]
fn what_a_stream_told_of_itself_is_kept_until_it_breaks() {
    let mut begun = Begun::default();
    for event in [
        r#"{"type":"response.created","response":{"id":"resp_1","created_at":1700000000,"model":"gpt-4o"},"sequence_number":0}"#,
        r#"{"type":"response.output_text.delta","delta":"x","sequence_number":4}"#,
        r#"{"type":"response.output_text.delta","delta":"x","response":{}}"#,
        r#"{"sequence_number":"x","response":[]}"#,
    ] {
        begun.note(&Object::parse(event.as_bytes()).unwrap());
    }
    let wanted = Begun {
        id: "resp_1".to_owned(),
        created_s: 1_700_000_000,
        model: Some("gpt-4o".to_owned()),
        sequence_number: 5,
    };
    assert_eq!(begun, wanted);
}
