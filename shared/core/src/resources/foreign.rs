//! Providers whose files and batches are not OpenAI's: which they are, and how their answers are handed out.
//!
//! One module a provider; each asks in its own way. Knows no format.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use tollgate_wire::json::Object;

use super::ask::Asked;
use super::form::Upload;
use super::{Answered, Family, ResourceCall, anthropic, bedrock, rename, vertex};
use crate::call::ReplyBody;
use crate::deployment::Deployment;

/// A provider with files and batches of its own kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    Anthropic,
    Bedrock,
    Vertex,
}

/// Where a resource is, and the model that it was found by.
pub(super) struct Site<'a> {
    pub account: &'a Arc<Deployment>,
    pub model: Option<&'a str>,
}

impl Site<'_> {
    /// The answer, its ids naming the model.
    pub fn reply(&self, call: &ResourceCall, bytes: Bytes) -> (HeaderValue, ReplyBody) {
        let bytes = match self.model {
            Some(model) => rename::answer(call, model, bytes),
            None => bytes,
        };
        (HeaderValue::from_static("application/json"), ReplyBody::Whole(bytes))
    }
}

impl Foreign {
    /// The provider, if its resources of this family can be asked for.
    pub fn of(provider: &str, family: Family) -> Option<Self> {
        match (provider, family) {
            ("anthropic", Family::Files | Family::Batches) => Some(Self::Anthropic),
            ("bedrock", Family::Files | Family::Batches) => Some(Self::Bedrock),
            ("vertex_ai", Family::Files | Family::Batches) => Some(Self::Vertex),
            _ => None,
        }
    }

    /// Asks for anything but an upload. `ids` are those of the path, `body` is what came as JSON.
    pub async fn serve(
        self,
        asked: &mut Asked<'_>,
        call: &ResourceCall,
        site: &Site<'_>,
        (ids, body): (&[String], &Object<'_>),
    ) -> Answered {
        match self {
            Self::Anthropic => anthropic::serve(asked, call, site, ids).await,
            Self::Bedrock => bedrock::serve(asked, call, site, (ids, body)).await,
            Self::Vertex => vertex::serve(asked, call, site, (ids, body)).await,
        }
    }

    /// Uploads a file that has been checked.
    pub async fn upload(
        self,
        asked: &mut Asked<'_>,
        call: &ResourceCall,
        site: &Site<'_>,
        upload: &Upload<'_>,
    ) -> Answered {
        match self {
            Self::Anthropic => anthropic::upload(asked, call, site, upload).await,
            Self::Bedrock => bedrock::upload(asked, call, site, upload).await,
            Self::Vertex => vertex::upload(asked, call, site, upload).await,
        }
    }
}
