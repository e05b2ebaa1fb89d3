//! What LiteLLM charges, recorded by `tests/record/costs.py`, beside what is charged here.

use super::*;

/// LiteLLM sums up in floating point.
const RELATIVE: f64 = 1e-9;

/// Model, work, usage, option, total, parts.
type Row = (usize, Vec<Value>, usize, usize, Option<f64>, Vec<f64>);

#[derive(Deserialize)]
struct Recorded {
    models: Vec<(String, String)>,
    usages: Vec<Value>,
    names: Vec<String>,
    options: Vec<Options>,
    entries: Value,
    cases: Vec<Row>,
}

#[derive(Clone, Debug, Deserialize, Default)]
#[serde(default)]
struct Options {
    tier: Option<String>,
    residency: Option<String>,
    location: Option<String>,
    at: Option<String>,
    elapsed_ms: f64,
    discount: Value,
    margin: Value,
    context: Option<String>,
    base_model: Option<String>,
    response_model: Option<String>,
    region: Option<String>,
    custom: Option<Map<String, Value>>,
}

/// Seconds since 1970 of the times that the script uses.
fn unix_s(at: Option<&str>) -> u64 {
    const MIDNIGHT: u64 = 1_795_564_800;
    const HOUR: u64 = 3600;
    match at {
        None => MIDNIGHT + 8 * HOUR,
        Some("2026-11-25T04:30:00") => MIDNIGHT + 4 * HOUR + HOUR / 2,
        Some("2026-11-29T12:00:00") => MIDNIGHT + (4 * 24 + 12) * HOUR,
        Some("2026-11-29T16:30:00") => MIDNIGHT + (4 * 24 + 16) * HOUR + HOUR / 2,
        Some(other) => panic!("{other} is not written down here"),
    }
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs_f64(value.as_f64().expect("seconds"))
}

fn work(of: &[Value]) -> Work<'_> {
    let count = |place: usize| of[place].as_u64();
    let text = |place: usize| of[place].as_str();
    match of[0].as_str().expect("the kind of work") {
        "tokens" | "searched" => Work::Tokens,
        "embedding" => Work::Embedding,
        "batch" => Work::Batch,
        "images" => Work::Images(Images {
            count: count(1).expect("images"),
            size: text(2),
            quality: text(3),
            resolution: text(4),
            steps: None,
        }),
        "video" => Work::Video { length: seconds(&of[1]), resolution: text(2), count: count(3).expect("films") },
        "speech" => Work::Speech { characters: count(1).expect("characters") },
        "transcription" => Work::Transcription { length: seconds(&of[1]) },
        "rerank" => Work::Rerank { units: count(1), tokens: count(2) },
        "pages" => {
            let credits = of[3].as_f64().map(|credits| (credits * 1000.0) as u64);
            Work::Pages { pages: count(1), annotated: count(2).expect("pages"), credits }
        }
        "batch pages" => Work::PagesOfBatch { pages: count(1).expect("pages"), annotated: count(2).expect("pages") },
        "search" => Work::Search { queries: count(1).expect("queries"), results_max: count(2).expect("results") },
        other => panic!("{other} is no work"),
    }
}

/// Anthropic's own form counts the cache beside the prompt; LiteLLM's `Usage` takes the count as it is.
fn usage_of(value: &Value, of: &[Value]) -> Usage {
    if of.first().and_then(Value::as_str) == Some("images") && of[5] == Value::Bool(true) {
        let text = r#"{"input_tokens":234,"output_tokens":1056,"total_tokens":1290,
            "input_tokens_details":{"image_tokens":100,"text_tokens":134}}"#;
        return Usage::parse(text).expect("usage of images");
    }
    Usage::parse(&value.to_string()).expect("usage")
}

fn charge(map: &PriceMap, recorded: &Recorded, case: usize) -> Result<Cost, Unmapped> {
    let (model, of, usage, option, ..) = &recorded.cases[case];
    let ((provider, model), option) = (&recorded.models[*model], &recorded.options[*option]);
    let usage = usage_of(&recorded.usages[*usage], of);
    let own = option.custom.as_ref().map(|fields| custom("mine", fields).expect("prices").expect("some price"));
    let adjustments = Adjustments::read(&option.discount, &option.margin).expect("shares");
    let context = option.context.as_deref().map(|context| match context {
        "low" => Context::Low,
        "medium" => Context::Medium,
        _ => Context::High,
    });
    let searched = (of[0] == "searched").then_some(1);
    let names = Names {
        base_model: option.base_model.as_deref(),
        response_model: option.response_model.as_deref(),
        ..Names { request_model: model, ..Names::default() }
    };
    let call = Call {
        names,
        region: option.region.as_deref(),
        custom: own.as_ref(),
        work: work(of),
        tools: Tools { searched, context, ..Tools::NONE },
        tier: option.tier.as_deref(),
        residency: option.residency.as_deref().map(|region| if region == "eu" { Residency::Eu } else { Residency::Us }),
        vertex_location: option.location.as_deref(),
        elapsed: Duration::from_secs_f64(option.elapsed_ms / 1000.0),
        at_unix_s: unix_s(option.at.as_deref()),
        ..Call::new(provider, model, &usage)
    };
    of_call(map, &call, &adjustments)
}

fn of_call(map: &PriceMap, call: &Call<'_>, adjustments: &Adjustments) -> Result<Cost, Unmapped> {
    super::super::of(map, call, adjustments)
}

fn is_close(ours: Picodollars, usd: f64) -> bool {
    let theirs = usd * 1e12;
    let difference = (ours.0 as f64 - theirs).abs();
    difference <= 0.5 + theirs.abs() * RELATIVE
}

/// Where a case is answered otherwise here, and why.
struct Difference {
    why: &'static str,
    holds: fn(&Case<'_>) -> bool,
}

struct Case<'a> {
    provider: &'a str,
    model: &'a str,
    work: &'a str,
    option: &'a Options,
    is_told: bool,
    /// Whether only the parts differ.
    has_same_total: bool,
}

const DIFFERENCES: [Difference; 7] = [
    Difference {
        why: "images have a price by number; LiteLLM takes tokens at a price of 0 once the provider counts them",
        holds: |case| {
            case.work == "images" && case.is_told && matches!(case.provider, "azure_ai" | "gemini" | "vertex_ai")
        },
    },
    Difference {
        why: "the entry has a price by image; LiteLLM refuses the model in its image calculator for Bedrock",
        holds: |case| case.work == "images" && !case.is_told && case.provider == "bedrock",
    },
    Difference {
        why: "`xai/…` on Vertex is Vertex's entry; LiteLLM takes the first segment for the provider and finds nothing",
        holds: |case| case.provider == "vertex_ai" && case.model.starts_with("xai/") && !case.is_told,
    },
    Difference {
        why: "the model's name has a slash; LiteLLM cuts it there and finds nothing",
        holds: |case| case.work == "transcription" && case.model.contains('/') && !case.is_told,
    },
    Difference {
        why: "LiteLLM asks GitHub for a login before it looks up a price",
        holds: |case| case.provider == "github_copilot" && !case.is_told,
    },
    Difference {
        why: "audio has a price of its own in the tier; LiteLLM means to take it, and drops the field on the way",
        holds: |case| {
            case.option.tier.is_some() && case.work == "tokens" && matches!(case.provider, "gemini" | "vertex_ai")
        },
    },
    Difference {
        why: "parts of a cost are told by the entry that gave the total; LiteLLM looks the model up again, under a name \
              that it does not find",
        holds: |case| case.has_same_total,
    },
];

#[test]
fn calls_cost_what_litellm_charges() {
    let recorded: Recorded = read();
    let map = PriceMap::built_in();
    let (mut wrong, mut used) = (Vec::new(), [0; DIFFERENCES.len()]);
    for place in 0..recorded.cases.len() {
        let (model, of, usage, option, total, parts) = &recorded.cases[place];
        let cost = charge(&map, &recorded, place);
        let has_same_total = match (&cost, total) {
            (Ok(cost), Some(total)) => is_close(cost.total, *total),
            (Err(_), None) => true,
            _ => false,
        };
        if has_same_total && cost.as_ref().map_or(true, |cost| has_parts(cost, parts)) {
            continue;
        }
        let ((provider, model), option) = (&recorded.models[*model], &recorded.options[*option]);
        let work = of[0].as_str().expect("the kind of work");
        let case = Case { provider, model, work, option, is_told: total.is_some(), has_same_total };
        match DIFFERENCES.iter().position(|difference| (difference.holds)(&case)) {
            Some(place) => used[place] += 1,
            None => wrong.push(format!(
                "{provider} {model} {of:?} [{}] {option:?}: {cost:?}, not {total:?} {parts:?}",
                recorded.names[*usage]
            )),
        }
    }
    assert!(wrong.is_empty(), "{}\n{} of {}", wrong.join("\n"), wrong.len(), recorded.cases.len());
    let idle: Vec<_> = DIFFERENCES.iter().zip(used).filter(|(_, count)| *count == 0).map(|(it, _)| it.why).collect();
    assert!(idle.is_empty(), "no case differs so any more: {idle:#?}");
    assert!(used.iter().sum::<usize>() < recorded.cases.len() / 100, "too much differs: {used:?}");
}

/// A document is written into the same lines as the generator's.
#[test]
fn a_document_in_litellms_form_is_read_as_the_table_was() {
    let entries = read().entries;
    let (map, faults) = PriceMap::parse(&entries.to_string()).expect("a map");
    assert_eq!(faults, []);
    let other: Vec<&str> = map.names().collect();
    assert_eq!(other, Vec::<&str>::new(), "these differ from the table");
    assert!(entries.as_object().is_some_and(|entries| entries.len() > 100));
}

fn has_parts(cost: &Cost, parts: &[f64]) -> bool {
    let of = &cost.breakdown;
    let ours = [of.input, of.output, of.cache_read, of.cache_write, of.reasoning, of.tools];
    parts.is_empty()
        || ours.iter().enumerate().all(|(place, part)| is_close(*part, parts.get(place).copied().unwrap_or(0.0)))
}

/// The cases have as many parts as are not zero.
fn read() -> Recorded {
    let mut value: Value = serde_json::from_str(include_str!("golden.json")).expect("the fixture");
    for case in value["cases"].as_array_mut().expect("cases") {
        let case = case.as_array_mut().expect("a case");
        let parts = case.split_off(5);
        case.push(parts.into());
    }
    serde_json::from_value(value).expect("the fixture")
}
