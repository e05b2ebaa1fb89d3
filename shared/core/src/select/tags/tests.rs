use proptest::prelude::*;
use serde::Deserialize;

use super::{Asked, Pattern, Settings, Tags, filter, shown};

#[derive(Deserialize)]
struct Case {
    claim: String,
    match_any: bool,
    prefix: String,
    deployments: Vec<(Vec<String>, Vec<String>, bool)>,
    left: Vec<u32>,
    tags: Option<Vec<String>>,
    user_agent: Option<String>,
    inherited: Option<Vec<String>>,
    /// Places, or the sentence of a refusal.
    kept: Kept,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(untagged)]
enum Kept {
    Places(Vec<u32>),
    Refused(String),
}

fn check(case: &Case) {
    let settings = Settings { is_on: true, match_any: case.match_any, prefix: case.prefix.clone() };
    let deployments: Vec<Tags> =
        case.deployments.iter().map(|(tags, regex, open)| Tags::new(tags.clone(), regex, *open)).collect();
    let all: Vec<&Tags> = deployments.iter().collect();
    let asked = Asked {
        tags: case.tags.as_deref(),
        user_agent: case.user_agent.as_deref(),
        inherited: case.inherited.as_deref(),
    };
    let kept = filter(&settings, &all, &case.left, &asked).map_or_else(
        |_| {
            let words = "Not allowed to access model due to tags configuration.";
            Kept::Refused(format!("{words} Passed model=group and tags={}", shown(asked.tags)))
        },
        Kept::Places,
    );
    assert_eq!(kept, case.kept, "{}", case.claim);
}

#[test]
fn tags_leave_the_deployments_that_litellm_leaves() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("recorded.json")).unwrap();
    assert!(cases.len() >= 60);
    cases.iter().for_each(check);
}

#[test]
fn places_beyond_the_group_are_dropped() {
    let tags = Tags::new(vec!["a".into()], &[], false);
    let asked = Asked { tags: Some(&["a".to_owned()]), user_agent: None, inherited: None };
    assert_eq!(filter(&Settings::default(), &[&tags], &[7, 0], &asked), Ok(vec![0]));
}

#[test]
fn no_tags_are_shown_as_none() {
    assert_eq!(shown(None), "None");
}

proptest! {
    #[test]
    fn no_pattern_panics(pattern in r"[]\[\\{}()?<>P=:|^$*+,&~.abxdZ\-0-9é]{0,24}") {
        Pattern::new(&pattern).is_match("User-Agent: a{1}[b]\\ é");
    }
}
