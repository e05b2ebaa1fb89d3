//! Where an answer differs from LiteLLM's on purpose, and why. A table: decides nothing.

/// A reason, the steps that it is the reason of, and what is said of each.
pub struct Difference {
    pub why: &'static str,
    /// The beginning of the scene's name, a part of the step, and a part of what is different.
    pub places: &'static [(&'static str, &'static str, &'static str)],
}

pub const DIFFERENCES: &[Difference] = &[
    Difference {
        why: "what LiteLLM sells is free here",
        places: &[
            ("keys: generate", r#""get_spend_routes":true"#, "200, not 500"),
            ("keys: generate refused", r#""model_max_budget":{"chat":{"#, "200, not 500"),
            ("keys: generate refused", r#"{"tags":["a"]}"#, "200, not 403"),
            ("keys: generate refused", r#"{"guardrails":["a"]}"#, "200, not 403"),
            ("keys: update", r#""model_max_budget":{"chat":{"#, "200, not 400"),
            ("keys: update", r#""tags":["x"]}"#, "200, not 403"),
            ("keys: update", r#""rpm_limit":-1}"#, r#"/metadata/tags: ["x"], not there"#),
            ("keys: regenerate, unlicensed", "POST /key/regenerate", "200, not 500"),
            ("keys: regenerate, unlicensed", "POST /key/<key:1>/regenerate", "404, not 500"),
        ],
    },
    Difference {
        why: "budgets below nothing are refused wherever they are sent: with LiteLLM, some routes take them",
        places: &[
            ("keys: generate refused", r#""max_budget":-1}]"#, "400, not 200"),
            ("users: new", r#"{"max_budget":-1}"#, "400, not 200"),
            ("users: update", r#""max_budget":-1}"#, "400, not 200"),
            ("users: update", r#""unknown_field":1}"#, "/data/max_budget: null, not -1.0"),
        ],
    },
    Difference {
        why: "what the client has got wrong is said, where LiteLLM's database fails",
        places: &[
            ("keys: generate refused", r#"{"models":[1]}"#, "422, not 500"),
            ("keys: generate refused", r#"{"allowed_routes":[1]}"#, "422, not 500"),
            ("keys: generate refused", r#"{"rpm_limit":1e+30}"#, "422, not 500"),
            ("keys: generate refused", r#"{"max_parallel_requests":3000000000}"#, "422, not 500"),
            ("keys: generate refused", r#"{"budget_id":"no-such-budget"}"#, "400, not 500"),
            ("keys: generate refused", r#""rotation_interval":"abc""#, "Invalid duration format"),
            ("keys: generate refused", "POST /key/generate [1]", "422, not 500"),
            ("keys: generate refused", r#"POST /key/generate "text""#, "422, not 500"),
            ("keys: generate refused", "POST /key/generate null", "422, not 500"),
            ("keys: update", r#""budget_id":"no-such-budget""#, "does not match any budget"),
            ("users: update", r#"{"user_email":"no-such@example.com""#, "404, not 400"),
            ("users: update", "SELECT", "2 rows, not 3"),
        ],
    },
    Difference {
        why: "numbers that JSON does not have are no JSON",
        places: &[
            ("keys: generate refused", r#"{"max_budget": NaN}"#, "422, not 400"),
            ("keys: generate refused", r#"{"max_budget": 1e400}"#, "422, not 400"),
        ],
    },
    Difference {
        why: "a text that is a key already makes no second one: LiteLLM says that it does, and writes nothing",
        places: &[("keys: generate", r#""key_alias":"chosen again""#, "400, not 200")],
    },
    Difference {
        why: "names of keys are unique whichever route makes the key",
        places: &[("users: new", r#"{"key_alias":"key of one"}"#, "400, not 200")],
    },
    Difference {
        why: "a key of nobody sees itself; with LiteLLM, all keys of nobody, because their users are the same",
        places: &[
            ("keys: info", "GET /key/info?key=<key:1> by <key:2>", "403, not 200"),
            ("keys: info", r#"{"keys":["<key:1>"]} by <key:2>"#, "/info: [], not"),
        ],
    },
    Difference {
        why: "metadata that is taken away is empty at once, and not only once it is read again",
        places: &[("keys: update", r#""metadata":null"#, "/metadata: {}, not null")],
    },
    Difference {
        why: "a key within its grace stays valid when what replaced it is replaced in turn",
        places: &[("keys: regenerate", "DeprecatedVerificationToken", "/active_token_id")],
    },
    Difference {
        why: "passwords are for a user interface, which there is none of",
        places: &[("users: update", r#""password":"short"}"#, "passwords cannot be set")],
    },
    Difference {
        why: "who may only look is refused before the request is read",
        places: &[("users: by role", "POST /user/update", "only user_email can be updated")],
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
