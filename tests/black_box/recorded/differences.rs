//! Where the gateway's own answers differ from LiteLLM's, and why. A table: decides nothing.

/// Routes of LiteLLM that the gateway does not have; `*` stands for anything.
pub const NOT_SERVED: &[&str] = &[
    "/.well-known/*",
    "/active/*",
    "/budget/*",
    "/cache/*",
    "/config/*",
    "/get/*",
    "/global/*",
    "/health/services",
    "/key/*",
    "/metrics",
    "/model/new",
    "/model_group/info",
    "/public/*",
    "/redoc",
    "/settings",
    "/spend/*",
    "/sso/*",
    "/team/*",
    "/test",
    "/ui",
    "/ui/",
    "/user/*",
    "/utils/*",
    "/v1/messages*",
    "/v1/responses",
    "/v1beta/*",
    "/v2/model/info",
];

/// Cases whose request was not recorded whole.
pub const NOT_REPLAYED: &[&str] = &["chat: huge body"];

/// The reason, and the cases that differ for it.
pub const DIFFERENCES: &[(&str, &[&str])] = &[
    ("an API page of its own", &["no key: GET /docs", "wrong: GET /docs", "right: GET /docs"]),
    ("a failed probe tells its error and status, no stack trace of Python", &["right: GET /health?model=bad"]),
    ("several models at once would answer a list where clients expect an object", &["chat: comma models"]),
    (
        "another JSON parser words and places its errors",
        &[
            "chat: spaces",
            "chat: invalid json",
            "chat: trailing comma",
            "chat: byte order mark",
            "route: /v1/completions invalid json",
            "route: /v1/embeddings invalid json",
            "route: /v1/moderations invalid json",
            "route: /v1/images/generations invalid json",
            "route: /v1/audio/speech invalid json",
            "route: /v1/rerank invalid json",
        ],
    ),
    (
        "JSON that is no object is the client's mistake, not the server's",
        &["chat: array", "chat: string", "chat: number", "chat: null", "chat: true"],
    ),
    ("NaN is no JSON, and the place of it is named", &["chat: nan"]),
    ("bytes that are no UTF-8 are named, not taken for an empty body", &["chat: not utf-8"]),
    ("values are passed on as text, however deep or odd", &["chat: lone surrogate", "chat: deep"]),
    (
        "one sentence for `messages` that are no list",
        &["chat: string messages", "chat: object messages", "chat: number messages"],
    ),
    (
        "the provider judges messages and prompts",
        &[
            "chat: messages of strings",
            r#"route: /v1/completions {"model": "instruct", "prompt": 3}"#,
            r#"route: /v1/audio/speech {"model": "speech", "input": "x"}"#,
        ],
    ),
    (
        "a `stream` or `timeout` of another type is refused instead of guessed at",
        &["chat: string stream", "chat: false string stream", "chat: number stream", "chat: timeout string"],
    ),
    (
        "no client chooses the address or the key, and no setting permits it",
        &["chat: api_base", "chat: base_url", "chat: model_list", "chat: api_key"],
    ),
    ("the key is checked before the body is read", &["chat: invalid json, no key"]),
    (
        "the body is JSON whatever its content type says",
        &[
            "chat: content type application/x-www-form-urlencoded",
            "chat: content type multipart/form-data",
            "chat: content type multipart/form-data; boundary=b",
            "chat: form body",
        ],
    ),
    (
        "unknown models are refused in one shape on all routes",
        &[
            r#"route: /v1/completions {"model": "no-such", "prompt": "x"}"#,
            r#"route: /v1/completions {"prompt": "x"}"#,
            r#"route: /v1/images/generations {"prompt": "x"}"#,
            r#"route: /v1/images/generations {"model": "no-such", "prompt": "x"}"#,
            r#"route: /v1/audio/speech {"model": "no-such", "input": "x", "voice": "alloy"}"#,
            r#"route: /v1/rerank {"model": "no-such", "query": "x", "documents": ["a"]}"#,
            "route: transcription unknown model",
        ],
    ),
    (
        "only configured deployments are asked for moderations",
        &[r#"route: /v1/moderations {"input": "x"}"#, r#"route: /v1/moderations {"model": "no-such", "input": "x"}"#],
    ),
    (
        "an empty body is an empty object on every route",
        &[
            "route: /v1/moderations empty body",
            "route: /v1/images/generations empty body",
            "route: /v1/audio/speech empty body",
            "route: /v1/rerank empty body",
        ],
    ),
    ("transcriptions take forms only", &["route: /v1/audio/transcriptions invalid json"]),
];
