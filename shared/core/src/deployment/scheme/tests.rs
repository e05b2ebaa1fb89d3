use super::super::tests::deploy;
use crate::sign::{AwsSource, EntraSource, Scheme};

const AWS: &[(&str, &str)] =
    &[("AWS_ACCESS_KEY_ID", "envid"), ("AWS_SECRET_ACCESS_KEY", "hidden"), ("AWS_SESSION_TOKEN", "t")];

/// The scheme in words, without secrets.
fn told(params: &str, more: &str, variables: &[(&str, &str)]) -> String {
    let deployment = deploy(params, more, variables).unwrap_or_else(|error| panic!("{params}: {error}"));
    let Some(scheme) = deployment.scheme else {
        let shown = deployment.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        return shown.unwrap_or_else(|| if deployment.missing_key.is_some() { "missing" } else { "none" }.to_owned());
    };
    assert_eq!(deployment.missing_key, None);
    assert!(!format!("{scheme:?}").contains("hidden"), "{scheme:?}");
    match scheme {
        Scheme::SigV4 { service, region, source } => format!("{service} {region} {}", aws(&source)),
        Scheme::Google { credentials } => format!("google {}", credentials.map_or("default", |_| "given")),
        Scheme::Entra { scope, source } => format!("{} {scope}", entra(&source)),
        Scheme::Ibm { token_url, api_key } => format!("ibm {token_url} {}", api_key.expose()),
        Scheme::Databricks { token_url, client_id, .. } => format!("databricks {token_url} {client_id}"),
    }
}

fn aws(source: &AwsSource) -> String {
    let role = |role: &crate::sign::AssumedRole| {
        format!(
            "{} {:?} {:?} {:?} at {:?} {}",
            role.arn, role.session_name, role.external_id, role.tags, role.sts.endpoint, role.sts.region
        )
    };
    match source {
        AwsSource::WebIdentity { role: taken, .. } => format!("web identity {}", role(taken)),
        AwsSource::Role { base, role: taken } => {
            format!("{} takes {}", base.as_ref().map_or("ambient", |keys| &keys.id), role(taken))
        }
        AwsSource::Profile(name) => format!("profile {name}"),
        AwsSource::Keys(keys) => format!("keys {} {}", keys.id, keys.session_token.is_some()),
        AwsSource::Chain => "chain".to_owned(),
    }
}

fn entra(source: &EntraSource) -> String {
    match source {
        EntraSource::ClientSecret { tenant_id, client_id, .. } => format!("secret {tenant_id} {client_id}"),
        EntraSource::Password { tenant_id, client_id, username, .. } => {
            format!("user {tenant_id} {client_id} {username}")
        }
        EntraSource::Assertion { tenant_id, client_id, .. } => format!("assertion {tenant_id} {client_id}"),
        EntraSource::Ambient { client_id } => format!("ambient {client_id:?}"),
    }
}

#[test]
fn aws_credentials_are_looked_for_in_litellms_order() {
    let check = |more: &str, variables: &[(&str, &str)], expected: &str| {
        let params = format!("model: bedrock/m, aws_region_name: eu-west-1{more}");
        assert_eq!(told(&params, "", variables), expected, "{more} {variables:?}");
    };
    let keys = ", aws_access_key_id: own, aws_secret_access_key: hidden";
    let role = ", aws_role_name: arn";
    check("", &[], "bedrock eu-west-1 chain");
    check("", AWS, "bedrock eu-west-1 keys envid true");
    check(keys, AWS, "bedrock eu-west-1 keys own false");
    check(&format!("{keys}, aws_profile_name: p"), AWS, "bedrock eu-west-1 profile p");
    check("", &[("AWS_PROFILE_NAME", "p")], "bedrock eu-west-1 profile p");
    check(role, &[], "bedrock eu-west-1 ambient takes arn None None [] at None eu-west-1");
    check(role, AWS, "bedrock eu-west-1 envid takes arn None None [] at None eu-west-1");
    check(
        &format!(
            "{role}{keys}, aws_session_name: s, aws_external_id: x, aws_sts_endpoint: 'https://sts.us-east-2.amazonaws.com', aws_session_tags: [{{Key: b, Value: '2'}}, {{Key: a, Value: '1'}}]"
        ),
        &[("AWS_REGION", "r")],
        r#"bedrock eu-west-1 own takes arn Some("s") Some("x") [("a", "1"), ("b", "2")] at Some("https://sts.us-east-2.amazonaws.com") us-east-2"#,
    );
    check(
        &format!("{role}, aws_web_identity_token: hidden, aws_session_name: s"),
        &[("AWS_REGION", "r"), ("AWS_STS_ENDPOINT", "https://v.sts.eu-west-3.vpce.amazonaws.com")],
        r#"bedrock eu-west-1 web identity arn Some("s") None [] at Some("https://v.sts.eu-west-3.vpce.amazonaws.com") eu-west-3"#,
    );
    check(", api_key: bearer", AWS, "Bearer bearer");
    check("", &[("AWS_BEARER_TOKEN_BEDROCK", "set")], "Bearer set");
    assert_eq!(told("model: sagemaker_chat/x, api_key: k", "", &[]), "sagemaker us-west-2 chain");
    let wrong = deploy("model: bedrock/m, aws_role_name: r, aws_session_tags: [hidden]", "", &[]).err();
    assert!(wrong.is_some_and(|error| error.0.contains("aws_session_tags") && !error.0.contains("hidden")));
}

#[test]
fn azure_is_shown_a_key_or_a_token_of_entra() {
    let check = |more: &str, variables: &[(&str, &str)], expected: &str| {
        let params = format!("model: azure/x, api_version: v1, api_base: 'https://a.example'{more}");
        let settings = "}]\nlitellm_settings: {enable_azure_ad_token_refresh: true}\nx-ignored: [{";
        let scope = " https://cognitiveservices.azure.com/.default";
        let told = told(&params, if expected.starts_with("ambient") { settings } else { "" }, variables);
        assert_eq!(told.trim_end_matches(scope), expected, "{more} {variables:?}");
    };
    let principal = ", tenant_id: t, client_id: c, client_secret: hidden";
    check("", &[], "missing");
    check(principal, &[], "secret t c");
    check(&format!("{principal}, azure_scope: other"), &[], "secret t c other");
    check(&format!("{principal}, api_key: k"), &[], "Bearer k");
    check(&format!("{principal}, azure_ad_token: own"), &[], "Bearer own");
    let variables = [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "hidden")];
    check("", &variables, "secret t c");
    check(", azure_ad_token: oidc/env/hidden", &variables[..2], "assertion t c");
    check(", client_id: c, azure_username: u, azure_password: hidden", &[], "user organizations c u");
    check("", &variables[1..2], r#"ambient Some("c")"#);
}

#[test]
fn google_ibm_and_databricks_get_tokens() {
    let check = |params: &str, variables: &[(&str, &str)], expected: &str| {
        assert_eq!(told(params, "", variables), expected, "{params} {variables:?}");
    };
    check("model: vertex_ai/m", &[], "google default");
    check("model: vertex_ai/m, vertex_credentials: {private_key: hidden}", &[], "google given");
    check("model: vertex_ai/m", &[("VERTEXAI_CREDENTIALS", "/hidden.json")], "google given");
    let ibm = "ibm https://iam.cloud.ibm.com/identity/token";
    check("model: watsonx/m, api_base: http://w, api_key: k", &[], &format!("{ibm} k"));
    check(
        "model: watsonx/m, api_base: http://w, watsonx_credentials: {apikey: inner}",
        &[("WATSONX_APIKEY", "k")],
        &format!("{ibm} inner"),
    );
    check(
        "model: watsonx/m, api_base: http://w",
        &[("WX_API_KEY", "k"), ("WATSONX_IAM_URL", "http://x/t")],
        "ibm http://x/t k",
    );
    check("model: watsonx/m, api_base: http://w, token: t, api_key: k", &[], "Bearer t");
    check("model: watsonx/m, api_base: http://w, zen_api_key: z", &[], "ZenApiKey z");
    let databricks = "model: databricks/m, api_key: k, api_base: 'https://host/serving-endpoints'";
    let principal = [("DATABRICKS_CLIENT_ID", "c"), ("DATABRICKS_CLIENT_SECRET", "hidden")];
    check(databricks, &principal, "databricks https://host/oidc/v1/token c");
    check(databricks, &principal[..1], "Bearer k");
}
