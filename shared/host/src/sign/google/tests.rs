use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};

use crate::sign::tests::issuer::{Asked, Issuer};

use super::*;

/// A key made for this test, in both encodings that Google has used.
const PKCS8: &str = include_str!("tests/pkcs8.pem");
const PKCS1: &str = include_str!("tests/pkcs1.pem");
const ESCAPED_SCOPE: &str = "https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform";

/// Everything Google, AWS and another issuer say.
fn answer(asked: &Asked) -> (u16, String) {
    let body = match asked.target.split('?').next().unwrap() {
        "/impersonate" => r#"{"accessToken":"impersonated","expireTime":"2099-01-01T00:00:00Z"}"#,
        "/text-token" => "theirs\n",
        "/json-token" => r#"{"value":{"x":1},"token":"theirs"}"#,
        "/zone" => "eu-west-1a",
        _ => r#"{"access_token":"own","expires_in":3599}"#,
    };
    (200, body.to_owned())
}

/// The token for these credentials, and what was asked for it.
async fn found(credentials: &str, variables: &[(&str, &str)]) -> (String, Vec<Asked>) {
    let issuer = Issuer::start(answer).await;
    let credentials = Secret::new(credentials.replace("{base}", &issuer.base));
    let given = (!credentials.expose().is_empty()).then_some(&credentials);
    let found = token(&issuer.outside(variables), given).await;
    (found.map_or_else(|error| error.to_string(), |found| found.value.expose().to_owned()), issuer.asked())
}

fn account(key: &str) -> Value {
    json!({ "type": "service_account", "client_email": "a@p.iam", "private_key": key, "private_key_id": "id",
        "token_uri": "{base}/token", "project_id": "p" })
}

#[tokio::test]
async fn a_service_account_signs_for_its_token() {
    for key in [PKCS8.to_owned(), PKCS1.to_owned(), PKCS8.replace('\n', "\\n")] {
        let (token, asked) = found(&account(&key).to_string(), &[]).await;
        assert_eq!((token.as_str(), asked.len()), ("own", 1));
        let grant = "POST /token grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
        assert!(asked[0].line().starts_with(grant), "{}", asked[0].line());
    }
}

#[test]
fn an_assertion_says_who_and_is_signed_by_the_key() {
    let value = account(PKCS8);
    let text = service_account::assertion(&value, "https://aud", 1000).unwrap();
    let (signed, signature) = text.rsplit_once('.').unwrap();
    let parts: Vec<Value> =
        signed.split('.').map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()).collect();
    assert_eq!(parts[0], json!({ "alg": "RS256", "typ": "JWT", "kid": "id" }));
    assert_eq!(parts[1], json!({ "iss": "a@p.iam", "scope": SCOPE, "aud": "https://aud", "iat": 1000, "exp": 4600 }));
    let body: String = PKCS8.lines().filter(|line| !line.starts_with("-----")).collect();
    let key = RsaKeyPair::from_pkcs8(&base64::engine::general_purpose::STANDARD.decode(body).unwrap()).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref());
    public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_credentials_is_told_without_them() {
    let check = async |credentials: Value, expected: &str| {
        let (text, asked) = found(&credentials.to_string(), &[]).await;
        assert!(text.contains(expected) && !text.contains("hidden") && asked.is_empty(), "{text}");
    };
    check(account("hidden"), "private_key of the vertex credentials is no RSA key").await;
    check(json!({ "type": "service_account", "private_key": "hidden" }), "vertex credentials lack `client_email`")
        .await;
    check(json!({ "type": "strange", "private_key": "hidden" }), "type `strange`").await;
    check(json!({ "type": "external_account" }), "lack `credential_source`").await;
    let executable =
        json!({ "type": "external_account", "credential_source": { "executable": { "command": "hidden" } } });
    check(executable, "executables are not run").await;
    let (text, _) = found("{hidden", &[]).await;
    assert!(text.starts_with("Unable to load vertex credentials") && !text.contains("hidden"), "{text}");
    let (text, _) = found("/nowhere.json", &[]).await;
    assert_eq!(text, "vertex_credentials: file /nowhere.json cannot be read: check the path");
}

#[tokio::test]
async fn users_and_impersonated_accounts_get_tokens() {
    let user = json!({ "type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r/1",
        "token_uri": "{base}/token" });
    let (token, asked) = found(&user.to_string(), &[]).await;
    let line = "POST /token grant_type=refresh_token&client_id=c&client_secret=s&refresh_token=r%2F1";
    assert_eq!((token.as_str(), asked[0].line().as_str()), ("own", line));
    let acting = json!({ "type": "impersonated_service_account", "source_credentials": user, "delegates": ["d"],
        "service_account_impersonation_url": "{base}/impersonate" });
    let (token, asked) = found(&acting.to_string(), &[]).await;
    assert_eq!((token.as_str(), asked.len()), ("impersonated", 2));
    assert_eq!(asked[1].header("authorization"), Some("Bearer own"));
    let body: Value = serde_json::from_str(&asked[1].body).unwrap();
    assert_eq!(body, json!({ "delegates": ["d"], "scope": [SCOPE], "lifetime": "3600s" }));
}

#[tokio::test]
async fn federation_exchanges_the_token_of_a_file_or_an_address() {
    let path = std::env::temp_dir().join(format!("tollgate-google-{}", tollgate_core::new_id()));
    std::fs::write(&path, "theirs\n").unwrap();
    let exchange = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&audience=%2F%2Fiam&scope={ESCAPED_SCOPE}\
         &requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&subject_token_type=jwt&subject_token=theirs"
    );
    let check = async |source: Value, more: Value, expected: &[&str]| {
        let mut value = json!({ "type": "external_account", "audience": "//iam", "subject_token_type": "jwt",
            "token_url": "{base}/exchange", "credential_source": source });
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (_, asked) = found(&value.to_string(), &[]).await;
        let mut targets: Vec<_> = asked.iter().map(|asked| asked.target.as_str()).collect();
        assert_eq!(targets, expected);
        let at = targets.iter().position(|target| *target == "/exchange").unwrap();
        assert_eq!(asked[at].body, exchange);
        targets.clear();
        asked[at].header("authorization").map(str::to_owned)
    };
    let file = json!({ "file": path.to_str().unwrap() });
    assert_eq!(check(file.clone(), json!({}), &["/exchange"]).await, None);
    let address = json!({ "url": "{base}/text-token", "headers": { "x-own": "1" } });
    check(address, json!({}), &["/text-token", "/exchange"]).await;
    let format = json!({ "type": "json", "subject_token_field_name": "token" });
    let address = json!({ "url": "{base}/json-token", "format": format });
    let acting = json!({ "service_account_impersonation_url": "{base}/impersonate" });
    check(address, acting, &["/json-token", "/exchange", "/impersonate"]).await;
    let client = json!({ "client_id": "c", "client_secret": "s" });
    assert_eq!(check(file, client, &["/exchange"]).await.as_deref(), Some("Basic Yzpz"));
}

#[tokio::test]
async fn federation_with_aws_sends_a_signed_request_to_google() {
    let source = json!({ "environment_id": "aws1", "region_url": "{base}/zone",
        "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15" });
    let value = json!({ "type": "external_account", "audience": "//iam", "subject_token_type": "aws4",
        "token_url": "{base}/exchange", "credential_source": source,
        "aws_access_key_id": "AKID", "aws_secret_access_key": "hidden", "aws_session_token": "token" });
    let (token, asked) = found(&value.to_string(), &[]).await;
    assert_eq!(token, "own");
    let form = &asked[1].body;
    let subject = form.split("subject_token=").nth(1).unwrap();
    let request: Value = serde_json::from_str(&unescaped(&unescaped(subject))).unwrap();
    assert_eq!(request["url"], "https://sts.eu-west-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15");
    assert_eq!(request["method"], "POST");
    let header = |name: &str| {
        let headers = request["headers"].as_array().unwrap();
        headers.iter().find(|header| header["key"] == name).map(|header| header["value"].as_str().unwrap().to_owned())
    };
    assert_eq!(header("host").as_deref(), Some("sts.eu-west-1.amazonaws.com"));
    assert_eq!(header("x-goog-cloud-target-resource").as_deref(), Some("//iam"));
    assert_eq!(header("x-amz-security-token").as_deref(), Some("token"));
    let signed = "SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=";
    let authorization = header("authorization").unwrap();
    assert!(
        authorization.contains("/eu-west-1/sts/aws4_request, ") && authorization.contains(signed),
        "{authorization}"
    );
    assert!(!form.contains("hidden"));
}

#[tokio::test]
async fn default_credentials_are_a_file_or_the_machines() {
    let folder = std::env::temp_dir().join(format!("tollgate-gcloud-{}", tollgate_core::new_id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("application_default_credentials.json");
    let issuer = Issuer::start(answer).await;
    std::fs::write(&path, account(PKCS8).to_string().replace("{base}", &issuer.base)).unwrap();
    let (path, folder) = (path.to_str().unwrap(), folder.to_str().unwrap());
    let host = issuer.base.trim_start_matches("http://");
    let check = async |variables: &[(&str, &str)], target: &str, project_id: Option<&str>| {
        let outside = issuer.outside(variables);
        assert_eq!(token(&outside, None).await.unwrap().value.expose(), "own");
        assert_eq!(issuer.asked().pop().unwrap().target, target);
        assert_eq!(project(&outside, None).as_deref(), project_id);
    };
    check(&[("GOOGLE_APPLICATION_CREDENTIALS", path)], "/token", Some("p")).await;
    check(&[("CLOUDSDK_CONFIG", folder)], "/token", Some("p")).await;
    let metadata = format!("/computeMetadata/v1/instance/service-accounts/default/token?scopes={ESCAPED_SCOPE}");
    check(&[("GCE_METADATA_HOST", host), ("HOME", "/nowhere")], &metadata, None).await;
    assert_eq!(issuer.asked().pop().unwrap().header("metadata-flavor"), Some("Google"));
    let outside = issuer.outside(&[("GCE_METADATA_HOST", "127.0.0.1:1")]);
    let error = token(&outside, None).await.err().unwrap();
    assert!(error.to_string().starts_with("Your default credentials were not found: set "), "{error}");
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| byte == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}
