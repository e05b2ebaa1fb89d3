//! A provider that answers by script: the port [`Upstream`] without a network.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tollgate_core::upstream::{AnswerBody, BoxFuture, RequestBody, Upstream, UpstreamError};

/// One exchange to come.
pub enum Script {
    /// A head at once, then the body step by step.
    Answer { status: u16, content_type: &'static str, body: Vec<Step> },
    /// No answer.
    Fail(UpstreamError),
    /// Never an answer.
    Hang,
}

/// One step of an answer's body.
pub enum Step {
    Bytes(&'static [u8]),
    /// The connection breaks.
    Break,
    /// Nothing more comes, and no end either.
    Silence,
}

/// A request that was sent.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub method: http::Method,
    pub uri: String,
    pub headers: http::HeaderMap,
    pub body: Bytes,
}

/// The provider. Scripts are played in order; one more request than scripts fails.
#[derive(Default)]
pub struct Scripted {
    scripts: Mutex<VecDeque<Script>>,
    requests: Mutex<Vec<Recorded>>,
    open: Arc<AtomicUsize>,
}

impl Scripted {
    pub fn new(scripts: impl IntoIterator<Item = Script>) -> Arc<Self> {
        Arc::new(Self { scripts: Mutex::new(scripts.into_iter().collect()), ..Self::default() })
    }

    /// A whole JSON answer.
    pub fn json(status: u16, body: &'static str) -> Script {
        Script::Answer { status, content_type: "application/json", body: vec![Step::Bytes(body.as_bytes())] }
    }

    /// Everything that was sent so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Bodies that the gateway has neither read to the end nor dropped.
    pub fn open_bodies(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

impl Upstream for Scripted {
    fn exchange(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<AnswerBody>, UpstreamError>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            let recorded = Recorded { method: head.method, uri: head.uri.to_string(), headers: head.headers, body };
            self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(recorded);
            let script = self.scripts.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            match script {
                Some(Script::Answer { status, content_type, body }) => {
                    self.open.fetch_add(1, Ordering::SeqCst);
                    let body = Played { steps: body.into(), open: Arc::clone(&self.open) };
                    let answer = Response::builder().status(status).header("content-type", content_type);
                    answer.body(body.boxed_unsync()).map_err(|error| UpstreamError::Other(error.to_string()))
                }
                Some(Script::Fail(error)) => Err(error),
                Some(Script::Hang) => std::future::pending().await,
                None => Err(UpstreamError::Other("no script is left".to_owned())),
            }
        })
    }
}

struct Played {
    steps: VecDeque<Step>,
    open: Arc<AtomicUsize>,
}

impl Body for Played {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let played = self.get_mut();
        if matches!(played.steps.front(), Some(Step::Silence)) {
            return Poll::Pending;
        }
        match played.steps.pop_front() {
            Some(Step::Bytes(bytes)) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(bytes))))),
            Some(Step::Break) => Poll::Ready(Some(Err(UpstreamError::Reset))),
            Some(Step::Silence) | None => Poll::Ready(None),
        }
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}
