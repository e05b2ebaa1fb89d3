//! One deployment of a group dies again and again under load: no client notices, and it is left alone while it is out.

mod deployment;
mod load;
mod rests;

use crate::harness::gateway::{Gateway, KEY};
use deployment::{Arrival, Condition, Deployment};
use load::Load;
use rests::{Recovery, Rest, calls, judge, rests};
use std::thread;
use std::time::{Duration, SystemTime};

const IDS: [&str; 3] = ["first", "second", "third"];
const FAULTS: [Condition; 4] =
    [Condition::Hanging, Condition::Answering(500), Condition::Refusing, Condition::Answering(503)];
/// The deployments' time limit: a hanging one fails its calls after this.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Failures in a row that take a deployment out.
const IN_A_ROW: usize = 3;
/// Calls that may be on their way to a deployment while its failures come back, on a busy machine.
const UNDER_WAY: usize = 40;

/// Who dies when.
struct Plan {
    /// More lines of `router_settings`, as YAML's inline pairs.
    settings: &'static str,
    load: Load,
    /// Before each death all deployments serve for so long.
    up: Duration,
    down: Duration,
    /// The deployments that die, by turns.
    victims: &'static [usize],
}

/// What was seen of one deployment.
struct Seen {
    id: &'static str,
    calls: Vec<Arrival>,
    rests: Vec<Rest>,
    recoveries: Vec<Recovery>,
}

fn config(deployments: &[Deployment], settings: &str) -> String {
    let entry = |(id, deployment): (&&str, &Deployment)| {
        let (port, timeout) = (deployment.port, TIMEOUT.as_secs());
        format!(
            "  - model_name: chat
    litellm_params: {{model: openai/gpt-4o, api_base: 'http://127.0.0.1:{port}/v1', api_key: sk-scripted, timeout: {timeout}}}
    model_info: {{id: {id}}}\n"
        )
    };
    let entries: String = IDS.iter().zip(deployments).map(entry).collect();
    format!(
        "model_list:\n{entries}router_settings: {{num_retries: 2{settings}}}\ngeneral_settings: {{master_key: {KEY}}}\n"
    )
}

/// Lets deployments die and come back until the load has ended; ends with all of them serving.
fn haunt(deployments: &[Deployment], plan: &Plan) {
    let deaths = plan.load.seconds as u64 / (plan.up + plan.down).as_secs();
    let faults = FAULTS.iter().cycle();
    let victims = plan.victims.iter().cycle();
    for ((fault, victim), _) in faults.zip(victims).zip(0..deaths) {
        thread::sleep(plan.up);
        deployments[*victim].switch(*fault);
        thread::sleep(plan.down);
        deployments[*victim].switch(Condition::Serving);
    }
}

fn check(plan: &Plan) -> Vec<Seen> {
    let deployments: Vec<Deployment> = IDS.iter().map(|_| Deployment::start()).collect();
    let gateway = Gateway::start(&config(&deployments, plan.settings));
    let began = SystemTime::now();
    let outcome = thread::scope(|scope| {
        scope.spawn(|| haunt(&deployments, plan));
        plan.load.run(&gateway)
    });
    let (took, log) = (began.elapsed().unwrap_or_default(), gateway.process.log());
    // Its log, a line a call, would hide what is wrong.
    drop(gateway);
    let shown: Vec<&String> = outcome.faults.iter().take(10).collect();
    assert!(shown.is_empty(), "{} of {} calls failed:\n{shown:#?}", outcome.faults.len(), outcome.calls);
    assert_eq!(outcome.calls, plan.load.calls());
    let late = took.saturating_sub(Duration::from_secs(plan.load.seconds.into()));
    assert!(late < Duration::from_secs(15), "the calls took {took:?}");
    IDS.iter().zip(&deployments).map(|(id, deployment)| see(id, deployment, &log)).collect()
}

fn see(id: &'static str, deployment: &Deployment, log: &str) -> Seen {
    let (calls, rests) = (calls(deployment, log), rests(id, log));
    let recoveries = judge(id, &rests, &calls);
    Seen { id, calls, rests, recoveries }
}

impl Seen {
    /// The fault that led to each rest which no failed probe led to, and how many calls met it before.
    fn openings(&self) -> Vec<(Condition, usize)> {
        let mut openings = Vec::new();
        for (place, rest) in self.rests.iter().enumerate() {
            let before = place.checked_sub(1).map(|before| self.recoveries[before]);
            if matches!(before, Some(Recovery::Failed(_))) {
                continue;
            }
            let since = place.checked_sub(1).map_or(SystemTime::UNIX_EPOCH, |before| self.rests[before].until);
            let until = if place + 1 < self.rests.len() { rest.until } else { SystemTime::now() };
            let met = self.calls.iter().filter(|call| call.condition != Condition::Serving);
            let met: Vec<_> = met.filter(|call| call.at >= since && call.at < until.min(rest.until)).collect();
            let Some(first) = met.first() else { panic!("{} was taken out and had not failed: {rest:?}", self.id) };
            openings.push((first.condition, met.len()));
        }
        openings
    }
}

/// Three failures in a row take the deployment out; beside them it gets what was under way.
fn few_before_each_rest(seen: &Seen, load: Load) {
    let share = load.calls_a_second as usize / IDS.len();
    for (condition, met) in seen.openings() {
        let unnoticed = if condition == Condition::Hanging { share * TIMEOUT.as_secs() as usize * 3 / 2 } else { 0 };
        assert!(met <= IN_A_ROW + UNDER_WAY + unnoticed, "{}: {met} calls met {condition:?}", seen.id);
    }
}

#[test]
fn a_deployment_that_dies_every_few_seconds_is_noticed_by_no_client() {
    let load = Load { calls_a_second: 200, seconds: 60 };
    let (up, down) = (Duration::from_secs(3), Duration::from_secs(3));
    let seen = check(&Plan { settings: "", load, up, down, victims: &[0] });
    let [dying, others @ ..] = seen.as_slice() else { panic!("three deployments") };
    few_before_each_rest(dying, load);
    assert!(!dying.openings().is_empty(), "it was never taken out");
    assert!(dying.recoveries.iter().any(|recovery| *recovery != Recovery::None), "it was never probed");
    assert!(others.iter().all(|other| other.rests.is_empty()), "one that did not die was taken out");
}

#[test]
fn whatever_a_deployment_dies_of_it_rests_is_probed_and_comes_back() {
    let load = Load { calls_a_second: 60, seconds: 28 };
    let (up, down) = (Duration::from_secs(4), Duration::from_secs(3));
    let seen = check(&Plan { settings: ", cooldown_time: 2", load, up, down, victims: &[0, 1, 2] });
    let openings: Vec<Condition> = seen.iter().flat_map(Seen::openings).map(|(condition, _)| condition).collect();
    for fault in FAULTS {
        assert_eq!(openings.iter().filter(|condition| **condition == fault).count(), 1, "{fault:?}: {openings:?}");
    }
    for seen in &seen {
        few_before_each_rest(seen, load);
        let probes = seen.recoveries.iter().filter(|recovery| **recovery != Recovery::None).count();
        assert!(probes > 0, "{} was never probed", seen.id);
    }
}
