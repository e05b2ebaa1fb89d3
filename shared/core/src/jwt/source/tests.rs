use super::*;
use crate::consult::tests::Scripted;

const URL: &str = "https://idp.test/keys";
const FRESH: Duration = Duration::from_secs(600);
const STALE: Duration = Duration::from_secs(3600);
const FIRST: &[u8] = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"first","x":"AA"},{"kid":"other"}]}"#;
const SECOND: &[u8] = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"second","x":"AA"},{"kid":"other"}]}"#;

struct Fixture {
    upstream: Arc<Scripted>,
    source: KeySource,
    clock: Clock,
}

fn fixture(answers: &[(u16, &[u8])]) -> Fixture {
    let upstream = Scripted::new(answers.iter().map(|(status, body)| (*status, body.to_vec())));
    let clock = Clock::manual(Moment(1_000_000_000_000));
    let source = KeySource::new(upstream.clone(), clock.clone(), Lifetimes { fresh: FRESH, stale: STALE });
    Fixture { upstream, source, clock }
}

impl Fixture {
    /// Whether a key of this name is found, and how often the issuer has been asked by then.
    async fn check(&self, kid: &str, expected: Option<bool>, asked: usize) {
        let found = self.source.keys(URL, Some(kid)).await.ok().map(|keys| !keys.find(Some(kid)).is_empty());
        assert_eq!((found, self.upstream.asked()), (expected, asked), "{kid}");
    }
}

#[tokio::test]
async fn keys_are_kept_for_their_time_and_fetched_once_for_all() {
    let fixture = fixture(&[(200, FIRST), (200, SECOND)]);
    let waiting = (0..20).map(|_| fixture.source.keys(URL, Some("first")));
    assert!(futures_util::future::join_all(waiting).await.iter().all(Result::is_ok));
    fixture.check("first", Some(true), 1).await;
    fixture.clock.advance(FRESH - Duration::from_secs(1));
    fixture.check("first", Some(true), 1).await;
    fixture.clock.advance(Duration::from_secs(1));
    fixture.check("second", Some(true), 2).await;
}

#[tokio::test]
async fn an_unknown_key_has_the_document_fetched_again_but_not_at_every_call() {
    let fixture = fixture(&[(200, FIRST), (200, FIRST), (200, SECOND)]);
    fixture.check("first", Some(true), 1).await;
    fixture.check("second", Some(false), 1).await;
    fixture.clock.advance(REFETCH);
    fixture.check("second", Some(false), 2).await;
    for _ in 0..50 {
        fixture.check("second", Some(false), 2).await;
    }
    fixture.clock.advance(REFETCH);
    fixture.check("first", Some(true), 2).await;
    fixture.check("second", Some(true), 3).await;
}

#[tokio::test]
async fn the_last_keys_are_good_for_a_time_while_the_issuer_does_not_answer() {
    let fixture = fixture(&[(200, FIRST), (0, b""), (500, b"no")]);
    fixture.check("first", Some(true), 1).await;
    fixture.clock.advance(FRESH);
    fixture.check("first", Some(true), 2).await;
    // It is left alone for a while, and everybody is served.
    fixture.check("first", Some(true), 2).await;
    fixture.clock.advance(BACKOFF);
    fixture.check("first", Some(true), 3).await;
    fixture.clock.advance(STALE);
    fixture.check("first", None, 4).await;
    fixture.check("first", None, 4).await;
    fixture.clock.advance(BACKOFF);
    fixture.upstream.then(200, FIRST);
    fixture.check("first", Some(true), 5).await;
}

#[tokio::test]
async fn a_discovery_document_leads_to_the_keys_and_not_out_of_tls() {
    const DISCOVERED: &str = "https://idp.test/.well-known/openid-configuration";
    let cases: [(&[u8], Result<usize, &str>); 4] = [
        (br#"{"jwks_uri":"https://idp.test/keys"}"#, Ok(2)),
        (br#"{"jwks_uri":"http://idp.test/keys"}"#, Err("`http://idp.test/keys` is no address to get keys from")),
        (br#"{"jwks_uri":"file:///keys"}"#, Err("`file:///keys` is no address to get keys from")),
        (b"{}", Err("idp.test answered with something else than a document with a `jwks_uri`")),
    ];
    for (document, expected) in cases {
        let fixture = fixture(&[(200, document), (200, FIRST)]);
        let outcome = fixture.source.keys(DISCOVERED, Some("first")).await;
        let outcome = outcome.map(|_| fixture.upstream.asked()).map_err(|error| error.to_string());
        assert_eq!(outcome, expected.map_err(str::to_owned));
    }
}

#[tokio::test]
async fn what_is_no_set_of_keys_is_no_answer() {
    let long = vec![b' '; 2 * 1024 * 1024];
    let cases: [(u16, &[u8], &str); 4] = [
        (200, b"<html>", "idp.test answered with something else than a set of keys"),
        (200, &long, "the answer of idp.test is longer than 1048576 bytes"),
        (302, b"", "idp.test answered 302"),
        (0, b"", "no answer from idp.test: connection refused"),
    ];
    for (status, body, expected) in cases {
        let error = fixture(&[(status, body)]).source.keys(URL, None).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}
