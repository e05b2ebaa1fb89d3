//! `tollgate explain`: which deployment would take a request, and why, without a server and without a provider.
//!
//! The state is that of a gateway that has just started: nothing counted, nothing resting. A running gateway is asked by
//! `POST /router/explain`.

use std::io::{Read, Write};
use std::process::ExitCode;

use serde_json::{Map, Value, json};
use tollgate_core::call::Hints;
use tollgate_core::explain::Question;
use tollgate_core::{App, Door};
use tollgate_host::{Failure, Home, Overrides};

use crate::command_line::ExplainOptions;

/// A request's body may be at most this long.
const REQUEST_BYTES_MAX: u64 = 50 * 1024 * 1024;

/// Prints the explanation; ends with 1 where no deployment would take the request.
///
/// # Errors
/// When configuration, key or request are refused.
pub fn explain(options: &ExplainOptions) -> Result<ExitCode, Failure> {
    let prepared = tollgate_host::prepare(Some(&options.config), &Overrides::default())?;
    for notice in &prepared.notices {
        eprintln!("{notice}");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(1, format!("no runtime: {error}")))?;
    let body = body(options)?;
    let explained = runtime.block_on(async {
        // A key is looked at as a server would; without one, nobody is asked for any.
        let built = if options.key.is_some() { prepared.build(Home::Nowhere) } else { prepared.build_unserved() };
        let app = built?.app;
        let key_hash = admit(&app, options).await?;
        let hints = Hints { tags: options.tag.clone(), key_hash, ..Hints::default() };
        let question = Question { body: body.to_string().into(), hints, seed: options.seed };
        app.explain(question).await.map_err(|error| Failure::new(1, error.to_string()))
    })?;
    let shown = if options.json { format!("{explained:#}\n") } else { text(&explained) };
    // Whoever stops reading has read enough.
    std::io::stdout().write_all(shown.as_bytes()).ok();
    Ok(if explained["chosen"].is_null() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Whether the key may call at all, and the hash that affinity knows it by.
async fn admit(app: &App, options: &ExplainOptions) -> Result<Option<String>, Failure> {
    let Some(key) = &options.key else { return Ok(None) };
    let refuse = |reason: String| Failure::new(1, format!("--key: {reason}"));
    let mut headers = http::HeaderMap::new();
    let value = http::HeaderValue::try_from(format!("Bearer {key}"));
    let value = value.map_err(|_| refuse("it holds characters that cannot be sent in an HTTP header".to_owned()))?;
    let name = app.gatekeeper.key_header().cloned().unwrap_or(http::header::AUTHORIZATION);
    headers.insert(name, value);
    let presented = app.gatekeeper.presented(Door::Plain, &headers).map_err(|error| refuse(error.to_string()))?;
    let admitted = app.governance.identify(&app.gatekeeper, &presented).await;
    admitted.map_err(|error| refuse(format!("{error} It is not the master key of {}.", options.config)))?;
    Ok(Some(tollgate_core::select::key_hash(key)))
}

/// The request: of the file, else a small chat; the model of the command line stands above the file's.
fn body(options: &ExplainOptions) -> Result<Value, Failure> {
    let mut fields = match &options.request {
        None => {
            let messages = json!([{ "role": "user", "content": "Hello" }]);
            Map::from_iter([("messages".to_owned(), messages)])
        }
        Some(path) => {
            let text = read(path).map_err(|error| Failure::new(1, format!("--request {path}: {error}")))?;
            serde_json::from_str(&text)
                .map_err(|error| Failure::new(1, format!("--request {path}: no JSON object: {error}")))?
        }
    };
    if let Some(model) = &options.model {
        fields.insert("model".to_owned(), model.clone().into());
    }
    if fields.get("model").and_then(Value::as_str).is_none() {
        return Err(Failure::new(1, "no model: name one with --model, or in the file of --request".to_owned()));
    }
    Ok(Value::Object(fields))
}

fn read(path: &str) -> std::io::Result<String> {
    let mut text = String::new();
    if path == "-" {
        std::io::stdin().take(REQUEST_BYTES_MAX).read_to_string(&mut text)?;
    } else {
        std::fs::File::open(path)?.take(REQUEST_BYTES_MAX).read_to_string(&mut text)?;
    }
    Ok(text)
}

/// The explanation for a person.
fn text(explained: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let list = |name: &str| explained[name].as_array().cloned().unwrap_or_default();
    let mut lines = vec![format!(
        "model {} -> group {} ({}, seed {})",
        word(&explained["model"]),
        word(&explained["model_group"]),
        word(&explained["routing_strategy"]),
        explained["seed"],
    )];
    for candidate in list("candidates") {
        let id = &candidate["model_id"];
        let removed = list("removed").into_iter().find(|removed| removed["model_id"] == *id);
        let score = list("scores").into_iter().find(|score| score["model_id"] == *id);
        let said = match (removed, score) {
            (Some(removed), _) => format!("out by {}: {}", word(&removed["filter"]), word(&removed["reason"])),
            (None, Some(score)) => format!("score {}", score["score"]),
            (None, None) => "in the race".to_owned(),
        };
        lines.push(format!("  {}  {}  {said}", word(id), word(&candidate["model"])));
    }
    lines.push(format!("  score: {}", word(&explained["score_meaning"])));
    match explained["chosen"].as_str() {
        Some(chosen) => lines.push(format!("chosen: {chosen}")),
        None => lines.push(format!("chosen: none; {}", word(&explained["error"]["message"]))),
    }
    let fallbacks: Vec<String> = list("fallbacks").iter().map(word).collect();
    if !fallbacks.is_empty() {
        lines.push(format!("if it fails: {}", fallbacks.join(", ")));
    }
    lines.push(String::new());
    lines.join("\n")
}
