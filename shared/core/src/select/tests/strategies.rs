//! Each strategy: what it is told, and whom it chooses.

use super::fixture::{Fixture, SEED, check, letter, usage};
use crate::meter::{Ending, Sample};
use crate::select::{Query, RefusalKind, Stage, Trace};

/// How often each deployment is chosen in 2,000 draws, in percent.
fn shares(fixture: &Fixture, query: &Query<'_>) -> Vec<f64> {
    let mut counts = vec![0.0; fixture.group.seats.len()];
    for seed in 0..2000 {
        let chosen = fixture.choose_by(seed, query, &mut Trace::default()).unwrap();
        counts[chosen.place] += 1.0 / 20.0;
    }
    counts
}

#[test]
fn the_shuffle_shares_calls_out_by_the_first_measure_that_any_has() {
    let check = |deployments: &[&str], expected: &[f64]| {
        let fixture = Fixture::new(deployments, "");
        let shares = shares(&fixture, &fixture.query());
        let near = shares.iter().zip(expected).all(|(share, expected)| (share - expected).abs() < 4.0);
        let never = shares.iter().zip(expected).all(|(share, expected)| *expected > 0.0 || *share == 0.0);
        assert!(near && never, "{deployments:?}: {shares:?}");
    };
    check(&["", "", "", ""], &[25.0, 25.0, 25.0, 25.0]);
    check(&["weight: 3", "weight: 1"], &[75.0, 25.0]);
    check(&["weight: 3", "", "weight: 1"], &[75.0, 0.0, 25.0]);
    check(&["weight: 0, rpm: 1", "weight: 0, rpm: 4"], &[20.0, 80.0]);
    check(&["rpm: 90, tpm: 1", "rpm: 10, tpm: 9"], &[90.0, 10.0]);
    check(&["tpm: 1", "tpm: 3"], &[25.0, 75.0]);
    check(&["weight: 1, rpm: 1", "rpm: 99"], &[100.0, 0.0]);
}

#[test]
fn the_shuffle_shares_out_anew_what_the_filters_leave() {
    let fixture = Fixture::new(&["weight: 8", "weight: 1", "weight: 1"], "");
    fixture.rest('a', 60);
    let shares = shares(&fixture, &fixture.query());
    assert!(shares[0] == 0.0 && (shares[1] - 50.0).abs() < 4.0, "{shares:?}");
}

#[test]
fn the_least_busy_is_the_first_with_the_fewest_calls_under_way() {
    let check = |calls: &[u32], expected: char| {
        let fixture = Fixture::new(&[""; 3], "routing_strategy: least-busy");
        for (place, calls) in calls.iter().enumerate() {
            (0..*calls).for_each(|_| drop(fixture.begin(letter(place), 0)));
        }
        assert_eq!(fixture.chosen(&fixture.query()), expected, "{calls:?}");
    };
    check(&[0, 0, 0], 'a');
    check(&[1, 0, 0], 'b');
    check(&[1, 1, 0], 'c');
    check(&[3, 2, 2], 'b');
    check(&[2, 3, 1], 'c');
}

#[test]
fn a_call_that_has_ended_is_no_longer_under_way_however_it_ended() {
    for ending in [Ending::Served, Ending::Failed(None), Ending::Unjudged] {
        let fixture = Fixture::new(&["", ""], "routing_strategy: least-busy");
        let taken = fixture.begin('a', 0);
        assert_eq!(fixture.chosen(&fixture.query()), 'b');
        fixture.end(taken, ending, None);
        assert_eq!(fixture.chosen(&fixture.query()), 'a', "{ending:?}");
    }
}

#[test]
fn usage_based_takes_the_fewest_tokens_of_this_minute() {
    for strategy in ["usage-based-routing", "usage-based-routing-v2"] {
        let fixture = Fixture::new(&[""; 3], &format!("routing_strategy: {strategy}"));
        fixture.used('a', 1, 500);
        fixture.used('b', 9, 10);
        fixture.used('c', 1, 91);
        assert_eq!(fixture.chosen(&fixture.query()), 'b', "{strategy}");
        fixture.used('b', 1, 2);
        assert_eq!(fixture.chosen(&fixture.query()), 'c', "{strategy}");
        fixture.advance(60);
        fixture.used('b', 1, 1);
        fixture.used('c', 1, 1);
        assert_eq!(fixture.chosen(&fixture.query()), 'a', "{strategy}");
    }
}

#[test]
fn usage_based_leaves_ties_to_chance() {
    let fixture = Fixture::new(&[""; 4], "routing_strategy: usage-based-routing-v2");
    fixture.used('a', 1, 1);
    let shares = shares(&fixture, &fixture.query());
    assert!(shares[0] == 0.0 && shares[1..].iter().all(|share| (share - 33.3).abs() < 4.0), "{shares:?}");
}

#[test]
fn usage_based_keeps_to_requests_and_tokens_and_says_whose_are_used_up() {
    let strategy = "routing_strategy: usage-based-routing-v2";
    let fixture = Fixture::new(&["rpm: 2", "tpm: 100"], strategy);
    let query = |tokens| Query { tokens, ..fixture.query() };
    fixture.used('a', 2, 0);
    fixture.used('b', 1, 40);
    check(&fixture, &query(60), Ok("b"), &[Stage::Limits]);
    check(&fixture, &query(61), Err(RefusalKind::Usage), &[Stage::Limits]);
    let refusal = fixture.choose_by(SEED, &query(61), &mut Trace::default()).unwrap_err();
    let expected = "No deployments available for selected model. Passed model=g. \
                    Deployments={'a': {'current_tpm': 0, 'tpm_limit': inf, 'current_rpm': 2, 'rpm_limit': 2}, \
                    'b': {'current_tpm': 40, 'tpm_limit': 100, 'current_rpm': 1, 'rpm_limit': inf}}";
    assert_eq!(refusal.message, expected);
    fixture.advance(59);
    check(&fixture, &query(61), Err(RefusalKind::Usage), &[Stage::Limits]);
    fixture.advance(1);
    check(&fixture, &query(61), Ok("ab"), &[]);
}

#[test]
fn a_call_that_wants_more_than_a_whole_minute_has_gets_a_whole_minute() {
    let fixture = Fixture::new(&["tpm: 100"], "routing_strategy: usage-based-routing-v2");
    let query = Query { tokens: 5000, ..fixture.query() };
    check(&fixture, &query, Ok("a"), &[]);
    fixture.used('a', 1, 1);
    check(&fixture, &query, Err(RefusalKind::Usage), &[Stage::Limits]);
}

#[test]
fn limits_hold_where_the_strategy_or_a_check_says_so() {
    let check = |router: &str, is_held: bool| {
        let fixture = Fixture::new(&["rpm: 1, max_parallel_requests: 9", "rpm: 1, max_parallel_requests: 9"], router);
        fixture.used('a', 1, 0);
        fixture.used('b', 1, 0);
        let query = Query { wish: &COUNTABLE, ..fixture.query() };
        let outcome = fixture.choose_by(SEED, &query, &mut Trace::default());
        assert_eq!(outcome.is_err(), is_held, "{router}");
    };
    check("routing_strategy: simple-shuffle", false);
    check("routing_strategy: least-busy", false);
    check("routing_strategy: usage-based-routing", true);
    check("routing_strategy: latency-based-routing", true);
    check("routing_strategy: cost-based-routing", true);
    check("enable_pre_call_checks: true", true);
    check("optional_pre_call_checks: [enforce_model_rate_limits]", true);
    check("routing_strategy: least-busy, optional_pre_call_checks: [enforce_model_rate_limits]", true);
}

#[test]
fn a_full_minute_is_told_at_once_rather_than_after_a_wait_for_a_parallel_call() {
    // `rpm` is LiteLLM's limit of parallel calls as well, where none is set.
    let fixture = Fixture::new(&["rpm: 1"], "routing_strategy: usage-based-routing-v2");
    let held = fixture.take(&fixture.query()).unwrap();
    check(&fixture, &fixture.query(), Err(RefusalKind::Usage), &[Stage::Limits]);
    assert_eq!(fixture.take(&fixture.query()).err().map(|refusal| refusal.kind), Some(RefusalKind::Usage));
    drop(held);
}

static COUNTABLE: crate::select::Wish = crate::select::Wish {
    tags: Vec::new(),
    user_agent: None,
    region: None,
    team_id: None,
    response_format: false,
    web_search: false,
    is_countable: true,
};

#[test]
fn cost_based_takes_the_lowest_price_that_has_room() {
    let prices = |input: &str, output: &str| format!("input_cost_per_token: {input}, output_cost_per_token: {output}");
    let deployments = [
        format!("{}, rpm: 9", prices("3.0e-6", "3.0e-6")),
        format!("{}, rpm: 2", prices("1.0e-6", "2.0e-6")),
        format!("{}, rpm: 2", prices("2.5e-6", "1.0e-6")),
        // Nobody knows its price: LiteLLM takes 5 dollars a token.
        "model: openai/nobody-knows".to_owned(),
    ];
    let deployments: Vec<&str> = deployments.iter().map(String::as_str).collect();
    let fixture = Fixture::new(&deployments, "routing_strategy: cost-based-routing");
    let chosen: String = (0..14)
        .map(|_| {
            let chosen = fixture.chosen(&fixture.query());
            fixture.used(chosen, 1, 0);
            chosen
        })
        .collect();
    assert_eq!(chosen, "bbccaaaaaaaaad");
}

/// A measurement as the strategy's arguments have it kept.
fn sample(seconds: f64, first_seconds: Option<f64>) -> Sample {
    let retention = std::time::Duration::from_secs(60);
    Sample { seconds, first_seconds, kept: 3, retention, percentile: None }
}

/// Each deployment's measurements, and who is chosen for a whole answer and for a stream.
fn check_latency(router: &str, samples: &[&[Sample]], whole: &str, streamed: &str) {
    let router = format!("routing_strategy: latency-based-routing, routing_strategy_args: {{{router}}}");
    let fixture = Fixture::new(&vec![""; samples.len()], &router);
    for (place, samples) in samples.iter().enumerate() {
        for sample in *samples {
            fixture.end(fixture.begin(letter(place), 0), Ending::Served, Some(*sample));
        }
    }
    for (is_streamed, expected) in [(false, whole), (true, streamed)] {
        let query = Query { is_streamed, ..fixture.query() };
        let shares = shares(&fixture, &query);
        let chosen: String = (0..shares.len()).filter(|place| shares[*place] > 0.0).map(letter).collect();
        assert_eq!(chosen, expected, "streamed: {is_streamed}, {shares:?}");
    }
}

#[test]
fn the_fastest_is_chosen_and_what_was_never_asked_before_it() {
    let [fast, slow] = [sample(0.1, None), sample(0.3, None)];
    check_latency("", &[&[slow], &[fast]], "b", "b");
    check_latency("", &[&[slow, fast], &[fast]], "b", "b");
    check_latency("", &[&[fast], &[], &[]], "bc", "bc");
    check_latency("", &[&[fast], &[fast], &[slow]], "ab", "ab");
}

#[test]
fn only_the_last_measurements_count() {
    let [fast, slow] = [sample(0.1, None), sample(0.9, None)];
    check_latency("", &[&[slow, fast, fast, fast], &[sample(0.11, None)]], "a", "a");
    check_latency("", &[&[slow, fast, fast], &[sample(0.3, None)]], "b", "b");
}

#[test]
fn streams_are_judged_by_their_first_token_where_it_was_measured() {
    let early = sample(0.9, Some(0.2));
    let late = sample(0.1, Some(0.8));
    check_latency("", &[&[early], &[late]], "b", "a");
    check_latency("", &[&[early], &[sample(0.1, None)]], "b", "b");
}

#[test]
fn a_percentile_of_first_tokens_overlooks_outliers() {
    let first = |seconds, percentile| Sample { percentile: Some(percentile), kept: 10, ..sample(0.5, Some(seconds)) };
    let [mut uneven, mut even] = [Vec::new(), Vec::new()];
    for percentile in [0.5, 0.9] {
        uneven.push([first(0.1, percentile), first(0.1, percentile), first(2.0, percentile)]);
        even.push([first(0.3, percentile), first(0.3, percentile), first(0.3, percentile)]);
    }
    check_latency("ttft_percentile: 0.5", &[&uneven[0], &even[0]], "ab", "a");
    check_latency("ttft_percentile: 0.9", &[&uneven[1], &even[1]], "ab", "b");
}

#[test]
fn whoever_is_within_the_buffer_is_chosen_too() {
    let samples: [&[Sample]; 3] = [&[sample(0.10, None)], &[sample(0.14, None)], &[sample(0.16, None)]];
    check_latency("lowest_latency_buffer: 0", &samples, "a", "a");
    check_latency("lowest_latency_buffer: 0.5", &samples, "ab", "ab");
    check_latency("lowest_latency_buffer: 1", &samples, "abc", "abc");
}

#[test]
fn measurements_are_forgotten_after_their_time() {
    let fixture = Fixture::new(&["", ""], "routing_strategy: latency-based-routing, routing_strategy_args: {ttl: 60}");
    fixture.end(fixture.begin('a', 0), Ending::Served, Some(sample(0.1, Some(0.1))));
    fixture.end(fixture.begin('b', 0), Ending::Served, Some(sample(9.0, Some(9.0))));
    for is_streamed in [false, true] {
        assert_eq!(fixture.chosen(&Query { is_streamed, ..fixture.query() }), 'a');
    }
    fixture.advance(59);
    fixture.end(fixture.begin('a', 0), Ending::Served, Some(sample(0.1, Some(0.1))));
    assert_eq!(fixture.chosen(&fixture.query()), 'a');
    fixture.advance(1);
    // What is slow is asked again some day: it may have become faster.
    for is_streamed in [false, true] {
        assert_eq!(fixture.chosen(&Query { is_streamed, ..fixture.query() }), 'b');
    }
}

#[test]
fn an_answer_is_measured_by_its_tokens_and_a_stream_by_its_beginning_too() {
    let fixture = Fixture::new(&["", ""], "routing_strategy: latency-based-routing");
    let scores = |is_streamed| {
        let mut trace = Trace::detailed();
        fixture.choose_by(SEED, &Query { is_streamed, ..fixture.query() }, &mut trace).unwrap();
        trace.details().unwrap().scores.iter().map(|(_, score)| *score).collect::<Vec<_>>()
    };
    // `a` is busy for one call of ten seconds; a stream of `b` begins after two and takes as long.
    let mut holds = Vec::new();
    while holds.len() < 2 {
        let choice = fixture.take(&Query { failed: &failed(&fixture, &holds), ..fixture.query() }).unwrap();
        holds.push((choice.deployment.id.clone(), choice.hold.unwrap()));
    }
    holds.sort_by(|(one, _), (other, _)| one.cmp(other));
    fixture.advance(2);
    let mut holds = holds.into_iter().map(|(_, hold)| hold);
    let (first, mut second) = (holds.next().unwrap(), holds.next().unwrap());
    second.begun();
    fixture.advance(8);
    first.served(Some(usage(5, 20)), false);
    second.served(Some(usage(5, 40)), true);
    assert_eq!(scores(false), [0.5, 0.25]);
    assert_eq!(scores(true), [0.5, 2.0]);
}

/// The deployments that are held already.
fn failed(fixture: &Fixture, holds: &[(String, crate::balance::Hold)]) -> Vec<crate::meter::Handle> {
    holds.iter().map(|(id, _)| fixture.handle(id.chars().next().unwrap())).collect()
}

#[test]
fn a_timeout_is_a_penalty_until_it_is_forgotten() {
    let router = "routing_strategy: latency-based-routing, routing_strategy_args: {ttl: 600}, disable_cooldowns: true";
    let fixture = Fixture::new(&["", ""], router);
    let timeout = crate::resilience::Fault {
        class: tollgate_wire::failure::FailureClass::Timeout,
        status: 408,
        retry_after_s: None,
        is_timeout: true,
        is_clients_limit: false,
        is_own: false,
        is_connection: false,
    };
    let only = |id| [fixture.handle(if id == 'a' { 'b' } else { 'a' })];
    let take = |id| fixture.take(&Query { failed: &only(id), ..fixture.query() }).unwrap().hold.unwrap();
    take('a').served(Some(usage(1, 1)), false);
    let slow = take('b');
    fixture.advance(5);
    slow.served(Some(usage(1, 1)), false);
    assert_eq!(fixture.chosen(&fixture.query()), 'a');
    // A client that waits for a moment only does not tell how fast anybody is.
    take('a').failed(&crate::resilience::Fault { is_clients_limit: true, ..timeout }, None);
    assert_eq!(fixture.chosen(&fixture.query()), 'a');
    take('a').failed(&timeout, None);
    assert_eq!(fixture.chosen(&fixture.query()), 'b');
    fixture.advance(599);
    take('b').served(Some(usage(1, 1)), false);
    assert_eq!(fixture.chosen(&fixture.query()), 'b');
    fixture.advance(1);
    assert_eq!(fixture.chosen(&fixture.query()), 'a');
}
