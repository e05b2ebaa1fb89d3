use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Map;

use super::*;
use crate::answer::Form;
use crate::stream::UsageWish;
use crate::stream::event_stream::tests;
use crate::usage::Source;

const STREAM: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\
                      \"model\":\"claude-x\",\"usage\":{\"input_tokens\":3,\"cache_read_input_tokens\":4}}}\n\n\
                      event: ping\ndata: {\"type\": \"ping\"}\n\n\
                      event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\
                      \"delta\":{\"type\":\"text_delta\",\"text\":\"Za\u{17c}\u{f3}\"}}\n\n\
                      event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":5}}\n\n\
                      event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

fn observer(framing: Framing) -> Observer {
    let wanted = Wanted {
        model: "mine".to_owned(),
        estimator: Estimator::default(),
        usage: UsageWish::Hidden,
        form: Form::Native(Format::Messages),
        echo: Map::new(),
    };
    Observer::new(Format::Messages, framing, &wanted)
}

fn check_relayed(observer: &Observer, out: &[u8], wanted: &str) {
    assert_eq!(String::from_utf8_lossy(out), wanted.replace("claude-x", "mine"));
    let usage = observer.usage();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.source), (7, 5, Source::Provider));
    assert!(observer.is_done());
}

#[test]
fn a_stream_split_anywhere_is_relayed_alike() {
    for place in 0..STREAM.len() {
        let (mut observer, mut out) = (observer(Framing::Events), Vec::new());
        for part in [&STREAM.as_bytes()[..place], &STREAM.as_bytes()[place..]] {
            observer.push(Bytes::copy_from_slice(part), &mut out).unwrap();
        }
        observer.finish(&mut out).unwrap();
        check_relayed(&observer, &out, STREAM);
    }
}

#[test]
fn pieces_of_an_invocation_are_relayed_as_events() {
    let (mut observer, mut out) = (observer(Framing::EventStream), Vec::new());
    for event in STREAM.split_terminator("\n\n") {
        let data = event.split_once("\ndata: ").unwrap().1;
        let payload = format!("{{\"bytes\":\"{}\"}}", STANDARD.encode(data));
        observer.push(tests::event("chunk", payload.as_bytes()).into(), &mut out).unwrap();
    }
    observer.finish(&mut out).unwrap();
    // What the first event told of the cache stands at the end too, as with Anthropic itself.
    let counts = "{\"output_tokens\":5,\"cache_read_input_tokens\":4}";
    check_relayed(&observer, &out, &STREAM.replace("{\"output_tokens\":5}", counts));
}

#[test]
fn bedrocks_own_counts_become_anthropics() {
    let stop = "{\"type\":\"message_stop\",\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":21,\
                \"outputTokenCount\":13,\"cacheReadInputTokenCount\":2}}";
    let (mut observer, mut out) = (observer(Framing::EventStream), Vec::new());
    for data in ["{\"type\":\"message_delta\",\"usage\":{\"output_tokens\":13}}", stop] {
        let payload = format!("{{\"bytes\":\"{}\"}}", STANDARD.encode(data));
        observer.push(tests::event("chunk", payload.as_bytes()).into(), &mut out).unwrap();
    }
    let wanted = "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":13,\
                  \"cache_read_input_tokens\":2,\"input_tokens\":21}}\n\nevent: message_stop\n\
                  data: {\"type\":\"message_stop\",\"usage\":{\"input_tokens\":21,\"output_tokens\":13,\
                  \"cache_read_input_tokens\":2}}\n\n";
    assert_eq!(String::from_utf8_lossy(&out), wanted);
    assert_eq!((observer.usage().prompt_tokens, observer.usage().completion_tokens), (23, 13));
}

#[test]
fn a_stream_without_its_last_event_is_a_fault() {
    let (mut observer, mut out) = (observer(Framing::Events), Vec::new());
    let cut = STREAM.find("event: message_stop").unwrap();
    observer.push(Bytes::copy_from_slice(&STREAM.as_bytes()[..cut]), &mut out).unwrap();
    assert!(matches!(observer.finish(&mut out), Err(Fault::Unfinished(_))));
}

#[test]
fn what_is_no_event_is_refused() {
    let (mut observer, mut out) = (observer(Framing::Events), Vec::new());
    assert!(observer.push(Bytes::from_static(b"data: {nonsense\n\n"), &mut out).is_err());
}
