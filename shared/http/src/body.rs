//! The body of an answer: known bytes, or a provider's as they come.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use tollgate_core::call::ReplyBody;
use tollgate_core::pass::Passing;
use tollgate_core::relay::Relay;
use tollgate_core::upstream::UpstreamError;

/// What the server sends to the client.
pub enum GatewayBody {
    Whole(Full<Bytes>),
    Relayed(Box<Relay>),
    Passed(Box<Passing>),
    Events(std::vec::IntoIter<Vec<u8>>),
}

impl From<Vec<u8>> for GatewayBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Whole(Full::new(bytes.into()))
    }
}

impl From<ReplyBody> for GatewayBody {
    fn from(body: ReplyBody) -> Self {
        match body {
            ReplyBody::Whole(bytes) => Self::Whole(Full::new(bytes)),
            ReplyBody::Relayed(relay) => Self::Relayed(relay),
            ReplyBody::Events(events) => Self::Events(events.into_iter()),
        }
    }
}

impl Body for GatewayBody {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(context).map_err(|never| match never {}),
            Self::Relayed(relay) => Pin::new(relay.as_mut()).poll_frame(context),
            Self::Passed(passing) => Pin::new(passing.as_mut()).poll_frame(context),
            Self::Events(events) => Poll::Ready(events.next().map(|event| Ok(Frame::data(event.into())))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Relayed(_) => false,
            Self::Passed(passing) => passing.is_end_stream(),
            Self::Events(events) => events.len() == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Passed(passing) => passing.size_hint(),
            Self::Relayed(_) | Self::Events(_) => SizeHint::default(),
        }
    }
}
