//! Where an answer differs from LiteLLM's on purpose, and why. A table: decides nothing.

/// A reason, the steps that it is the reason of, and what is said of each.
pub struct Difference {
    pub why: &'static str,
    /// The beginning of the scene's name, a part of the step, and a part of what is different.
    pub places: &'static [(&'static str, &'static str, &'static str)],
}

pub const DIFFERENCES: &[Difference] = &[];

fn is_of(place: &(&str, &str, &str), step: &str, difference: &str) -> bool {
    step.starts_with(place.0) && step.contains(place.1) && difference.contains(place.2)
}

/// Whether a difference is one that is meant.
pub fn explains(step: &str, difference: &str) -> bool {
    let mut places = DIFFERENCES.iter().flat_map(|entry| entry.places);
    places.any(|place| is_of(place, step, difference))
}

/// Entries that no difference is explained by.
pub fn stale(found: &[(String, String)]) -> Vec<String> {
    let places = DIFFERENCES.iter().flat_map(|entry| entry.places.iter().map(move |place| (entry.why, place)));
    let is_used = |place: &(&str, &str, &str)| found.iter().any(|(step, difference)| is_of(place, step, difference));
    places.filter(|(_, place)| !is_used(place)).map(|(why, place)| format!("{why}: {place:?}")).collect()
}
