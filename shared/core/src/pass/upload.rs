//! The client's body on its way to the provider: counted, timed, and looked at for the model's name.
//!
//! One frame is in flight at a time; nothing is kept.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tollgate_wire::tap::Scan;

use crate::upstream::{BodyError, RequestBody};
use crate::{Error, Limits};

const NOTHING: u8 = 0;
const TOO_LARGE: u8 = 1;
const TOO_SLOW: u8 = 2;
const BROKEN: u8 = 3;

/// What is known of an upload while it goes on, to whoever waits for the answer.
pub struct Progress {
    began: Instant,
    /// When the last piece arrived, after `began`.
    last_ms: AtomicU64,
    fault: AtomicU8,
    bytes: AtomicU64,
    /// The model that the body names.
    pub model: OnceLock<String>,
}

impl Progress {
    /// When the client last sent a piece.
    pub fn last(&self) -> Instant {
        self.began + Duration::from_millis(self.last_ms.load(Ordering::Relaxed))
    }

    /// Bytes that have arrived.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Why the upload ended early, if it did.
    pub fn fault(&self, limits: &Limits) -> Option<Error> {
        match self.fault.load(Ordering::Relaxed) {
            TOO_LARGE => Some(Error::BodyTooLarge { limit_mb: limits.request_bytes_max as f64 / (1024.0 * 1024.0) }),
            TOO_SLOW => {
                let limit_s = limits.request_timeout.as_secs();
                Some(Error::BadBody(format!("the request's body went on too slowly: nothing came within {limit_s} s")))
            }
            BROKEN => Some(Error::BadBody("the request's body broke off".to_owned())),
            _ => None,
        }
    }
}

/// The body.
pub struct Upload {
    body: RequestBody,
    left_bytes: usize,
    scan: Option<Scan>,
    patience: Duration,
    alarm: Pin<Box<Sleep>>,
    is_waiting: bool,
    progress: Arc<Progress>,
}

impl Upload {
    /// `scan` looks for the model in a body of JSON.
    pub fn new(body: RequestBody, limits: &Limits, scan: Option<Scan>) -> (Self, Arc<Progress>) {
        let progress = Arc::new(Progress {
            began: Instant::now(),
            last_ms: AtomicU64::new(0),
            fault: AtomicU8::new(NOTHING),
            bytes: AtomicU64::new(0),
            model: OnceLock::new(),
        });
        let upload = Self {
            body,
            left_bytes: limits.request_bytes_max,
            scan,
            patience: limits.request_timeout,
            alarm: Box::pin(tokio::time::sleep(limits.request_timeout)),
            is_waiting: false,
            progress: Arc::clone(&progress),
        };
        (upload, progress)
    }

    fn fail(&self, fault: u8, text: &str) -> BodyError {
        self.progress.fault.store(fault, Ordering::Relaxed);
        BodyError(text.to_owned())
    }

    fn arrived(&mut self, data: &Bytes) -> Result<(), BodyError> {
        let since = u64::try_from(self.progress.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.progress.last_ms.store(since, Ordering::Relaxed);
        self.progress.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
        match self.left_bytes.checked_sub(data.len()) {
            Some(left) => self.left_bytes = left,
            None => return Err(self.fail(TOO_LARGE, "too long")),
        }
        if let Some(scan) = &mut self.scan {
            scan.push(data);
            if let Some(model) = scan.model() {
                // One name is enough; whoever waits may have it at once.
                let _ = self.progress.model.set(model.to_owned());
                self.scan = None;
            }
        }
        Ok(())
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let upload = self.get_mut();
        let Poll::Ready(frame) = Pin::new(&mut upload.body).poll_frame(context) else {
            if !std::mem::replace(&mut upload.is_waiting, true) {
                upload.alarm.as_mut().reset(Instant::now() + upload.patience);
            }
            std::task::ready!(upload.alarm.as_mut().poll(context));
            return Poll::Ready(Some(Err(upload.fail(TOO_SLOW, "too slow"))));
        };
        upload.is_waiting = false;
        Poll::Ready(match frame {
            None => None,
            Some(Err(error)) => {
                upload.progress.fault.store(BROKEN, Ordering::Relaxed);
                Some(Err(error))
            }
            Some(Ok(frame)) => Some(match frame.data_ref().map_or(Ok(()), |data| upload.arrived(&data.clone())) {
                Ok(()) => Ok(frame),
                Err(error) => Err(error),
            }),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
