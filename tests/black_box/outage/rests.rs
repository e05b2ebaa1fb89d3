//! When the gateway took a deployment out, by its own log, and what the deployment got while it was.

use super::deployment::{Arrival, Condition, Deployment};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// What was sent before the deployment was taken out may arrive a little later on a busy machine.
const UNDER_WAY: Duration = Duration::from_millis(500);
/// Two clocks are read: that of the log's lines and that of the gateway's counters.
const SKEW: Duration = Duration::from_millis(20);

/// A time during which a deployment was out.
#[derive(Clone, Copy, Debug)]
pub struct Rest {
    pub from: SystemTime,
    pub until: SystemTime,
}

/// What became of a rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// The test ended first.
    None,
    Failed(Condition),
    Served,
}

/// All calls of a deployment: those that arrived, and by the log those that it refused.
pub fn calls(deployment: &Deployment, log: &str) -> Vec<Arrival> {
    let mut calls = deployment.arrivals();
    let refusal = format!("no answer from 127.0.0.1:{}: connection refused", deployment.port);
    for line in log.lines().filter(|line| line.contains(&refusal)) {
        let at = time_of(line);
        calls.push(Arrival { at, ended: at, condition: Condition::Refusing });
    }
    calls.sort_by_key(|call| call.at);
    calls
}

/// The rests of a deployment; what failed while it was out already only makes one longer.
pub fn rests(id: &str, log: &str) -> Vec<Rest> {
    let mut rests: Vec<Rest> = Vec::new();
    let words = format!("{id} is taken out for ");
    for line in log.lines() {
        let Some((_, rest)) = line.split_once(&words) else { continue };
        let seconds: f64 = rest.split(' ').next().and_then(|word| word.parse().ok()).expect("seconds");
        let from = time_of(line);
        let until = from + Duration::from_secs_f64(seconds);
        match rests.last_mut().filter(|last| from < last.until - SKEW) {
            Some(last) => last.until = last.until.max(until),
            None => rests.push(Rest { from, until }),
        }
    }
    rests
}

/// Asserts the rule of each rest: nothing during it, and one call at a time behind it until one is answered.
pub fn judge(id: &str, rests: &[Rest], calls: &[Arrival]) -> Vec<Recovery> {
    let ends = rests.iter().skip(1).map(|next| next.from).chain([SystemTime::now()]);
    let judged = rests.iter().zip(ends).map(|(rest, end)| {
        let during = calls.iter().filter(|call| call.at > rest.from + UNDER_WAY && call.at < rest.until - SKEW);
        assert_eq!(during.count(), 0, "{id} rested, and was called: {rest:?}\n{calls:?}");
        let behind: Vec<_> = calls.iter().filter(|call| call.at >= rest.until - SKEW && call.at < end).collect();
        recovery(id, &behind)
    });
    judged.collect()
}

/// What the first call behind a rest has come to; until it has, there is no other.
fn recovery(id: &str, behind: &[&Arrival]) -> Recovery {
    let [probe, others @ ..] = behind else { return Recovery::None };
    let is_served = probe.condition == Condition::Serving;
    let beside = others.iter().filter(|call| !is_served || call.at < probe.ended);
    assert_eq!(beside.count(), 0, "{id} was probed by more than one call: {behind:?}");
    if is_served { Recovery::Served } else { Recovery::Failed(probe.condition) }
}

/// The time at which a line was logged: it begins with that, in UTC, with microseconds.
fn time_of(line: &str) -> SystemTime {
    let clock = line.split_once('T').map(|(_, rest)| &rest[..15]).unwrap_or_else(|| panic!("no time: {line}"));
    let field = |at: usize| clock[at..at + 2].parse::<u64>().expect("two digits");
    let microseconds: u64 = clock[9..].parse().expect("six digits");
    let of_day = Duration::from_secs(field(0) * 3600 + field(3) * 60 + field(6)) + Duration::from_micros(microseconds);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    let midnight = now - Duration::from_nanos((now.as_nanos() % DAY.as_nanos()) as u64);
    // A line later than now is of the day before.
    let at = UNIX_EPOCH + midnight + of_day;
    if at > SystemTime::now() { at - DAY } else { at }
}
