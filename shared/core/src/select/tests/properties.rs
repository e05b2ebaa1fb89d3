//! What holds for every group: on groups and states that a seed makes up.

use super::fixture::{Fixture, SEED, letter};
use crate::meter::{Ending, Sample};
use crate::random::Random;
use crate::select::{Query, Trace};

#[test]
fn the_shuffle_keeps_to_the_weights_within_two_percent() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let weights: Vec<usize> = (0..=1 + random.below(8)).map(|_| 1 + random.below(20)).collect();
        let measure = ["weight", "rpm", "tpm"][random.below(3)];
        let deployments: Vec<String> =
            weights.iter().map(|weight| format!("{measure}: {weight}, max_parallel_requests: 9")).collect();
        let deployments: Vec<&str> = deployments.iter().map(String::as_str).collect();
        let fixture = Fixture::new(&deployments, "");
        let (mut drawn, draws) = (vec![0_u32; weights.len()], 20_000);
        for draw in 0..draws {
            let chosen = fixture.choose_by(draw, &fixture.query(), &mut Trace::default()).unwrap();
            drawn[chosen.place] += 1;
        }
        let total = weights.iter().sum::<usize>() as f64;
        for (weight, drawn) in weights.iter().zip(drawn) {
            let (wanted, got) = (*weight as f64 / total, f64::from(drawn) / draws as f64);
            assert!((wanted - got).abs() < 0.02, "seed {seed}, {measure}s {weights:?}: {got} in place of {wanted}");
        }
    }
}

#[test]
fn the_quick_way_of_the_shuffle_leads_where_the_long_way_leads() {
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let measures = ["weight: 3", "weight: 0", "weight: 0.1", "weight: 1e9", "rpm: 7", "tpm: 11", ""];
        let deployments: Vec<&str> = (0..=random.below(20)).map(|_| measures[random.below(measures.len())]).collect();
        // Limits of parallel calls, which `rpm` brings along, always take the long way: without them there are two.
        let deployments: Vec<&str> = match random.below(2) {
            0 => deployments.into_iter().filter(|text| !text.contains("pm")).collect(),
            _ => deployments,
        };
        if deployments.is_empty() {
            continue;
        }
        let fixture = Fixture::new(&deployments, "");
        for draw in 0..50 {
            let (mut quick, mut long) = (Trace::default(), Trace::detailed());
            let quickly = fixture.choose_by(draw, &fixture.query(), &mut quick);
            let slowly = fixture.choose_by(draw, &fixture.query(), &mut long);
            assert_eq!(quickly, slowly, "seed {seed}, draw {draw}: {deployments:?}");
            assert_eq!(quick.chosen, long.chosen);
            assert_eq!(quick.compact(), long.compact());
        }
    }
}

#[test]
fn the_least_busy_are_never_more_than_one_call_apart() {
    for seed in 0..50 {
        let mut random = Random::new(seed);
        let fixture = Fixture::new(&vec![""; 1 + random.below(9)], "routing_strategy: least-busy");
        let mut held = Vec::new();
        let in_flight = |fixture: &Fixture| -> Vec<u32> {
            let mut counts = Vec::new();
            crate::meter::Meter::view(&*fixture.meter, &mut |view| {
                counts = fixture.group.seats.iter().map(|seat| view.state(seat.handle).in_flight).collect();
            });
            counts
        };
        for _ in 0..100 {
            held.push(fixture.take(&fixture.query()).unwrap());
            let counts = in_flight(&fixture);
            let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
            assert!(most - least <= 1, "seed {seed}: {counts:?}");
        }
        // However calls end, the next one goes where there are the fewest.
        for _ in 0..100 {
            held.swap_remove(random.below(held.len()));
            let least = *in_flight(&fixture).iter().min().unwrap();
            let chosen = fixture.choose_by(SEED, &fixture.query(), &mut Trace::default()).unwrap();
            assert_eq!(in_flight(&fixture)[chosen.place], least, "seed {seed}");
        }
    }
}

#[test]
fn latency_based_choices_are_within_the_buffer() {
    for seed in 0..200 {
        let mut random = Random::new(seed);
        let buffer = random.below(20) as f64 / 10.0;
        let router = format!(
            "routing_strategy: latency-based-routing, routing_strategy_args: {{lowest_latency_buffer: {buffer}}}"
        );
        let seconds: Vec<f64> = (0..=random.below(9)).map(|_| 0.1 + random.fraction()).collect();
        let fixture = Fixture::new(&vec![""; seconds.len()], &router);
        for (place, seconds) in seconds.iter().enumerate() {
            let retention = std::time::Duration::from_secs(60);
            let sample = Sample { seconds: *seconds, first_seconds: None, kept: 10, retention, percentile: None };
            fixture.end(fixture.begin(letter(place), 0), Ending::Served, Some(sample));
        }
        let limit = seconds.iter().copied().fold(f64::MAX, f64::min) * (1.0 + buffer) + 1e-9;
        let within = seconds.iter().filter(|own| **own <= limit).count();
        let mut chosen = std::collections::BTreeSet::new();
        for draw in 0..200 {
            let place = fixture.choose_by(draw, &fixture.query(), &mut Trace::default()).unwrap().place;
            assert!(seconds[place] <= limit, "seed {seed}: {place} of {seconds:?} with {buffer}");
            chosen.insert(place);
        }
        assert_eq!(chosen.len(), within, "seed {seed}: {seconds:?} with {buffer}");
    }
}

#[test]
fn cost_based_never_takes_a_dearer_one_while_a_cheaper_has_room() {
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let made: Vec<(usize, usize)> = (0..=random.below(6)).map(|_| (1 + random.below(5), random.below(4))).collect();
        let deployments: Vec<String> = made
            .iter()
            .map(|(price, rpm)| {
                let price = format!("input_cost_per_token: {price}.0e-6, output_cost_per_token: 0.0");
                format!("{price}, rpm: {}, max_parallel_requests: 99", rpm + 1)
            })
            .collect();
        let deployments: Vec<&str> = deployments.iter().map(String::as_str).collect();
        let fixture = Fixture::new(&deployments, "routing_strategy: cost-based-routing");
        let mut room: Vec<usize> = made.iter().map(|(_, rpm)| rpm + 1).collect();
        while let Ok(choice) = fixture.take(&fixture.query()) {
            let chosen = super::fixture::place(choice.deployment.id.chars().next().unwrap());
            let cheapest = made.iter().zip(&room).filter(|(_, room)| **room > 0).map(|((price, _), _)| *price).min();
            assert_eq!(Some(made[chosen].0), cheapest, "seed {seed}: {made:?}, {room:?}");
            room[chosen] -= 1;
        }
        assert!(room.iter().all(|room| *room == 0), "seed {seed}: {room:?} was left of {made:?}");
    }
}

#[test]
fn what_is_chosen_follows_from_state_and_seed() {
    for strategy in ["simple-shuffle", "usage-based-routing-v2", "latency-based-routing"] {
        let fixture = Fixture::new(&[""; 9], &format!("routing_strategy: {strategy}"));
        let choose = |seed| fixture.choose_by(seed, &Query { tokens: 3, ..fixture.query() }, &mut Trace::default());
        let chosen: Vec<_> = (0..100).map(choose).collect();
        assert_eq!(chosen, (0..100).map(choose).collect::<Vec<_>>(), "{strategy}");
        assert!(chosen.iter().any(|other| *other != chosen[0]), "{strategy}: chance has no part in it");
    }
}
