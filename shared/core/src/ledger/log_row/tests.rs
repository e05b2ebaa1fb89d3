use super::*;
use crate::directory::schema::SPEND_LOGS;

fn spend() -> Spend {
    Spend {
        id: "own".to_owned(),
        request_id: "ch\0at".to_owned(),
        user_agent: Some("agent\0 \"quoted\"".to_owned()),
        metadata: Some(
            json!({"max_retries": 2, "nobody_knows": 1, "user_api_key": "forged", "eval_information": "\0"}),
        ),
        outcome: Outcome::Left,
        ..Spend::default()
    }
}

#[test]
fn a_log_has_the_columns_of_the_table_in_their_order_and_values_that_fit() {
    let spend = spend();
    let log = Log::of(&spend);
    let cells = log.cells(&Rules::default(), "2026-03-01T00:00:00.000Z");
    let names: Vec<&str> = SPEND_LOGS.columns.iter().map(|column| column.name).collect();
    assert_eq!(cells.each_ref().map(|(name, _)| *name).as_slice(), names);
    for (column, (name, cell)) in SPEND_LOGS.columns.iter().zip(cells) {
        assert!(column.fits(&cell.clone().value()), "{name}: {cell:?}");
    }
}

#[test]
fn metadata_says_what_the_call_says_and_not_what_its_client_says_of_the_key() {
    let spend = spend();
    let text = metadata::of(&spend, &Rules::default());
    let members: Value = serde_json::from_str(&text).expect("JSON");
    let wanted = json!({
        "max_retries": 2, "nobody_knows": null, "user_api_key": "", "eval_information": "", "user_agent": "agent \"quoted\"",
        "tollgate_outcome": "client_left", "status": null, "applied_guardrails": [], "original_model_group": "",
        "usage_object": {
            "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0,
            "prompt_tokens_details": null, "completion_tokens_details": null,
        },
    });
    for (name, value) in wanted.as_object().expect("an object") {
        assert_eq!(members.get(name).unwrap_or(&Value::Null), value, "{name}");
    }
    let count = members.as_object().expect("an object").len();
    assert_eq!(count, 50, "LiteLLM's members, each once, and ours");
    assert_eq!(text.matches("\":").count() - 5, count, "no member is written twice");
}

#[test]
fn a_log_is_found_under_what_clients_know() {
    let cached = Spend { cache_hit: true, request_id: String::new(), ..spend() };
    for (spend, id) in [(spend(), "chat"), (cached, "own_cache_hitown")] {
        assert_eq!(Log::of(&spend).request_id, id);
    }
}
