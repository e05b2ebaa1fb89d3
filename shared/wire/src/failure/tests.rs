use serde_json::Value;

mod translated;

use super::{Break, Explanation, Failure, FailureClass, Fault, Origin, Outcome, Reader};
use crate::Operation;

const RECORDED: &str = include_str!("recorded.json");

/// One recorded answer of LiteLLM, and what its upstream had said.
struct Row<'a> {
    provider: &'a str,
    asked: &'a str,
    scene: &'a str,
    status: u64,
    message: &'a str,
    kind: &'a Value,
    param: &'a Value,
    fields: &'a Value,
    /// `error.code`, where it is not the HTTP status.
    code: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn read(row: &'a Value) -> Self {
        let text = |place: usize| row[place].as_str().unwrap();
        Self {
            provider: text(0),
            asked: text(1),
            scene: text(2),
            status: row[3].as_u64().unwrap(),
            message: text(4),
            kind: &row[5],
            param: &row[6],
            fields: &row[7],
            code: row[9]["code"].as_str(),
        }
    }

    fn origin(&self) -> Option<Origin<'a>> {
        let operation = match self.asked {
            "chat" | "chat+s" => Operation::ChatCompletion,
            "text" => Operation::TextCompletion,
            "embed" => Operation::Embedding,
            "image" => Operation::ImageGeneration,
            "moderation" => Operation::Moderation,
            "speech" => Operation::Speech,
            "rerank" => Operation::Rerank,
            "transcription" => Operation::Transcription,
            _ => return None,
        };
        // Recorded under another name: Azure with the address style of its version 1.
        let provider = if self.provider == "azure_v1" { "azure" } else { self.provider };
        Some(Origin { provider, operation, streamed: self.asked == "chat+s", reader: Reader::Provider })
    }

    fn is_failure(&self) -> bool {
        !self.message.starts_with("NO ERROR") && !self.message.starts_with("RAW")
    }

    fn name(&self) -> String {
        format!("{} {} {}", self.provider, self.asked, self.scene)
    }
}

/// What this crate says to the same upstream; `None` where the row is no failure of the kinds told apart here.
fn replay(row: &Row, scenes: &Value) -> Option<Failure> {
    let origin = row.origin()?;
    if let Some(broken) = broken(row, scenes) {
        return Some(Failure::in_stream(&origin, &broken));
    }
    if let Some(fault) = fault(row.scene) {
        return Some(explained(Failure::from_fault(&origin, &fault), row));
    }
    let scene = &scenes[row.scene];
    let status = u16::try_from(scene["status"].as_u64()?).unwrap();
    let body = scene["body"].as_str()?.as_bytes();
    if status >= 300 {
        return Some(explained(Failure::from_answer(&origin, status, body), row));
    }
    (!origin.streamed).then(|| explained(Failure::from_garbage(&origin, body), row))
}

fn fault(scene: &str) -> Option<Fault<'_>> {
    let address = "127.0.0.1:9";
    Some(match scene.strip_prefix("connection ")? {
        "refused" => Fault::Refused { address },
        "dns" => Fault::Unresolved { address: "no-such-host.invalid:80" },
        "close" => Fault::Closed,
        "reset" => Fault::Reset,
        "garbage" => Fault::NotHttp,
        "short" => Fault::Short { received: 36, announced: 500 },
        "stall" | "half" | "tls" => Fault::TimedOut { limit_s: 2.0, taken_s: 2.0 },
        _ => return None,
    })
}

fn broken<'a>(row: &Row, scenes: &'a Value) -> Option<Break<'a>> {
    if row.asked != "chat+s" {
        return None;
    }
    if row.scene == "connection half" {
        return Some(Break::Stalled);
    }
    let name = row.scene.strip_prefix("mid ")?;
    let name = name.strip_prefix("first ").unwrap_or(name);
    let events = scenes[row.scene]["events"].as_array();
    let data = || {
        let failing =
            events?.iter().filter_map(Value::as_str).find(|event| !event.contains("chat.completion.chunk"))?;
        Some(failing.split_once("data: ")?.1.trim_end())
    };
    match name {
        "cut" => Some(Break::Cut),
        "reset" => Some(Break::Reset),
        "stall" => Some(Break::Stalled),
        "garbage" | "cut json" | "empty line" => Some(Break::Garbage(data()?)),
        _ if name.starts_with("error") => Some(Break::Error(data()?)),
        _ => None,
    }
}

fn explained(failure: Failure, row: &Row) -> Failure {
    let group = format!("{}.{}", row.asked.trim_end_matches("+s"), row.provider);
    let group = if row.scene == "connection refused" || row.scene == "connection dns" || row.scene == "connection tls" {
        let prefix = row.scene.trim_start_matches("connection ");
        format!("{prefix}.{group}")
    } else {
        group
    };
    if row.asked == "moderation" {
        return failure;
    }
    let failure = if row.asked.starts_with("chat") { failure.with_time_limits("None", "2.0") } else { failure };
    failure.explained(&Explanation {
        model_group: &group,
        fallbacks: None,
        context_window_fallbacks: None,
        content_policy_fallbacks: None,
        outcome: Outcome::NotAttempted,
    })
}

/// Leaves out what only Python has: tracebacks, object addresses, and measured times.
fn without_python(message: &str) -> String {
    let message = message.split("\nTraceback (most recent call last)").next().unwrap();
    let message = match message.split_once(" ssl:<ssl.SSLContext object at ") {
        Some((before, after)) => format!("{before} {}", after.split_once("> ").unwrap().1),
        None => message.to_owned(),
    };
    let message = message
        .replace("[Connect call failed ('REDACTED', 9)]", "[Connection refused]")
        .replace("[Connect call failed ('127.0.0.1', 9)]", "[Connection refused]")
        .replace("127.0.0.1", "REDACTED");
    match message.split_once("time taken=") {
        Some((before, after)) => format!("{before}time taken=T {}", after.split_once(' ').unwrap().1),
        None => message,
    }
}

/// Where another answer than LiteLLM's is meant, and why.
const DELIBERATE: &[(&str, &str, &str)] = &[
    // (provider or *, operation or *, scene): an answer of another shape makes LiteLLM trip over its own code, so
    // the sentence names an attribute of a Python object; here it names what came.
    ("*", "*", "garbage object"),
    ("*", "*", "garbage array"),
    ("*", "*", "garbage null"),
    ("*", "*", "garbage string"),
    ("*", "*", "garbage number"),
    ("*", "*", "garbage detail"),
    ("*", "*", "garbage no choices"),
    ("*", "*", "garbage null choices"),
    ("*", "*", "garbage empty choice"),
    ("*", "*", "garbage error null"),
    ("*", "*", "created"),
    // The content type is not looked at: what is no JSON is told as such.
    ("*", "*", "garbage html"),
    ("*", "*", "garbage no content type"),
    ("groq", "chat", "garbage error*"),
    ("databricks", "chat", "garbage error*"),
    ("*", "rerank", "garbage*"),
    ("*", "embed", "garbage error"),
    ("*", "embed", "garbage text"),
    ("*", "embed", "garbage empty"),
    ("*", "moderation", "garbage*"),
    ("*", "speech", "garbage*"),
    ("*", "image", "garbage*"),
    ("*", "text", "garbage error"),
    ("fireworks_ai", "chat", "garbage error"),
    // LiteLLM shows a Python object and the address; here the sentence says what happened.
    ("*", "*", "connection garbage"),
    // A stream that announces its length: not told apart from one that ends early.
    ("*", "chat+s", "connection short"),
    // `code` becomes the text "None", or a Python conversion error, unless it is a number: here it is 500.
    ("groq", "chat+s", "mid *"),
    ("openrouter", "chat+s", "mid *"),
    // The upstream closed before LiteLLM's own limit, which some routes do not pass on.
    ("openai", "moderation", "connection *"),
    ("azure", "speech", "connection *"),
    ("together_ai", "rerank", "connection *"),
    ("databricks", "embed", "connection stall"),
    ("databricks", "embed", "connection half"),
    ("azure", "image", "connection *"),
];

/// The place in the list of the reason why this row may differ.
fn excuse(row: &Row) -> Option<usize> {
    DELIBERATE.iter().position(|(provider, asked, scene)| {
        fits(provider, row.provider) && fits(asked, row.asked) && fits(scene, row.scene)
    })
}

fn fits(wanted: &str, got: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => got.starts_with(start),
        None => wanted == got,
    }
}

fn check(row: &Row, failure: &Failure) -> Result<(), String> {
    let said: Value = serde_json::from_slice(&failure.body()).unwrap();
    let said = &said["error"];
    let message = without_python(said["message"].as_str().unwrap());
    let status = row.code.map_or_else(|| row.status.to_string(), str::to_owned);
    let wanted = (status.as_str(), without_python(row.message), row.kind, row.param, row.fields);
    let got =
        (said["code"].as_str().unwrap(), message, &said["type"], &said["param"], &said["provider_specific_fields"]);
    if wanted == got { Ok(()) } else { Err(format!("{}\n  wanted {wanted:?}\n  got    {got:?}", row.name())) }
}

#[test]
fn recorded_failures_are_told_alike() {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    let mut faults = Vec::new();
    let mut unused: Vec<usize> = (0..DELIBERATE.len()).collect();
    let (mut alike, mut excused) = (0, 0);
    for row in recorded["rows"].as_array().unwrap() {
        let row = Row::read(row);
        let Some(failure) = replay(&row, &recorded["scenes"]).filter(|_| row.is_failure()) else { continue };
        match (check(&row, &failure), excuse(&row)) {
            (Ok(()), _) => alike += 1,
            (Err(_), Some(place)) => {
                excused += 1;
                unused.retain(|other| *other != place);
            }
            (Err(fault), None) => faults.push(fault),
        }
    }
    assert!(faults.is_empty(), "{} differ:\n{}", faults.len(), faults.join("\n"));
    let unused: Vec<_> = unused.into_iter().map(|place| DELIBERATE[place]).collect();
    assert!(unused.is_empty(), "differences that no longer exist: {unused:?}");
    assert!(alike > 5_000 && excused < 300, "{alike} alike, {excused} excused");
}

fn check_explained(class: FailureClass, outcome: Outcome, message: &str) {
    let explanation = Explanation {
        model_group: "gpt",
        fallbacks: Some("[{'gpt': ['b']}]"),
        context_window_fallbacks: None,
        content_policy_fallbacks: Some("[]"),
        outcome,
    };
    assert_eq!(Failure::new(class, "no").explained(&explanation).message, message);
}

#[test]
fn every_outcome_of_fallbacks_is_told() {
    let no_group = Outcome::NoGroup { lookup: &["gpt"], configured: &["a", "b"] };
    check_explained(
        FailureClass::RateLimit,
        no_group,
        "litellm.RateLimitError: no\n\nLiteLLM: model group 'gpt' failed with the error above and no fallback model \
         group was found for it, so the request was not retried on another model. Fallbacks are configured for: a, b. \
         Add a fallbacks entry for that model group (Router fallbacks or proxy router_settings.fallbacks) to retry on \
         another model.",
    );
    check_explained(
        FailureClass::ContentPolicy,
        Outcome::AlsoFailed { targets: &["b"], detail: "worse" },
        "litellm.BadRequestError: litellm.ContentPolicyViolationError: no\n\nLiteLLM: model group 'gpt' failed with the \
         error above. Fallback to b also failed: worse",
    );
    check_explained(
        FailureClass::ContextWindow,
        Outcome::Configured { targets: &["b", "c"] },
        "litellm.ContextWindowExceededError: litellm.BadRequestError: no\nmodel=gpt. context_window_fallbacks=None. \
         fallbacks=[{'gpt': ['b']}].\n\nSet 'context_window_fallback' - https://docs.litellm.ai/docs/routing#fallbacks\
         \n\nLiteLLM: model group 'gpt' failed with the error above. Fallback model group(s) configured: b, c.",
    );
}

#[test]
fn a_long_detail_of_a_fallback_is_cut() {
    let detail = "x".repeat(2_001);
    let told = Failure::new(FailureClass::Other, "no").explained(&Explanation {
        model_group: "gpt",
        fallbacks: None,
        context_window_fallbacks: None,
        content_policy_fallbacks: None,
        outcome: Outcome::AlsoFailed { targets: &["b"], detail: &detail },
    });
    assert!(told.message.ends_with("x... [truncated 1 characters]"));
}

#[test]
fn the_event_is_the_body_in_one_data_line() {
    let failure = Failure::new(FailureClass::RateLimit, "slow\ndown sk-abcdefghijklmnop");
    let body = r#"{"error":{"message":"litellm.RateLimitError: slow\ndown REDACTED","type":"throttling_error","param":null,"code":"429"}}"#;
    assert_eq!(String::from_utf8(failure.body()).unwrap(), body);
    assert_eq!(String::from_utf8(failure.event()).unwrap(), format!("data: {body}\n\n"));
}

const PROVIDERS: [&str; 18] = [
    "openai",
    "azure",
    "groq",
    "databricks",
    "openrouter",
    "cohere",
    "litellm_proxy",
    "anthropic",
    "azure_ai",
    "bedrock",
    "bedrock_mantle",
    "gemini",
    "sagemaker",
    "replicate",
    "huggingface",
    "nlp_cloud",
    "",
    "é",
];

#[test]
fn no_body_and_no_event_of_a_provider_stops_the_program() {
    let texts = ["", "{", "[[[", "null", "{\"error\":{\"code\":1e400}}", "\u{feff}{}", "{\"error\":[]}", "\"\\ud800\""];
    for provider in PROVIDERS {
        for operation in Operation::ALL {
            let origin = Origin { provider, operation, streamed: false, reader: Reader::Provider };
            for text in texts {
                for status in [0, 200, 400, 429, 599, 999] {
                    let failure = Failure::from_answer(&origin, status, text.as_bytes());
                    assert!((400..600).contains(&failure.status));
                }
                let broken = [
                    Failure::from_garbage(&origin, text.as_bytes()),
                    Failure::in_stream(&origin, &Break::Error(text)),
                    Failure::in_stream(&origin, &Break::Garbage(text)),
                ];
                assert!(broken.iter().all(|failure| (400..600).contains(&failure.status)));
            }
        }
    }
}

fn check_replicate(status: u16, body: &str, wanted: &str) {
    let origin = Origin {
        provider: "replicate",
        operation: Operation::ChatCompletion,
        streamed: false,
        reader: Reader::Provider,
    };
    let failure = Failure::from_answer(&origin, status, body.as_bytes());
    assert_eq!(format!("{} {}", failure.status, failure.message), wanted);
}

/// Not recorded: LiteLLM asks Replicate at its own address only.
#[test]
fn replicates_failures_follow_litellms_rules() {
    check_replicate(401, "no", "401 litellm.AuthenticationError: ReplicateException - no");
    check_replicate(
        403,
        "Incorrect authentication token",
        "403 litellm.AuthenticationError: ReplicateException - Incorrect authentication token",
    );
    check_replicate(422, "no", "422 litellm.UnprocessableEntityError: ReplicateException - no");
    check_replicate(500, "no", "503 litellm.ServiceUnavailableError: ReplicateException - no");
    check_replicate(503, "no", "500 litellm.APIError: ReplicateException - no");
    check_replicate(
        200,
        "Request was throttled",
        "429 litellm.RateLimitError: ReplicateException - Request was throttled",
    );
}

#[test]
fn images_that_a_filter_holds_back_are_the_callers_fault() {
    let (provider, operation) = ("bedrock", Operation::ImageGeneration);
    let origin = Origin { provider, operation, streamed: false, reader: Reader::Provider };
    let failure =
        Failure::from_garbage(&origin, br#"{"images": [], "finish_reasons": ["Filter reason: prompt", null]}"#);
    assert_eq!(
        (failure.status, failure.message.as_str()),
        (400, "litellm.BadRequestError: BedrockException - Filter reason: prompt")
    );
}
