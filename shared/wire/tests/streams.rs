//! Streams of every provider, for clients of every format: cut anywhere, with pings between, broken, and too long.

#![cfg_attr(test, expect(clippy::expect_used, reason = "a test says by a panic what is wrong"))]

use base64::Engine as _;
use bytes::Bytes;
use proptest::prelude::*;
use serde::Deserialize;
use tollgate_wire::answer::Form;
use tollgate_wire::client::{self, Wanted};
use tollgate_wire::dialect::{Context, Stamp};
use tollgate_wire::prepare::{Rules, Settings};
use tollgate_wire::stream::{Fault, UsageWish};
use tollgate_wire::tokens::Estimator;
use tollgate_wire::{Operation, provider};

const FORMS: [Form; 5] = [Form::Chat, Form::ChatAsText, Form::Messages, Form::Responses, Form::GenerateContent];
/// More than any provider has reason to send as one event.
const ENDLESS_BYTES: usize = 40 * 1024 * 1024;

/// Written by `tests/record/provider_streams.py`.
#[derive(Deserialize)]
struct Row {
    provider: String,
    model: String,
    case: String,
    body: String,
}

struct Recorded {
    name: String,
    rules: Rules,
    context: Context,
    body: Vec<u8>,
}

fn rules(provider: &str, model: &str) -> (Rules, Context) {
    let found = provider::find(provider).expect("a known provider");
    let mut settings = Settings::new(found, model);
    settings.api_base = Some("http://127.0.0.1:1".to_owned());
    let stamp = Stamp::new("6a2f41a3-c54c-4f21-9b6e-0d6c1b2a3f4e".to_owned(), 1);
    let context = Context { provider: found.name, model: model.to_owned(), stamp, ..Context::default() };
    (Rules::new(settings), context)
}

fn recorded() -> Vec<Recorded> {
    let rows: Vec<Row> = serde_json::from_str(include_str!("streams.json")).expect("rows");
    let load = |row: Row| {
        let (rules, context) = rules(&row.provider, &row.model);
        let body = base64::engine::general_purpose::STANDARD.decode(&row.body).expect("base64");
        Recorded { name: format!("{} {} {}", row.provider, row.model, row.case), rules, context, body }
    };
    rows.into_iter().map(load).collect()
}

fn translate(stream: &Recorded, form: Form, chunks: &[&[u8]]) -> (String, Option<Fault>) {
    let wanted = Wanted {
        model: "alias".to_owned(),
        usage: UsageWish::Shown,
        form,
        echo: serde_json::Map::new(),
        estimator: Estimator::default(),
    };
    let mut translation = client::stream(&stream.rules, &stream.context, &wanted);
    let mut out = Vec::new();
    for chunk in chunks {
        if let Err(fault) = translation.push(Bytes::copy_from_slice(chunk), &mut out) {
            return (String::from_utf8(out).expect("text"), Some(fault));
        }
    }
    let fault = translation.finish(&mut out).err();
    (String::from_utf8(out).expect("text"), fault)
}

/// Every recorded stream in every client's format.
fn each(check: impl Fn(&Recorded, Form)) {
    for stream in recorded() {
        for form in FORMS {
            check(&stream, form);
        }
    }
}

#[test]
fn every_recorded_stream_ends_well() {
    each(|stream, form| {
        let (out, fault) = translate(stream, form, &[&stream.body]);
        assert_eq!(fault, None, "{} {form:?}: {out}", stream.name);
        assert!(!out.is_empty(), "{} {form:?} says nothing", stream.name);
    });
}

#[test]
fn a_stream_in_single_bytes_decodes_as_one_in_one_piece() {
    each(|stream, form| {
        let bytes: Vec<&[u8]> = stream.body.chunks(1).collect();
        assert_eq!(translate(stream, form, &bytes), translate(stream, form, &[&stream.body]), "{}", stream.name);
    });
}

#[test]
fn a_stream_that_is_cut_off_anywhere_is_borne() {
    each(|stream, form| {
        for end in (0..stream.body.len()).step_by(7) {
            let _out = translate(stream, form, &[&stream.body[..end]]);
        }
    });
}

#[test]
fn an_event_without_end_is_refused_before_it_fills_the_memory() {
    let begins: [&[u8]; 3] = [b"data: {\"a\":\"", b"{\"a\":\"", b"\x7f\xff\xff\xff\0\0\0\x10\0\0\0\0"];
    for (provider, model) in [
        ("openai", "gpt-4o"),
        ("anthropic", "claude-sonnet-4-5"),
        ("bedrock", "amazon.nova-pro-v1:0"),
        ("gemini", "gemini-2.5-flash"),
        ("cohere_chat", "command-a-03-2025"),
        ("ollama_chat", "llama3.1"),
        ("ollama", "llama3.1"),
    ] {
        for begin in begins {
            let (rules, context) = rules(provider, model);
            let stream = Recorded { name: provider.to_owned(), rules, context, body: Vec::new() };
            let piece = vec![b'x'; 1400];
            let pieces = std::iter::once(begin).chain(std::iter::repeat_n(&piece[..], ENDLESS_BYTES / piece.len()));
            let pieces: Vec<&[u8]> = pieces.collect();
            let (_, fault) = translate(&stream, Form::Chat, &pieces);
            assert!(fault.is_some(), "{provider} takes an event of {ENDLESS_BYTES} bytes");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_stream_cut_at_any_places_decodes_alike(places in prop::collection::vec(0.0f64..1.0, 0..12), form in 0usize..5) {
        for stream in recorded() {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place within the stream")]
            let mut places: Vec<usize> =
                places.iter().map(|place| (place * stream.body.len() as f64) as usize).collect();
            places.sort_unstable();
            let mut chunks = Vec::new();
            let mut start = 0;
            for place in places.into_iter().chain([stream.body.len()]) {
                chunks.push(&stream.body[start..place]);
                start = place;
            }
            let whole = translate(&stream, FORMS[form], &[&stream.body]);
            prop_assert_eq!(translate(&stream, FORMS[form], &chunks), whole, "{}", stream.name);
        }
    }

    #[test]
    fn keep_alives_between_events_change_nothing(
        pings in prop::collection::vec(prop::sample::select(vec![": ping\n\n", ":\n\n", "\n", "event: ping\n\n"]), 1..8),
        form in 0usize..5,
    ) {
        for stream in recorded().iter().filter(|stream| stream.body.starts_with(b"data:") || stream.body.starts_with(b"event:")) {
            let text = std::str::from_utf8(&stream.body).expect("text");
            let mut pinged = String::new();
            for (place, event) in text.split_inclusive("\n\n").enumerate() {
                pinged.push_str(pings[place % pings.len()]);
                pinged.push_str(event);
            }
            let whole = translate(stream, FORMS[form], &[&stream.body]);
            prop_assert_eq!(translate(stream, FORMS[form], &[pinged.as_bytes()]), whole, "{}", stream.name);
        }
    }

    #[test]
    fn garbled_bytes_are_borne(places in prop::collection::vec((0.0f64..1.0, any::<u8>()), 1..6), form in 0usize..5) {
        for stream in recorded() {
            let mut body = stream.body.clone();
            for (place, byte) in &places {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place within the stream")]
                let place = (place * body.len() as f64) as usize;
                body[place.min(stream.body.len() - 1)] = *byte;
            }
            let _out = translate(&stream, FORMS[form], &[&body]);
        }
    }

    #[test]
    fn any_bytes_are_borne_as_an_answer(body in prop::collection::vec(any::<u8>(), 0..400), form in 0usize..5) {
        for (provider, model) in [("anthropic", "claude-sonnet-4-5"), ("bedrock", "amazon.nova-pro-v1:0"), ("gemini", "gemini-2.5-flash"), ("ollama", "llama3.1"), ("ollama_chat", "llama3.1"), ("openai", "gpt-4o")] {
            let (rules, context) = rules(provider, model);
            let wanted = Wanted {
                model: "alias".to_owned(), usage: UsageWish::Shown, form: FORMS[form],
                echo: serde_json::Map::new(), estimator: Estimator::default(),
            };
            let _answer = client::answer(&rules, Operation::ChatCompletion, &context, &wanted, &[Bytes::from(body.clone())]);
        }
    }
}
