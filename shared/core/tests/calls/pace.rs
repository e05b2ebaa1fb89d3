//! The pace of streams: a slow provider that keeps talking is borne, and a slow client slows its provider.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::time::Instant;
use tollgate_core::upstream::{AnswerBody, BoxFuture, RequestBody, Upstream, UpstreamError};
use tollgate_wire::Operation;

use crate::gateway::{Gateway, streamed_question};
use crate::relay::{begin, frame};

const CHUNK: &[u8] = b"data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n";

/// A provider that sends a chunk after each of these pauses, then ends.
struct Paced {
    pauses_s: Vec<u64>,
    /// Chunks that have been asked for.
    sent: Arc<AtomicUsize>,
}

impl Upstream for Paced {
    fn exchange(&self, _: Request<RequestBody>) -> BoxFuture<'_, Result<Response<AnswerBody>, UpstreamError>> {
        let (pauses_s, sent) = (self.pauses_s.clone(), Arc::clone(&self.sent));
        let frames = stream::unfold(pauses_s.into_iter(), move |mut pauses_s| {
            let sent = Arc::clone(&sent);
            async move {
                tokio::time::sleep(Duration::from_secs(pauses_s.next()?)).await;
                sent.fetch_add(1, Ordering::SeqCst);
                Some((Ok(Frame::data(Bytes::from_static(CHUNK))), pauses_s))
            }
        });
        let body: Pin<Box<_>> = Box::pin(frames);
        Box::pin(async move { Ok(Response::new(StreamBody::new(body).boxed_unsync())) })
    }
}

fn paced(pauses_s: &[u64]) -> (Gateway, Arc<AtomicUsize>) {
    let (mut gateway, sent) = (Gateway::new([]), Arc::new(AtomicUsize::new(0)));
    gateway.app.upstream = Arc::new(Paced { pauses_s: pauses_s.to_vec(), sent: Arc::clone(&sent) });
    (gateway, sent)
}

#[tokio::test(start_paused = true)]
async fn the_stream_timeout_counts_from_frame_to_frame() {
    // `stream_timeout` is 5 seconds; the status is 200 where the whole stream is borne.
    let check = async |pauses_s: &[u64], expected_s: u64, ends_well: bool| {
        let (gateway, _) = paced(pauses_s);
        let started = Instant::now();
        let answer = gateway.ask(Operation::ChatCompletion, &streamed_question("chat")).await;
        assert_eq!(started.elapsed().as_secs(), expected_s, "{pauses_s:?}: {answer:?}");
        assert_eq!(answer.text.ends_with("data: [DONE]\n\n"), ends_well, "{pauses_s:?}: {answer:?}");
    };
    check(&[0, 4, 4, 4, 4], 16, true).await;
    check(&[4, 4, 1, 4, 0, 4], 17, true).await;
    check(&[0, 6], 5, false).await;
    check(&[4, 4, 4, 9], 17, false).await;
    check(&[6], 5, false).await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_is_not_taken_for_a_silent_provider() {
    let (gateway, _) = paced(&[0, 1, 1, 1]);
    let mut relay = begin(&gateway, Operation::ChatCompletion, &streamed_question("chat")).await;
    let mut last = String::new();
    while let Some(text) = frame(&mut relay).await {
        last = text;
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
    assert!(last.ends_with("data: [DONE]\n\n"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn one_frame_is_in_flight_at_a_time() {
    let (gateway, sent) = paced(&[0; 50]);
    let mut relay = begin(&gateway, Operation::ChatCompletion, &streamed_question("chat")).await;
    for delivered in 1..50 {
        frame(&mut relay).await.expect("a frame");
        assert_eq!(sent.load(Ordering::SeqCst), delivered);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(sent.load(Ordering::SeqCst), delivered, "read ahead of the client");
    }
}
