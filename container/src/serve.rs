//! The HTTP server: accepts connections, counts what is in flight, and leaves in good order.
//!
//! Knows bytes, connections and time; what a request means is the gateway's business.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tollgate_core::App;
use tollgate_http::{Gateway, GatewayBody, Peer};
use tracing::{info, warn};

use crate::realtime;

/// Pause after an accept that failed, as when descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);
/// hyper panics on less; the limit itself is held against every head in [`answer`].
const HTTP_BUFFER_BYTES_MIN: usize = 8192;
/// For answers to leave once nothing is in flight any more.
const FLUSH_WAIT: Duration = Duration::from_secs(2);

/// Bounds of the server.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// `KEEPALIVE_TIMEOUT`: for a request's head to arrive, and for an idle connection to be kept.
    pub keepalive: Duration,
    /// `general_settings.max_header_size_kb`.
    pub header_bytes_max: usize,
    /// `GRACEFUL_SHUTDOWN_TIMEOUT`.
    pub drain: Duration,
    /// `LIMIT_CONCURRENCY`: requests in flight; more are answered 503.
    pub requests_max: usize,
}

/// What is going on, shared by every connection.
#[derive(Default)]
struct Traffic {
    requests: AtomicUsize,
    connections: AtomicUsize,
    changed: Notify,
    draining: AtomicBool,
    /// Turns true when the process is asked to go: sessions have no end of their own to wait for.
    leaving: watch::Sender<bool>,
}

/// Serves until `stop` resolves, then drains: no new connections, calls in flight may end.
pub async fn serve(listener: TcpListener, app: Arc<App>, bounds: Bounds, stop: impl Future<Output = ()>) {
    let traffic = Arc::new(Traffic::default());
    let (close, closing) = watch::channel(false);
    let gateway = Gateway::new(Arc::clone(&app));
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let peer = Peer(peer.ip());
                    let connection = Connection { peer, traffic: Arc::clone(&traffic), closing: closing.clone(), bounds };
                    tokio::spawn(connection.run(stream, gateway.clone()));
                }
                Err(error) => refused(&error).await,
            },
            () = &mut stop => break,
        }
    }
    drop(listener);
    app.draining.store(true, Ordering::Relaxed);
    traffic.draining.store(true, Ordering::Relaxed);
    traffic.leaving.send_replace(true);
    drain(&traffic, &close, bounds.drain).await;
}

async fn refused(error: &io::Error) {
    warn!(%error, "a connection could not be accepted: {error}");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

async fn drain(traffic: &Traffic, close: &watch::Sender<bool>, limit: Duration) {
    let deadline = Instant::now() + limit;
    info!("shutting down: {} requests in flight", traffic.requests.load(Ordering::Relaxed));
    let emptied = tokio::time::timeout_at(deadline, reaches_zero(traffic, &traffic.requests)).await.is_ok();
    // Closes idle connections at once, the others after the answer that they are writing.
    close.send(true).ok();
    if emptied {
        tokio::time::timeout(FLUSH_WAIT, reaches_zero(traffic, &traffic.connections)).await.ok();
    } else {
        let left = traffic.requests.load(Ordering::Relaxed);
        warn!("{left} requests were cut off after GRACEFUL_SHUTDOWN_TIMEOUT ({} s)", limit.as_secs());
    }
}

async fn reaches_zero(traffic: &Traffic, counter: &AtomicUsize) {
    loop {
        let changed = traffic.changed.notified();
        if counter.load(Ordering::Acquire) == 0 {
            return;
        }
        changed.await;
    }
}

struct Connection {
    peer: Peer,
    traffic: Arc<Traffic>,
    closing: watch::Receiver<bool>,
    bounds: Bounds,
}

impl Connection {
    async fn run(mut self, stream: TcpStream, gateway: Gateway) {
        // Chunks must not wait for each other; a socket that cannot do this is slower, nothing else.
        stream.set_nodelay(true).ok();
        self.traffic.connections.fetch_add(1, Ordering::AcqRel);
        let _open = Counted { traffic: Arc::clone(&self.traffic), what: What::Connection };
        let (traffic, bounds, peer) = (Arc::clone(&self.traffic), self.bounds, self.peer);
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            answer(gateway.clone(), Arc::clone(&traffic), bounds, request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.bounds.keepalive)
            .max_buf_size(self.bounds.header_bytes_max.saturating_mul(2).max(HTTP_BUFFER_BYTES_MIN))
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let ended = match served_or_closing(connection.as_mut(), &mut self.closing).await {
            Some(ended) => ended,
            None => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            // A client that resets, or sends what is no HTTP, is its own affair.
            tracing::debug!(%error, "a connection ended early: {error}");
        }
    }
}

/// The connection's end, or `None` where the server wants it to end.
///
/// The second future is polled once, to leave its waker, and again only when there is something to see:
/// a connection is polled several times for every request.
async fn served_or_closing<T>(
    mut connection: Pin<&mut impl Future<Output = T>>,
    closing: &mut watch::Receiver<bool>,
) -> Option<T> {
    let seen = closing.clone();
    let mut changed = pin!(closing.changed());
    let mut waits = false;
    std::future::poll_fn(|context| {
        if let Poll::Ready(ended) = connection.as_mut().poll(context) {
            return Poll::Ready(Some(ended));
        }
        if !waits || seen.has_changed().unwrap_or(true) {
            waits = true;
            return changed.as_mut().poll(context).map(|_| None);
        }
        Poll::Pending
    })
    .await
}

async fn answer(
    gateway: Gateway,
    traffic: Arc<Traffic>,
    bounds: Bounds,
    request: Request<Incoming>,
) -> Result<Response<CountedBody>, Infallible> {
    let before = traffic.requests.fetch_add(1, Ordering::AcqRel);
    let counted = Counted { traffic: Arc::clone(&traffic), what: What::Request };
    let mut answer = if before >= bounds.requests_max {
        gateway.overloaded()
    } else if header_bytes(&request) > bounds.header_bytes_max {
        gateway.header_too_large(bounds.header_bytes_max)
    } else {
        answer_or_switch(&gateway, &traffic, request).await
    };
    if traffic.draining.load(Ordering::Relaxed) {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(answer.map(|body| CountedBody { body, _counted: counted }))
}

/// A session goes on after its answer, and is in flight until it ends.
async fn answer_or_switch(
    gateway: &Gateway,
    traffic: &Arc<Traffic>,
    mut request: Request<Incoming>,
) -> Response<GatewayBody> {
    if !request.headers().contains_key(header::UPGRADE) {
        return gateway.answer(request).await;
    }
    let upgrade = hyper::upgrade::on(&mut request);
    let (head, body) = request.into_parts();
    if !gateway.wants_socket(&head) {
        return gateway.answer(Request::from_parts(head, body)).await;
    }
    match realtime::accept(gateway, &head, upgrade, traffic.leaving.subscribe()).await {
        Ok((answer, session)) => {
            traffic.requests.fetch_add(1, Ordering::AcqRel);
            let counted = Counted { traffic: Arc::clone(traffic), what: What::Request };
            tokio::spawn(async move {
                session.await;
                drop(counted);
            });
            answer
        }
        Err(refusal) => *refusal,
    }
}

fn header_bytes(request: &Request<Incoming>) -> usize {
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    headers.sum::<usize>() + request.uri().path().len() + request.uri().query().map_or(0, str::len)
}

enum What {
    Connection,
    Request,
}

/// Counts one request or connection down when it is over, however it ended.
struct Counted {
    traffic: Arc<Traffic>,
    what: What,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let counter = match self.what {
            What::Connection => &self.traffic.connections,
            What::Request => &self.traffic.requests,
        };
        let last = counter.fetch_sub(1, Ordering::AcqRel) == 1;
        if last && self.traffic.draining.load(Ordering::Relaxed) {
            self.traffic.changed.notify_waiters();
        }
    }
}

/// An answer's body that is in flight until its last byte.
struct CountedBody {
    body: GatewayBody,
    _counted: Counted,
}

impl Body for CountedBody {
    type Data = Bytes;
    type Error = <GatewayBody as Body>::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
