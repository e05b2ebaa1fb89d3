//! One kept connection of the load client: asks, reads the whole answer, says what came. Knows no load and no clock.

use crate::Failure;
use crate::provider::ANSWER_MARK;
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// What every request of a load has in common.
#[derive(Clone)]
pub struct Call {
    pub port: u16,
    pub key: String,
    pub body: Bytes,
    pub shape: Shape,
}

/// Whether answers come whole or as a stream of events.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shape {
    Whole,
    Stream,
}

impl Call {
    /// A chat completion of `model`, its prompt a short question.
    pub fn new(port: u16, key: &str, model: &str, shape: Shape) -> Self {
        let mut body = serde_json::json!({
            "model": model,
            "messages": [
                {"role": "system", "content": "You are a helpful assistant who answers in one short sentence."},
                {"role": "user", "content": "What is the capital of France, and what is it best known for?"},
            ],
            "temperature": 0.2,
            "max_tokens": 256,
        });
        if shape == Shape::Stream {
            body["stream"] = true.into();
        }
        Self { port, key: key.to_owned(), body: Bytes::from(body.to_string()), shape }
    }
}

/// A connection that is opened when first needed and again after a failure.
pub struct Connection {
    call: Call,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    pub const fn new(call: Call) -> Self {
        Self { call, sender: None }
    }

    /// Opens the connection if it is not open.
    pub async fn open(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, Failure> {
        if self.sender.as_ref().is_none_or(SendRequest::is_closed) {
            let stream = TcpStream::connect(("127.0.0.1", self.call.port)).await?;
            stream.set_nodelay(true)?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            self.sender = Some(sender);
        }
        self.sender.as_mut().ok_or_else(|| "the connection is gone".into())
    }

    /// Sends one request and reads its answer to the end; returns how many events it had (0 if whole).
    pub async fn ask(&mut self) -> Result<u64, Failure> {
        let request = Request::post("/v1/chat/completions")
            .header(header::HOST, "127.0.0.1")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.call.key))
            .body(Full::new(self.call.body.clone()))?;
        let shape = self.call.shape;
        let sender = self.open().await?;
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        match (status, shape) {
            (StatusCode::OK, Shape::Stream) => read_events(response.into_body()).await,
            (StatusCode::OK, Shape::Whole) => read_whole(response.into_body()).await.map(|()| 0),
            _ => {
                let body = response.into_body().collect().await?.to_bytes();
                Err(format!("status {status}: {}", String::from_utf8_lossy(&body)).into())
            }
        }
    }
}

async fn read_whole(body: Incoming) -> Result<(), Failure> {
    let body = body.collect().await?.to_bytes();
    let found = body.windows(ANSWER_MARK.len()).any(|window| window == ANSWER_MARK.as_bytes());
    if found { Ok(()) } else { Err(format!("unexpected answer: {}", String::from_utf8_lossy(&body)).into()) }
}

async fn read_events(mut body: Incoming) -> Result<u64, Failure> {
    let mut events = EventCount::default();
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame?.data_ref() {
            events.read(data);
        }
    }
    if events.tail.ends_with(b"[DONE]\n\n") {
        return Ok(events.count - 1);
    }
    Err(format!("stream of {} events ended without [DONE]: {:?}", events.count, String::from_utf8_lossy(&events.tail))
        .into())
}

/// Counts blank lines, which end events, without keeping more than the last few bytes.
#[derive(Default)]
pub struct EventCount {
    pub count: u64,
    tail: Vec<u8>,
}

impl EventCount {
    const TAIL_BYTES: usize = 64;

    /// Takes the next piece of the stream, wherever it was cut.
    pub fn read(&mut self, piece: &[u8]) {
        let split = self.tail.last() == Some(&b'\n') && piece.first() == Some(&b'\n');
        let inside = piece.windows(2).filter(|pair| pair == b"\n\n").count() as u64;
        self.count += inside + u64::from(split);
        self.tail.extend_from_slice(&piece[piece.len().saturating_sub(Self::TAIL_BYTES)..]);
        let surplus = self.tail.len().saturating_sub(Self::TAIL_BYTES);
        self.tail.drain(..surplus);
    }
}

#[cfg(test)]
mod tests;
