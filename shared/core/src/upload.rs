//! A multipart upload on its way through: its model replaced, its file untouched.
//!
//! Knows no provider; what has not arrived yet is passed on while it arrives.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tollgate_wire::multipart;

use crate::call::Upload;
use crate::upstream::{BodyError, RequestBody};

/// The model named in the form.
pub fn model(upload: &Upload) -> Option<String> {
    let place = upload.form.model.clone()?;
    let bytes = upload.head.get(place)?;
    Some(String::from_utf8_lossy(bytes).trim().to_owned())
}

/// The form with the provider's model, and the headers that describe it.
pub fn rewritten(upload: Upload, model: &str) -> (RequestBody, Vec<(String, String)>) {
    let head = multipart::with_model(&upload.boundary, &upload.head, &upload.form, model);
    let mut headers = vec![(CONTENT_TYPE.to_string(), format!("multipart/form-data; boundary={}", upload.boundary))];
    if let Some(length_bytes) = upload.length_bytes {
        let before = upload.head.len() as u64;
        let length_bytes = length_bytes.saturating_sub(before) + head.len() as u64;
        headers.push((CONTENT_LENGTH.to_string(), length_bytes.to_string()));
    }
    let body = Joined { head: Some(head.into()), rest: upload.rest };
    (RequestBody::Streamed(body.boxed_unsync()), headers)
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
