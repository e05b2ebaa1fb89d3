//! Differences that are the same everywhere, each with its reason and the rule that tells it.

use super::difference::Difference;
use serde_json::Value;

/// Whether a rule says why this differs.
pub type Rule = fn(&Difference) -> bool;

/// The reason, and the rule.
pub const EVERYWHERE: &[(&str, Rule)] = &[
    ("headers describe calls that failed, too: who was asked, and how often", describes_a_failure),
    ("a refusal names the time that is left, not the whole window, and of the group's deployments only", refusal),
    ("`retry-after` is sent wherever the time is known, on every route and for limits of a minute", retry_after),
    ("every fallback counts in `x-litellm-attempted-fallbacks`; LiteLLM says 1 for any number", fallbacks),
    ("every block of a message ends with its `content_block_stop`", block_ends),
];

/// Time that may pass between a scene's first failure and its last refusal.
const SCENE_SECONDS_MAX: u64 = 20;

const HEADERS: [&str; 5] = ["attempted-retries", "max-retries", "attempted-fallbacks", "model-group", "model-id"];

fn describes_a_failure(difference: &Difference) -> bool {
    difference.is_of_failure && HEADERS.contains(&difference.field.as_str()) && difference.theirs.is_null()
}

fn is_left(ours: u64, theirs: u64) -> bool {
    ours <= theirs && theirs <= ours + SCENE_SECONDS_MAX
}

fn refusal(difference: &Difference) -> bool {
    let (Some(ours), Some(theirs)) = (difference.ours.as_str(), difference.theirs.as_str()) else { return false };
    match difference.field.as_str() {
        "retry-after" => ours.parse().is_ok_and(|ours| theirs.parse().is_ok_and(|theirs| is_left(ours, theirs))),
        "error.message" => {
            let (Some(ours), Some(theirs)) = (Refusal::read(ours), Refusal::read(theirs)) else { return false };
            let own = theirs.resting.iter().filter(|id| difference.ids.iter().any(|own| own == *id));
            is_left(ours.seconds, theirs.seconds) && ours.words == theirs.words && own.eq(&ours.resting)
        }
        _ => false,
    }
}

/// LiteLLM's sentence in its parts.
struct Refusal<'a> {
    seconds: u64,
    /// What stands before the seconds, between them and the list, and behind it.
    words: [&'a str; 3],
    resting: Vec<&'a str>,
}

impl<'a> Refusal<'a> {
    fn read(sentence: &'a str) -> Option<Self> {
        let (before, rest) = sentence.split_once("Try again in ")?;
        let (seconds, rest) = rest.split_once(" seconds")?;
        let (between, rest) = rest.split_once("cooldown_list=[")?;
        let (list, behind) = rest.split_once(']')?;
        let resting = list.split(", ").map(|id| id.trim_matches('\'')).collect();
        Some(Self { seconds: seconds.parse().ok()?, words: [before, between, behind], resting })
    }
}

fn retry_after(difference: &Difference) -> bool {
    let seconds = difference.ours.as_str().and_then(|text| text.parse::<u64>().ok());
    let is_of_a_minute = seconds.is_some_and(|seconds| (1..=60).contains(&seconds));
    difference.field == "retry-after" && difference.theirs.is_null() && difference.is_of_failure && is_of_a_minute
}

fn fallbacks(difference: &Difference) -> bool {
    let count = |value: &Value| value.as_str().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    difference.field == "attempted-fallbacks" && count(&difference.ours) > count(&difference.theirs).max(1)
}

fn block_ends(difference: &Difference) -> bool {
    let types = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let without = types(&difference.ours).into_iter().filter(|kind| kind != "content_block_stop");
    difference.field == "types" && without.eq(types(&difference.theirs))
}
