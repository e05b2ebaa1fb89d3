//! Ids of videos that carry provider and model, in LiteLLM's format, whose ids stay valid here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const PREFIX: &str = "video_";

/// An id of a video that was taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video {
    /// The provider's own id.
    pub id: String,
    pub provider: String,
    /// The model that it was made by; empty where none is known.
    pub model: String,
}

impl Video {
    /// The id to hand out; one that names its provider already stays as it is.
    pub fn encode(&self) -> String {
        if Self::decode(&self.id).is_some() {
            return self.id.clone();
        }
        let text =
            format!("litellm:custom_llm_provider:{};model_id:{};video_id:{}", self.provider, self.model, self.id);
        format!("{PREFIX}{}", STANDARD.encode(text))
    }

    /// Takes an id apart; `None` where it is one of a provider's own.
    pub fn decode(id: &str) -> Option<Self> {
        let coded = id.strip_prefix(PREFIX)?.trim_end_matches('=');
        let bytes = base64::engine::general_purpose::STANDARD_NO_PAD.decode(coded).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (provider, rest) = text.strip_prefix("litellm:custom_llm_provider:")?.split_once(";model_id:")?;
        let (model, id) = rest.split_once(";video_id:")?;
        let video = Self { id: id.to_owned(), provider: provider.to_owned(), model: model.to_owned() };
        (!video.id.is_empty() && !video.provider.is_empty()).then_some(video)
    }
}
