//! The relay as the body that a server sends: what is asked for next, and what becomes of a client that asks no more.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame};

use super::{End, Relay};
use crate::upstream::UpstreamError;

impl Body for Relay {
    type Data = Bytes;
    /// A raw stream that breaks can only be cut: its client must see that the end is missing.
    type Error = UpstreamError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let relay = self.get_mut();
        if relay.last.is_none() {
            let (frame, receipt) = match relay.first.take() {
                Some(first) => relay.begun_with(first),
                None => {
                    let step = ready!(relay.step(context));
                    relay.frame(step)
                }
            };
            match receipt.waiting() {
                Some(waiting) => relay.last = Some((waiting, frame)),
                None => return Poll::Ready(frame.map(|frame| frame.map(Frame::data))),
            }
        }
        if let Some((waiting, _)) = &mut relay.last {
            ready!(waiting.as_mut().poll(context));
        }
        let frame = relay.last.take().and_then(|(_, frame)| frame);
        Poll::Ready(frame.map(|frame| frame.map(Frame::data)))
    }
}

impl Drop for Relay {
    /// The client left, or has had everything: what was delivered is noted.
    fn drop(&mut self) {
        self.upstream = None;
        let ending = if self.is_done() { End::Served } else { End::Left };
        // Nobody is there to wait for it.
        let _ = self.settle(ending);
    }
}
