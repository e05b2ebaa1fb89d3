//! Failing providers beside what LiteLLM 1.106.2 did about them: retries, fallbacks, cooldowns, what the client is told.
//!
//! Plays the scenes of `tests/recorded/resilience.json`, which `tests/record/resilience.py` recorded. Where an answer is
//! to differ, it is listed in `differences` with the reason, or in `everywhere` where one rule tells all of its kind.

mod difference;
mod differences;
mod everywhere;
mod provider;
mod record;

use crate::harness::gateway::Gateway;
use crate::harness::process::checkout;
use difference::Difference;
use differences::{Place, REASONS, Reason};
use everywhere::EVERYWHERE;
use provider::{Answers, Provider};
use record::{ask, with_calls};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Scenes wait most of the time.
const SCENES_AT_ONCE: usize = 8;
const STACK_BYTES: usize = 256 * 1024;
const FAULTS_SHOWN: usize = 40;
/// For what the end of a stream settles.
const SETTLE: Duration = Duration::from_millis(30);
/// After many requests at once, some of which rest a deployment for as long as others wait for a timeout.
const SETTLE_MANY: Duration = Duration::from_millis(400);

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
        thread::sleep(if requests.len() > 1 { SETTLE_MANY } else { SETTLE });
        for (request, answer) in requests.iter().zip(answered) {
            let is_counted = scene["counted"] == "total";
            let ours = with_calls(answer, &provider, number, is_counted);
            differences.extend(Difference::of(scene, number, request, &ours));
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
                    ask(port, key, request).unwrap_or_else(|error| json!({ "status": 0, "failure": error.to_string() }))
                };
                thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, asking).expect("a thread")
            })
            .collect();
        asked.into_iter().map(|answer| answer.join().expect("an answer")).collect()
    })
}

/// All differences of all scenes.
fn play_all(recording: &mut Value) -> Vec<Difference> {
    let answers = Arc::new(Answers { faults: recording["answers"].take(), ok: recording["ok"].take() });
    let scenes: VecDeque<&Value> = recording["scenes"].as_array().expect("scenes").iter().collect();
    let (scenes, found) = (Mutex::new(scenes), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..SCENES_AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(scene) = lock(&scenes).pop_front() else { return };
                    let differences = play(scene, &answers);
                    lock(&found).extend(differences);
                }
            });
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Every request that the table names, with its place.
fn listed() -> impl Iterator<Item = (&'static Reason, &'static Place, &'static str)> {
    let places = REASONS.iter().flat_map(|reason| reason.places.iter().map(move |place| (reason, place)));
    places.flat_map(|(reason, place)| place.1.split(' ').map(move |request| (reason, place, request)))
}

fn is_listed(difference: &Difference, (scene, _, fields): &Place, request: &str) -> bool {
    let is_here = difference.scene == *scene && difference.is_of(request);
    is_here && fields.split(' ').any(|field| difference.is_in(field))
}

#[test]
fn what_follows_a_failure_is_litellms_but_for_the_listed_differences() {
    let found = play_all(&mut recording());
    let (common, single): (Vec<_>, Vec<_>) =
        found.iter().partition(|difference| EVERYWHERE.iter().any(|(_, rule)| rule(difference)));
    let is_known = |difference: &Difference| listed().any(|(_, place, request)| is_listed(difference, place, request));
    let mut faults: Vec<String> =
        single.iter().filter(|difference| !is_known(difference)).map(|difference| difference.shown()).collect();
    for (why, rule) in EVERYWHERE {
        if !common.iter().any(|difference| rule(difference)) {
            faults.push(format!("no longer so: {why}"));
        }
    }
    for (reason, place, request) in listed() {
        if !found.iter().any(|difference| is_listed(difference, place, request)) {
            let Reason { why, ours, litellm, .. } = reason;
            faults.push(format!("{}, {request}: LiteLLM's, though listed: {why} ({ours}; LiteLLM {litellm})", place.0));
        }
    }
    let shown = faults.iter().take(FAULTS_SHOWN).cloned().collect::<Vec<_>>();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), shown.join("\n"));
}

#[test]
fn every_listed_place_is_a_request_of_the_recording() {
    let recording = recording();
    let scenes = recording["scenes"].as_array().expect("scenes");
    for (_, (name, ..), request) in listed() {
        let scene = scenes.iter().find(|scene| scene["name"] == *name).unwrap_or_else(|| panic!("no scene {name}"));
        let rounds = scene["rounds"].as_array().expect("rounds").iter();
        let groups = rounds.flat_map(|round| round.as_array().expect("requests")).map(|asked| &asked["body"]["model"]);
        let is_there = match request.strip_prefix('#') {
            Some(number) => number.parse().is_ok_and(|number| groups.count() > number),
            None => groups.into_iter().any(|group| group == request),
        };
        assert!(is_there, "no request {request} in {name}");
    }
}
