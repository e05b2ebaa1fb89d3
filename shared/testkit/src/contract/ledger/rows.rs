//! The rows of spend logs.

use serde_json::{Value, json};
use tollgate_core::clock::Moment;
use tollgate_core::directory::{Columns, Row, schema};
use tollgate_core::ledger::{Outcome, Rules, Spend, Tokens};

use super::{Books, START, all, call, commit, entries, everyone, logged, number, one, seed, start};

async fn log(books: &Books, id: &str) -> Row {
    one(books, &schema::SPEND_LOGS, &[id]).await.unwrap_or_default()
}

pub async fn a_call_is_a_row_as_litellm_writes_it(books: &Books) {
    seed(books).await;
    let ledger = (books.ledger)(Rules::default());
    let whole = Spend {
        payer: everyone(),
        first: Some(Moment(start().0 + 250_000)),
        tokens: Tokens { prompt: 10, completion: 5, total: 15, cache_read: 4, cache_write: 3, reasoning: 2 },
        session_id: Some("session".to_owned()),
        requester_ip: Some("192.0.2.1".to_owned()),
        user_agent: Some("agent\0".to_owned()),
        metadata: Some(json!({"spend_logs_metadata": {"job": "nightly"}})),
        messages: Some(json!([{"role": "user", "content": "secret"}])),
        ..call("a", 12_345)
    };
    commit(&*ledger, "journal", &entries(1, [whole])).await;
    let row = log(books, "chatcmpl-a").await;
    let wanted = json!({
        "request_id": "chatcmpl-a", "call_type": "acompletion", "api_key": "hash", "spend": 1.2345e-8,
        "total_tokens": 15, "prompt_tokens": 10, "completion_tokens": 5,
        "startTime": START, "endTime": "2026-03-01T00:00:01.500Z", "request_duration_ms": 1500,
        "completionStartTime": "2026-03-01T00:00:00.250Z", "model": "gpt-4o", "model_id": "deployment",
        "model_group": "group", "custom_llm_provider": "openai", "api_base": "https://api.openai.com",
        "user": "user", "cache_hit": "False", "cache_key": "Cache OFF", "request_tags": ["tag", "tag"],
        "team_id": "team", "organization_id": "organization", "end_user": "customer",
        "requester_ip_address": "192.0.2.1", "messages": {}, "response": {}, "session_id": "session",
        "status": "success", "mcp_namespaced_tool_name": null, "agent_id": null, "proxy_server_request": {},
        "litellm_call_id": "call-a",
    });
    for (name, value) in wanted.as_object().into_iter().flatten() {
        assert_eq!(row.get(name).unwrap_or(&Value::Null), value, "{name}");
    }
    let metadata = row.object("metadata").cloned().unwrap_or_default();
    let wanted = json!({
        "user_api_key": "hash", "user_api_key_alias": "alias", "user_api_key_team_id": "team",
        "user_api_key_team_alias": "the team", "user_api_key_user_id": "user", "user_api_key_org_id": "organization",
        "user_api_key_project_id": "project", "status": null, "original_model_group": "group", "applied_guardrails": [], "user_agent": "agent",
        "spend_logs_metadata": {"job": "nightly"}, "attempted_retries": 0, "error_information": null,
        "additional_usage_values": {"cache_read_input_tokens": 4, "cache_creation_input_tokens": 3},
    });
    for (name, value) in wanted.as_object().into_iter().flatten() {
        assert_eq!(metadata.get(name), Some(value), "{name} of the metadata");
    }
    assert!(!row.get("created_at").unwrap_or(&Value::Null).is_null());
    for (id, outcome, status, mark) in [
        ("left", Outcome::Left, "success", Some("client_left")),
        ("lapsed", Outcome::Lapsed, "failure", Some("lapsed")),
        ("failed", Outcome::Failed, "failure", None),
    ] {
        let position = 2 + all(books, &schema::SPEND_LOGS).await.len() as u64;
        commit(&*ledger, "journal", &entries(position, [Spend { outcome, ..call(id, 1) }])).await;
        let row = log(books, &format!("chatcmpl-{id}")).await;
        assert_eq!(row.text("status"), Some(status), "{id}");
        let said = row.object("metadata").and_then(|metadata| metadata.text("tollgate_outcome").map(str::to_owned));
        assert_eq!(said.as_deref(), mark, "{id}");
    }
}

pub async fn calls_with_one_id_have_a_row_each(books: &Books) {
    let ledger = (books.ledger)(Rules::default());
    let named = |id: &str| Spend { request_id: "same".to_owned(), ..call(id, 1) };
    commit(&*ledger, "one", &entries(1, [named("a"), named("b")])).await;
    commit(&*ledger, "other", &entries(1, [named("c")])).await;
    assert_eq!(logged(books).await, ["same", "same-b", "same-c"]);
    let cached = Spend { cache_hit: true, request_id: String::new(), ..call("d", 0) };
    commit(&*ledger, "other", &entries(2, [cached])).await;
    assert_eq!(log(books, "d_cache_hitd").await.text("cache_hit"), Some("True"));
}

pub async fn what_was_said_is_kept_only_where_it_is_asked_for(books: &Books) {
    let long = "ä".repeat(3000);
    let said = Spend {
        messages: Some(
            json!({"messages": [{"role": "user", "content": long}], "api_key": "sk-1", "secret_fields": {"a": 1}}),
        ),
        response: Some(json!({"choices": [], "nul": "a\0b"})),
        ..call("said", 1)
    };
    let keeps = (books.ledger)(Rules { keeps_prompts: true, ..Rules::default() });
    commit(&*keeps, "journal", &entries(1, [said])).await;
    let row = log(books, "chatcmpl-said").await;
    let request = row.get("proxy_server_request").cloned().unwrap_or_default();
    assert_eq!(request["api_key"], "REDACTED_BY_LITELM");
    assert!(request.get("secret_fields").is_none(), "{request}");
    let content = request["messages"][0]["content"].as_str().unwrap_or_default();
    let marks = ["... (litellm_truncated skipped 953 chars. ", ") ...ä"];
    assert!(marks.iter().all(|mark| content.contains(mark)), "{content}");
    assert_eq!(row.get("messages"), Some(&json!({})), "of realtime sessions alone");
    assert_eq!(row.get("response"), Some(&json!({"choices": [], "nul": "ab"})));
}

pub async fn without_logs_the_sums_are_still_written(books: &Books) {
    seed(books).await;
    let ledger = (books.ledger)(Rules { keeps_logs: false, ..Rules::default() });
    commit(&*ledger, "journal", &entries(1, [call("a", 1_000_000_000_000)])).await;
    assert!(logged(books).await.is_empty());
    assert_eq!(number(books, &schema::KEYS, &["hash"], "spend").await, Some(2.0));
}

pub async fn without_updates_nothing_is_written(books: &Books) {
    seed(books).await;
    let ledger = (books.ledger)(Rules { keeps_sums: false, ..Rules::default() });
    commit(&*ledger, "journal", &entries(1, [call("a", 1_000_000_000_000)])).await;
    assert!(logged(books).await.is_empty());
    assert_eq!(number(books, &schema::KEYS, &["hash"], "spend").await, Some(1.0));
    assert!(all(books, &schema::DAILY_USER).await.is_empty());
}
