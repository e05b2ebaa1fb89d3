use super::*;

fn opened() -> Opened {
    Opened { provider: "groq".to_owned(), deployment_id: "d1".to_owned(), id: "resp_9".to_owned() }
}

fn sealed_by(key: &str) -> ResponseIds {
    ResponseIds::new(Some(&Secret::new(key.to_owned())))
}

#[test]
fn an_id_opens_with_the_key_that_sealed_it() {
    let shown = sealed_by("sk-a").seal(&opened());
    assert!(shown.starts_with("resp_"));
    assert_eq!(sealed_by("sk-a").open(&shown), Some(opened()));
    assert_eq!(sealed_by("sk-b").open(&shown), None);
}

#[test]
fn an_id_of_litellm_opens() {
    // Made by LiteLLM 1.106.2 for the model `openai` with the key `sk-oracle-master`.
    const SHOWN: &str = "resp_uWPMerwuI6QhEpJL675DTGoyq3FueNMjCuyynTtmFhFypcFxALsDlrNzwTvBZsAB1WStjlta77xH4XUfcQuYmGvje_bLAmA245i4JPongfTPz4AozqoksElju9yTeAwChXpT5JCgNZgWXUmpNNzZJFKto6a0e_fydZRa6OwJTRFYMkuVKm0xsG7M0AZo-Ws0FzFaem5N0aVADcx9sYtt9WuqTvCBMagH-qiUoj9_krJYmeXEsvlAo79S45PdJgh2AwgzXI8FzfrSUAksZDFI2ZxRkXxHIQ3N0zY0A0n0EbBTs5zJlzmUmwOK3vYvVP35XI4nSYo2yrmK8VZT2Og--xfShA1uidoc_-ws8unpEQYq8dU1Y_JALe27mm93z7FdH6pG6VGTSXBIdQ==";
    let opened = sealed_by("sk-oracle-master").open(SHOWN).unwrap();
    assert_eq!((opened.provider.as_str(), opened.id.as_str()), ("openai", "resp_oracle123"));
}

#[test]
fn a_changed_or_forged_id_does_not_open() {
    let ids = sealed_by("sk-a");
    let mut shown = ids.seal(&opened());
    let last = shown.remove(shown.len() / 2);
    shown.insert(shown.len() / 2, if last == 'A' { 'B' } else { 'A' });
    assert_eq!(ids.open(&shown), None);
    // What a gateway without a key shows is not believed by one that has a key.
    assert_eq!(ids.open(&ResponseIds::default().seal(&opened())), None);
    for text in ["", "resp_", "resp_x", "resp_AAAA", "chatcmpl-1", "resp_é", &"resp_A".repeat(2_000)] {
        assert_eq!(ids.open(text), None, "{text}");
    }
}

#[test]
fn without_a_key_the_id_is_readable() {
    let ids = ResponseIds::default();
    assert_eq!(ids.open(&ids.seal(&opened())), Some(opened()));
}
