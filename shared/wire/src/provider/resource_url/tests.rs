use super::*;
use crate::provider::find;

fn check(provider: &str, base: Option<&str>, version: Option<&str>, want: &str) {
    let provider = find(provider).expect("a known provider");
    assert_eq!(resource_url(provider, base, version, "/files/file-1").as_deref(), Ok(want));
}

#[test]
fn a_resource_stands_below_the_account() {
    check("openai", None, None, "https://api.openai.com/v1/files/file-1");
    check("openai", Some("http://h/v1/"), None, "http://h/v1/files/file-1");
    let dated = "https://r/openai/files/file-1?api-version=2024-10-21";
    check("azure", Some("https://r"), Some("2024-10-21"), dated);
    check("azure", Some("https://r/openai/deployments/d"), Some("2024-10-21"), dated);
    check("azure", Some("https://r/"), None, "https://r/openai/files/file-1?api-version=2025-02-01-preview");
    check("azure", Some("https://r/"), Some("v1"), "https://r/openai/v1/files/file-1");
}
