//! Requests with something wrong in them, and what each must get. Knows no gateway.

use super::bodies;
use super::random::Random;
use crate::harness::gateway::KEY;
use crate::harness::http::post_bytes;

/// What the gateway owes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owed {
    /// An answer; if it is an error, one that a client can read.
    Answer,
    /// An error that a client can read.
    Error,
    /// Nothing but not to wait for ever: this is no HTTP, or breaks off.
    End,
}

/// One request, ready to be sent.
#[derive(Clone, Debug)]
pub struct Request {
    pub kind: &'static str,
    pub bytes: Vec<u8>,
    pub owed: Owed,
    /// A response to HEAD has no body whatever its headers say.
    pub is_head: bool,
}

type Maker = fn(&mut Random) -> Request;

/// Every kind of request, all equally frequent.
pub const MAKERS: [Maker; 19] = [
    |random| json("damaged JSON", random, |document, random| bodies::damage(&document, random)),
    |random| json("an odd value", random, odd_values),
    |random| json("a field missing", random, missing_field),
    |random| json("a field twice", random, |document, random| bodies::repeat_field(&document, random)),
    |random| json("odd text for a value", random, |document, random| bodies::put_odd_text(&document, random)),
    |random| json("deep nesting", random, |document, random| bodies::put_deep_value(&document, random)),
    no_object,
    odd_form,
    odd_headers,
    odd_key,
    odd_content_type,
    odd_method,
    odd_path,
    odd_model,
    odd_length,
    odd_chunks,
    large_head,
    broken_off,
    no_http,
];

fn request(kind: &'static str, bytes: Vec<u8>, owed: Owed) -> Request {
    Request { kind, bytes, owed, is_head: false }
}

fn json(kind: &'static str, random: &mut Random, spoil: fn(serde_json::Value, &mut Random) -> Vec<u8>) -> Request {
    let (path, document) = bodies::route(random);
    request(kind, post_bytes(path, KEY, &spoil(document, random)), Owed::Answer)
}

fn odd_values(mut document: serde_json::Value, random: &mut Random) -> Vec<u8> {
    for _ in 0..=random.below(3) {
        bodies::put_odd_value(&mut document, random);
    }
    document.to_string().into_bytes()
}

fn missing_field(mut document: serde_json::Value, random: &mut Random) -> Vec<u8> {
    bodies::remove_field(&mut document, random);
    document.to_string().into_bytes()
}

fn no_object(random: &mut Random) -> Request {
    let (path, _) = bodies::route(random);
    request("no object", post_bytes(path, KEY, &bodies::no_object(random)), Owed::Error)
}

/// A POST to the chat route with these header lines and this body, its length stated.
fn chat_with(headers: &[u8], body: &[u8]) -> Vec<u8> {
    let start = b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n";
    let length = format!("content-length: {}\r\n\r\n", body.len());
    [start, headers, length.as_bytes(), body].concat()
}

fn valid_body() -> &'static [u8] {
    br#"{"model":"chat","messages":[{"role":"user","content":"Hi"}]}"#
}

fn authorization() -> String {
    format!("authorization: Bearer {KEY}\r\n")
}

fn odd_form(random: &mut Random) -> Request {
    const TYPES: [&str; 6] = [
        "multipart/form-data; boundary=BOUNDARY",
        "multipart/form-data; boundary=\"BOUNDARY\"",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=OTHER",
        "multipart/mixed; boundary=BOUNDARY",
    ];
    let body = bodies::odd_form(random);
    let head = format!(
        "POST /v1/audio/transcriptions HTTP/1.1\r\nhost: 127.0.0.1\r\n{}content-type: {}\r\ncontent-length: {}\r\n\r\n",
        authorization(),
        random.pick(&TYPES),
        body.len()
    );
    request("an odd form", [head.as_bytes(), &body].concat(), Owed::Answer)
}

fn odd_headers(random: &mut Random) -> Request {
    const NAMES: [&str; 12] = [
        "x-litellm-timeout",
        "x-litellm-stream-timeout",
        "x-litellm-num-retries",
        "x-litellm-tags",
        "x-litellm-spend-logs-metadata",
        "x-litellm-enable-message-redaction",
        "x-litellm-call-id",
        "traceparent",
        "accept-encoding",
        "content-encoding",
        "expect",
        "x-request-id",
    ];
    const VALUES: [&[u8]; 12] = [
        b"",
        b"-1",
        b"nan",
        b"1e400",
        b"99999999999999999999",
        b"abc",
        b"{",
        b"\xff\xfe",
        b"a,,b,",
        b"0",
        b"true",
        b"gzip;q=x",
    ];
    let mut headers = authorization().into_bytes();
    headers.extend_from_slice(b"content-type: application/json\r\n");
    for _ in 0..=random.below(3) {
        let line = [random.pick(&NAMES).as_bytes(), b": ", random.pick(&VALUES), b"\r\n"].concat();
        headers.extend_from_slice(&line);
    }
    request("odd headers", chat_with(&headers, valid_body()), Owed::Answer)
}

fn odd_key(random: &mut Random) -> Request {
    let long = format!("authorization: Bearer sk-{}\r\n", "k".repeat(10_000));
    let keys: [&[u8]; 10] = [
        b"",
        b"authorization:\r\n",
        b"authorization: Bearer\r\n",
        b"authorization: Bearer  \r\n",
        b"authorization: Basic c2s6eA==\r\n",
        b"authorization: Bearer sk-\xff\xfe\r\n",
        b"authorization: Bearer sk-wrong\r\nauthorization: Bearer sk-other\r\n",
        b"api-key: sk-wrong\r\n",
        b"x-api-key: \"\r\n",
        long.as_bytes(),
    ];
    let headers = [random.pick(&keys), b"content-type: application/json\r\n".as_slice()].concat();
    request("an odd key", chat_with(&headers, valid_body()), Owed::Error)
}

fn odd_content_type(random: &mut Random) -> Request {
    const TYPES: [&[u8]; 8] = [
        b"",
        b"content-type:\r\n",
        b"content-type: text/plain\r\n",
        b"content-type: application/x-www-form-urlencoded\r\n",
        b"content-type: multipart/form-data; boundary=x\r\n",
        b"content-type: application/json; charset=utf-16\r\n",
        b"content-type: \xff/\xff\r\n",
        b"content-type: ;;;===\r\n",
    ];
    let headers = [authorization().as_bytes(), random.pick(&TYPES)].concat();
    request("an odd content type", chat_with(&headers, valid_body()), Owed::Answer)
}

fn odd_method(random: &mut Random) -> Request {
    const METHODS: [&str; 9] = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "post", "X-Y_Z"];
    let method = random.pick(&METHODS);
    let (path, document) = bodies::route(random);
    let body = document.to_string();
    let bytes = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{}content-length: {}\r\n\r\n{body}",
        authorization(),
        body.len()
    );
    Request { is_head: method == "HEAD", ..request("an odd method", bytes.into_bytes(), Owed::Error) }
}

fn odd_path(random: &mut Random) -> Request {
    let paths = [
        "/".to_owned(),
        "//".to_owned(),
        "//v1//chat//completions".to_owned(),
        "/v1/../v1/chat/completions".to_owned(),
        "/v1/chat/completions/".to_owned(),
        "/v1/chat/completions%00".to_owned(),
        "/v1/chat/completions%zz?%%%".to_owned(),
        "/v1/%63hat/completions".to_owned(),
        "/v1/chat/completions?api-version=%ff&a=b&&=".to_owned(),
        "/openai/deployments//chat/completions".to_owned(),
        "/openai/deployments/%2e%2e%2f/chat/completions".to_owned(),
        "/engines/no%20such%20model/chat/completions".to_owned(),
        "/v1/models/%F0%9F%9A%80".to_owned(),
        "/V1/CHAT/COMPLETIONS".to_owned(),
        format!("/{}", "a".repeat(8_000)),
        format!("/v1/chat/completions?{}", "a=b&".repeat(2_000)),
        "http://127.0.0.1/v1/chat/completions".to_owned(),
    ];
    request("an odd path", post_bytes(&random.pick(&paths), KEY, valid_body()), Owed::Answer)
}

fn odd_model(random: &mut Random) -> Request {
    const MODELS: [&str; 9] =
        ["", " ", "no-such-model", "*", "openai/", "/", "chat\\u0000", "\\ud83d\\ude80", "chat,no-such-model"];
    let (path, mut document) = bodies::route(random);
    document["model"] = "MODEL".into();
    let model = if random.below(8) == 0 { "m".repeat(100_000) } else { random.pick(&MODELS).to_owned() };
    let body = document.to_string().replace("MODEL", &model);
    request("an odd model", post_bytes(path, KEY, body.as_bytes()), Owed::Answer)
}

fn odd_length(random: &mut Random) -> Request {
    const LENGTHS: [&str; 10] = [
        "content-length: -1\r\n",
        "content-length: abc\r\n",
        "content-length: 1e3\r\n",
        "content-length: 99999999999999999999999\r\n",
        "content-length: 18446744073709551615\r\n",
        "content-length: 5\r\ncontent-length: 6\r\n",
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "content-length:\r\n",
        "content-length: 100000\r\n",
        "transfer-encoding: gzip\r\n",
    ];
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n{}{}\r\n",
        authorization(),
        random.pick(&LENGTHS)
    );
    request("an odd length", [head.as_bytes(), valid_body()].concat(), Owed::End)
}

fn odd_chunks(random: &mut Random) -> Request {
    let noise = random.bytes(40);
    let chunks: [&[u8]; 9] = [
        b"zz\r\nabc\r\n0\r\n\r\n",
        b"-5\r\nabcde\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\n",
        b"fffffffffffffff\r\nabc",
        b"3\r\nabcdef\r\n0\r\n\r\n",
        b"3;ext=\"\r\nabc\r\n0\r\nx: y\r\n\r\n",
        b"\r\n\r\n",
        b"5",
        &noise,
    ];
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n{}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
        authorization()
    );
    request("odd chunks", [head.as_bytes(), random.pick(&chunks)].concat(), Owed::End)
}

fn large_head(random: &mut Random) -> Request {
    let lines = match random.below(4) {
        0 => format!("x-large: {}\r\n", "v".repeat(1 << 20)),
        1 => "x-many: v\r\n".repeat(2_000),
        2 => format!("{}: v\r\n", "n".repeat(100_000)),
        _ => format!("x-folded: a\r\n{}", " b\r\n".repeat(1_000)),
    };
    let headers = authorization() + &lines;
    request("a large head", chat_with(headers.as_bytes(), valid_body()), Owed::End)
}

fn broken_off(random: &mut Random) -> Request {
    let mut bytes = post_bytes("/v1/chat/completions", KEY, valid_body());
    bytes.truncate(1 + random.below(bytes.len() - 1));
    request("broken off", bytes, Owed::End)
}

fn no_http(random: &mut Random) -> Request {
    let noise = random.bytes(200);
    let starts: [&[u8]; 11] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET  /  HTTP/1.1\r\n\r\n",
        b"POST /v1/chat\0/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\nbad header\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\n: no name\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: a\r\n\r\n",
        b"\r\n\r\n\r\n\r\n",
        &noise,
    ];
    request("no HTTP", random.pick(&starts).to_vec(), Owed::End)
}
