use super::*;

fn check(status: u16, body: &str, want: &str) {
    let body = Failure::relayed(status, body.as_bytes()).body();
    assert_eq!(String::from_utf8_lossy(&body), want);
}

/// The first is recorded from LiteLLM 1.106.2.
#[test]
fn the_sentence_is_that_of_the_openai_client() {
    check(
        404,
        r#"{"error": {"message": "No such File object: file-missing", "type": "invalid_request_error", "param": "id", "code": null}}"#,
        r#"{"error":{"message":"Error code: 404 - {'error': {'message': 'No such File object: file-missing', 'type': 'invalid_request_error', 'param': 'id', 'code': None}}","type":"invalid_request_error","param":"id","code":"404"}}"#,
    );
    check(503, "busy", r#"{"error":{"message":"busy","type":"internal_server_error","param":null,"code":"503"}}"#);
    check(
        302,
        "",
        r#"{"error":{"message":"Error code: 302","type":"internal_server_error","param":null,"code":"502"}}"#,
    );
}
