use super::*;

fn check(method: &str, path: &str, want: &str) {
    let method = method.parse().expect("a method");
    let got = match find(&method, path) {
        Found::Route(route, model) => format!("{:?} {}", route.endpoint, model.unwrap_or("-")),
        Found::WrongMethod => "405".to_owned(),
        Found::Nothing => "404".to_owned(),
    };
    assert_eq!(got, want, "{method} {path}");
}

#[test]
fn every_alias_leads_to_its_operation() {
    check("POST", "/v1/chat/completions", "Call(ChatCompletion) -");
    check("POST", "/chat/completions", "Call(ChatCompletion) -");
    check("POST", "/engines/gpt/chat/completions", "Call(ChatCompletion) gpt");
    check("POST", "/openai/deployments/openai/gpt-4o/chat/completions", "Call(ChatCompletion) openai/gpt-4o");
    check("POST", "/engines/gpt/completions", "Call(TextCompletion) gpt");
    check("GET", "/v1/models/openai/gpt-4o", "Models(Name) openai/gpt-4o");
    check("HEAD", "/v1/models", "Models(Names) -");
}

#[test]
fn what_is_no_route_is_told_from_a_wrong_method() {
    check("GET", "/v1/chat/completions", "405");
    check("OPTIONS", "/", "405");
    check("GET", "/no/such", "404");
    check("POST", "//v1/chat/completions", "404");
    check("GET", "/v1/models/", "404");
    check("POST", "/engines//chat/completions", "404");
}

#[test]
fn resources_are_found_by_their_places() {
    check("POST", "/v1/files", "Resource(CreateFile) -");
    check("GET", "/files/file-1/content", "Resource(FileContent) -");
    check("DELETE", "/azure/v1/files/file-1", "Resource(DeleteFile) -");
    check("PUT", "/v1/files", "405");
    check("GET", "/v1/files/", "404");
    check("GET", "/v1/files/a/b", "404");
    check("POST", "/v1/vector_stores/vs/files/file-1", "Resource(UpdateVectorStoreFile) -");
    let found = places("/{provider}/v1/batches/{batch_id}/cancel", "/azure/v1/batches/b%2F1/cancel");
    assert_eq!(found, Some(vec![("provider", "azure"), ("batch_id", "b%2F1")]));
}

#[test]
fn no_two_rows_are_the_same() {
    for (place, route) in all().enumerate() {
        let same = |other: &Route| other.path == route.path && other.method == route.method;
        assert!(!all().take(place).any(same), "{}", route.path);
    }
}
