//! Where an answer differs from LiteLLM's on purpose, and why. A table: decides nothing.

/// A reason, the steps that it is the reason of, and what is said of each.
pub struct Difference {
    pub why: &'static str,
    /// The beginning of the scene's name, a part of the step, and a part of what is different.
    pub places: &'static [(&'static str, &'static str, &'static str)],
}

pub const DIFFERENCES: &[Difference] = &[
    Difference {
        why: "what is known of a team's own model is shown to the team, as of every other",
        places: &[("models: of a team", "GET /models", "/data/0/mode")],
    },
    Difference {
        why: "PATCH adds to what is stored; LiteLLM answers so, too, until it reads its database again",
        places: &[
            ("credentials", "GET /credentials by", "custom_llm_provider"),
            ("credentials", "GET /credentials/by_name/one by", "custom_llm_provider"),
        ],
    },
    Difference {
        why: "descriptions are our own words, and settings that are none of general_settings are not listed",
        places: &[("configuration", "GET /config/list", "max_in_flight_requests_per_worker")],
    },
    Difference {
        why: "no callback and no alert is run",
        places: &[("configuration", "GET /get/config/callbacks", "/alerts")],
    },
    Difference {
        why: "a secret is never shown, be it to an admin",
        places: &[("configuration", "field_name=master_key", "REDACTED")],
    },
    Difference {
        why: "the path of the configuration file is not told",
        places: &[
            ("configuration", "\"field_name\":\"master_key\"", "/detail/resolution"),
            ("configuration", "POST /config/update", "edit the configuration file"),
        ],
    },
    Difference {
        why: "every write is counted, so that writers see each other",
        places: &[("configuration", "POST /config/field/delete", "/reload_revision")],
    },
    Difference {
        why: "a budget with a period begins anew: LiteLLM forgets when",
        places: &[("beside: groups", "/access_group/g/", "/budget_reset_at")],
    },
    Difference {
        why: "there is no OpenTelemetry of LiteLLM's, whether or not its library is there",
        places: &[("beside: callbacks", "newrelic", "400, not 500")],
    },
    Difference {
        why: "what a running process does not follow is said",
        places: &[("configuration", "POST /config/update", "/in_force_after_restart")],
    },
];

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
