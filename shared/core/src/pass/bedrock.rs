//! Amazon Bedrock's own API: which host a path is for, and which deployment a model in it means.
//!
//! Requests are signed again, for the caller's signature was made with the gateway's key. Signs nothing itself.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;

use super::group::add_headers;
use super::target::{self, Base};
use super::{Outgoing, PassCall};
use crate::deployment::Deployment;
use crate::{App, Error};

/// What a path of the runtime ends in, behind the model.
const ACTIONS: [&str; 6] =
    ["invoke", "invoke-with-response-stream", "converse", "converse-stream", "count-tokens", "count_tokens"];
/// Paths of the agent runtime, as LiteLLM tells them.
const AGENT_PATHS: [&str; 7] =
    ["agents/", "knowledgebases/", "flows/", "retrieveAndGenerate/", "rerank/", "generateQuery/", "optimize-prompt/"];
/// Ways to call a model that LiteLLM lets a deployment name in front of it.
const WAYS: [&str; 4] = ["converse/", "invoke/", "converse_like/", "bedrock/"];

/// The request to Bedrock: for a model group to its deployment, else with the account of the environment.
pub(super) fn outgoing(
    app: &App,
    call: &PassCall<'_>,
    mut headers: HeaderMap,
    account: &Arc<Deployment>,
) -> Result<Outgoing, Error> {
    let path = call.rest.trim_start_matches('/');
    let model = model_in(path);
    let deployment = model.as_ref().and_then(|model| deployment_of((app, call), &name_of(model.segment)));
    let deployment = deployment.as_ref().unwrap_or(account);
    let rest = match model {
        Some(model) if deployment.group != account.group => {
            format!("model/{}/{}", target::encode(model_id(deployment)), model.action)
        }
        // Slashes of an ARN that came in the clear are not those of the path.
        Some(model) => format!("model/{}/{}", model.segment.replace('/', "%2F"), model.action),
        None => path.to_owned(),
    };
    let base = base(app, deployment, &rest)?;
    add_headers(&mut headers, deployment);
    let uri = base.below(&rest, call.query.as_deref())?;
    let scheme = deployment.scheme.clone();
    Ok(Outgoing { uri, headers, timeout: timeout_of(app), cost: None, scheme, deployment: named(deployment, account) })
}

fn timeout_of(app: &App) -> Duration {
    app.passes.timeout
}

fn named(deployment: &Arc<Deployment>, account: &Arc<Deployment>) -> Option<Arc<Deployment>> {
    (!Arc::ptr_eq(deployment, account)).then(|| Arc::clone(deployment))
}

fn base(app: &App, deployment: &Deployment, rest: &str) -> Result<Base, Error> {
    let cloud = &deployment.rules.settings.cloud;
    let region = cloud.aws_region.as_str();
    let is_region = region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_region {
        return Err(Error::NoGroup(format!("`{region}` is no AWS region: set aws_region_name")));
    }
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let is_agent = AGENT_PATHS.iter().any(|path| format!("{rest}/").contains(path)) && !rest.starts_with("model/");
    if is_agent && !app.passes.serves_agents {
        return Err(Error::AgentsDisabled);
    }
    let text = match (&cloud.aws_bedrock_runtime_endpoint, is_agent) {
        (Some(endpoint), false) => endpoint.clone(),
        (_, true) => format!("https://bedrock-agent-runtime.{region}.{suffix}"),
        (None, false) => format!("https://bedrock-runtime.{region}.{suffix}"),
    };
    Base::parse(&text).map_err(|reason| Error::NoGroup(format!("aws_bedrock_runtime_endpoint {reason}")))
}

/// A model in a path, still percent-encoded: it may hold slashes.
struct Model<'a> {
    segment: &'a str,
    action: &'a str,
}

fn model_in(path: &str) -> Option<Model<'_>> {
    let (segment, action) = path.strip_prefix("model/")?.trim_end_matches('/').rsplit_once('/')?;
    (!segment.is_empty() && ACTIONS.contains(&action)).then_some(Model { segment, action })
}

/// The model that the path names.
pub(super) fn name_in(path: &str) -> Option<String> {
    model_in(path).map(|model| name_of(model.segment))
}

fn deployment_of((app, call): (&App, &PassCall<'_>), name: &str) -> Option<Arc<Deployment>> {
    let picked = || app.pick_for(name, call.visitor.as_ref()).ok().flatten();
    let found = app.catalog.get().holds(name).then(picked).flatten();
    found.filter(|deployment| deployment.provider == "bedrock")
}

/// The model as Amazon knows it.
fn model_id(deployment: &Deployment) -> &str {
    if let Some(id) = &deployment.rules.settings.cloud.model_id {
        return id;
    }
    let mut model = deployment.model.as_str();
    while let Some(rest) = WAYS.iter().find_map(|way| model.strip_prefix(way)) {
        model = rest;
    }
    let region = deployment.rules.settings.cloud.aws_region.as_str();
    model.strip_prefix(region).and_then(|rest| rest.strip_prefix('/')).unwrap_or(model)
}

fn name_of(segment: &str) -> String {
    String::from_utf8_lossy(&target::decode(segment.as_bytes())).into_owned()
}
