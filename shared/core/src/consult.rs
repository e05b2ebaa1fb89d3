//! One small exchange with a service of the operator's: an issuer of tokens, a webhook.
//!
//! Has a deadline and a limit; redirects are not followed, for [`Upstream`] follows none. Knows no format.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::upstream::{RequestBody, Upstream};

/// How long the whole exchange may take, and how long its answer may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub timeout: Duration,
    pub bytes_max: usize,
}

/// Why there is no answer. The texts name the host alone: paths and queries may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsultError {
    #[error("no answer from {host}: {reason}")]
    Silent { host: String, reason: String },
    #[error("no answer from {host} within {limit_ms} ms")]
    Late { host: String, limit_ms: u128 },
    #[error("the answer of {host} is longer than {limit} bytes")]
    TooLong { host: String, limit: usize },
}

/// Sends the request; any status is an answer.
pub(crate) async fn ask(
    upstream: Arc<dyn Upstream>,
    request: Request<Vec<u8>>,
    bounds: Bounds,
) -> Result<Response<Bytes>, ConsultError> {
    let host = host(request.uri());
    let late = ConsultError::Late { host: host.clone(), limit_ms: bounds.timeout.as_millis() };
    let both = async {
        let silent = |reason: String| ConsultError::Silent { host: host.clone(), reason };
        let answer = upstream.exchange(request.map(RequestBody::from)).await;
        let (head, body) = answer.map_err(|error| silent(error.to_string()))?.into_parts();
        let body = Limited::new(body, bounds.bytes_max).collect().await.map_err(|error| {
            let is_long = error.downcast_ref::<LengthLimitError>().is_some();
            let too_long = || ConsultError::TooLong { host: host.clone(), limit: bounds.bytes_max };
            if is_long { too_long() } else { silent(error.to_string()) }
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    };
    tokio::time::timeout(bounds.timeout, both).await.unwrap_or(Err(late))
}

/// What may be shown of an address.
pub(crate) fn host(uri: &Uri) -> String {
    uri.host().unwrap_or_default().to_owned()
}

/// An address that can be asked: absolute, over HTTP.
pub(crate) fn address(text: &str) -> Option<Uri> {
    let uri: Uri = text.trim().parse().ok()?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    (is_http && uri.host().is_some_and(|host| !host.is_empty())).then_some(uri)
}

/// Answers by script, and counts: for tests of what consults.
#[cfg(test)]
pub(crate) mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use http_body_util::Full;

    use super::*;
    use crate::upstream::{AnswerBody, BoxFuture, UpstreamError};

    /// A status and a body, or no answer at all where the status is 0 (at once) or 1 (never).
    pub(crate) struct Scripted {
        pub answers: Mutex<VecDeque<(u16, Vec<u8>)>>,
        pub requests: Mutex<Vec<Request<Bytes>>>,
    }

    impl Scripted {
        pub fn new(answers: impl IntoIterator<Item = (u16, Vec<u8>)>) -> Arc<Self> {
            Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), requests: Mutex::default() })
        }

        pub fn then(&self, status: u16, body: &[u8]) {
            self.answers.lock().unwrap().push_back((status, body.to_vec()));
        }

        pub fn asked(&self) -> usize {
            self.requests.lock().unwrap().len()
        }
    }

    impl Upstream for Scripted {
        fn exchange(
            &self,
            request: Request<RequestBody>,
        ) -> BoxFuture<'_, Result<Response<AnswerBody>, UpstreamError>> {
            self.requests.lock().unwrap().push(request.map(|body| body.to_bytes()));
            let next = self.answers.lock().unwrap().pop_front();
            Box::pin(async move {
                tokio::task::yield_now().await;
                match next {
                    None | Some((0, _)) => Err(UpstreamError::Refused),
                    Some((1, _)) => std::future::pending().await,
                    Some((status, body)) => {
                        let body = Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed_unsync();
                        Ok(Response::builder().status(status).body(body).unwrap())
                    }
                }
            })
        }
    }

    const BOUNDS: Bounds = Bounds { timeout: Duration::from_millis(50), bytes_max: 4 };

    #[tokio::test(start_paused = true)]
    async fn an_exchange_has_a_deadline_and_a_limit() {
        let cases = [
            ((200, b"1234".to_vec()), Ok(b"1234".to_vec())),
            ((500, b"no".to_vec()), Ok(b"no".to_vec())),
            ((200, b"12345".to_vec()), Err("the answer of idp.test is longer than 4 bytes")),
            ((0, Vec::new()), Err("no answer from idp.test: connection refused")),
            ((1, Vec::new()), Err("no answer from idp.test within 50 ms")),
        ];
        for (answer, expected) in cases {
            let request = Request::get("https://user:secret@idp.test/keys?token=secret").body(Vec::new()).unwrap();
            let outcome = ask(Scripted::new([answer]), request, BOUNDS).await;
            let outcome = outcome.map(|answer| answer.into_body().to_vec()).map_err(|error| error.to_string());
            assert_eq!(outcome, expected.map_err(str::to_owned));
        }
    }

    #[test]
    fn only_addresses_of_http_can_be_asked() {
        for text in ["https://idp.test/keys", "http://127.0.0.1:8080", " https://[::1]/x "] {
            assert!(address(text).is_some(), "{text}");
        }
        for text in ["", "idp.test", "/keys", "file:///etc/passwd", "https://", "my_auth.user_api_key_auth"] {
            assert!(address(text).is_none(), "{text}");
        }
    }
}
