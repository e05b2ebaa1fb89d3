//! Profiles of the shared files `~/.aws/config` and `~/.aws/credentials`, by the AWS SDKs' reference guide.
//!
//! Keys, roles with a source profile or a credential source, web identity, and credential processes. Single sign-on is
//! not among them.

mod process;

use std::collections::HashMap;

use tollgate_core::Secret;
use tollgate_core::sign::{AssumedRole, AwsKeys, SignError, Sts};

use super::{Found, Lookup, ambient, container, instance, regional, sts};
use crate::sign::cache::Timed;
use crate::sign::outside::Outside;

/// Longest chain of source profiles.
const DEPTH_MAX: usize = 8;

type Section = HashMap<String, String>;

/// The keys of a profile.
///
/// # Errors
/// When it does not exist, or leads to no keys.
pub async fn keys(outside: &Outside, name: &str) -> Found {
    let profiles = read(outside);
    at_depth(outside, &profiles, name, 0).await
}

/// The region of a profile.
pub fn region(outside: &Outside, name: &str) -> Option<String> {
    read(outside).get(name)?.get("region").cloned()
}

/// Whether the files have a profile with credentials.
pub fn exists(outside: &Outside, name: &str) -> bool {
    let means = ["aws_access_key_id", "role_arn", "credential_process"];
    read(outside).get(name).is_some_and(|section| means.iter().any(|key| section.contains_key(*key)))
}

fn at_depth<'a>(
    outside: &'a Outside,
    profiles: &'a HashMap<String, Section>,
    name: &'a str,
    depth: usize,
) -> Lookup<'a> {
    Box::pin(async move {
        let Some(profile) = profiles.get(name).filter(|_| depth < DEPTH_MAX) else {
            let text = format!(
                "The config profile ({name}) could not be found: add it to ~/.aws/config, or correct aws_profile_name"
            );
            return Err(SignError::Refused(text));
        };
        let text = |key: &str| profile.get(key).cloned();
        if let (Some(arn), true) = (text("role_arn"), depth == 0 || !is_own_source(profile, name)) {
            let base = match (text("web_identity_token_file"), text("source_profile"), text("credential_source")) {
                (Some(path), ..) => {
                    let token = outside.file(&path, "web_identity_token_file")?;
                    return sts::assume_with_token(outside, &role(outside, profile, arn), &token, None).await;
                }
                (None, Some(source), _) => at_depth(outside, profiles, &source, depth + 1).await?,
                (None, None, Some(source)) => of_source(outside, &source).await?,
                (None, None, None) => {
                    return Err(SignError::Refused(format!(
                        "profile {name} has a role_arn: give it a source_profile too"
                    )));
                }
            };
            return sts::assume(outside, &base.value, &role(outside, profile, arn)).await;
        }
        if let (Some(id), Some(secret)) = (text("aws_access_key_id"), text("aws_secret_access_key")) {
            let session_token = text("aws_session_token").map(Secret::new);
            return Ok(Timed { value: AwsKeys { id, secret: Secret::new(secret), session_token }, expires: None });
        }
        match text("credential_process") {
            Some(command) => process::keys(&command, name).await,
            None => Err(SignError::Refused(format!(
                "profile {name} holds no credentials that can be used here: give it keys, a role, or a credential_process"
            ))),
        }
    })
}

/// A profile may name itself as the source of its role: then its own keys take it on.
fn is_own_source(profile: &Section, name: &str) -> bool {
    profile.get("source_profile").is_some_and(|source| source == name)
}

async fn of_source(outside: &Outside, source: &str) -> Found {
    let found = match source {
        "Environment" => ambient::environment(outside).map(|value| Ok(Timed { value, expires: None })),
        "EcsContainer" => container::keys(outside).await,
        "Ec2InstanceMetadata" => instance::keys(outside).await,
        _ => None,
    };
    found.unwrap_or_else(|| Err(SignError::Refused(format!("credential_source {source} has no credentials here"))))
}

fn role(outside: &Outside, profile: &Section, arn: String) -> AssumedRole {
    let own = regional(outside);
    let region = profile.get("region").cloned().unwrap_or(own.region);
    AssumedRole {
        arn,
        session_name: profile.get("role_session_name").cloned(),
        external_id: profile.get("external_id").cloned(),
        tags: Vec::new(),
        sts: Sts { endpoint: own.endpoint, region },
    }
}

/// All profiles; what the credentials file says of one stands above the configuration file.
fn read(outside: &Outside) -> HashMap<String, Section> {
    let home = outside.variable("HOME").unwrap_or_default();
    let path = |variable: &str, file: &str| outside.variable(variable).unwrap_or_else(|| format!("{home}/.aws/{file}"));
    let mut profiles: HashMap<String, Section> = HashMap::new();
    for path in [path("AWS_CONFIG_FILE", "config"), path("AWS_SHARED_CREDENTIALS_FILE", "credentials")] {
        let path = path.strip_prefix("~/").map_or(path.clone(), |rest| format!("{home}/{rest}"));
        for (name, section) in sections(&outside.file(&path, "profiles").unwrap_or_default()) {
            profiles.entry(name).or_default().extend(section);
        }
    }
    profiles
}

/// Sections by their profile's name: `[profile x]` and `[x]` alike. Indented lines belong to the value above them and
/// are not needed here.
fn sections(text: &str) -> Vec<(String, Section)> {
    let mut sections: Vec<(String, Section)> = Vec::new();
    for line in text.lines() {
        let is_nested = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.is_empty() || is_nested || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(title) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let name = title.trim().strip_prefix("profile ").unwrap_or(title).trim();
            sections.push((name.to_owned(), Section::new()));
        } else if let (Some((_, section)), Some((key, value))) = (sections.last_mut(), line.split_once('=')) {
            section.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    sections
}
