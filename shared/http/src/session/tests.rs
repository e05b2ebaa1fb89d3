use http::Request;

use super::*;

fn shown(name: &'static str, value: &str, more: Option<(&'static str, &str)>) -> Option<String> {
    let mut request = Request::builder().header(name, value);
    if let Some((name, value)) = more {
        request = request.header(name, value);
    }
    let (head, ()) = request.body(()).expect("a request").into_parts();
    let headers = key_in_protocol(&head.headers)?;
    Some(headers[header::AUTHORIZATION].to_str().expect("text").to_owned())
}

#[test]
fn a_browser_shows_its_key_as_a_subprotocol() {
    let offered = "realtime, openai-insecure-api-key.sk-1, openai-beta.realtime-v1";
    assert_eq!(shown("sec-websocket-protocol", offered, None).as_deref(), Some("Bearer sk-1"));
    assert_eq!(shown("sec-websocket-protocol", "realtime", None), None);
    assert_eq!(shown("sec-websocket-protocol", offered, Some(("authorization", "Bearer sk-2"))), None);
    assert_eq!(shown("sec-websocket-protocol", offered, Some(("api-key", "sk-2"))), None);
}
