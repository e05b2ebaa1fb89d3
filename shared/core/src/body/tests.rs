use super::*;

fn check(operation: Operation, body: &str, want: &str) {
    let outcome = parse(body.as_bytes()).and_then(|object| {
        let model = model_name(&object)?;
        require(operation, &object, model.as_deref())
    });
    assert_eq!(outcome.map_or_else(|error| error.to_string(), |()| "ok".to_owned()), want, "{body}");
}

#[test]
fn bodies_are_refused_as_litellm_refuses_them() {
    let missing = "/chat/completions: Missing required parameter: 'messages'.";
    for body in ["", "{}", r#"{"model":"gpt"}"#, r#"{"messages":null}"#] {
        check(Operation::ChatCompletion, body, missing);
    }
    check(Operation::ChatCompletion, r#"{"messages":[]}"#, "ok");
    check(Operation::ChatCompletion, r#"{"model":3,"messages":[]}"#, "'model' must be a string.");
    check(Operation::Speech, r#"{"input":"x"}"#, "/audio/speech: Missing required parameter: 'model'.");
    check(Operation::Rerank, r#"{"query":"x"}"#, "/rerank: Missing required parameter: 'documents'.");
}

#[test]
fn broken_json_is_named_with_its_place() {
    check(
        Operation::ChatCompletion,
        "{\"model\":\n\"gpt\",}",
        "Invalid JSON payload: trailing comma: line 2 column 7 (char 16)",
    );
    check(
        Operation::ChatCompletion,
        "[1]",
        "Invalid JSON payload: invalid type: sequence, expected a JSON object: line 1 column 0 (char 0)",
    );
}

#[test]
fn a_client_cannot_point_the_gateway_elsewhere() {
    for name in FORBIDDEN {
        let body = format!(r#"{{"messages":[],"{name}":"http://127.0.0.1"}}"#);
        check(Operation::ChatCompletion, &body, &format!("{name} is not allowed in request body."));
    }
    check(Operation::ChatCompletion, r#"{"messages":[],"api_base":null}"#, "ok");
}

#[test]
fn wrong_types_are_named() {
    check(Operation::ChatCompletion, r#"{"messages":"hi"}"#, "'messages' must be a list.");
    check(Operation::ChatCompletion, r#"{"messages":[],"stream":"yes"}"#, "'stream' must be true or false.");
}

#[test]
fn lists_that_are_searched_are_sorted() {
    assert!(FORBIDDEN.is_sorted() && UNHEEDED.is_sorted());
}

#[test]
fn what_is_not_acted_on_is_named() {
    let object = parse(br#"{"guardrails":3,"cache":["a"],"tags":null,"n":1}"#).expect("an object");
    assert_eq!(unheeded(&object), ["guardrails", "cache"]);
}

#[test]
fn time_limits_of_the_body_stand_above_those_of_the_headers() {
    let header = Timeouts { whole: Some(Duration::from_secs(9)), stream: Some(Duration::from_secs(9)) };
    let object = parse(br#"{"timeout":1.5}"#).expect("an object");
    let timeouts = timeouts(&object, header).expect("limits");
    assert_eq!((timeouts.whole, timeouts.stream), (Some(Duration::from_millis(1500)), header.stream));
    for text in [r#"{"timeout":"abc"}"#, r#"{"timeout":0}"#, r#"{"stream_timeout":-1}"#, r#"{"timeout":[]}"#] {
        let object = parse(text.as_bytes()).expect("an object");
        assert!(super::timeouts(&object, header).is_err(), "{text}");
    }
}
