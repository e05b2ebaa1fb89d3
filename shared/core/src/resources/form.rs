//! The upload of a file: what its form must hold, and the form that the provider gets.
//!
//! Everything is checked before the first byte leaves, as LiteLLM does. Knows no account.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Request};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tollgate_wire::batch_file;
use tollgate_wire::multipart::{self, Part};

use super::account::{self, Wanted};
use super::ask::{self, Asked};
use super::foreign::{Foreign, Site};
use super::{Answered, ResourceCall};
use crate::Error;
use crate::upstream::{BodyError, RequestBody};

/// What a file may be for (LiteLLM's `OpenAIFilesPurpose`).
const PURPOSES: [&str; 10] = [
    "assistants",
    "assistants_output",
    "batch",
    "batch_output",
    "fine-tune",
    "fine-tune-results",
    "vision",
    "user_data",
    "evals",
    "messages",
];
/// A file name may be at most this long.
const NAME_BYTES_MAX: usize = 1024;
const ANCHOR: &str = "expires_after[anchor]";
const SECONDS: &str = "expires_after[seconds]";

/// The form of an upload, checked.
pub(super) struct Upload<'a> {
    bytes: &'a Bytes,
    parts: Vec<Part>,
    pub purpose: String,
    file: Part,
}

/// Uploads a file into the account that the form, the path or the headers name.
pub(super) async fn upload(asked: &mut Asked<'_>, call: &ResourceCall, boundary: &str, bytes: &Bytes) -> Answered {
    let upload = Upload::read(boundary, bytes)?;
    upload.check()?;
    let wanted = Wanted {
        model: upload.field("model").or(upload.target_model()?),
        provider: upload.field("custom_llm_provider").filter(|name| !name.is_empty()),
        kind: call.action.row().family,
    };
    let (account, model) = account::find(asked.app, call, wanted)?;
    asked.choose(&account, model.as_deref());
    let site = Site { account: &account, model: model.as_deref() };
    if let Some(foreign) = Foreign::of(account.provider, call.action.row().family) {
        return foreign.upload(asked, call, &site, &upload).await;
    }
    let mut request = ask::request(&account, call, &[], None)?;
    upload.write(&mut request)?;
    let answer = asked.whole(&account, request).await?;
    Ok(site.reply(call, answer))
}

impl<'a> Upload<'a> {
    fn read(boundary: &str, bytes: &'a Bytes) -> Result<Self, Error> {
        let parts = multipart::parts(boundary, bytes)
            .map_err(|error| Error::BadBody(format!("Invalid form payload: 400: {error}")))?;
        let file = parts.iter().find(|part| part.name == "file" && part.filename.is_some()).cloned();
        let purpose = value(bytes, &parts, "purpose");
        let missing: Vec<_> =
            [("purpose", purpose.is_none()), ("file", file.is_none())].into_iter().filter(|(_, gone)| *gone).collect();
        match (purpose, file) {
            (Some(purpose), Some(file)) => Ok(Self { bytes, parts, purpose, file }),
            _ => Err(Error::MissingFormFields(missing.into_iter().map(|(name, _)| name).collect())),
        }
    }

    fn field(&self, name: &str) -> Option<String> {
        value(self.bytes, &self.parts, name)
    }

    pub fn filename(&self) -> &str {
        self.file.filename.as_deref().unwrap_or_default()
    }

    fn check(&self) -> Result<(), Error> {
        let name = self.filename();
        let leads_out = name.split(['/', '\\']).any(|segment| segment == "..");
        if leads_out || name.contains('\0') || name.len() > NAME_BYTES_MAX {
            return Err(invalid(
                "file",
                format!(
                    "Filename '{name}' is not allowed: directory traversal sequences are not permitted in uploaded file names. The file was not forwarded to the provider."
                ),
            ));
        }
        if !PURPOSES.contains(&self.purpose.as_str()) {
            let known = PURPOSES.map(|purpose| format!("'{purpose}'")).join(", ");
            return Err(invalid("purpose", format!("Invalid purpose: {}. Must be one of: ({known})", self.purpose)));
        }
        if self.purpose == "batch" {
            batch_file::check(name, &self.bytes[self.file.content.clone()])
                .map_err(|error| invalid(error.param(), error.to_string()))?;
        }
        self.check_expiry()
    }

    fn check_expiry(&self) -> Result<(), Error> {
        let said = |message: String| Err(Error::Invalid { param: None, message });
        let (anchor, seconds) = match (self.field(ANCHOR), self.field(SECONDS)) {
            (None, None) => return Ok(()),
            (Some(anchor), Some(seconds)) => (anchor, seconds),
            _ => return said(format!("Both {ANCHOR} and {SECONDS} must be provided if expires_after is specified")),
        };
        if anchor != "created_at" {
            return said(format!("{ANCHOR} must be 'created_at', got '{anchor}'"));
        }
        match seconds.trim().parse::<i64>() {
            Ok(_) => Ok(()),
            Err(_) => said(format!("{SECONDS} must be a valid integer, got '{seconds}'")),
        }
    }

    /// The one model that the file is for. LiteLLM keeps copies for several in its database.
    fn target_model(&self) -> Result<Option<String>, Error> {
        let mut names = Vec::new();
        for part in &self.parts {
            if part.name == "target_model_names" || part.name.starts_with("target_model_names[") {
                let text = String::from_utf8_lossy(&self.bytes[part.content.clone()]).into_owned();
                names.extend(text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()));
            }
        }
        match names.len() {
            0 => Ok(None),
            1 => Ok(names.pop()),
            count => Err(invalid(
                "target_model_names",
                format!("a file can be uploaded for one model at a time, got {count}: upload it once for each"),
            )),
        }
    }

    /// The file's own bytes.
    pub fn content(&self) -> Bytes {
        self.bytes.slice(self.file.content.clone())
    }

    /// The form that the provider gets: purpose, expiry and file, nothing that steers the gateway.
    pub fn write(&self, request: &mut Request<RequestBody>) -> Result<(), Error> {
        let boundary = format!("tollgate-{}", crate::new_id());
        let mut form = Vec::with_capacity(1024);
        for name in ["purpose", ANCHOR, SECONDS] {
            if let Some(text) = self.field(name) {
                let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
                form.extend_from_slice(head.as_bytes());
            }
        }
        let filename = self.filename().replace('"', "%22").replace(['\r', '\n'], " ");
        let kind = self.file.content_type.as_deref().unwrap_or("application/octet-stream");
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\nContent-Type: {kind}\r\n\r\n"
        );
        form.extend_from_slice(head.as_bytes());
        let (content, tail) = (self.content(), format!("\r\n--{boundary}--\r\n"));
        let length = form.len() + content.len() + tail.len();
        // The file leaves from the bytes that the client sent: a form of its own would hold it twice.
        let pieces = [form.into(), content, tail.into()].map(|piece: Bytes| Ok::<_, BodyError>(Frame::data(piece)));
        let body = StreamBody::new(futures_util::stream::iter(pieces));
        let content_type = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"))
            .map_err(|_| invalid("file", "the form cannot be written".to_owned()))?;
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        request.headers_mut().insert(CONTENT_LENGTH, length.into());
        *request.body_mut() = RequestBody::Streamed(body.boxed_unsync());
        Ok(())
    }
}

/// A plain field's text.
fn value(bytes: &Bytes, parts: &[Part], name: &str) -> Option<String> {
    let part = parts.iter().find(|part| part.name == name && part.filename.is_none())?;
    Some(String::from_utf8_lossy(&bytes[part.content.clone()]).into_owned())
}

fn invalid(param: &'static str, message: String) -> Error {
    Error::Invalid { param: Some(param), message }
}
