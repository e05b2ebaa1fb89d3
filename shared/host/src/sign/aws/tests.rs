use crate::sign::tests::issuer::{Asked, Issuer, assumed};

use super::*;

const TARGET: &str = "arn:aws:iam::123456789012:role/path/target";
const CALLER: &str = "<R><Arn>arn:aws:sts::123456789012:assumed-role/NAME/session</Arn></R>";

/// AWS as far as it is needed: STS at `/`, a container's endpoint, an instance's metadata.
fn answer(asked: &Asked) -> (u16, String) {
    let keys = |id: &str| {
        let json = format!(
            r#"{{"AccessKeyId":"{id}","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}}"#
        );
        (200, json)
    };
    let as_other = asked.header("authorization").is_some_and(|value| value.contains("Credential=OTHER/"));
    match (&*asked.method, &*asked.target) {
        (_, "/") if asked.body.contains("GetCallerIdentity") && as_other => (200, CALLER.replace("NAME", "other")),
        (_, "/") if asked.body.contains("GetCallerIdentity") => (200, CALLER.replace("NAME", "target")),
        (_, "/") if asked.body.contains("WebIdentity") => assumed("FEDERATED"),
        (_, "/") => assumed("ASSUMED"),
        (_, "/container") => keys("CONTAINER"),
        ("PUT", "/latest/api/token") => (200, "session".to_owned()),
        (_, "/latest/meta-data/iam/security-credentials/") => (200, "instance-role\n".to_owned()),
        (_, "/latest/meta-data/iam/security-credentials/instance-role") => keys("INSTANCE"),
        _ => (404, String::new()),
    }
}

/// Which key is found, and what was asked on the way; the fields of a form in short.
async fn found(source: AwsSource, variables: &[(&str, &str)]) -> (String, Vec<String>) {
    let issuer = Issuer::start(answer).await;
    let outside = issuer.outside(variables);
    let source = match source {
        AwsSource::Role { base, role } => AwsSource::Role { base, role: at(&issuer, role) },
        AwsSource::WebIdentity { token, role } => AwsSource::WebIdentity { token, role: at(&issuer, role) },
        other => other,
    };
    let key = match keys(&outside, &source).await {
        Ok(keys) => keys.value.id,
        Err(error) => error.to_string(),
    };
    (key, issuer.asked().iter().map(told).collect())
}

fn at(issuer: &Issuer, role: AssumedRole) -> AssumedRole {
    AssumedRole { sts: Sts { endpoint: Some(issuer.base.clone()), region: "eu-west-1".to_owned() }, ..role }
}

/// Action, signer and region of a form to STS; else the target.
fn told(asked: &Asked) -> String {
    let Some(rest) = asked.body.strip_prefix("Action=") else { return asked.target.clone() };
    let action = rest.split('&').next().unwrap();
    let signer = asked.header("authorization").map(|value| {
        let mut place = value.split_once("Credential=").unwrap().1.split('/');
        format!(" by {} in {}", place.next().unwrap(), place.nth(1).unwrap())
    });
    format!("{action}{}", signer.unwrap_or_default())
}

fn a_role() -> AssumedRole {
    let sts = Sts { endpoint: None, region: String::new() };
    AssumedRole { arn: TARGET.to_owned(), session_name: Some("s".to_owned()), external_id: None, tags: Vec::new(), sts }
}

fn some_keys(id: &str, session_token: Option<&str>) -> AwsKeys {
    let secret = Secret::new("s".to_owned());
    AwsKeys { id: id.to_owned(), secret, session_token: session_token.map(|token| Secret::new(token.to_owned())) }
}

async fn check(source: AwsSource, variables: &[(&str, &str)], key: &str, asked: &[&str]) {
    let (found_key, found_asked) = found(source, variables).await;
    assert_eq!((found_key.as_str(), found_asked), (key, asked.iter().map(|&text| text.to_owned()).collect()));
}

#[tokio::test]
async fn a_role_is_taken_on_unless_it_is_the_callers_already() {
    let role = |base: Option<AwsKeys>| AwsSource::Role { base, role: a_role() };
    let assume = "AssumeRole by OTHER in eu-west-1";
    let who = "GetCallerIdentity by OTHER in eu-west-1";
    check(role(Some(some_keys("OTHER", None))), &[], "ASSUMED", &[assume]).await;
    check(role(Some(some_keys("OTHER", Some("t")))), &[], "ASSUMED", &[who, assume]).await;
    check(role(Some(some_keys("OWN", Some("t")))), &[], "OWN", &["GetCallerIdentity by OWN in eu-west-1"]).await;
    let container = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{base}/container"), ("HOME", "/nowhere")];
    let asked = ["/container", "GetCallerIdentity by CONTAINER in eu-west-1"];
    check(role(None), &container, "CONTAINER", &asked).await;
}

#[tokio::test]
async fn a_kubernetes_role_takes_on_another_by_two_steps() {
    let folder = tempfile();
    let path = write(&folder, "token", "jwt\n");
    let role = || AwsSource::Role { base: None, role: a_role() };
    let own = [("AWS_ROLE_ARN", "arn:aws:iam::1:role/own"), ("AWS_WEB_IDENTITY_TOKEN_FILE", &path)];
    let both = ["AssumeRoleWithWebIdentity", "AssumeRole by FEDERATED in eu-west-1"];
    check(role(), &own, "ASSUMED", &both).await;
    let same = [("AWS_ROLE_ARN", TARGET), ("AWS_WEB_IDENTITY_TOKEN_FILE", &path), ("AWS_STS_ENDPOINT", "{base}")];
    check(role(), &same, "FEDERATED", &["AssumeRoleWithWebIdentity"]).await;
}

#[tokio::test]
async fn a_web_identity_is_a_token_a_file_or_a_reference() {
    let folder = tempfile();
    let path = write(&folder, "token", "jwt\n");
    let by = |token: &str| AwsSource::WebIdentity { token: Secret::new(token.to_owned()), role: a_role() };
    let asked = ["AssumeRoleWithWebIdentity"];
    check(by("header.claims.signature"), &[], "FEDERATED", &asked).await;
    check(by(&path), &[], "FEDERATED", &asked).await;
    check(by("oidc/env/TOKEN"), &[("TOKEN", "jwt")], "FEDERATED", &asked).await;
    check(by("oidc/env_path/PLACE"), &[("PLACE", &path)], "FEDERATED", &asked).await;
    let allowed = [("LITELLM_OIDC_ALLOWED_CREDENTIAL_DIRS", folder.as_str())];
    check(by(&format!("oidc/file/{path}")), &allowed, "FEDERATED", &asked).await;
    let refused = format!(
        "oidc/file: {path} is outside of the folders for credentials: add its folder to LITELLM_OIDC_ALLOWED_CREDENTIAL_DIRS"
    );
    check(by(&format!("oidc/file/{path}")), &[], &refused, &[]).await;
    let sneaking = format!("oidc/file/{folder}/../../etc/hostname");
    let (text, _) = found(by(&sneaking), &allowed).await;
    assert!(text.contains("outside of the folders"), "{text}");
}

#[tokio::test]
async fn the_default_chain_stops_at_the_first_that_has_credentials() {
    let folder = tempfile();
    let config = write(&folder, "config", "[default]\naws_access_key_id = FILE\naws_secret_access_key = s\n");
    let instance = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", "{base}/"), ("HOME", "/nowhere")];
    let environment = [("AWS_ACCESS_KEY_ID", "ENV"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_CONFIG_FILE", &config)];
    check(AwsSource::Chain, &environment, "ENV", &[]).await;
    check(AwsSource::Chain, &environment[2..], "FILE", &[]).await;
    let roles = "/latest/meta-data/iam/security-credentials/";
    let asked = ["/latest/api/token", roles, &format!("{roles}instance-role")];
    check(AwsSource::Chain, &instance, "INSTANCE", &asked).await;
    let (text, asked) = found(AwsSource::Chain, &[("AWS_EC2_METADATA_DISABLED", "true")]).await;
    assert!(text.starts_with("Unable to locate credentials: set ") && asked.is_empty(), "{text}");
}

#[tokio::test]
async fn a_containers_token_goes_to_no_other_machine() {
    let issuer = Issuer::start(answer).await;
    let folder = tempfile();
    let path = write(&folder, "token", "first");
    let full = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{base}/container");
    let outside = issuer.outside(&[full, ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &path)]);
    for token in ["first", "second"] {
        write(&folder, "token", token);
        assert_eq!(keys(&outside, &AwsSource::Chain).await.unwrap().value.id, "CONTAINER");
        assert_eq!(issuer.asked().pop().unwrap().header("authorization"), Some(token));
    }
    for address in ["http://192.0.2.1/x", "http://example.com/x"] {
        let outside = issuer.outside(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", address)]);
        let error = keys(&outside, &AwsSource::Chain).await.err().unwrap();
        assert!(error.to_string().contains("neither https nor an address of this machine"), "{error}");
    }
}

#[tokio::test]
async fn what_a_role_is_given_reaches_sts() {
    let issuer = Issuer::start(answer).await;
    let tags = vec![("a".to_owned(), "1 2".to_owned()), ("b".to_owned(), "ż".to_owned())];
    let role = AssumedRole { external_id: Some("x/y".to_owned()), tags, ..at(&issuer, a_role()) };
    let source = AwsSource::Role { base: Some(some_keys("OTHER", None)), role };
    let found = keys(&issuer.outside(&[]), &source).await.unwrap();
    assert_eq!(found.expires, instant::parse("2099-01-01T00:00:00Z"));
    assert_eq!(found.value.secret.expose(), "s&+/");
    let expected = "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpath%2Ftarget\
                    &RoleSessionName=s&ExternalId=x%2Fy&Tags.member.1.Key=a&Tags.member.1.Value=1+2\
                    &Tags.member.2.Key=b&Tags.member.2.Value=%C5%BC";
    assert_eq!(issuer.asked()[0].body, expected);
    let unnamed = AssumedRole { session_name: None, ..at(&issuer, a_role()) };
    let source = AwsSource::Role { base: Some(some_keys("OTHER", None)), role: unnamed };
    keys(&issuer.outside(&[]), &source).await.unwrap();
    assert!(issuer.asked()[1].body.contains("&RoleSessionName=litellm-session-1"), "{}", issuer.asked()[1].body);
}

#[test]
fn roles_are_compared_without_path_and_session() {
    let check = |arn: &str, expected: Option<(&str, &str, &str)>| assert_eq!(role_of(arn), expected, "{arn}");
    check("arn:aws:iam::1:role/a/b/c", Some(("aws", "1", "c")));
    check("arn:aws-cn:sts::1:assumed-role/c/session", Some(("aws-cn", "1", "c")));
    check("arn:aws:iam::1:user/c", None);
    check("nonsense", None);
}

#[tokio::test]
async fn profiles_lead_to_keys() {
    let folder = tempfile();
    let config = write(
        &folder,
        "config",
        "# comment\n[profile plain]\naws_access_key_id=CONFIG\naws_secret_access_key=s\nregion = eu-north-1\ns3 =\n  x = y\n\
         [profile role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\nexternal_id = e\n\
         [profile chained]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = role\n\
         [profile own]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = own\naws_access_key_id = OWN\naws_secret_access_key = s\n\
         [profile machine]\nrole_arn = arn:aws:iam::1:role/r\ncredential_source = EcsContainer\n\
         [profile process]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"PROCESS\",\"SecretAccessKey\":\"s\"}'\n\
         [profile failing]\ncredential_process = echo hidden; exit 3\n\
         [profile lost]\nrole_arn = arn:aws:iam::1:role/r\n[profile sso]\nsso_session = x\n\
         [profile a]\nrole_arn = x\nsource_profile = b\n[profile b]\nrole_arn = x\nsource_profile = a\n",
    );
    let secrets = write(
        &folder,
        "credentials",
        "[base]\naws_access_key_id = BASE\naws_secret_access_key = s\n[plain]\naws_access_key_id = SHARED\n",
    );
    let variables = [
        ("AWS_CONFIG_FILE", config.as_str()),
        ("AWS_SHARED_CREDENTIALS_FILE", &secrets),
        ("AWS_STS_ENDPOINT", "{base}"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{base}/container"),
    ];
    let check = async |name: &str, key: &str, asked: &[&str]| {
        check(AwsSource::Profile(name.to_owned()), &variables, key, asked).await;
    };
    check("plain", "SHARED", &[]).await;
    check("role", "ASSUMED", &["AssumeRole by BASE in eu-west-1"]).await;
    check("chained", "ASSUMED", &["AssumeRole by BASE in eu-west-1", "AssumeRole by ASSUMED in eu-west-1"]).await;
    check("own", "ASSUMED", &["AssumeRole by OWN in eu-west-1"]).await;
    check("machine", "ASSUMED", &["/container", "AssumeRole by CONTAINER in eu-west-1"]).await;
    check("process", "PROCESS", &[]).await;
    check("failing", "credential_process of profile failing failed: run it by hand to see why", &[]).await;
    check("lost", "profile lost has a role_arn: give it a source_profile too", &[]).await;
    let missing = "The config profile (gone) could not be found: add it to ~/.aws/config, or correct aws_profile_name";
    check("gone", missing, &[]).await;
    check("a", &missing.replace("gone", "a"), &[]).await;
    let issuer = Issuer::start(answer).await;
    assert_eq!(profile::region(&issuer.outside(&variables), "plain").as_deref(), Some("eu-north-1"));
}

/// A new folder of its own for each test.
fn tempfile() -> String {
    let folder = std::env::temp_dir().join(format!("tollgate-sign-{}", tollgate_core::new_id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder.display().to_string()
}

fn write(folder: &str, name: &str, content: &str) -> String {
    let path = format!("{folder}/{name}");
    std::fs::write(&path, content).unwrap();
    path
}
