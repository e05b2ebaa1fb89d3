//! Ids of deployments, against those LiteLLM 1.106.2 gave (`tests/record/deployment_ids.py`).

use std::collections::HashMap;

use serde::Deserialize;

use super::fake::Fake;
use crate::config::Mode;

#[derive(Deserialize)]
struct Recorded {
    variables: HashMap<String, String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    claim: String,
    yaml: String,
    ids: Vec<String>,
}

#[test]
fn deployments_have_the_ids_litellm_gives_them() {
    let recorded: Recorded = serde_json::from_str(include_str!("deployment_ids.json")).unwrap();
    assert!(recorded.cases.len() >= 12);
    for case in recorded.cases {
        let mut fake = Fake::with("config.yaml", case.yaml);
        fake.variables = recorded.variables.clone();
        let loaded = fake.load(Mode::Boot).unwrap_or_else(|refusal| panic!("{}: {refusal}", case.claim));
        let ids: Vec<_> = loaded.config.models.iter().map(|model| model.id.clone()).collect();
        assert_eq!(ids, case.ids, "{}", case.claim);
    }
}
