use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::*;

/// A server that answers every request with the next of these bytes.
fn server(answers: Vec<String>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for answer in answers {
            let Ok((mut socket, _)) = listener.accept() else { return };
            let mut request = [0; 4096];
            let _read = socket.read(&mut request);
            let _written = socket.write_all(answer.as_bytes());
        }
    });
    address
}

fn fetcher(is_checked: bool, allowed_hosts: &[String]) -> Fetcher {
    let policy = Policy { is_checked, allowed_hosts: allowed_hosts.to_vec(), timeout: Duration::from_secs(5) };
    Fetcher::new(policy, rustls::RootCertStore::empty())
}

fn image(text: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: {}\r\n\r\n{text}", text.len())
}

#[tokio::test]
async fn the_machine_itself_is_not_fetched_from() {
    let address = server(vec![image("secret")]);
    let port = address.port();
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254"] {
        let url = format!("http://{host}:{port}/x.png");
        assert_eq!(fetcher(true, &[]).fetch(&url, 100).await.err(), Some(FetchError::Forbidden), "{url}");
    }
}

#[tokio::test]
async fn a_host_that_the_operator_allows_is() {
    let address = server(vec![image("bytes"), image("bytes")]);
    let url = format!("http://{address}/x.png");
    for allowed in [address.to_string(), "127.0.0.1".to_owned()] {
        let found = fetcher(true, &[allowed]).fetch(&url, 100).await.expect("bytes");
        assert_eq!((found.media_type.as_str(), found.bytes.as_slice()), ("image/png", &b"bytes"[..]));
    }
}

#[tokio::test]
async fn a_redirect_is_checked_as_the_first_address_was() {
    let inner = server(vec![image("secret")]);
    let redirect =
        format!("HTTP/1.1 302 Found\r\nlocation: http://localhost:{}/\r\ncontent-length: 0\r\n\r\n", inner.port());
    let outer = server(vec![redirect]);
    let outcome = fetcher(true, &[outer.to_string()]).fetch(&format!("http://{outer}/"), 100).await;
    assert_eq!(outcome.err(), Some(FetchError::Forbidden));
}

#[tokio::test]
async fn too_much_is_not_kept() {
    let address = server(vec![image(&"x".repeat(101))]);
    let outcome = fetcher(false, &[]).fetch(&format!("http://{address}/"), 100).await;
    assert_eq!(outcome.err(), Some(FetchError::TooLong { limit_mb: 0 }));
}

#[tokio::test]
async fn other_schemes_are_not_spoken() {
    for url in ["file:///etc/passwd", "ftp://1.1.1.1/x", "gopher://1.1.1.1/", "//x/y", ""] {
        assert_eq!(fetcher(false, &[]).fetch(url, 100).await.err(), Some(FetchError::Forbidden), "{url}");
    }
}
