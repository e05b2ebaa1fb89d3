//! Videos: the form that makes one, and ids that lead back to the account that made it.
//!
//! OpenAI takes forms only, so JSON becomes one, as with LiteLLM. Knows no account.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request};
use serde_json::Value;
use tollgate_wire::json::Object;
use tollgate_wire::multipart;
use tollgate_wire::resource_id::Video;

use super::account::{self, Wanted};
use super::ask::{self, Asked, whole_body};
use super::{Action, Answered, ResourceBody, ResourceCall, STEERING};
use crate::call::ReplyBody;
use crate::upstream::RequestBody;
use crate::{App, Error, body};

/// Makes a video.
pub(super) async fn create(asked: &mut Asked<'_>, call: &ResourceCall, came: &ResourceBody) -> Answered {
    let form = Form::read(came)?;
    let wanted = Wanted {
        model: form.field("model"),
        provider: form.field("custom_llm_provider"),
        kind: call.action.row().family,
    };
    let (account, model) = account::find(asked.app, call, wanted)?;
    asked.choose(&account, model.as_deref());
    let mut request = ask::request(&account, call, &[], None)?;
    form.write(model.is_some().then_some(account.model.as_str()), &mut request)?;
    let answer = asked.whole(&account, request).await?;
    let answer = named(call.action, account.provider, model.as_deref(), answer);
    Ok((HeaderValue::from_static("application/json"), ReplyBody::Whole(answer)))
}

/// Fields of a request, in their order.
struct Form {
    bytes: Bytes,
    parts: Vec<multipart::Part>,
    texts: Vec<(String, String)>,
}

impl Form {
    fn read(came: &ResourceBody) -> Result<Self, Error> {
        match came {
            ResourceBody::Form { boundary, bytes } => {
                let parts = multipart::parts(boundary, bytes)
                    .map_err(|error| Error::BadBody(format!("Invalid form payload: 400: {error}")))?;
                let text = |part: &multipart::Part| {
                    (part.name.clone(), String::from_utf8_lossy(&bytes[part.content.clone()]).into_owned())
                };
                let texts = parts.iter().filter(|part| part.filename.is_none()).map(text).collect();
                Ok(Self { bytes: bytes.clone(), parts, texts })
            }
            ResourceBody::Json(bytes) => {
                Ok(Self { bytes: Bytes::new(), parts: Vec::new(), texts: texts(&body::parse(bytes)?) })
            }
            ResourceBody::Nothing => Ok(Self { bytes: Bytes::new(), parts: Vec::new(), texts: Vec::new() }),
        }
    }

    fn field(&self, name: &str) -> Option<String> {
        self.texts.iter().find(|(own, _)| own == name).map(|(_, text)| text.clone()).filter(|text| !text.is_empty())
    }

    /// What the provider gets: `model` in place of the client's, nothing that steers the gateway, files as they are.
    fn write(&self, model: Option<&str>, request: &mut Request<RequestBody>) -> Result<(), Error> {
        if self.field("prompt").is_none() {
            let message = "avideo_generation: Missing required parameter: 'prompt'.".to_owned();
            return Err(Error::Invalid { param: Some("prompt"), message });
        }
        let boundary = format!("tollgate-{}", crate::new_id());
        let mut form = Vec::with_capacity(self.bytes.len() + 1024);
        for (name, text) in self.texts.iter().filter(|(name, _)| !STEERING.contains(&name.as_str())) {
            let text = model.filter(|_| name == "model").unwrap_or(text);
            let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n", quoted(name));
            form.extend_from_slice(head.as_bytes());
            form.extend_from_slice(text.as_bytes());
            form.extend_from_slice(b"\r\n");
        }
        for part in self.parts.iter().filter(|part| part.filename.is_some()) {
            let head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
                quoted(&part.name),
                quoted(part.filename.as_deref().unwrap_or_default()),
                quoted(part.content_type.as_deref().unwrap_or("application/octet-stream")),
            );
            form.extend_from_slice(head.as_bytes());
            form.extend_from_slice(&self.bytes[part.content.clone()]);
            form.extend_from_slice(b"\r\n");
        }
        form.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let content_type = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"))
            .map_err(|_| Error::BadBody("the form cannot be written".to_owned()))?;
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        *request.body_mut() = whole_body(form);
        Ok(())
    }
}

/// A text between quotes in a part's header.
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace(['\r', '\n'], " ")
}

/// The fields of a JSON request as a form has them.
fn texts(object: &Object<'_>) -> Vec<(String, String)> {
    let given = object.iter().filter(|(_, value)| *value != "null");
    given
        .map(|(name, value)| {
            let text = tollgate_wire::json::parse_string(value).map(std::borrow::Cow::into_owned);
            (name.to_owned(), text.unwrap_or_else(|| value.to_owned()))
        })
        .collect()
}

/// The provider's own id, and by what its account is found: a model that is still there, else the provider.
pub(super) fn original(app: &App, id: &str) -> (String, Option<String>, Option<String>) {
    let Some(video) = Video::decode(id) else { return (id.to_owned(), None, None) };
    let is_known = !video.model.is_empty() && app.catalog.get().holds(&video.model);
    let model = is_known.then_some(video.model);
    (video.id, model, Some(video.provider))
}

/// The answer with ids that name provider and model; what is no JSON stays as it is.
pub(super) fn named(action: Action, provider: &str, model: Option<&str>, bytes: Bytes) -> Bytes {
    let Ok(mut answer) = serde_json::from_slice::<Value>(&bytes) else { return bytes };
    let rename = |value: &mut Value| {
        if let Some(id) = value.as_str().filter(|id| !id.is_empty()) {
            let (provider, model) = (provider.to_owned(), model.unwrap_or_default().to_owned());
            *value = Video { id: id.to_owned(), provider, model }.encode().into();
        }
    };
    if action == Action::ListVideos {
        for item in answer.get_mut("data").and_then(Value::as_array_mut).into_iter().flatten() {
            item.get_mut("id").into_iter().for_each(rename);
        }
        for name in ["first_id", "last_id"] {
            answer.get_mut(name).into_iter().for_each(rename);
        }
    } else {
        answer.get_mut("id").into_iter().for_each(rename);
    }
    answer.to_string().into()
}
