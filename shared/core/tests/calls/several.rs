//! Several providers behind one gateway, told apart by their host: each has its pace and its mood, and both may change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tollgate_core::upstream::{AnswerBody, BoxFuture, RequestBody, Upstream, UpstreamError};

use crate::gateway::{Gateway, Setup};

/// How a provider behaves.
#[derive(Clone, Debug)]
pub struct Mood {
    /// Before the head of the answer.
    pub pause: Duration,
    pub status: u16,
    /// Pieces of the body, each after its pause; `None`: the connection breaks.
    pub pieces: Vec<(Duration, Option<&'static str>)>,
}

impl Mood {
    /// A whole answer that says its host.
    pub fn good() -> Self {
        Self { pause: Duration::ZERO, status: 200, pieces: Vec::new() }
    }

    pub fn slow(pause: Duration) -> Self {
        Self { pause, ..Self::good() }
    }

    pub fn bad(status: u16) -> Self {
        Self { status, pieces: vec![(Duration::ZERO, Some("{\"error\":{\"message\":\"no\"}}"))], ..Self::good() }
    }

    pub fn stream(pieces: &[(u64, Option<&'static str>)]) -> Self {
        let pieces = pieces.iter().map(|(seconds, piece)| (Duration::from_secs(*seconds), *piece)).collect();
        Self { pieces, ..Self::good() }
    }
}

/// The providers, by the first label of their hosts. Clones are the same providers.
#[derive(Clone, Debug, Default)]
pub struct Several {
    moods: Arc<Mutex<HashMap<String, Mood>>>,
    /// Hosts in the order in which they were asked.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Several {
    pub fn set(&self, host: &str, mood: Mood) {
        self.moods.lock().unwrap().insert(host.to_owned(), mood);
    }

    /// The hosts that were asked since the last look.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn mood(&self, host: &str) -> Mood {
        self.moods.lock().unwrap().get(host).cloned().unwrap_or_else(Mood::good)
    }
}

impl Upstream for Several {
    fn exchange(&self, request: Request<RequestBody>) -> BoxFuture<'_, Result<Response<AnswerBody>, UpstreamError>> {
        let host = request.uri().host().unwrap_or_default().split('.').next().unwrap_or_default().to_owned();
        self.asked.lock().unwrap().push(host.clone());
        let mut mood = self.mood(&host);
        if mood.pieces.is_empty() {
            mood.pieces.push((Duration::ZERO, Some(answer(&host))));
        }
        let kind = if mood.pieces[0].1.is_some_and(|piece| piece.starts_with("data:")) {
            "text/event-stream"
        } else {
            "application/json"
        };
        Box::pin(async move {
            tokio::time::sleep(mood.pause).await;
            let frames = stream::unfold(mood.pieces.into_iter(), |mut pieces| async {
                let (pause, piece) = pieces.next()?;
                tokio::time::sleep(pause).await;
                let frame = piece.map(|piece| Frame::data(Bytes::from_static(piece.as_bytes())));
                Some((frame.ok_or(UpstreamError::Reset), pieces))
            });
            let body = StreamBody::new(Box::pin(frames)).boxed_unsync();
            Ok(Response::builder().status(mood.status).header("content-type", kind).body(body).expect("a response"))
        })
    }
}

fn answer(host: &str) -> &'static str {
    let text = format!(
        "{{\"id\":\"c1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{{\"index\":0,\"message\":\
         {{\"role\":\"assistant\",\"content\":\"from {host}\"}},\"finish_reason\":\"stop\"}}],\"usage\":\
         {{\"prompt_tokens\":5,\"completion_tokens\":3,\"total_tokens\":8}}}}"
    );
    Box::leak(text.into_boxed_str())
}

/// A gateway whose group `g` has a deployment at each of these hosts, with these parameters, and these settings beside.
pub fn gateway(deployments: &[(&str, &str)], settings: &str) -> (Gateway, Several) {
    let entries: String = deployments
        .iter()
        .map(|(host, more)| {
            format!(
                "  - {{model_name: g, litellm_params: {{model: openai/gpt-4o, api_key: k, \
                 api_base: 'http://{host}.example/v1'{more}}}, model_info: {{id: {host}}}}}\n"
            )
        })
        .collect();
    let mut gateway = Gateway::set_up(&format!("model_list:\n{entries}{settings}"), &[], [], Setup::default());
    let several = Several::default();
    gateway.app.upstream = Arc::new(several.clone());
    gateway.retries = None;
    (gateway, several)
}
