//! `--health` and `--test`: questions to a gateway that is running.

use std::process::ExitCode;
use std::time::Duration;

use http::{Method, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tollgate_host::Failure;

const TIMEOUT: Duration = Duration::from_secs(120);
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
const CHAT: &str = r#"{"model":"gpt-3.5-turbo","messages":[{"role":"user","content":"this is a test request, write a short poem"}],"max_tokens":256}"#;

/// Asks `/health` and prints the answer; ends with 1 where the gateway does not answer 200.
///
/// # Errors
/// When it does not answer at all.
pub fn health(address: &str) -> Result<ExitCode, Failure> {
    ask(Method::GET, &format!("{address}/health"), String::new())
}

/// Sends one chat completion and prints the answer.
///
/// # Errors
/// When the gateway does not answer at all.
pub fn test(address: &str, model: Option<&str>) -> Result<ExitCode, Failure> {
    let chat = model.map_or_else(|| CHAT.to_owned(), |model| CHAT.replace("gpt-3.5-turbo", model));
    ask(Method::POST, &format!("{}/v1/chat/completions", address.trim_end_matches('/')), chat)
}

fn ask(method: Method, address: &str, body: String) -> Result<ExitCode, Failure> {
    let fail =
        |reason: String| Failure::new(1, format!("no answer from {address}: {reason}: is the gateway running there?"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| fail(error.to_string()))?;
    let mut request = Request::builder().method(method).uri(address).header(header::CONTENT_TYPE, "application/json");
    if let Some(key) = tollgate_host::master_key() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", key.expose()));
    }
    let request = request.body(Full::from(body)).map_err(|error| fail(error.to_string()))?;
    let client: Client<HttpConnector, Full<bytes::Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let (status, bytes) = runtime.block_on(async {
        let exchange = async {
            let answer = client.request(request).await.map_err(|error| fail(error.to_string()))?;
            let status = answer.status();
            let collected = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
            Ok((status, collected.map_err(|error| fail(error.to_string()))?.to_bytes()))
        };
        tokio::time::timeout(TIMEOUT, exchange).await.unwrap_or_else(|_| Err(fail("timed out".to_owned())))
    })?;
    println!("{}", String::from_utf8_lossy(&bytes));
    Ok(if status.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
