//! Port: one HTTP exchange with a provider.
//!
//! Adapters carry bytes. They know no model, no format, and no retry.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use tokio::io::{AsyncRead, AsyncWrite};

/// A future that can be sent to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends one request and hands back the answer's head as soon as it is there.
///
/// Dropping the future, or the answer's body before its end, closes the connection to the provider.
pub trait Upstream: Send + Sync {
    /// # Errors
    /// When no answer's head arrived: the connection failed or broke.
    fn exchange(
        &self,
        request: http::Request<RequestBody>,
    ) -> BoxFuture<'_, Result<http::Response<AnswerBody>, UpstreamError>>;

    /// Sends a request that asks to go on in another protocol, such as a WebSocket.
    ///
    /// # Errors
    /// When no answer's head arrived, or the adapter cannot do this.
    fn switch(&self, _request: http::Request<RequestBody>) -> BoxFuture<'_, Result<Switched, UpstreamError>> {
        Box::pin(async { Err(UpstreamError::Other("no other protocol can be spoken here".to_owned())) })
    }
}

/// The answer to a request that asked for another protocol.
pub enum Switched {
    /// Status 101: from here on the connection belongs to both sides.
    Stream(Box<dyn Duplex>),
    /// Anything else.
    Refused(http::Response<AnswerBody>),
}

/// A connection that both sides write to.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// What the provider sends, frame by frame.
pub type AnswerBody = UnsyncBoxBody<Bytes, UpstreamError>;

/// Why an exchange broke. The texts hold no URL and no header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    #[error("connection refused")]
    Refused,
    /// No connection for another reason, or not in time.
    #[error("{0}")]
    Unreachable(String),
    #[error("unknown host")]
    Unresolved,
    /// No secure connection.
    #[error("{0}")]
    Insecure(String),
    /// The connection ended early.
    #[error("connection closed")]
    Closed,
    #[error("connection reset")]
    Reset,
    #[error("not HTTP")]
    NotHttp,
    #[error("{0}")]
    Other(String),
}

/// What is sent to the provider.
pub enum RequestBody {
    Whole(Full<Bytes>),
    /// A client's upload, passed on while it arrives.
    Streamed(UnsyncBoxBody<Bytes, BodyError>),
}

/// The client's upload broke off or grew too long.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BodyError(pub String);

impl RequestBody {
    /// The bytes that will be sent; none where they are still to arrive.
    pub fn to_bytes(&self) -> Bytes {
        let Self::Whole(body) = self else { return Bytes::new() };
        let collected = body.clone().collect().now_or_never();
        collected.and_then(Result::ok).map(http_body_util::Collected::to_bytes).unwrap_or_default()
    }
}

impl From<Vec<u8>> for RequestBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Whole(Full::new(bytes.into()))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(context).map_err(|never| match never {}),
            Self::Streamed(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Streamed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Streamed(body) => body.size_hint(),
        }
    }
}
