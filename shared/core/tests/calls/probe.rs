//! Probes: what is asked of a deployment to see whether it answers, and what is told of it.

use serde_json::Value;
use tollgate_core::probe;
use tollgate_testkit::{Script, Scripted};

use crate::gateway::{Gateway, MODELS, PROVIDER_KEY};
use crate::whole::COMPLETION;

/// Probes the one deployment of the group; what is told of it, and what was sent.
async fn probed(group: &str, script: Script) -> (Value, String, u16) {
    let gateway = Gateway::new([script]);
    let catalog = gateway.app.catalog.get();
    let wanted = catalog.groups().filter(|(name, _)| *name == group);
    let wanted = wanted.map(|(_, deployment)| std::sync::Arc::clone(deployment)).collect();
    let findings = probe::all(&gateway.app, wanted, probe::PROBES_MAX).await;
    let [finding] = findings.as_slice() else { panic!("{} findings", findings.len()) };
    let sent = gateway.sent();
    let text = format!("{} {}", sent.uri, String::from_utf8_lossy(&sent.body));
    (finding.describe(), text, finding.status)
}

#[tokio::test]
async fn each_deployment_is_asked_for_what_it_is_for() {
    let check = async |group: &str, answer: &'static str, sends: &str| {
        let (told, sent, status) = probed(group, Scripted::json(200, answer)).await;
        assert_eq!((status, told.get("error")), (200, None), "{told}");
        assert!(sent.contains(sends), "no {sends} in {sent}");
    };
    check("chat", COMPLETION, r#"/v1/chat/completions {"messages":[{"role":"user","#).await;
    check("embed", r#"{"data":[]}"#, "/v1/embeddings {").await;
    check("moderation", r#"{"results":[]}"#, "/v1/moderations {").await;
    check("image", r#"{"data":[]}"#, "/v1/images/generations {").await;
    check("speech", "{}", "/v1/audio/speech {").await;
    check("rerank", r#"{"results":[]}"#, "/v2/rerank {").await;
    check("transcribe", r#"{"text":""}"#, "name=\"model\"\r\n\r\nwhisper-1\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_deployment_is_told_without_its_key() {
    let check = async |script: Script, status: u16, said: &str| {
        let (told, _, found) = probed("chat", script).await;
        assert_eq!((found, &told["exception_status"]), (status, &Value::from(status)), "{told}");
        assert!(told["error"].as_str().is_some_and(|error| error.contains(said)), "{told}");
        assert!(!told.to_string().contains(PROVIDER_KEY), "{told}");
        assert_eq!(told["model"], "openai/gpt-4o");
    };
    check(Scripted::json(401, r#"{"error":{"message":"no such key"}}"#), 401, "no such key").await;
    check(Scripted::json(200, "<html>"), 500, "InternalServerError").await;
    check(Script::Hang, 408, "timed out").await;
}

#[tokio::test]
async fn all_deployments_are_told_of_in_the_order_of_the_configuration() {
    let gateway = Gateway::of(MODELS, &[], (0..20).map(|_| Scripted::json(429, "{}")));
    let wanted: Vec<_> = gateway.app.catalog.get().deployments().map(std::sync::Arc::clone).collect();
    let expected: Vec<_> = wanted.iter().map(|deployment| deployment.id.clone()).collect();
    let findings = probe::all(&gateway.app, wanted, probe::PROBES_MAX).await;
    let told: Vec<_> = findings.iter().map(|finding| finding.deployment.id.clone()).collect();
    assert_eq!(told, expected);
}
