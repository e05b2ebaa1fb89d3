use super::*;

fn check(provider: &str, asked: &str, want: &str) {
    let provider = SearchProvider::find(provider).expect("a known provider");
    let asked = Object::parse(asked.as_bytes()).expect("JSON");
    assert_eq!(provider.request(&asked).to_string(), want);
}

/// Recorded from LiteLLM 1.106.2.
#[test]
fn each_provider_is_asked_in_its_own_words() {
    let asked = r#"{"query":["x","y"],"search_domain_filter":["a.com"],"country":"US","max_tokens_per_page":10,"topic":"news"}"#;
    check("tavily", asked, r#"{"query":"x y","include_domains":["a.com"],"country":"us","topic":"news"}"#);
    let asked =
        r#"{"query":"x","search_tool_name":"exa","max_results":3,"search_domain_filter":["a.com"],"country":"US"}"#;
    let want =
        r#"{"query":"x","numResults":3,"includeDomains":["a.com"],"userLocation":"US","contents":{"text":true}}"#;
    check("exa_ai", asked, want);
    let asked = r#"{"query":"x","max_results":3,"country":"US"}"#;
    check("perplexity", asked, asked);
}

#[test]
fn every_answer_has_one_form() {
    let answer = |name: &str, body: &str| {
        let provider = SearchProvider::find(name).expect("a known provider");
        provider.answer(body.as_bytes()).map(|answer| answer.to_string())
    };
    let want = |snippet: &str, date: &str| {
        let result = format!(r#"{{"title":"T","url":"u","snippet":"{snippet}","date":{date},"last_updated":null}}"#);
        Some(format!(r#"{{"results":[{result}],"object":"search"}}"#))
    };
    let said = r#"{"results":[{"title":"T","url":"u","content":"C","snippet":"S","date":"D","publishedDate":"P","highlights":["a","b"]}]}"#;
    assert_eq!(answer("tavily", said), want("C", "null"));
    assert_eq!(answer("perplexity", said), want("S", r#""D""#));
    assert_eq!(answer("exa_ai", said), want(r"a\n\nb", r#""P""#));
    assert_eq!(answer("exa_ai", "no JSON"), None);
}

#[test]
fn an_address_ends_with_the_search() {
    let tavily = SearchProvider::find("tavily").expect("a known provider");
    assert_eq!(tavily.url(None), "https://api.tavily.com/search");
    assert_eq!(tavily.url(Some("http://h/x/search")), "http://h/x/search");
}
