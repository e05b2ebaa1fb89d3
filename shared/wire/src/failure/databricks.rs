//! The rules for Databricks and its like: phrases, then the status. Source: `_map_openai_like_exception` of LiteLLM.

use super::FailureClass::*;
use super::by_status::class_of;
use super::mapped::Mapped;
use super::origin::Origin;
use super::phrases;
use super::said::Said;

const NO_CHAT: &str = "Use 'watsonx_text' route instead. IBM WatsonX does not support `/text/chat` endpoint.";

pub(super) fn map(origin: &Origin, said: &Said) -> Mapped {
    let words = said.words.as_str();
    let exception = origin.exception();
    let (class, text) = if words.contains("authorization denied for") {
        (Authentication, format!("{exception}: Authentication Error - {words}"))
    } else if phrases::is_context_window(words) {
        (ContextWindow, format!("{exception}: Context Window Error - {words}"))
    } else if words.contains("token_quota_reached") {
        (RateLimit, format!("{exception}: Rate Limit Errror - {words}"))
    } else if words.contains("The server received an invalid response from an upstream server.") {
        (InternalServer, format!("{exception} - {words}"))
    } else if words.contains("model_no_support_for_function") {
        return Mapped::new(BadRequest, 400, format!("{exception} - {NO_CHAT} - {words}"));
    } else {
        let class = said.status.map_or(Connection, class_of);
        let status = match said.status {
            // These two lose the provider's status on LiteLLM's way.
            Some(422 | 424) => 400,
            status => status.unwrap_or(500),
        };
        return Mapped::new(class, status, format!("{exception} - {words}"));
    };
    let status = if class == InternalServer { 500 } else { said.status.unwrap_or(class.status()) };
    Mapped::new(class, status, text)
}
