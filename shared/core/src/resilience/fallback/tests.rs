use serde_json::json;
use tollgate_wire::failure::FailureClass;

use super::{Asked, Lists, Next, Settings, Wish, shown};
use crate::config::{FallbackTarget, Fallbacks};
use crate::resilience::tests::set_up;

fn settings(router: &str) -> Settings {
    let (config, _) = set_up("", "", &format!("router_settings: {{{router}}}"));
    Settings::new(&config.router_settings)
}

fn target(model: &str) -> FallbackTarget {
    FallbackTarget { model: Some(model.to_owned()), params: serde_json::Map::new() }
}

/// What follows, with the targets by their names; `-`: nothing of this kind, `?`: nothing for the group, `_`: no list.
fn next(settings: &Settings, wish: &Wish, group: &str, class: FailureClass) -> String {
    match Lists::new(settings, wish).next(group, class) {
        Next::Targets(targets) => shown(&targets).join(","),
        Next::NoneOfKind => "-".to_owned(),
        Next::NoneForGroup => "?".to_owned(),
        Next::Unset => "_".to_owned(),
    }
}

#[test]
fn a_groups_list_is_found_by_its_name_with_or_without_a_provider_or_a_star() {
    let check = |fallbacks: &str, group: &str, expected: &str| {
        let settings = settings(fallbacks);
        let found = next(&settings, &Wish::default(), group, FailureClass::InternalServer);
        assert_eq!(found, expected, "{group} in {fallbacks}");
    };
    let list = "fallbacks: [{a: [b, c]}, {'openai/x': [d]}, {y: [e]}, {'custom/z': [f]}]";
    check(list, "a", "b,c");
    check(list, "openai/x", "d");
    check(list, "openai/y", "e");
    check(list, "azure/y", "e");
    check(list, "nobody/y", "?");
    check(list, "z", "?");
    check(list, "openai/a/b", "?");
    check("fallbacks: [{'openai/gpt-4o': [d]}]", "gpt-4o", "d");
    check("fallbacks: [{'azure/gpt-4o': [d]}]", "gpt-4o", "?");
    check("fallbacks: [{'*': [s]}, {a: [b]}]", "a", "b");
    check("fallbacks: [{'*': [s]}, {a: [b]}]", "other", "s");
    check("fallbacks: [{a: [b]}], default_fallbacks: [s]", "other", "s");
    check("default_fallbacks: [s, t]", "other", "s,t");
    check("fallbacks: []", "a", "_");
    check("", "a", "_");
}

#[test]
fn failures_with_a_list_of_their_own_follow_it_alone() {
    let router = "fallbacks: [{a: [b]}, {c: [d]}], context_window_fallbacks: [{a: [long]}], \
                  content_policy_fallbacks: [{a: [lax]}]";
    let check = |router: &str, group: &str, class: FailureClass, expected: &str| {
        assert_eq!(next(&settings(router), &Wish::default(), group, class), expected, "{group}, {class:?}");
    };
    use FailureClass::{ContentPolicy, ContextWindow, RateLimit};
    check(router, "a", RateLimit, "b");
    check(router, "a", ContextWindow, "long");
    check(router, "a", ContentPolicy, "lax");
    check(router, "c", RateLimit, "d");
    check(router, "c", ContextWindow, "-");
    check(router, "c", ContentPolicy, "-");
    // Without a list of its own kind, the regular one is followed.
    check("fallbacks: [{a: [b]}]", "a", ContextWindow, "b");
    check("context_window_fallbacks: [{a: [long]}]", "a", RateLimit, "_");
    check("context_window_fallbacks: [{a: [long]}]", "a", ContentPolicy, "_");
}

#[test]
fn the_clients_own_lists_stand_above_the_configurations() {
    let settings = settings("fallbacks: [{a: [b]}], context_window_fallbacks: [{a: [long]}]");
    let own = |model| Some(Fallbacks(vec![("a".to_owned(), vec![target(model)])]));
    let check = |wish: Wish, class: FailureClass, expected: &str| {
        assert_eq!(next(&settings, &wish, "a", class), expected, "{wish:?}");
    };
    let (window, limit) = (FailureClass::ContextWindow, FailureClass::RateLimit);
    check(Wish { fallbacks: own("mine"), ..Wish::default() }, limit, "mine");
    check(Wish { fallbacks: own("mine"), ..Wish::default() }, window, "long");
    check(Wish { context_window: own("mine"), ..Wish::default() }, window, "mine");
    check(Wish { context_window: own("mine"), ..Wish::default() }, limit, "b");
    check(Wish { content_policy: own("mine"), ..Wish::default() }, FailureClass::ContentPolicy, "mine");
    let targets = Wish { targets: Some(vec![target("x"), target("y")]), fallbacks: own("mine"), ..Wish::default() };
    check(targets.clone(), limit, "x,y");
    check(targets, window, "x,y");
    let other = Wish { fallbacks: Some(Fallbacks(vec![("z".to_owned(), vec![])])), ..Wish::default() };
    check(other, limit, "?");
}

#[test]
fn after_the_levels_of_an_order_comes_the_groups_list() {
    let settings = settings("fallbacks: [{a: [b]}, {'*': [s]}]");
    let wish = Wish { targets: Some(vec![target("x")]), ..Wish::default() };
    assert_eq!(Lists::new(&settings, &Wish::default()).regular("a"), [target("b")]);
    assert_eq!(Lists::new(&settings, &Wish::default()).regular("c"), [target("s")]);
    assert_eq!(Lists::new(&settings, &wish).regular("a"), [target("x")]);
    assert_eq!(Lists::new(&Settings::default(), &Wish::default()).regular("a"), []);
}

#[test]
fn what_stands_in_goes_on_with_the_list_of_the_group_that_was_asked_for() {
    let router = "fallbacks: [{a: [b, c]}, {c: [d]}, {'*': [s]}], context_window_fallbacks: [{a: [long]}]";
    let (settings, wish) = (settings(router), Wish::default());
    let check = |group: &str, class: FailureClass, expected: &str| {
        let Next::Targets(targets) = Lists::new(&settings, &wish).of(Some("a")).next(group, class) else {
            panic!("nothing follows {group}");
        };
        assert_eq!(shown(&targets).join(","), expected, "{group}, {class:?}");
    };
    check("a", FailureClass::InternalServer, "b,c");
    check("b", FailureClass::InternalServer, "b,c");
    check("b", FailureClass::ContextWindow, "long");
    check("c", FailureClass::InternalServer, "d");
    assert_eq!(Lists::new(&settings, &wish).of(Some("b")).regular("b"), [target("s")]);
}

#[test]
fn nothing_is_asked_twice() {
    let with = |model: &str, temperature: i32| {
        let params = json!({ "temperature": temperature }).as_object().unwrap().clone();
        FallbackTarget { params, ..target(model) }
    };
    let mut asked = Asked::default();
    asked.note_group("a");
    assert!(!asked.note(&target("a")));
    assert!(asked.note(&target("b")) && !asked.note(&target("b")));
    assert!(asked.note(&with("a", 1)), "other parameters are another question");
    assert!(asked.note(&with("a", 2)) && asked.note(&with("c", 1)));
    assert!(!asked.note(&with("a", 1)));
    assert!(asked.note_order("a", 2) && asked.note_order("a", 3) && asked.note_order("b", 2));
    assert!(!asked.note_order("a", 2));
    let unnamed = FallbackTarget { model: None, ..with("", 1) };
    assert!(asked.note(&unnamed) && !asked.note(&unnamed));
}

#[test]
fn fallbacks_of_fallbacks_go_as_deep_as_is_written() {
    assert_eq!(settings("max_fallbacks: 2").depth_max, 2);
    assert_eq!(settings("").depth_max, 5);
}

#[test]
fn another_model_is_asked_for_a_filtered_answer_where_a_list_has_one() {
    let check = |router: &str, group: &str, expected: bool| {
        let (settings, wish) = (settings(router), Wish::default());
        assert_eq!(Lists::new(&settings, &wish).has_for_policy(group), expected, "{group} in {router}");
    };
    check("content_policy_fallbacks: [{a: [b]}]", "a", true);
    check("content_policy_fallbacks: [{a: [b]}]", "c", false);
    check("fallbacks: [{a: [b]}]", "a", false);
    check("default_fallbacks: [s]", "a", true);
    check("", "a", false);
}
