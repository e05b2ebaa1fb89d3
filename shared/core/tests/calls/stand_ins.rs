//! Groups and levels that stand in for one that has failed: which are asked, and whose failure is told.

use crate::several::{Mood, gateway};

const GROUPS: &str = "
  - {model_name: b, litellm_params: {model: openai/m, api_key: k, api_base: 'http://b.example/v1'}, model_info: {id: b}}
  - {model_name: c, litellm_params: {model: openai/m, api_key: k, api_base: 'http://c.example/v1'}, model_info: {id: c}}
";

/// The hosts that are asked when these are down, with these settings of the router.
async fn check(deployments: &[(&str, &str)], settings: &str, down: &[&str], asked: &[&str], told_of: &str) {
    let settings = format!("{GROUPS}router_settings: {{num_retries: 0, {settings}}}");
    let (gateway, several) = gateway(deployments, &settings);
    for host in down {
        several.set(host, Mood::bad(500));
    }
    let answer = gateway.chat("g").await;
    assert_eq!(several.asked(), asked, "{settings}: {}", answer.text);
    assert_eq!(answer.deployment_id.as_deref(), Some(told_of), "{settings}: {}", answer.text);
}

#[tokio::test]
async fn an_error_tells_of_the_group_that_was_asked_for() {
    let down = ["a", "b", "c"];
    check(&[("a", "")], "fallbacks: [{g: [b, c]}]", &down, &["a", "b", "c"], "a").await;
    check(&[("a", "")], "fallbacks: [{g: [b]}, {b: [c]}, {c: [g]}]", &down, &["a", "b", "c"], "a").await;
    check(&[("a", "")], "fallbacks: [{g: [b, c]}]", &["a", "b"], &["a", "b", "c"], "c").await;
}

#[tokio::test]
async fn no_level_of_an_order_is_asked_twice() {
    let levels = [("x", ", order: 1"), ("y", ", order: 2"), ("z", ", order: 3")];
    check(&levels, "", &["x", "y", "z"], &["x", "y", "z"], "z").await;
    check(&levels, "fallbacks: [{g: [b]}]", &["x", "y", "z"], &["x", "y", "z", "b"], "b").await;
}

#[tokio::test]
async fn a_stand_in_does_not_fall_to_what_is_meant_for_any_group() {
    let settings = "fallbacks: [{g: [b]}, {'*': [c]}]";
    check(&[("a", "")], settings, &["a", "b"], &["a", "b"], "a").await;
}
