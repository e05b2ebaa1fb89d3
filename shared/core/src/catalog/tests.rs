use super::*;

fn check_capture(pattern: &str, name: &str, expected: Option<&[&str]>) {
    assert_eq!(capture(pattern, name).as_deref(), expected, "{pattern} {name}");
}

#[test]
fn wildcards_capture_as_litellm() {
    check_capture("openai/*", "openai/gpt-4o", Some(&["gpt-4o"]));
    check_capture("openai/*", "openai/", Some(&[""]));
    check_capture("*", "anything/at-all", Some(&["anything/at-all"]));
    check_capture("*", "", Some(&[""]));
    check_capture("openai/*", "azure/gpt-4o", None);
    check_capture("openai/*", "OpenAI/gpt-4o", None);
    check_capture("gpt-*-mini", "gpt-4o-mini", Some(&["4o"]));
    check_capture("gpt-*-mini", "gpt-4o-mini-2024", Some(&["4o"]));
    check_capture("gpt-*-mini", "gpt-a-mini-b-mini", Some(&["a-mini-b"]));
    check_capture("gpt-*-mini", "gpt-4o", None);
    check_capture("*-mini", "4o-mini", Some(&["4o"]));
    check_capture("a-*-b-*", "a-1-b-2", Some(&["1", "2"]));
    check_capture("a-*-b-*", "a-1-b-2-b-3", Some(&["1-b-2", "3"]));
    check_capture("a*b*c", "a1b2b3c4c5", Some(&["1b2", "3c4"]));
    check_capture("**", "x", Some(&["x", ""]));
    check_capture("ü*ß*", "üäßöß", Some(&["äßö", ""]));
    check_capture("plain", "plain", None);
}

#[test]
fn captures_fill_the_target_as_litellm() {
    let check = |target: &str, captured: &[&str], expected: &str| {
        assert_eq!(filled(target, captured, "the-name"), expected, "{target} {captured:?}");
    };
    check("openai/*", &["gpt-4o"], "openai/gpt-4o");
    check("openai/*/x/*", &["a", "b"], "openai/a/x/b");
    check("openai/gpt-4o", &["anything"], "openai/gpt-4o");
    check("openai/*", &["a", "b"], "the-name");
    check("openai/*-*", &["a"], "openai/a-*");
    check("*", &["*"], "*");
    check("", &["x"], "");
}

#[test]
fn the_more_particular_pattern_is_tried_first() {
    let check = |patterns: &[&str], expected: &[&str]| {
        let mut catalog = Catalog::default();
        for pattern in patterns {
            let refuse = |model: &str| Err(Error::NoProvider { model: model.to_owned(), reason: String::new() });
            let (pattern, target) = ((*pattern).to_owned(), String::new());
            catalog.add_wildcard(Wildcard { pattern, target, template: Box::new(refuse) });
        }
        assert_eq!(catalog.wildcards.iter().map(|wildcard| wildcard.pattern.as_str()).collect::<Vec<_>>(), expected);
    };
    check(&["*", "openai/*", "openai/gpt-*"], &["openai/gpt-*", "openai/*", "*"]);
    // A special character is longer in LiteLLM's expression, by which it compares.
    check(&["abc*", "a-c*", "a.c*"], &["a-c*", "a.c*", "abc*"]);
    check(&["abc-*", "abc+*"], &["abc+*", "abc-*"]);
    check(&["abcd*", "*x*"], &["*x*", "abcd*"]);
    check(&["first*", "other*"], &["first*", "other*"]);
}

#[test]
fn an_empty_catalog_knows_no_name() {
    let catalog = Catalog::default();
    for name in ["", "*", "gpt-4o", "openai/gpt-4o"] {
        assert!(catalog.resolve(name, None).is_ok_and(|found| found.is_none()), "{name}");
    }
}
