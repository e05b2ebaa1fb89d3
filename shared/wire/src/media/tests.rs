use super::*;

fn check_type(url: &str, said: Option<&str>, bytes: &[u8], expected: Option<&str>) {
    assert_eq!(media_type(url, said, bytes).as_deref(), expected, "{url} {said:?}");
}

#[test]
fn the_type_is_what_the_server_says_then_the_ending_then_the_bytes() {
    check_type("http://a/b.png", Some("image/webp"), b"", Some("image/webp"));
    check_type("http://a/b.png?x=1", Some("application/octet-stream"), b"", Some("image/png"));
    check_type("http://a/b", None, b"\xff\xd8\xff\xe0", Some("image/jpeg"));
    check_type("http://a.png/b", None, b"RIFF\0\0\0\0WEBPVP8", Some("image/webp"));
    check_type("http://a/b", None, b"nothing known", None);
}

#[test]
fn only_addresses_of_the_web_are_remote() {
    let part = |url: &str| json!({ "type": "image_url", "image_url": { "url": url } });
    assert!(remote(&part("https://a/b.png")).is_some());
    for url in ["data:image/png;base64,AA", "gs://bucket/x.png", "file:///etc/passwd", "HTTP//x"] {
        assert!(remote(&part(url)).is_none(), "{url}");
    }
}

#[test]
fn each_shape_gets_its_bytes() {
    let found = Fetched { url: "http://a/b.pdf".to_owned(), media_type: "text/html".to_owned(), bytes: vec![0] };
    let check = |mut part: Value, expected: Value| {
        assert!(remote(&part).is_some(), "{part}");
        put(&mut part, &found);
        assert_eq!(part, expected);
    };
    let data = "data:text/html;base64,AA==";
    check(
        json!({ "type": "image_url", "image_url": { "url": "http://a/b.pdf", "detail": "low" } }),
        json!({ "type": "image_url", "image_url": { "url": data, "detail": "low" } }),
    );
    check(
        json!({ "type": "image_url", "image_url": "http://a/b.pdf" }),
        json!({ "type": "image_url", "image_url": data }),
    );
    check(
        json!({ "type": "file", "file": { "file_id": "http://a/b.pdf" } }),
        json!({ "type": "file", "file": { "format": "application/pdf", "file_data": data } }),
    );
    check(
        json!({ "type": "document", "source": { "type": "url", "url": "http://a/b.pdf" } }),
        json!({ "type": "document", "source": { "type": "base64", "media_type": "application/pdf", "data": "AA==" } }),
    );
}
