//! Each filter: whom it takes out, when it yields, and what is said where nobody is left.

use std::time::Duration;

use super::fixture::{Fixture, SEED, check};
use crate::meter::{Claim, Ending, Handle, Meter, Payment, Settlement};
use crate::select::RefusalKind::{Budget, ContextWindow, Nothing, Parallel, Paused, Tags, Usage};
use crate::select::{Query, Stage, Trace, Wish};
use futures_util::FutureExt;

/// What is left for a call with this wish, and by which filter.
fn check_wish(fixture: &Fixture, wish: &Wish, expected: &str, by: &[Stage]) {
    check(fixture, &Query { wish, ..fixture.query() }, Ok(expected), by);
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_teams_deployment_is_for_that_team() {
    let fixture = Fixture::new(&["| team_id: red", "| team_id: blue", ""], "");
    let team = |id: &str| Wish { team_id: text(id), ..Wish::default() };
    check_wish(&fixture, &team("red"), "ac", &[Stage::Access]);
    check_wish(&fixture, &team("green"), "c", &[Stage::Access]);
    check_wish(&fixture, &Wish::default(), "c", &[Stage::Access]);
    // The operator has no team, and reaches a group that is a team's throughout.
    let own = Fixture::new(&["| team_id: red", "| team_id: red"], "");
    check_wish(&own, &Wish::default(), "ab", &[]);
    let query = Query { wish: &team("blue"), ..own.query() };
    check(&own, &query, Err(Nothing), &[Stage::Access]);
}

#[test]
fn a_search_of_the_web_goes_where_nobody_has_said_that_there_is_none() {
    let fixture = Fixture::new(&["| supports_web_search: false", "", "| supports_web_search: true"], "");
    let wish = Wish { web_search: true, ..Wish::default() };
    check_wish(&fixture, &wish, "bc", &[Stage::WebSearch]);
    check_wish(&fixture, &Wish::default(), "abc", &[]);
}

#[test]
fn what_is_blocked_is_not_asked_and_a_group_that_is_blocked_is_paused() {
    let fixture = Fixture::new(&["| blocked: true", ""], "");
    check(&fixture, &fixture.query(), Ok("b"), &[Stage::Blocked]);
    let paused = Fixture::new(&["| blocked: true", "| blocked: true"], "");
    check(&paused, &paused.query(), Err(Paused), &[Stage::Blocked]);
}

/// Spends from every budget that a call of this deployment with these tags is paid from.
fn spend(fixture: &Fixture, id: char, tags: &[String], picousd: u64) {
    let routing = &fixture.group.deployments[super::fixture::place(id)].routing;
    let payment = |budget: &crate::deployment::Allowance| Payment {
        purse: budget.purse,
        limit_picousd: budget.limit_picousd,
        amount_picousd: 0,
        period: budget.period,
    };
    let payments = routing.budgets_of(tags).map(payment).collect();
    let claim = Claim { payments, ..Claim::unlimited(fixture.handle(id), fixture.now()) };
    let taken = fixture.meter.take(claim).now_or_never().unwrap().unwrap();
    let now = fixture.now();
    let settlement =
        Settlement { taken, now, tokens: None, cost_picousd: Some(picousd), ending: Ending::Served, sample: None };
    fixture.meter.settle(settlement);
}

const USD: u64 = 1_000_000_000_000;

#[test]
fn a_deployments_budget_is_its_own_and_begins_anew() {
    let fixture = Fixture::new(&["max_budget: 2, budget_duration: 30s", ""], "");
    spend(&fixture, 'a', &[], USD);
    check(&fixture, &fixture.query(), Ok("ab"), &[]);
    spend(&fixture, 'a', &[], USD);
    check(&fixture, &fixture.query(), Ok("b"), &[Stage::Budget]);
    fixture.advance(29);
    check(&fixture, &fixture.query(), Ok("b"), &[Stage::Budget]);
    fixture.advance(1);
    check(&fixture, &fixture.query(), Ok("ab"), &[]);
}

#[test]
fn a_providers_budget_is_shared_by_its_deployments() {
    let fixture = Fixture::new(
        &["", "", "model: groq/m"],
        "provider_budget_config: {openai: {budget_limit: 1, time_period: 1d}, azure: {budget_limit: 1, time_period: 1d}}",
    );
    spend(&fixture, 'c', &[], 9 * USD);
    check(&fixture, &fixture.query(), Ok("abc"), &[]);
    spend(&fixture, 'b', &[], USD);
    check(&fixture, &fixture.query(), Ok("c"), &[Stage::Budget]);
    fixture.rest('c', 60);
    check(&fixture, &fixture.query(), Err(Budget), &[Stage::Cooldown, Stage::Budget]);
    let refusal = fixture.choose_by(SEED, &fixture.query(), &mut Trace::default()).unwrap_err();
    assert_eq!(refusal.retry_after, Some(Duration::from_secs(60)), "`c` is back long before the budget is");
}

#[test]
fn a_deployment_is_back_when_all_its_budgets_are() {
    let provider = "provider_budget_config: {openai: {budget_limit: 1, time_period: 1h}}";
    let fixture = Fixture::new(&["max_budget: 1, budget_duration: 1d"], provider);
    spend(&fixture, 'a', &[], 2 * USD);
    let refusal = fixture.choose_by(SEED, &fixture.query(), &mut Trace::default()).unwrap_err();
    assert_eq!(refusal.retry_after, Some(Duration::from_secs(86_400)));
}

#[test]
fn a_tags_budget_counts_for_calls_with_the_tag() {
    let tags = "\nlitellm_settings: {tag_budget_config: {vip: {max_budget: 1, budget_duration: 1h}}}";
    let fixture = Fixture::new(&["", ""], tags);
    let vip = Wish { tags: vec!["vip".to_owned()], ..Wish::default() };
    spend(&fixture, 'a', &[], 9 * USD);
    check_wish(&fixture, &vip, "ab", &[]);
    spend(&fixture, 'a', &vip.tags, 3 * USD / 2);
    check_wish(&fixture, &Wish::default(), "ab", &[]);
    let query = Query { wish: &vip, ..fixture.query() };
    check(&fixture, &query, Err(Budget), &[Stage::Budget]);
    fixture.advance(600);
    let refusal = fixture.choose_by(SEED, &Query { wish: &vip, ..fixture.query() }, &mut Trace::default()).unwrap_err();
    let line = "Exceeded budget for tag='vip': 1.5 >= 1\n";
    assert_eq!(refusal.message, format!("No deployments available - crossed budget: {line}{line}"));
    assert_eq!(refusal.retry_after, Some(Duration::from_secs(3000)));
}

/// A wish that pre-call checks look at.
fn countable() -> Wish {
    Wish { is_countable: true, ..Wish::default() }
}

#[test]
fn a_question_that_is_too_long_goes_to_a_larger_window() {
    let deployments = ["| max_input_tokens: 100", "| max_input_tokens: 200", ""];
    let check_of = |fixture: &Fixture, tokens, expected, by: &[Stage]| {
        let query = Query { wish: &countable(), input_tokens: Some(tokens), ..fixture.query() };
        check(fixture, &query, expected, by);
    };
    let fixture = Fixture::new(&deployments, "enable_pre_call_checks: true");
    check_of(&fixture, 100, Ok("abc"), &[]);
    check_of(&fixture, 101, Ok("bc"), &[Stage::ContextWindow]);
    check_of(&fixture, 201, Ok("c"), &[Stage::ContextWindow]);
    let small = Fixture::new(&deployments[..2], "enable_pre_call_checks: true");
    check_of(&small, 201, Err(ContextWindow), &[Stage::ContextWindow]);
    check_of(&Fixture::new(&deployments[..2], ""), 201, Ok("ab"), &[]);
    let uncounted = Query { input_tokens: Some(500), ..small.query() };
    check(&small, &uncounted, Ok("ab"), &[]);
}

#[test]
fn a_region_that_is_asked_for_is_kept_to() {
    let deployments = ["region_name: eu", "region_name: us", ""];
    let fixture = Fixture::new(&deployments, "enable_pre_call_checks: true");
    let of = |region| Wish { region: text(region), ..countable() };
    check_wish(&fixture, &of("eu"), "a", &[Stage::Region]);
    check_wish(&fixture, &countable(), "abc", &[]);
    let query = Query { wish: &of("mars"), ..fixture.query() };
    check(&fixture, &query, Err(Nothing), &[Stage::Region]);
    check_wish(&Fixture::new(&deployments, ""), &of("eu"), "abc", &[]);
}

#[test]
fn a_format_goes_where_formats_are_taken() {
    let deployments = ["model: openai/gpt-4", "model: openai/gpt-4o"];
    let fixture = Fixture::new(&deployments, "enable_pre_call_checks: true");
    let wish = Wish { response_format: true, ..countable() };
    check_wish(&fixture, &wish, "b", &[Stage::ResponseFormat]);
    check_wish(&fixture, &countable(), "ab", &[]);
}

#[test]
fn tags_count_where_the_router_or_the_group_says_so() {
    let check_of = |deployments: &[&str], router: &str, tags: &[&str], expected, by: &[Stage]| {
        let fixture = Fixture::new(deployments, router);
        let wish = Wish { tags: tags.iter().map(|tag| (*tag).to_owned()).collect(), ..Wish::default() };
        check(&fixture, &Query { wish: &wish, ..fixture.query() }, expected, by);
    };
    let tagged = ["tags: [free]", "tags: [paid]", "tags: [default]"];
    let on = "enable_tag_filtering: true";
    check_of(&tagged, on, &["free"], Ok("a"), &[Stage::Tags]);
    check_of(&tagged, on, &["free", "paid"], Ok("ab"), &[Stage::Tags]);
    check_of(&tagged, on, &["unheard"], Ok("c"), &[Stage::Tags]);
    check_of(&tagged, on, &[], Ok("c"), &[Stage::Tags]);
    check_of(&tagged[..2], on, &["unheard"], Err(Tags), &[]);
    check_of(&tagged, "", &["free"], Ok("abc"), &[]);
    let own = ["tags: [free] | enable_tag_filtering: true", "tags: [paid]"];
    check_of(&own, "", &["paid"], Ok("b"), &[Stage::Tags]);
    let off = ["tags: [free] | enable_tag_filtering: false", "tags: [paid]"];
    check_of(&off, on, &["paid"], Ok("ab"), &[]);
}

#[test]
fn the_lowest_order_that_is_left_is_asked_or_the_one_that_is_named() {
    let fixture = Fixture::new(&["order: 2", "order: 1", "", "order: 1"], "");
    let at = |order| Query { order, ..fixture.query() };
    check(&fixture, &at(None), Ok("bd"), &[Stage::Order]);
    check(&fixture, &at(Some(2)), Ok("a"), &[Stage::Order]);
    check(&fixture, &at(Some(3)), Err(Nothing), &[Stage::Order]);
    fixture.rest('b', 60);
    fixture.rest('d', 60);
    check(&fixture, &at(None), Ok("a"), &[Stage::Cooldown, Stage::Order]);
    fixture.rest('a', 60);
    check(&fixture, &at(None), Ok("c"), &[Stage::Cooldown]);
    let plain = Fixture::new(&["", ""], "");
    check(&plain, &Query { order: Some(1), ..plain.query() }, Ok("ab"), &[]);
}

#[test]
fn who_has_refused_or_failed_this_call_goes_behind_who_has_not() {
    let fixture = Fixture::new(&["", "", ""], "");
    let [a, b, c] = ['a', 'b', 'c'].map(|id| fixture.handle(id));
    let check_of = |refused: &[Handle], failed: &[Handle], expected, by: &[Stage]| {
        check(&fixture, &Query { refused, failed, ..fixture.query() }, Ok(expected), by);
    };
    check_of(&[], &[a], "bc", &[Stage::Failed]);
    check_of(&[a], &[], "bc", &[Stage::Refused]);
    check_of(&[a], &[b], "c", &[Stage::Refused, Stage::Failed]);
    // What has failed may go better; what has refused would refuse again.
    check_of(&[a], &[b, c], "bc", &[Stage::Refused]);
    check_of(&[a, b, c], &[], "abc", &[]);
    check_of(&[], &[a, b, c], "abc", &[]);
}

#[test]
fn a_later_order_is_not_asked_because_an_earlier_one_has_failed() {
    let fixture = Fixture::new(&["order: 1", "order: 2"], "");
    let failed = [fixture.handle('a')];
    check(&fixture, &Query { failed: &failed, ..fixture.query() }, Ok("a"), &[Stage::Order]);
}

#[test]
fn parallel_calls_are_limited_and_the_last_place_is_used() {
    let fixture = Fixture::new(&["max_parallel_requests: 2", "max_parallel_requests: 1"], "");
    let first = fixture.begin('a', 0);
    check(&fixture, &fixture.query(), Ok("ab"), &[]);
    fixture.begin('a', 0);
    check(&fixture, &fixture.query(), Ok("b"), &[Stage::Parallel]);
    fixture.begin('b', 0);
    check(&fixture, &fixture.query(), Err(Parallel), &[Stage::Parallel]);
    fixture.end(first, Ending::Unjudged, None);
    check(&fixture, &fixture.query(), Ok("a"), &[Stage::Parallel]);
}

#[test]
fn who_was_full_after_all_is_not_chosen_again() {
    let fixture = Fixture::new(&["", ""], "");
    let [a, b] = ['a', 'b'].map(|id| fixture.handle(id));
    check(&fixture, &Query { full: &[a], ..fixture.query() }, Ok("b"), &[Stage::Limits]);
    check(&fixture, &Query { full: &[a, b], ..fixture.query() }, Err(Nothing), &[Stage::Limits]);
    let limited = Fixture::new(&["rpm: 9"], "routing_strategy: usage-based-routing-v2");
    let full = [limited.handle('a')];
    let query = Query { full: &full, ..limited.query() };
    check(&limited, &query, Err(Usage), &[Stage::Limits]);
    let refusal = limited.choose_by(SEED, &query, &mut Trace::default()).unwrap_err();
    assert!(refusal.message.contains("'a': {'current_tpm': 0, 'tpm_limit': inf, "), "{refusal}");
}
