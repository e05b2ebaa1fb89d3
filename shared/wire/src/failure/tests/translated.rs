//! Providers with formats of their own, against recorded answers of LiteLLM.

use serde_json::{Value, json};

use super::{fits, without_python};
use crate::failure::{Break, Explanation, Failure, Fault, Origin, Outcome, Reader};
use crate::{Format, Operation};

const SCENES: &str = include_str!("../recorded/scenes.json");
const RECORDED: &[(&str, &str)] = &[
    ("amazon_nova", include_str!("../recorded/amazon_nova.json")),
    ("anthropic", include_str!("../recorded/anthropic.json")),
    ("anthropic_text", include_str!("../recorded/anthropic_text.json")),
    ("azure", include_str!("../recorded/azure.json")),
    ("azure_ai.claude", include_str!("../recorded/azure_ai.claude.json")),
    ("bedrock", include_str!("../recorded/bedrock.json")),
    ("bedrock.cohere", include_str!("../recorded/bedrock.cohere.json")),
    ("bedrock.invoke", include_str!("../recorded/bedrock.invoke.json")),
    ("bedrock_mantle", include_str!("../recorded/bedrock_mantle.json")),
    ("cloudflare", include_str!("../recorded/cloudflare.json")),
    ("cohere", include_str!("../recorded/cohere.json")),
    ("cohere_chat", include_str!("../recorded/cohere_chat.json")),
    ("gemini", include_str!("../recorded/gemini.json")),
    ("github_copilot", include_str!("../recorded/github_copilot.json")),
    ("groq", include_str!("../recorded/groq.json")),
    ("huggingface", include_str!("../recorded/huggingface.json")),
    ("jina_ai", include_str!("../recorded/jina_ai.json")),
    ("langflow", include_str!("../recorded/langflow.json")),
    ("langgraph", include_str!("../recorded/langgraph.json")),
    ("maritalk", include_str!("../recorded/maritalk.json")),
    ("nlp_cloud", include_str!("../recorded/nlp_cloud.json")),
    ("oci", include_str!("../recorded/oci.json")),
    ("ollama", include_str!("../recorded/ollama.json")),
    ("ollama_chat", include_str!("../recorded/ollama_chat.json")),
    ("openai", include_str!("../recorded/openai.json")),
    ("petals", include_str!("../recorded/petals.json")),
    ("predibase", include_str!("../recorded/predibase.json")),
    ("ragflow", include_str!("../recorded/ragflow.json")),
    ("sagemaker", include_str!("../recorded/sagemaker.json")),
    ("sagemaker_chat", include_str!("../recorded/sagemaker_chat.json")),
    ("sagemaker_nova", include_str!("../recorded/sagemaker_nova.json")),
    ("snowflake", include_str!("../recorded/snowflake.json")),
    ("text-completion-codestral", include_str!("../recorded/text-completion-codestral.json")),
    ("triton", include_str!("../recorded/triton.json")),
    ("vertex_ai", include_str!("../recorded/vertex_ai.json")),
    ("vertex_ai.claude", include_str!("../recorded/vertex_ai.claude.json")),
    ("vertex_ai_beta", include_str!("../recorded/vertex_ai_beta.json")),
    ("voyage", include_str!("../recorded/voyage.json")),
    ("watsonx", include_str!("../recorded/watsonx.json")),
    ("watsonx_text", include_str!("../recorded/watsonx_text.json")),
];
const NO_FALLBACK: &str = "\n\nLiteLLM: model group 'G' failed with the error above. No fallback was attempted.";

/// One recorded answer of LiteLLM: [status, message, type, param, notes].
struct Row<'a> {
    /// The provider, with what of it was asked after a full stop.
    name: &'a str,
    asked: &'a str,
    scene: &'a str,
    row: &'a Value,
}

impl Row<'_> {
    fn operation(&self) -> Operation {
        match self.asked.trim_end_matches("+s") {
            "embed" => Operation::Embedding,
            "messages" => Operation::Messages,
            "responses" => Operation::Responses,
            "generate" => Operation::GenerateContent,
            _ => Operation::ChatCompletion,
        }
    }

    fn message(&self) -> &str {
        self.row[1].as_str().unwrap()
    }

    fn status(&self) -> String {
        self.row[4]["code"].as_str().map_or_else(|| self.row[0].to_string(), str::to_owned)
    }

    /// Rows that tell nothing: no failure, or a refused stream, which LiteLLM does not map (`b'…'` is its body).
    fn is_silent(&self) -> bool {
        let message = self.message();
        message.starts_with("NO ERROR")
            || message.starts_with("RAW")
            || message.contains("b'")
            || self.is_of_its_format()
            || self.is_trip()
    }

    /// LiteLLM's own code tripped, or it waited longer than its limit, until the upstream closed.
    fn is_trip(&self) -> bool {
        const BROKEN_OFF: [&str; 2] = ["Server disconnected", "Response payload"];
        let message = self.message();
        let unnamed = message.starts_with("litellm.APIConnectionError: ") && !message.contains("Exception - ");
        let python = message.contains("object has no attribute");
        unnamed || python || (self.scene.ends_with("stall") && BROKEN_OFF.iter().any(|text| message.contains(text)))
    }

    /// A stream that broke in another format than a chat's: its event is the format's own.
    fn is_of_its_format(&self) -> bool {
        self.operation().format() != Format::OpenAi && self.scene.contains(": ")
    }
}

/// What this crate says to the same upstream.
fn replay(row: &Row, scenes: &Value) -> Option<Failure> {
    let provider = row.name.split('.').next().unwrap();
    let is_claude = row.name.ends_with(".claude") || row.name.ends_with(".invoke");
    let reader = if is_claude { Reader::Claude } else { Reader::Provider };
    let origin = Origin { provider, operation: row.operation(), streamed: row.asked.ends_with("+s"), reader };
    if let Some(fault) = fault(row.scene) {
        return Some(explained(Failure::from_fault(&origin, &fault), row));
    }
    let scene = &scenes["scenes"][row.scene];
    if let Some((_, name)) = row.scene.split_once(": ") {
        let told = exception(scene);
        return Some(Failure::in_stream(&origin, &broken(name, scene, &told)?));
    }
    let body = scene["body"].as_str()?.as_bytes();
    match scene["status"].as_u64()? {
        200 => Some(explained(Failure::from_garbage(&origin, body), row)),
        status => Some(explained(Failure::from_answer(&origin, u16::try_from(status).unwrap(), body), row)),
    }
}

fn fault(scene: &str) -> Option<Fault<'_>> {
    Some(match scene.strip_prefix("connection ")? {
        "refused" => Fault::Refused { address: "127.0.0.1:9" },
        "close" => Fault::Closed,
        "reset" => Fault::Reset,
        "stall" => Fault::TimedOut { limit_s: 2.0, taken_s: 2.0 },
        _ => return None,
    })
}

/// How the stream breaks; `told` is what the reader of AWS's frames makes of an exception.
fn broken<'a>(name: &str, scene: &'a Value, told: &'a str) -> Option<Break<'a>> {
    let name = name.trim_start_matches("mid ").trim_start_matches("first ");
    match name {
        "cut" => return Some(Break::Cut),
        "reset" => return Some(Break::Reset),
        "stall" => return Some(Break::Stalled),
        _ if !name.starts_with("error") => return None,
        _ => {}
    }
    let event = scene["events"].as_array()?.last()?;
    if event["payload"].is_string() {
        return Some(Break::Error(told));
    }
    let text = event.as_str()?;
    Some(Break::Error(text.split_once("data: ").map_or(text, |(_, data)| data).trim_end()))
}

/// An exception of AWS's event stream as `stream::event_stream` tells it.
fn exception(scene: &Value) -> String {
    let event = scene["events"].as_array().and_then(|events| events.last()).unwrap_or(&Value::Null);
    let (name, payload) = (event["name"].as_str().unwrap_or_default(), event["payload"].as_str().unwrap_or_default());
    let code = match name {
        "modelStreamErrorException" => 424,
        "throttlingException" => 429,
        "internalServerException" => 500,
        "serviceUnavailableException" => 503,
        "modelTimeoutException" => 408,
        _ => 400,
    };
    json!({ "message": format!("{name} {payload}"), "code": code }).to_string()
}

fn explained(failure: Failure, row: &Row) -> Failure {
    let failure = if row.asked.starts_with("chat") { failure.with_time_limits("None", "2.0") } else { failure };
    failure.explained(&Explanation {
        model_group: "G",
        fallbacks: None,
        context_window_fallbacks: None,
        content_policy_fallbacks: None,
        outcome: Outcome::NotAttempted,
    })
}

/// Where another answer than LiteLLM's is meant, and why.
const DELIBERATE: &[(&str, &str, &str)] = &[
    // (provider, asked, scene): an answer of another shape makes LiteLLM trip over its own code, so the sentence names
    // an attribute of a Python object; here it names what came.
    ("*", "*", "garbage object"),
    ("*", "*", "garbage array"),
    ("*", "*", "garbage null"),
    ("*", "*", "garbage error*"),
    // The bridge to chats makes every failure a 500: a client could not tell what to repeat. Here the status stays.
    ("*", "generate*", "*"),
    // A Python library's status of an answer that it could not read, and a checksum of what is no stream at all.
    ("azure_ai.claude", "messages", "garbage text"),
    ("bedrock.invoke", "messages+s", "garbage text"),
    // Streams of these providers carry errors of which LiteLLM knows nothing; here they are told.
    ("ollama*", "chat+s", "ollama*"),
    // A flow's failure is named by what LiteLLM did with it.
    ("langflow", "*", "garbage*"),
    ("langflow", "*", "openai: *"),
    ("langgraph", "*", "garbage*"),
    // Its old handlers make other classes of a lost connection.
    ("amazon_nova", "*", "connection*"),
    ("maritalk", "*", "connection*"),
    // A stream that cannot begin is told unmapped, without a class; here it reads like a whole answer that failed.
    ("gemini", "chat+s", "connection*"),
    ("gemini", "messages+s", "connection*"),
    ("gemini", "responses+s", "connection*"),
    ("vertex_ai*", "chat+s", "connection*"),
    ("vertex_ai*", "messages+s", "connection*"),
    ("vertex_ai*", "responses+s", "connection*"),
    ("watsonx", "chat*", "connection*"),
    // The provider's name is left out where only a stream ran out of time.
    ("anthropic", "chat+s", "connection stall"),
    ("azure_ai.claude", "chat+s", "connection stall"),
    // Quoted where it is not quoted elsewhere, and the other way round.
    ("anthropic", "messages", "garbage text"),
    ("azure", "responses", "garbage text"),
    ("openai", "messages", "garbage text"),
    ("openai", "responses", "garbage text"),
    ("github_copilot", "chat", "garbage html"),
    // Another HTTP library than everywhere else.
    ("petals", "chat+s", "openai: *"),
    // SageMaker's handler hides what the endpoint said and calls everything a 503.
    ("sagemaker", "chat*", "*"),
    // These put the name of a Python exception before the provider's words.
    ("predibase", "*", "*"),
    ("text-completion-codestral", "*", "*"),
];

fn excuse(row: &Row) -> Option<usize> {
    DELIBERATE
        .iter()
        .position(|(name, asked, scene)| fits(name, row.name) && fits(asked, row.asked) && fits(scene, row.scene))
}

/// Leaves out what differs from run to run, and the group's name.
fn plain(message: &str, row: &Row) -> String {
    let operation = row.asked.trim_end_matches("+s");
    let message = message.replace(&format!("refused.{operation}.{}", row.name), "G");
    let message = message.replace(&format!("{operation}.{}", row.name), "G").replace(NO_FALLBACK, "§");
    let message = message.replace(". File an issue if litellm error - https://github.com/BerriAI/litellm/issues", "");
    let message = message.replace(" without sending a response.", "");
    let message =
        message.replace("[Errno 111] Connection refused", "Cannot connect to host REDACTED:9 [Connection refused]");
    without_python(&message.replace("Timeout(timeout=2.0)", "2.0"))
}

fn check(row: &Row, failure: &Failure) -> Result<(), String> {
    let said: Value = serde_json::from_slice(&failure.body_for(row.operation().format(), None)).unwrap();
    let said = &said["error"];
    let got = (failure.status.to_string(), plain(said["message"].as_str().unwrap(), row), &said["type"]);
    let wanted = (row.status(), plain(row.message(), row), &row.row[2]);
    if wanted == got {
        return Ok(());
    }
    Err(format!("{} | {} | {}\n  wanted {wanted:?}\n  got    {got:?}", row.name, row.asked, row.scene))
}

#[test]
fn recorded_failures_of_translated_providers_are_told_alike() {
    let scenes: Value = serde_json::from_str(SCENES).unwrap();
    let mut faults = Vec::new();
    let mut unused: Vec<usize> = (0..DELIBERATE.len()).collect();
    let (mut alike, mut excused) = (0, 0);
    for (name, text) in RECORDED {
        let recorded: Value = serde_json::from_str(text).unwrap();
        let rows = recorded.as_object().unwrap().iter().flat_map(|(asked, rows)| {
            rows.as_object().unwrap().iter().map(move |(scene, row)| Row { name, asked, scene, row })
        });
        for row in rows.filter(|row| !row.is_silent()) {
            let Some(failure) = replay(&row, &scenes) else { continue };
            match (check(&row, &failure), excuse(&row)) {
                (Ok(()), _) => alike += 1,
                (Err(_), Some(place)) => {
                    excused += 1;
                    unused.retain(|other| *other != place);
                }
                (Err(fault), None) => faults.push(fault),
            }
        }
    }
    assert!(faults.is_empty(), "{} differ, {alike} alike, {excused} excused:\n{}", faults.len(), faults.join("\n"));
    let unused: Vec<_> = unused.into_iter().map(|place| DELIBERATE[place]).collect();
    assert!(unused.is_empty(), "differences that no longer exist: {unused:?}");
    assert!(alike > 3_900 && excused < 550, "{alike} alike, {excused} excused");
}
