use crate::sign::tests::issuer::Issuer;

use super::*;

const SCOPE: &str = "https://cognitiveservices.azure.com/.default";
const ESCAPED: &str = "https%3A%2F%2Fcognitiveservices.azure.com";

fn secret() -> Secret {
    Secret::new("hidden".to_owned())
}

fn id(text: &str) -> String {
    text.to_owned()
}

/// What was asked for a token of this source; the token is always had.
async fn asked(source: EntraSource, variables: &[(&str, &str)]) -> Vec<String> {
    let issuer = Issuer::start(|_| (200, r#"{"access_token":"t","expires_on":"4070908800"}"#.to_owned())).await;
    let mut all = vec![("AZURE_AUTHORITY_HOST", "{base}/")];
    all.extend(variables);
    let found = token(&issuer.outside(&all), SCOPE, &source).await.unwrap();
    assert_eq!(found.value.expose(), "t");
    assert_eq!(found.expires, crate::sign::instant::parse("2099-01-01T00:00:00Z"));
    issuer.asked().iter().map(crate::sign::tests::issuer::Asked::line).collect()
}

#[tokio::test]
async fn every_source_asks_in_its_own_way() {
    let check = async |source: EntraSource, variables: &[(&str, &str)], expected: &str| {
        assert_eq!(asked(source, variables).await, [expected]);
    };
    let assertion = || EntraSource::Assertion {
        tenant_id: id("t"),
        client_id: id("c"),
        reference: Secret::new(id("oidc/env/TOKEN")),
    };
    let by_assertion = format!(
        "POST /t/oauth2/v2.0/token grant_type=client_credentials&client_id=c&scope={ESCAPED}%2F.default\
         &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=jwt"
    );
    check(
        EntraSource::ClientSecret { tenant_id: id("t"), client_id: id("c"), client_secret: secret() },
        &[],
        &format!("POST /t/oauth2/v2.0/token grant_type=client_credentials&client_id=c&client_secret=hidden&scope={ESCAPED}%2F.default"),
    )
    .await;
    check(
        EntraSource::Password { tenant_id: id("organizations"), client_id: id("c"), username: id("u@x"), password: secret() },
        &[],
        &format!("POST /organizations/oauth2/v2.0/token grant_type=password&client_id=c&username=u%40x&password=hidden&scope={ESCAPED}%2F.default"),
    )
    .await;
    check(assertion(), &[("TOKEN", "jwt")], &by_assertion).await;
    let path = std::env::temp_dir().join(format!("tollgate-entra-{}", tollgate_core::new_id()));
    std::fs::write(&path, "jwt\n").unwrap();
    let workload = [("AZURE_FEDERATED_TOKEN_FILE", path.to_str().unwrap()), ("AZURE_TENANT_ID", "t")];
    check(EntraSource::Ambient { client_id: Some(id("c")) }, &workload, &by_assertion).await;
    check(
        EntraSource::Ambient { client_id: Some(id("c")) },
        &[("IDENTITY_ENDPOINT", "{base}/msi"), ("IDENTITY_HEADER", "h")],
        &format!("GET /msi?resource={ESCAPED}&client_id=c&api-version=2019-08-01"),
    )
    .await;
    check(
        EntraSource::Ambient { client_id: None },
        &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", "{base}")],
        &format!("GET /metadata/identity/oauth2/token?resource={ESCAPED}&api-version=2018-02-01"),
    )
    .await;
}

#[tokio::test]
async fn a_refusal_is_told_without_the_secret() {
    let issuer =
        Issuer::start(|_| (401, r#"{"error":"invalid_client","error_description":"AADSTS7000215: no"}"#.to_owned()))
            .await;
    let check = async |tenant: &str, expected: &str| {
        let source = EntraSource::ClientSecret { tenant_id: id(tenant), client_id: id("c"), client_secret: secret() };
        let outside = issuer.outside(&[("AZURE_AUTHORITY_HOST", "{base}")]);
        let error = token(&outside, SCOPE, &source).await.err().unwrap();
        assert!(
            matches!(&error, SignError::Refused(text) if text.contains(expected) && !text.contains("hidden")),
            "{error}"
        );
    };
    check("t", "answered 401: invalid_client: AADSTS7000215: no").await;
    check("../evil", "tenant_id is neither an id nor a domain").await;
}

#[tokio::test]
async fn an_answer_without_a_token_is_a_failure() {
    let check = async |body: &'static str| {
        let issuer = Issuer::start(move |_| (200, body.to_owned())).await;
        let source = EntraSource::ClientSecret { tenant_id: id("t"), client_id: id("c"), client_secret: secret() };
        let found = token(&issuer.outside(&[("AZURE_AUTHORITY_HOST", "{base}")]), SCOPE, &source).await;
        assert!(matches!(found, Err(SignError::Unreachable(_))), "{body}");
    };
    check("").await;
    check("{}").await;
    check(r#"{"access_token":""}"#).await;
    check("<html>").await;
}
