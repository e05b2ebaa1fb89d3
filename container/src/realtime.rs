//! Realtime sessions: the client's WebSocket and the provider's, message by message.
//!
//! Each direction has one message in flight, so a slow side slows the other. Knows no event beyond what the core counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tollgate_core::realtime::{Ending, Session, SessionLimits, close_code, close_reason, error_event};
use tollgate_core::upstream::Duplex;
use tollgate_http::{Gateway, GatewayBody};
use tracing::debug;

/// For the last words to reach a side that may be gone.
const FAREWELL: Duration = Duration::from_secs(2);

/// A WebSocket on either side.
type Socket<Stream> = WebSocketStream<Stream>;
type ClientStream = TokioIo<hyper::upgrade::Upgraded>;
type ProviderStream = Box<dyn Duplex>;

/// The answer to a request for a WebSocket, and the session to run once it has been sent.
///
/// The session ends when `leaving` turns true: its client is told to open another one elsewhere.
///
/// # Errors
/// The answer that refuses.
pub async fn accept(
    gateway: &Gateway,
    head: &Parts,
    upgrade: OnUpgrade,
    leaving: watch::Receiver<bool>,
) -> Result<(Response<GatewayBody>, impl Future<Output = ()> + use<>), Box<Response<GatewayBody>>> {
    let session = gateway.open_session(head).await?;
    let answer = switching(head);
    let gateway = gateway.clone();
    let run = async move {
        match upgrade.await {
            Ok(stream) => serve(&gateway, session, TokioIo::new(stream), leaving).await,
            Err(error) => debug!(%error, "a WebSocket did not begin: {error}"),
        }
    };
    Ok((answer, run))
}

/// Status 101 with the first subprotocol that the client offers, as LiteLLM answers.
fn switching(head: &Parts) -> Response<GatewayBody> {
    let mut answer = Response::new(GatewayBody::from(Vec::new()));
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    let key = head.headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    if let Ok(accept) = HeaderValue::try_from(derive_accept_key(key)) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    let offered = head.headers.get(header::SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok());
    let first = offered.and_then(|text| text.split(',').next()).map(str::trim).filter(|name| !name.is_empty());
    if let Some(first) = first.and_then(|name| HeaderValue::try_from(name).ok()) {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, first);
    }
    answer
}

async fn serve(gateway: &Gateway, mut session: Session, stream: ClientStream, leaving: watch::Receiver<bool>) {
    let limits = gateway.app().session_limits;
    let mut client = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config(limits))).await;
    match session.connect(gateway.app(), &generate_key()).await {
        Ok(stream) => {
            let provider = WebSocketStream::from_raw_socket(stream, Role::Client, Some(config(limits))).await;
            let status = relay(&mut session, client, provider, (limits.idle_max, leaving)).await;
            session.end(status);
        }
        Err(ending) => {
            farewell(&mut client, &ending).await;
            session.end(ending.status);
        }
    }
}

fn config(limits: SessionLimits) -> WebSocketConfig {
    let bytes_max = limits.message_bytes_max;
    WebSocketConfig::default().max_message_size(Some(bytes_max)).max_frame_size(Some(bytes_max))
}

/// Who ended the session, and how.
enum End {
    /// The client left, or closed.
    Client(Option<CloseFrame>),
    /// The provider left or closed: the client is told.
    Provider(Ending),
    /// One side broke a rule, or both were silent: both are told.
    Gateway(Ending),
}

/// Passes messages both ways until one side ends, then ends the other. Answers the status for the log.
async fn relay(
    session: &mut Session,
    client: Socket<ClientStream>,
    provider: Socket<ProviderStream>,
    (idle_max, mut leaving): (Duration, watch::Receiver<bool>),
) -> u16 {
    let (mut to_client, mut from_client) = client.split();
    let (mut to_provider, mut from_provider) = provider.split();
    let pulse = Pulse { started: Instant::now(), last_ms: AtomicU64::new(0) };
    let end = tokio::select! {
        end = client_to_provider(&mut from_client, &mut to_provider, &pulse) => end,
        end = provider_to_client(&mut from_provider, &mut to_client, &pulse, session) => end,
        end = pulse.stops(idle_max) => end,
        end = shutdown(&mut leaving) => end,
    };
    match end {
        End::Client(frame) => {
            close(&mut to_provider, frame).await;
            200
        }
        End::Provider(ending) => {
            // The provider's close frame is owed one in return.
            tokio::join!(last_words(&mut to_client, &ending), close(&mut to_provider, None));
            ending.status
        }
        End::Gateway(ending) => {
            tokio::join!(last_words(&mut to_client, &ending), close(&mut to_provider, None));
            ending.status
        }
    }
}

async fn client_to_provider(
    from: &mut SplitStream<Socket<ClientStream>>,
    to: &mut SplitSink<Socket<ProviderStream>, Message>,
    pulse: &Pulse,
) -> End {
    loop {
        let message = match from.next().await {
            Some(Ok(Message::Close(frame))) => return End::Client(frame),
            Some(Ok(message)) => message,
            Some(Err(error)) => return broken_by_client(error),
            None => return End::Client(None),
        };
        pulse.beat();
        if is_content(&message) && to.send(message).await.is_err() {
            // Its own reader knows better why it is gone.
            std::future::pending::<()>().await;
        }
    }
}

async fn provider_to_client(
    from: &mut SplitStream<Socket<ProviderStream>>,
    to: &mut SplitSink<Socket<ClientStream>, Message>,
    pulse: &Pulse,
    session: &mut Session,
) -> End {
    loop {
        let message = match from.next().await {
            Some(Ok(Message::Close(frame))) => return End::Provider(closed(frame)),
            Some(Ok(message)) => message,
            Some(Err(Error::Capacity(_))) => return End::Gateway(too_large()),
            Some(Err(_)) | None => {
                let message = "the provider's connection broke: open a new session".to_owned();
                return End::Provider(Ending { code: 1011, message, status: 502 });
            }
        };
        pulse.beat();
        if let Message::Text(text) = &message {
            session.observe(text);
        }
        if is_content(&message) && to.send(message).await.is_err() {
            return End::Client(None);
        }
    }
}

/// Pings and pongs are each side's own.
fn is_content(message: &Message) -> bool {
    matches!(message, Message::Text(_) | Message::Binary(_))
}

fn broken_by_client(error: Error) -> End {
    match error {
        Error::Capacity(_) => End::Gateway(too_large()),
        _ => End::Client(None),
    }
}

fn too_large() -> Ending {
    let message =
        "a message is longer than general_settings.realtime_max_message_size_mb: send smaller ones".to_owned();
    Ending { code: 1009, message, status: 413 }
}

fn closed(frame: Option<CloseFrame>) -> Ending {
    let (code, reason) = frame.map_or((1000, String::new()), |frame| (u16::from(frame.code), frame.reason.to_string()));
    let status = if code == 1000 { 200 } else { 502 };
    let message = if reason.is_empty() && code != 1000 { format!("the provider closed with {code}") } else { reason };
    Ending { code: close_code(code), message, status }
}

/// Says why, unless all is well, and closes.
async fn last_words<Stream>(to: &mut SplitSink<Socket<Stream>, Message>, ending: &Ending)
where
    Stream: AsyncRead + AsyncWrite + Unpin,
{
    let said = async {
        if ending.code != 1000 {
            to.send(Message::text(error_event(&ending.message))).await.ok();
        }
        to.send(Message::Close(Some(frame(ending)))).await.ok();
        to.close().await.ok();
    };
    tokio::time::timeout(FAREWELL, said).await.ok();
}

/// The same on a socket that was never split.
async fn farewell(client: &mut Socket<ClientStream>, ending: &Ending) {
    let said = async {
        client.send(Message::text(error_event(&ending.message))).await.ok();
        client.close(Some(frame(ending))).await.ok();
        // The client's own close frame, so that nothing that was sent is lost by a reset.
        while let Some(Ok(_)) = client.next().await {}
    };
    tokio::time::timeout(FAREWELL, said).await.ok();
}

async fn close<Stream>(to: &mut SplitSink<Socket<Stream>, Message>, frame: Option<CloseFrame>)
where
    Stream: AsyncRead + AsyncWrite + Unpin,
{
    let said = async {
        to.send(Message::Close(frame)).await.ok();
        to.close().await.ok();
    };
    tokio::time::timeout(FAREWELL, said).await.ok();
}

fn frame(ending: &Ending) -> CloseFrame {
    CloseFrame { code: ending.code.into(), reason: close_reason(&ending.message).to_owned().into() }
}

/// Resolves once the process is asked to go.
async fn shutdown(leaving: &mut watch::Receiver<bool>) -> End {
    if leaving.wait_for(|leaves| *leaves).await.is_err() {
        std::future::pending::<()>().await;
    }
    let message = "the gateway is shutting down: open a new session".to_owned();
    End::Gateway(Ending { code: 1001, message, status: 503 })
}

/// When either side was last heard.
struct Pulse {
    started: Instant,
    last_ms: AtomicU64,
}

impl Pulse {
    fn beat(&self) {
        let elapsed_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(elapsed_ms, Ordering::Relaxed);
    }

    /// Resolves once nothing has been heard for `idle_max`.
    async fn stops(&self, idle_max: Duration) -> End {
        loop {
            let last = Duration::from_millis(self.last_ms.load(Ordering::Relaxed));
            let silent = self.started.elapsed().saturating_sub(last);
            if silent >= idle_max {
                let message =
                    format!("no message for {} s (general_settings.realtime_idle_timeout_seconds)", idle_max.as_secs());
                return End::Gateway(Ending { code: 1001, message, status: 408 });
            }
            tokio::time::sleep(idle_max - silent).await;
        }
    }
}
