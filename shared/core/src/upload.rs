//! A multipart upload on its way through: its model replaced, its file untouched.
//!
//! Knows no provider; what has not arrived yet is passed on while it arrives.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tollgate_wire::json::{Object, raw};
use tollgate_wire::{Operation, audio, multipart};

use crate::call::Upload;
use crate::price::{Deed, Job};
use crate::upstream::{BodyError, RequestBody};

/// The model named in the form.
pub fn model(upload: &Upload) -> Option<String> {
    let place = upload.form.model.clone()?;
    let bytes = upload.head.get(place)?;
    Some(String::from_utf8_lossy(bytes).trim().to_owned())
}

/// A form on its way: whole, so that it can be sent again, or too long for that, and sent once.
pub struct Held {
    boundary: String,
    head: Bytes,
    form: multipart::Form,
    length_bytes: Option<u64>,
    /// What is still to come; gone once it was sent, and never there where the head is all.
    rest: Mutex<Option<RequestBody>>,
    is_whole: bool,
}

/// Reads the form, if it is not longer than what may be sent again.
pub async fn hold(upload: Upload, bytes_max: usize) -> Held {
    let Upload { boundary, head, form, rest, length_bytes } = upload;
    let mut rest = rest.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut held = BytesMut::from(head.as_ref());
    let is_short = length_bytes.is_none_or(|length| length <= bytes_max as u64);
    let mut is_whole = false;
    let mut broken = None;
    while is_short && held.len() <= bytes_max && !is_whole {
        match rest.frame().await {
            Some(Ok(frame)) => frame.data_ref().into_iter().for_each(|data| held.extend_from_slice(data)),
            Some(Err(error)) => {
                broken = Some(error);
                break;
            }
            None => is_whole = true,
        }
    }
    if let Some(error) = broken {
        // Whoever sends it finds out, as if it had been passed on while it arrived.
        rest = RequestBody::Streamed(Broken(Some(error)).boxed_unsync());
    }
    Held { boundary, head: held.freeze(), form, length_bytes, rest: Mutex::new(Some(rest)), is_whole }
}

impl Held {
    /// Whether it can be sent again.
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The form with the provider's model, and the headers that describe it; `None` where it was sent and is gone.
    pub fn rewritten(&self, model: &str) -> Option<(RequestBody, Vec<(String, String)>)> {
        let head = multipart::with_model(&self.boundary, &self.head, &self.form, model);
        let content = format!("multipart/form-data; boundary={}", self.boundary);
        let mut headers = vec![(CONTENT_TYPE.to_string(), content)];
        if self.is_whole {
            headers.push((CONTENT_LENGTH.to_string(), head.len().to_string()));
            return Some((RequestBody::from(head), headers));
        }
        if let Some(length_bytes) = self.length_bytes {
            let before = self.head.len() as u64;
            let length_bytes = length_bytes.saturating_sub(before) + head.len() as u64;
            headers.push((CONTENT_LENGTH.to_string(), length_bytes.to_string()));
        }
        let rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let body = Joined { head: Some(head.into()), rest };
        Some((RequestBody::Streamed(body.boxed_unsync()), headers))
    }
}

impl Held {
    /// What the form says of the work, as far as it has arrived.
    pub fn job(&self, operation: Operation) -> Job {
        match operation {
            Operation::Transcription => Deed::Transcription { length: self.recording().and_then(audio::length) }.into(),
            operation => Job::asked(operation, &self.fields()),
        }
    }

    /// Bytes of the whole form, if they are known.
    pub fn length_bytes(&self) -> Option<u64> {
        if self.is_whole { Some(self.head.len() as u64) } else { self.length_bytes }
    }

    /// The fields of a form that is whole.
    fn fields(&self) -> Object<'static> {
        let mut fields = Object::default();
        let parts = if self.is_whole { multipart::parts(&self.boundary, &self.head) } else { Ok(Vec::new()) };
        for part in parts.unwrap_or_default().into_iter().filter(|part| part.filename.is_none()) {
            let text = String::from_utf8_lossy(&self.head[part.content]).into_owned();
            // Numbers stand in a form as texts do.
            let value = if text.parse::<u64>().is_ok() { text } else { raw(&text).get().to_owned() };
            fields.set_text(&part.name, value);
        }
        fields
    }

    /// The file that is to be written down, as far as it has arrived.
    fn recording(&self) -> Option<audio::File<'_>> {
        let start = multipart::begin(&self.boundary, &self.head, "file")?;
        if self.is_whole {
            let parts = multipart::parts(&self.boundary, &self.head).ok()?;
            let content = parts.into_iter().find(|part| part.content.start == start)?.content;
            let head = &self.head[content];
            return Some(audio::File { head, bytes: Some(head.len() as u64) });
        }
        // Behind the file nothing but the form's end is expected.
        let behind = start as u64 + self.boundary.len() as u64 + END_BYTES;
        let bytes = self.length_bytes.map(|length| length.saturating_sub(behind));
        Some(audio::File { head: self.head.get(start..)?, bytes })
    }
}

/// What stands around the boundary at the end of a form.
const END_BYTES: u64 = "\r\n----\r\n".len() as u64;

/// An upload that broke off.
struct Broken(Option<BodyError>);

impl Body for Broken {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Poll::Ready(self.get_mut().0.take().map(Err))
    }
}

/// First what has been read already, then what is still arriving.
struct Joined {
    head: Option<Bytes>,
    rest: RequestBody,
}

impl Body for Joined {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let joined = self.get_mut();
        match joined.head.take() {
            Some(head) => Poll::Ready(Some(Ok(Frame::data(head)))),
            None => Pin::new(&mut joined.rest).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.head.is_none() && self.rest.is_end_stream()
    }
}
