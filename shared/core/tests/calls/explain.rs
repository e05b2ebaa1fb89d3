//! What is explained is what happens: for groups, states and requests that a seed makes up.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate_core::breaker::Breaker;
use tollgate_core::call::{Call, Hints};
use tollgate_core::clock::{Clock, Moment};
use tollgate_core::deployment::Deployment;
use tollgate_core::explain::Question;
use tollgate_core::meter::{Claim, Ending, Health, Memory, Payment, Purse, Sample, Settlement, State};
use tollgate_core::random::Random;
use tollgate_testkit::{Script, Scripted, Step};
use tollgate_wire::Operation;

use crate::gateway::{Answer, Gateway, Setup};
use crate::whole::COMPLETION;

const CASES: u64 = 600;
const NOW: Moment = Moment(28_000_000 * 60_000_000 + 40_000_000);
const STREAM: &[u8] =
    b"data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":\
    [{\"index\":0,\"delta\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

const STRATEGIES: [&str; 5] =
    ["simple-shuffle", "least-busy", "usage-based-routing-v2", "latency-based-routing", "cost-based-routing"];
/// What a deployment may have written, one of each row or none.
const PARAMS: [&[&str]; 8] = [
    &["weight: 1", "weight: 5", "weight: 0"],
    &["rpm: 1", "rpm: 3", "rpm: 1000"],
    &["tpm: 40", "tpm: 100000"],
    &["order: 1", "order: 2"],
    &["tags: [free]", "tags: [paid]", "tags: [free, default]", "tag_regex: ['^User-Agent: curl']"],
    &["max_parallel_requests: 1", "max_parallel_requests: 4"],
    &[
        "input_cost_per_token: 1.0e-6, output_cost_per_token: 1.0e-6",
        "input_cost_per_token: 0, output_cost_per_token: 0",
    ],
    &["max_budget: 1, budget_duration: 1d", "region_name: eu"],
];
const INFO: [&[&str]; 3] =
    [&["max_input_tokens: 5", "max_input_tokens: 400"], &["blocked: true"], &["supports_web_search: false"]];
const ROUTER: [&[&str]; 8] = [
    &["enable_tag_filtering: true", "enable_tag_filtering: true, tag_filtering_match_any: false"],
    &["enable_pre_call_checks: true"],
    &["optional_pre_call_checks: [enforce_model_rate_limits]", "optional_pre_call_checks: [session_affinity]"],
    &["enable_health_check_routing: true"],
    &["allowed_fails_policy: {TimeoutErrorAllowedFails: 2}"],
    &["provider_budget_config: {openai: {budget_limit: 1, time_period: 1d}}"],
    &["routing_strategy_args: {lowest_latency_buffer: 0.7}", "routing_strategy_args: {ttft_percentile: 0.9}"],
    &["fallbacks: [{g: [h]}]"],
];
const REQUEST: [&[&str]; 9] = [
    &[r#""tags":["free"]"#, r#""tags":["paid","free"]"#, r#""tags":["!paid"]"#, r#""tags":["unheard"]"#],
    &[r#""stream":true"#],
    &[r#""max_tokens":30"#, r#""max_tokens":90000"#],
    &[r#""allowed_model_region":"eu""#],
    &[r#""response_format":{"type":"json_object"}"#],
    &[r#""tools":[{"type":"web_search"}]"#],
    &[r#""metadata":{"session_id":"s1"}"#, r#""metadata":{"session_id":"s2"}"#],
    &[r#""messages":[{"role":"user","content":"one two three four five six seven eight nine ten eleven twelve"}]"#],
    &[r#""priority":3"#],
];

/// At most one of each row, every row with one chance in `odds`.
fn some(random: &mut Random, rows: &[&[&str]], odds: usize) -> Vec<String> {
    let mut chosen = Vec::new();
    for row in rows {
        let text = row[random.below(row.len())];
        if random.below(odds) == 0 {
            chosen.push(text.to_owned());
        }
    }
    chosen
}

fn document(random: &mut Random) -> String {
    let mut yaml = "model_list:\n".to_owned();
    // Some groups are plain, so that the quick way is taken as well.
    let odds = [3, 6, 1000][random.below(3)];
    for id in 0..=random.below(6) {
        let (params, info) = (some(random, &PARAMS, odds).join(", "), some(random, &INFO, odds + 4).join(", "));
        yaml += &format!(
            "  - {{model_name: g, litellm_params: {{model: openai/m, api_key: k, {params}}}, model_info: {{id: d{id}, {info}}}}}\n"
        );
    }
    yaml += "  - {model_name: h, litellm_params: {model: openai/m, api_key: k}, model_info: {id: h}}\n";
    let (strategy, more) = (STRATEGIES[random.below(5)], some(random, &ROUTER, odds + 1).join(", "));
    // Who would have to wait is told so: nobody else ends a call here.
    yaml + &format!("router_settings: {{routing_strategy: {strategy}, max_queued_requests: 0, {more}}}\n")
}

/// The body of a request, and how many calls like it came before.
fn request(random: &mut Random) -> String {
    let fields = some(random, &REQUEST, 5);
    let has_messages = fields.iter().any(|field| field.starts_with("\"messages\""));
    let messages = if has_messages { "" } else { r#","messages":[{"role":"user","content":"Hi"}]"# };
    let fields: String = fields.iter().map(|field| format!(",{field}")).collect();
    // Of levels and other groups, only the first attempt is explained.
    format!(r#"{{"model":"g","disable_fallbacks":true{messages}{fields}}}"#)
}

/// Gives a deployment a past.
async fn live_through(gateway: &Gateway, deployment: &Deployment, random: &mut Random) {
    let (meter, routing) = (&gateway.app.balancer.meter, &deployment.routing);
    let payments = routing.budgets.iter().map(|budget| Payment {
        purse: budget.purse,
        limit_picousd: u64::MAX,
        amount_picousd: 0,
        period: budget.period,
    });
    let claim = Claim { payments: payments.collect(), ..Claim::unlimited(routing.handle, NOW) };
    for _ in 0..random.below(5) {
        let kind = random.below(9);
        // What ended its rest before now may have recovered.
        let now = if kind == 1 { Moment(NOW.0 - 50_000_000) } else { NOW };
        let tokens = random.below(60) as u64;
        let taken = meter.take(Claim { now, tokens, ..claim.clone() }).await.unwrap();
        let breaker = Breaker {
            at_once: true,
            share: None,
            all_of: None,
            in_a_row: None,
            allowed: None,
            cooldown: Duration::from_secs(30),
        };
        let retention = Duration::from_secs(60);
        let (seconds, first_seconds) = (random.fraction(), (kind == 3).then(|| random.fraction()));
        let sample = Sample { seconds, first_seconds, kept: 10, retention, percentile: None };
        let (ending, cost) = match kind {
            // A call under way, perhaps a probe.
            0 => continue,
            1 | 2 => (Ending::Failed(Some(breaker)), 0),
            4 => (Ending::Served, 2_000_000_000_000),
            5 => (Ending::Unjudged, 0),
            _ => (Ending::Served, 1),
        };
        let (cost_picousd, sample) = (Some(cost), Some(sample));
        meter.settle(Settlement { taken, now, tokens: None, cost_picousd, ending, sample });
        if kind == 6 {
            meter.mark(routing.handle, Health::Unhealthy, NOW + Duration::from_secs(60));
        }
    }
}

/// Everything that is counted.
fn counted(gateway: &Gateway) -> (Vec<State>, Vec<Purse>) {
    let mut counted = (Vec::new(), Vec::new());
    let meter = &gateway.app.balancer.meter;
    meter.view(&mut |view| counted = (view.states.to_vec(), view.purses.to_vec()));
    counted
}

async fn serve(gateway: &Gateway, body: &str, seed: u64) -> Answer {
    let call = gateway.call(Operation::ChatCompletion, &Value::Null);
    let body = tollgate_core::call::CallBody::Json(body.to_owned().into());
    gateway.serve(Call { seed: Some(seed), body, hints: hints(), ..call }).await
}

fn hints() -> Hints {
    Hints { retries: Some(0), user_agent: Some("curl/8".to_owned()), ..Hints::default() }
}

fn script(body: &str) -> Script {
    if body.contains(r#""stream":true"#) {
        return Script::Answer { status: 200, content_type: "text/event-stream", body: vec![Step::Bytes(STREAM)] };
    }
    Scripted::json(200, COMPLETION)
}

/// One group, its past, and one request: explained, and then made.
async fn check(seed: u64) -> Value {
    let mut random = Random::new(seed);
    let yaml = document(&mut random);
    let bodies: Vec<String> = (0..=random.below(3)).map(|_| request(&mut random)).collect();
    let (body, before) = bodies.split_last().unwrap();
    let setup = Setup { meter: Arc::new(Memory::default()), clock: Clock::manual(NOW) };
    // Calls that found no deployment have left their answers to those that follow.
    let gateway = Gateway::set_up(&yaml, &[], (0..bodies.len()).map(|_| script(body)), setup);
    for deployment in gateway.app.catalog.get().deployments().cloned().collect::<Vec<_>>() {
        if deployment.group == "g" {
            live_through(&gateway, &deployment, &mut random).await;
        }
    }
    for body in before.iter().filter(|other| other.contains("stream") == body.contains("stream")) {
        serve(&gateway, body, random.next()).await;
    }
    let seed_of_call = random.next();
    let state = counted(&gateway);
    let question = Question { body: body.clone().into(), hints: hints(), seed: Some(seed_of_call) };
    let explained = gateway.app.explain(question).await.unwrap();
    let told = format!("seed {seed}: {body}\n{yaml}{explained:#}");
    assert_eq!(counted(&gateway), state, "explaining has changed something: {told}");
    let answer = serve(&gateway, body, seed_of_call).await;
    match explained["chosen"].as_str() {
        Some(id) => {
            assert_eq!((answer.status, answer.deployment_id.as_deref()), (200, Some(id)), "{}\n{told}", answer.text);
            let removed = explained["removed"].as_array().unwrap();
            assert!(removed.iter().all(|removed| removed["model_id"] != id), "chosen and taken out: {told}");
        }
        None => {
            let message = explained["error"]["message"].as_str().unwrap();
            assert!(answer.text.contains(message.trim_end()), "{} {}\n{told}", answer.status, answer.text);
            assert!(answer.status >= 400 && answer.deployment_id.is_none(), "{told}");
        }
    }
    explained
}

#[tokio::test]
async fn what_is_explained_is_what_the_next_call_does() {
    let (mut chosen, mut refused, mut strategies) = (0, 0, std::collections::BTreeMap::new());
    let mut filters = std::collections::BTreeSet::new();
    for seed in 0..CASES {
        let explained = check(seed).await;
        *if explained["chosen"].is_null() { &mut refused } else { &mut chosen } += 1;
        *strategies.entry(explained["routing_strategy"].to_string()).or_insert(0) += 1;
        let removed = explained["removed"].as_array().unwrap();
        filters.extend(removed.iter().map(|removed| removed["filter"].as_str().unwrap().to_owned()));
    }
    // The cases are worth something where they differ.
    assert!(chosen > CASES / 2 && refused > CASES / 20, "{chosen} chosen, {refused} refused");
    assert!(strategies.values().all(|count| *count > CASES as i32 / 10), "{strategies:?}");
    let all = "affinity blocked budget context_window cooldown health limits max_parallel_requests order region tags web_search";
    assert_eq!(filters.into_iter().collect::<Vec<_>>().join(" "), all);
}

#[tokio::test]
async fn an_explanation_names_its_seed_and_follows_it() {
    let entry = |id| {
        format!("  - {{model_name: g, litellm_params: {{model: openai/m, api_key: k}}, model_info: {{id: {id}}}}}\n")
    };
    let yaml = format!("model_list:\n{}", ["a", "b", "c"].map(entry).concat());
    let gateway = Gateway::of(&yaml, &[], []);
    let explain = async |seed| {
        let body = json!({ "model": "g", "messages": [] }).to_string();
        gateway.app.explain(Question { body: body.into(), hints: Hints::default(), seed }).await.unwrap()
    };
    let mut chosen = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let first = explain(None).await;
        let again = explain(Some(first["seed"].as_u64().unwrap())).await;
        assert_eq!(again, first);
        chosen.insert(first["chosen"].to_string());
    }
    assert_eq!(chosen.len(), 3, "every explanation without a seed has one of its own");
}
