//! Failing providers beside what LiteLLM 1.106.2 did about them: retries, fallbacks, cooldowns, what the client is told.
//!
//! Plays the scenes of `tests/recorded/resilience.json`, which `tests/record/resilience.py` recorded. Where an answer is
//! to differ, it is listed in `differences` with the reason.

mod provider;
mod record;

use crate::harness::gateway::Gateway;
use crate::harness::process::checkout;
use provider::{Answers, Provider};
use record::{ask, with_calls};
use serde_json::Value;
use std::collections::VecDeque;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Scenes wait most of the time.
const SCENES_AT_ONCE: usize = 8;
const STACK_BYTES: usize = 256 * 1024;
/// For what the end of a stream settles.
const SETTLE: Duration = Duration::from_millis(30);
/// How often LiteLLM's own pieces came, and how long it took, is not compared.
const NOT_COMPARED: [&str; 2] = ["events", "seconds"];

/// What differs from LiteLLM at one request of a scene.
#[derive(Clone, Debug)]
struct Difference {
    scene: String,
    number: usize,
    group: String,
    field: String,
    ours: Value,
    theirs: Value,
}

fn recording() -> Value {
    let path = checkout().join("tests/recorded/resilience.json");
    serde_json::from_slice(&fs::read(path).expect("the recording")).expect("JSON")
}

/// Plays one scene to its end.
fn play(scene: &Value, answers: &Arc<Answers>) -> Vec<Difference> {
    let provider = Provider::start(Arc::clone(answers), &scene["scripts"]);
    let config = scene["config"].to_string().replace("PROVIDER", &format!("127.0.0.1:{}", provider.port));
    let key = scene["config"]["general_settings"]["master_key"].as_str().expect("a master key");
    let gateway = Gateway::start(&config);
    let (mut differences, mut number) = (Vec::new(), 0);
    for round in scene["rounds"].as_array().expect("rounds") {
        let requests = round.as_array().expect("requests");
        let answered = ask_at_once(gateway.port, key, requests);
        thread::sleep(SETTLE);
        for (request, answer) in requests.iter().zip(answered) {
            let is_counted = scene["counted"] == "total";
            let ours = with_calls(answer, &provider, number, is_counted);
            differences.extend(compare(scene, number, request, &ours));
            number += 1;
        }
    }
    differences
}

fn ask_at_once(port: u16, key: &str, requests: &[Value]) -> Vec<Value> {
    thread::scope(|scope| {
        let asked: Vec<_> = requests
            .iter()
            .map(|request| {
                let asking = move || {
                    thread::sleep(Duration::from_secs_f64(request["wait_s"].as_f64().unwrap_or(0.0)));
                    ask(port, key, request).unwrap_or_else(|error| serde_json::json!({ "status": 0, "failure": error.to_string() }))
                };
                thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, asking).expect("a thread")
            })
            .collect();
        asked.into_iter().map(|answer| answer.join().expect("an answer")).collect()
    })
}

/// Field by field; headers and what an error says are fields of their own.
fn compare(scene: &Value, number: usize, request: &Value, ours: &Value) -> Vec<Difference> {
    let (ours, theirs) = (flat(ours), flat(&request["answer"]));
    let mut names: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
    names.sort();
    names.dedup();
    let differing = names.into_iter().filter(|name| ours.get(*name) != theirs.get(*name));
    let named = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let value = |record: &serde_json::Map<String, Value>, name: &str| record.get(name).cloned().unwrap_or(Value::Null);
    differing
        .map(|name| Difference {
            scene: named(&scene["name"]),
            number,
            group: named(&request["body"]["model"]),
            field: name.clone(),
            ours: value(&ours, name),
            theirs: value(&theirs, name),
        })
        .collect()
}

fn flat(record: &Value) -> serde_json::Map<String, Value> {
    let mut fields = serde_json::Map::new();
    for (name, value) in record.as_object().into_iter().flatten() {
        match value {
            _ if NOT_COMPARED.contains(&name.as_str()) => {}
            Value::Object(parts) => fields.extend(parts.iter().map(|(part, value)| (format!("{name}.{part}"), value.clone()))),
            value => drop(fields.insert(name.clone(), value.clone())),
        }
    }
    fields
}

#[test]
fn what_follows_a_failure_is_litellms_but_for_the_listed_differences() {
    let mut recording = recording();
    let answers = Arc::new(Answers { faults: recording["answers"].take(), ok: recording["ok"].take() });
    let wanted = std::env::var("SCENE").unwrap_or_default();
    let scenes: VecDeque<&Value> = recording["scenes"].as_array().expect("scenes").iter().filter(|s| s["name"].as_str().unwrap().contains(&wanted)).collect();
    let scenes = Mutex::new(scenes);
    let found = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..SCENES_AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(scene) = scenes.lock().unwrap_or_else(PoisonError::into_inner).pop_front() else { return };
                    let differences = play(scene, &answers);
                    found.lock().unwrap_or_else(PoisonError::into_inner).extend(differences);
                }
            });
        }
    });
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let lines: Vec<String> = found.iter().map(|d| serde_json::json!({"scene": d.scene, "number": d.number, "group": d.group, "field": d.field, "ours": d.ours, "theirs": d.theirs}).to_string()).collect();
    fs::write("/tmp/black-differences.jsonl", lines.join("\n")).unwrap();
    assert!(lines.is_empty(), "{} differences", lines.len());
}
