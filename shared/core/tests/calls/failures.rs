//! Failures of providers as their clients read them: LiteLLM's class, status and sentence.

use serde_json::{Value, json};
use tollgate_core::upstream::UpstreamError;
use tollgate_testkit::{Script, Scripted, Step};
use tollgate_wire::Operation;

use crate::gateway::{ANSWER_BYTES_MAX, Gateway, question, streamed_question};
use crate::log::Log;
use crate::whole::COMPLETION;

/// What LiteLLM's router says after the words of a failure.
const NOT_ATTEMPTED: &str = "No fallback was attempted.";

fn answer(status: u16, body: &'static [u8]) -> Script {
    Script::Answer { status, content_type: "text/html", body: vec![Step::Bytes(body)] }
}

/// Asks once; the sentence must begin like this, and one line must be logged with the same status.
async fn check(body: &Value, script: Script, status: u16, begins: &str) {
    let answers = matches!(script, Script::Answer { .. });
    let (gateway, log) = (Gateway::new([script]), Log::start());
    let answer = gateway.ask(Operation::ChatCompletion, body).await;
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.text.starts_with(begins), "{:?} does not begin with {begins:?}", answer.text);
    assert!(answer.text.ends_with(&format!("model group 'chat' failed with the error above. {NOT_ATTEMPTED}")));
    assert!(log.call().contains(&format!(" status={status}")), "{}", log.call());
    assert_eq!(gateway.provider.open_bodies(), 0);
    assert!(answer.deployment_id.is_some(), "the deployment is not named");
    assert_eq!(answer.headers.contains_key("content-type"), answers, "the provider's headers are handed on");
}

#[tokio::test]
async fn a_providers_failure_has_litellms_class_whether_streamed_or_not() {
    for body in [question("chat"), streamed_question("chat")] {
        let check = async |status: u16, said: &'static str, shown: u16, begins: &str| {
            check(&body, answer(status, said.as_bytes()), shown, begins).await;
        };
        let slow_down = r#"{"error":{"message":"slow down","type":"rate","param":null,"code":null}}"#;
        check(429, slow_down, 429, "litellm.RateLimitError: RateLimitError: OpenAIException - slow down\n").await;
        let no_key = r#"{"error":{"message":"Incorrect API key provided"}}"#;
        check(401, no_key, 401, "litellm.AuthenticationError: AuthenticationError: OpenAIException - Incorrect").await;
        check(404, "{}", 404, "litellm.NotFoundError: NotFoundError: OpenAIException").await;
        check(500, "<html>oops</html>", 500, "litellm.InternalServerError: InternalServerError: OpenAIException").await;
        check(503, "", 503, "litellm.ServiceUnavailableError: ServiceUnavailableError: OpenAIException").await;
        let long = r#"{"error":{"message":"This model's maximum context length is 8 tokens"}}"#;
        check(400, long, 400, "litellm.ContextWindowExceededError: litellm.BadRequestError: ContextWindow").await;
        check(302, "", 500, "litellm.APIError").await;
    }
}

#[tokio::test]
async fn a_success_without_an_answer_is_a_failure() {
    let check = async |body: &'static str, status: u16, begins: &str| {
        check(&question("chat"), Scripted::json(200, body), status, begins).await;
    };
    let coded = r#"{"error":{"message":"upstream says no","type":"rate","param":null,"code":429}}"#;
    check(coded, 429, "litellm.RateLimitError: RateLimitError: OpenAIException - upstream says no\n").await;
    let uncoded = r#"{"id":"x","error":{"message":"upstream says no"}}"#;
    check(uncoded, 500, "litellm.InternalServerError: InternalServerError: OpenAIException - upstream says no\n").await;
    let text = r#"{"error":"a string"}"#;
    check(text, 422, "litellm.BadRequestError: OpenAIException - Error in response object\n").await;
    for garbage in ["", "<html>", "[]", "null", "{\"id\":"] {
        check(garbage, 500, "litellm.InternalServerError: InternalServerError: OpenAIException - ").await;
    }
}

#[tokio::test]
async fn an_empty_error_and_the_word_error_are_none() {
    let check = async |field: &'static str| {
        let body: &'static str = COMPLETION.replacen('{', &format!("{{{field},"), 1).leak();
        let answer = Gateway::new([Scripted::json(200, body)]).chat("chat").await;
        assert_eq!(answer.status, 200, "{field}: {}", answer.text);
    };
    check(r#""error":null"#).await;
    check(r#""error":"""#).await;
    check(r#""error":{}"#).await;
    check(r#""error":{"message":"","code":null}"#).await;
    check(r#""note":"the \"error\" of it""#).await;
    check(r#""note":{"error":"inside"}"#).await;
}

#[tokio::test]
async fn an_error_in_a_success_counts_for_every_kind_of_call() {
    let check = async |operation: Operation, body: Value| {
        let script = Scripted::json(200, r#"{"error":{"message":"upstream says no","code":503}}"#);
        let answer = Gateway::new([script]).ask(operation, &body).await;
        assert_eq!(answer.status, 503, "{operation:?}: {}", answer.text);
        assert!(answer.text.contains("upstream says no"), "{}", answer.text);
    };
    check(Operation::TextCompletion, json!({ "model": "instruct", "prompt": "x" })).await;
    check(Operation::TextCompletion, json!({ "model": "chat", "prompt": "x" })).await;
    check(Operation::Embedding, json!({ "model": "embed", "input": "x" })).await;
    check(Operation::ImageGeneration, json!({ "model": "image", "prompt": "x" })).await;
}

#[tokio::test]
async fn a_connection_that_fails_reads_as_litellms() {
    for body in [question("chat"), streamed_question("chat")] {
        let errors = [
            UpstreamError::Refused,
            UpstreamError::Unresolved,
            UpstreamError::Insecure("bad certificate".to_owned()),
            UpstreamError::Unreachable("timed out".to_owned()),
            UpstreamError::Closed,
            UpstreamError::Reset,
            UpstreamError::NotHttp,
            UpstreamError::Other("anything".to_owned()),
        ];
        for error in errors {
            let begins = "litellm.InternalServerError: InternalServerError: OpenAIException - Connection error.";
            check(&body, Script::Fail(error), 500, begins).await;
        }
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_failure_and_its_connection_is_closed() {
    let script = Script::Answer {
        status: 200,
        content_type: "application/json",
        body: vec![Step::Bytes(b"{\"id\":"), Step::Break],
    };
    check(&question("chat"), script, 500, "litellm.InternalServerError: InternalServerError: OpenAIException - ").await;
}

#[tokio::test]
async fn an_answer_longer_than_the_limit_is_refused_by_the_name_of_the_limit() {
    let half: &'static [u8] = vec![b' '; ANSWER_BYTES_MAX / 2].leak();
    let check = async |status: u16, body: Vec<Step>, fits: bool| {
        let gateway = Gateway::new([Script::Answer { status, content_type: "application/json", body }]);
        let answer = gateway.chat("chat").await;
        assert_eq!(answer.text.contains("max_response_size_mb (1)"), !fits, "{}", answer.text);
        assert_eq!(gateway.provider.open_bodies(), 0);
    };
    check(200, vec![Step::Bytes(half), Step::Bytes(half)], true).await;
    check(200, vec![Step::Bytes(half), Step::Bytes(half), Step::Bytes(b" ")], false).await;
    // It is given up at the limit: what would come after it is not waited for.
    check(200, vec![Step::Bytes(half), Step::Bytes(half), Step::Bytes(b" "), Step::Silence], false).await;
    check(500, vec![Step::Bytes(half), Step::Bytes(half), Step::Bytes(b" "), Step::Silence], false).await;
}

#[tokio::test]
async fn what_a_provider_does_not_offer_is_refused_before_it_is_asked() {
    let (gateway, log) = (Gateway::new([]), Log::start());
    let answer = gateway.ask(Operation::Speech, &json!({ "model": "rerank", "input": "x", "voice": "v" })).await;
    assert_eq!(answer.status, 400);
    let begins = "litellm.BadRequestError: provider `cohere` does not offer `aspeech`: send it to another deployment";
    assert!(answer.text.starts_with(begins), "{}", answer.text);
    assert!(log.call().contains(" status=400"));
    assert!(gateway.provider.requests().is_empty());
}

#[tokio::test]
async fn what_is_wrong_with_the_request_is_told_before_anyone_is_asked() {
    let check = async |operation: Operation, body: &str, status: u16, expected: &str| {
        let (gateway, log) = (Gateway::new([]), Log::start());
        let mut call = gateway.call(operation, &Value::Null);
        call.body = tollgate_core::call::CallBody::Json(body.to_owned().into());
        let answer = gateway.serve(call).await;
        assert_eq!((answer.status, answer.text.as_str()), (status, expected), "{body}");
        assert!(log.call().contains(&format!(" status={status}")));
        assert!(gateway.provider.requests().is_empty());
    };
    use Operation::{ChatCompletion, Embedding, Rerank, Speech, TextCompletion};
    check(ChatCompletion, "", 400, "/chat/completions: Missing required parameter: 'messages'.").await;
    check(ChatCompletion, r#"{"model":"chat"}"#, 400, "/chat/completions: Missing required parameter: 'messages'.")
        .await;
    check(ChatCompletion, r#"{"model":3,"messages":[]}"#, 400, "'model' must be a string.").await;
    check(ChatCompletion, r#"{"model":"chat","messages":"x"}"#, 400, "'messages' must be a list.").await;
    check(ChatCompletion, r#"{"model":"chat","api_base":"http://x"}"#, 401, "api_base is not allowed in request body.")
        .await;
    check(TextCompletion, "{}", 400, "/completions: Missing required parameter: 'prompt'.").await;
    check(TextCompletion, r#"{"model":"chat","prompt":[1]}"#, 400, "'prompt' must be a string or a list of strings.")
        .await;
    check(Embedding, r#"{"model":"embed","input":null}"#, 400, "/embeddings: Missing required parameter: 'input'.")
        .await;
    check(Speech, r#"{"input":"x"}"#, 400, "/audio/speech: Missing required parameter: 'model'.").await;
    check(Rerank, r#"{"query":"x"}"#, 400, "/rerank: Missing required parameter: 'documents'.").await;
}
