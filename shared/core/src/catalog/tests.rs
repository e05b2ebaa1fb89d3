use super::*;

fn check(pattern: &str, name: &str, want: Option<&str>) {
    assert_eq!(capture(pattern, name), want, "{pattern} {name}");
}

#[test]
fn wildcards_capture_as_litellm() {
    check("openai/*", "openai/gpt-4o", Some("gpt-4o"));
    check("*", "anything/at-all", Some("anything/at-all"));
    check("openai/*", "azure/gpt-4o", None);
    check("gpt-*-mini", "gpt-4o-mini", Some("4o"));
    check("gpt-*-mini", "gpt-4o", None);
    check("plain", "plain", None);
}

#[test]
fn random_fraction_stays_in_its_range() {
    for _ in 0..1000 {
        let fraction = random_fraction();
        assert!((0.0..1.0).contains(&fraction), "{fraction}");
    }
}
