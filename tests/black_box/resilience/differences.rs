//! Where what follows a failure differs from LiteLLM's, and why. A table: decides nothing.

/// A reason for differing, and where it shows.
pub struct Reason {
    pub why: &'static str,
    pub ours: &'static str,
    pub litellm: &'static str,
    pub places: &'static [Place],
}

/// The scene; its requests, by the group that they ask or by `#` and their number; the fields that differ, `error` for
/// whatever an error says.
pub type Place = (&'static str, &'static str, &'static str);

/// Streams that break between the role and the first content.
const AFTER_ROLE: &str = "stream_reset_after_role stream_cut_after_role stream_error_after_role";
/// Streams that fail before their first event, or with it.
const BEFORE_ANY: &str = "stream_reset_at_once stream_hang stream_slow stream_error_first";

pub const REASONS: &[Reason] = &[
    Reason {
        why: "a retry asks a deployment that has not failed this call first",
        ours: "asks the other of the pair",
        litellm: "asks the same one again",
        places: &[
            ("pair, both fail, whole", "408 500 502 503 504 529 garbage hang close reset", "calls"),
            ("pair, first fails, whole", "408 500 502 503 504 529 garbage hang close reset", "calls error status text"),
            ("pair, then fallback, whole", "408 500 502 503 504 529 garbage hang close reset", "calls"),
            ("pair, both fail, streamed", "500 503 hang close reset", "calls"),
            ("pair, first fails, streamed", "500 503 hang close reset", "calls done error status streamed text"),
            ("pair, then fallback, streamed", "500 503 hang close reset", "calls"),
            ("retry policy, each class, pair", "500 502 close", "calls"),
            ("cooldown by percentage, retries count", "#0 #1 #2", "calls error status text"),
            ("allowed fails, retries count", "#0", "calls error status text"),
            ("messages, first of two fails", "500 close", "calls error model-id status text type"),
            (
                "messages, streamed, first of two fails",
                "500 close",
                "calls error model-id status streamed text type types",
            ),
            ("responses, first of two fails", "500 close", "calls error model-id status text"),
            ("responses, streamed, first of two fails", "500 close", "calls error model-id status streamed text types"),
        ],
    },
    Reason {
        why: "nothing reaches the client before the first content: until then a stream is retried, falls back or fails as a whole answer does",
        ours: "tries again, then answers with the status",
        litellm: "has begun the stream, and tries no other",
        places: &[
            ("sole, default retries, streamed", AFTER_ROLE, "attempted-retries calls done status streamed text"),
            ("sole, default retries, streamed", BEFORE_ANY, "attempted-retries calls"),
            ("sole, fails once, streamed", AFTER_ROLE, "attempted-retries calls done error max-retries text"),
            ("sole, fails once, streamed", BEFORE_ANY, "attempted-retries calls done error status streamed text"),
            ("sole, no retries, streamed", AFTER_ROLE, "done status streamed text"),
            ("pair, both fail, streamed", AFTER_ROLE, "attempted-retries calls done model-id status streamed text"),
            ("pair, both fail, streamed", BEFORE_ANY, "attempted-retries calls model-id"),
            ("pair, first fails, streamed", AFTER_ROLE, "attempted-retries calls done error max-retries model-id text"),
            (
                "pair, first fails, streamed",
                BEFORE_ANY,
                "attempted-retries calls done error model-id status streamed text",
            ),
            ("pair, first fails, no retries, streamed", AFTER_ROLE, "done status streamed text"),
            ("fallback, streamed", AFTER_ROLE, "attempted-fallbacks model-group model-id"),
            ("fallback, default retries, streamed", AFTER_ROLE, "attempted-fallbacks calls model-group model-id"),
            ("fallback, default retries, streamed", BEFORE_ANY, "calls"),
            ("fallback also fails, streamed", AFTER_ROLE, "attempted-fallbacks done status streamed text"),
            ("fallback also fails, streamed", BEFORE_ANY, "attempted-fallbacks"),
            ("fallback for another group, streamed", AFTER_ROLE, "done status streamed text"),
            ("default fallbacks, streamed", AFTER_ROLE, "attempted-fallbacks model-group model-id"),
            ("pair, then fallback, streamed", AFTER_ROLE, "attempted-fallbacks calls model-group model-id"),
            ("pair, then fallback, streamed", BEFORE_ANY, "calls"),
        ],
    },
    Reason {
        why: "three failures in a row rest a deployment",
        ours: "asks the other one after three",
        litellm: "waits for most of at least five calls to fail",
        places: &[
            ("order, first fails", "#1 #2", "attempted-fallbacks calls"),
            ("cooldown by percentage, first of two", "#3 #4", "calls error status text"),
            ("cooldown by percentage, retries count", "#3", "calls error status text"),
            ("cooldown by percentage, retries count", "#4", "attempted-retries calls max-retries"),
            ("cooldown by percentage, fallbacks count", "#3 #4", "calls error status text"),
            ("cooldown by percentage, timeouts", "#3 #4", "calls error status text"),
            ("cooldown by percentage, connections", "#3 #4", "calls error status text"),
            ("cooldown by percentage, streams", "#3 #4 #5 #6", "calls done error model-id text"),
        ],
    },
    Reason {
        why: "every failed attempt is held against its deployment",
        ours: "rests both of the pair",
        litellm: "holds only the first attempt of a call against anybody, and asks the second again",
        places: &[
            ("pair, both fail, whole", "401", "calls error status"),
            ("pair, both fail, whole", "429", "calls error"),
            ("pair, both fail, whole", "429_after_1", "calls"),
            ("pair, then fallback, whole", "401 429 429_after_1", "calls"),
            ("pair, both fail, streamed", "401", "calls error status"),
            ("pair, both fail, streamed", "429", "calls error"),
            ("pair, then fallback, streamed", "401 429", "calls"),
            ("cooldown, both are limited, default retries", "#0", "calls"),
            ("cooldown, both are limited, default retries", "#1", "calls error"),
        ],
    },
    Reason {
        why: "`allowed_fails` counts wherever it is written, also as the number that is the default",
        ours: "rests the deployment by it",
        litellm: "reads it in router_settings only, and not where it is the default",
        places: &[
            ("allowed fails of the router, the default", "#4", "calls error status text"),
            ("allowed fails of litellm_settings", "#2 #3", "calls error status text"),
            ("allowed fails of litellm_settings with limits", "#1", "calls error model-id status text"),
            ("allowed fails of both", "#2 #3", "calls error status text"),
        ],
    },
    Reason {
        why: "what the only deployment forbids it will forbid again",
        ours: "asks once",
        litellm: "asks three times",
        places: &[
            ("sole, default retries, whole", "403", "calls"),
            ("sole, fails once, whole", "403", "attempted-retries calls error max-retries status text"),
            ("fallback, default retries, whole", "403", "calls"),
        ],
    },
    Reason {
        why: "OpenAI's own client, which LiteLLM asks for embeddings, retries beside the router",
        ours: "asks as often as for anything else",
        litellm: "asks three times for each attempt",
        places: &[
            ("embeddings, default retries", "429 500 close", "calls"),
            ("embeddings, fallback", "429 500 close", "calls"),
            ("embeddings, fallback also fails", "401 404 429 500 context close", "calls"),
            ("embeddings, fails once", "429 500 close", "attempted-retries max-retries"),
            ("fallbacks in the request of other surfaces", "#2", "calls"),
        ],
    },
    Reason {
        why: "what is no number or no list is refused, not guessed at",
        ours: "says 400 and the name of the field",
        litellm: "fails within, or takes letters for groups",
        places: &[
            ("retries asked in odd ways", "#0 b d f", "calls error status"),
            ("retries asked in odd ways", "c", "error status"),
            ("retries asked in odd ways", "e", "calls error.message"),
            ("fallbacks in the request", "#14 #16", "calls error status"),
        ],
    },
    Reason {
        why: "`max_retries` of a deployment is another word for its `num_retries`",
        ours: "retries once",
        litellm: "drops it",
        places: &[
            ("retries of the deployment", "c", "calls"),
            ("retries of the deployment, router has none", "c", "calls"),
        ],
    },
    Reason {
        why: "`fallbacks: null` is an empty list",
        ours: "says that nothing is configured",
        litellm: "says that nothing was tried",
        places: &[
            ("fallbacks in the request", "#15", "error.message"),
            ("fallbacks in the request over the configured", "#3", "error.message"),
        ],
    },
    Reason {
        why: "a fallback's parameters, perhaps a whole prompt, are not shown in an error",
        ours: "names its model",
        litellm: "shows all of it",
        places: &[("fallbacks in the request", "#11", "error.message")],
    },
    Reason {
        why: "an error has the status of the failure that it tells of",
        ours: "answers with the group's own",
        litellm: "puts the last refusal's status on it",
        places: &[
            ("fallback to a cooled group", "#1 #2", "error status"),
            ("tags, chosen one fails, fallback", "#0", "error status"),
        ],
    },
    Reason {
        why: "`mock_timeout` of a request is not acted on yet",
        ours: "serves the call",
        litellm: "falls back",
        places: &[("mock timeout", "#0", "attempted-fallbacks calls model-group model-id text")],
    },
    Reason {
        why: "`max_input_tokens` is of the deployment that states it",
        ours: "asks the fallback",
        litellm: "takes it for a limit of every deployment of the model",
        places: &[("context check, fallback of the same model", "#0", "calls error status text")],
    },
    Reason {
        why: "a call waits for its turn where all parallel calls are taken",
        ours: "waits, and is then asked for",
        litellm: "refuses at once",
        places: &[("parallel requests exceeded", "#1", "calls error status")],
    },
];
