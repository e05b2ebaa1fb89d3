//! Vertex AI's own API: project, location and credentials of a request, and its host.
//!
//! In LiteLLM's order: a deployment with `use_in_pass_through`, `default_vertex_config`, its variables; where there is
//! none, the caller's own credentials. Fetches no token.

use http::HeaderMap;
use tollgate_wire::provider::resolve;

use super::headers::{self, Caller};
use super::provider::Forwards;
use super::target::{self, Base};
use super::{Outgoing, PassCall};
use crate::config::{Config, VertexConfig};
use crate::deployment::Variables;
use crate::sign::Scheme;
use crate::{App, Error, Secret};

const DISCOVERY_PREFIX: &str = "discovery/";
const DISCOVERY: &str = "https://discoveryengine.googleapis.com";
/// What Anthropic's models take besides, but for counting tokens.
const BETA: &str = "anthropic-beta";

/// Everything known of Vertex AI.
#[derive(Default)]
pub(super) struct Vertex {
    /// Deployments that lend their credentials.
    lenders: Vec<Lender>,
    default: VertexConfig,
    /// Stands in the place of Google's hosts.
    base: Option<Base>,
}

struct Lender {
    group: String,
    model: String,
    account: VertexConfig,
}

impl Vertex {
    pub fn new(config: &Config, variables: Variables<'_>, base: Option<Base>) -> Self {
        let set = |name: &str| variables(name).filter(|text| !text.is_empty());
        let default = config.default_vertex_config.clone().unwrap_or_else(|| VertexConfig {
            project: set("DEFAULT_VERTEXAI_PROJECT"),
            location: set("DEFAULT_VERTEXAI_LOCATION"),
            credentials: set("DEFAULT_GOOGLE_APPLICATION_CREDENTIALS").map(Secret::new),
        });
        Self { lenders: config.models.iter().filter_map(lender).collect(), default, base }
    }

    /// The lender of a model group, else of a project and location, else the default.
    fn account<'a>(
        &'a self,
        named: Option<&'a Lender>,
        project: Option<&str>,
        location: Option<&str>,
    ) -> &'a VertexConfig {
        let is_there = |lender: &&Lender| {
            let account = &lender.account;
            project.is_some() && account.project.as_deref() == project && account.location.as_deref() == location
        };
        let found = named.or_else(|| self.lenders.iter().find(is_there).filter(|_| location.is_some()));
        found.map_or(&self.default, |lender| &lender.account)
    }
}

fn lender(model: &crate::config::Model) -> Option<Lender> {
    let params = &model.params;
    let resolved = resolve(&params.model, params.custom_llm_provider.as_deref(), None).ok()?;
    if !params.use_in_pass_through || resolved.provider.name != "vertex_ai" {
        return None;
    }
    let text = |name| params.credential(name).map(|secret| secret.expose().to_owned());
    let account = VertexConfig {
        project: text("vertex_project"),
        location: text("vertex_location"),
        credentials: params.google_credentials().cloned(),
    };
    Some(Lender { group: model.group.clone(), model: resolved.model, account })
}

/// The request to Vertex AI.
pub(super) fn outgoing(app: &App, call: &PassCall<'_>, vertex: &Vertex) -> Result<Outgoing, Error> {
    let path = call.rest.trim_start_matches('/');
    let (is_discovery, path) = match path.strip_prefix(DISCOVERY_PREFIX) {
        Some(rest) => (true, rest),
        None => (false, path),
    };
    let mut path = format!("/{path}");
    let (project, location) = (behind(&path, "/projects/"), behind(&path, "/locations/"));
    let lender = model_in(&path).and_then(|model| vertex.lenders.iter().find(|lender| lender.group == model));
    if let Some((lender, model)) = lender.zip(model_in(&path)) {
        path = path.replacen(&format!("/models/{model}"), &format!("/models/{}", target::encode(&lender.model)), 1);
    }
    let account = vertex.account(lender, project.as_deref(), location.as_deref());
    let (headers, scheme) = credentials(app, call, account, &path)?;
    let own = account.project.is_some();
    let project = account.project.clone().filter(|_| own).or(project);
    let location = account.location.clone().filter(|_| own).or(location);
    let base = match (&vertex.base, is_discovery) {
        (Some(base), _) => base.clone(),
        (None, true) => google(DISCOVERY)?,
        (None, false) => google(&host(location.as_deref())?)?,
    };
    let path = placed(&path, project.as_deref(), location.as_deref());
    let query = query(call.query.as_deref(), &path);
    let uri = base.below(&path, query.as_deref())?;
    Ok(Outgoing { uri, headers, timeout: app.passes.timeout, cost: None, scheme, deployment: None })
}

/// The headers, and how the account is shown; without an account, the caller shows its own.
fn credentials(
    app: &App,
    call: &PassCall<'_>,
    account: &VertexConfig,
    path: &str,
) -> Result<(HeaderMap, Option<Scheme>), Error> {
    let key_header = app.gatekeeper.key_header();
    let caller = Caller { headers: &call.headers, key: call.key.as_deref(), key_header };
    if account.project.is_some() {
        let counts_tokens = path.rsplit('/').next().is_some_and(|last| last.split(':').next() == Some("count-tokens"));
        let forwards = if counts_tokens { Forwards::Only(&[]) } else { Forwards::Only(&[BETA]) };
        return Ok((headers::up(caller, forwards), Some(Scheme::Google { credentials: account.credentials.clone() })));
    }
    let headers = headers::up(caller, Forwards::All);
    if headers.contains_key(http::header::AUTHORIZATION) {
        return Ok((headers, None));
    }
    let variables = "DEFAULT_VERTEXAI_PROJECT, or send a Google access token in Authorization".to_owned();
    Err(Error::NoProviderKey { provider: "vertex_ai", variables })
}

/// Google's host of a location.
fn host(location: Option<&str>) -> Result<String, Error> {
    let refuse = |text: &str| Err(Error::NoGroup(text.to_owned()));
    let Some(location) = location else {
        return refuse(
            "no Vertex AI location for this request: put /projects/<project>/locations/<location>/ into the path, or set vertex_location in default_vertex_config",
        );
    };
    let is_name = location.starts_with(|letter: char| letter.is_ascii_lowercase())
        && location.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    match location {
        "global" => Ok("https://aiplatform.googleapis.com".to_owned()),
        _ if !is_name => refuse("the location in the path is none of Vertex AI's"),
        _ if !location.contains('-') => Ok(format!("https://aiplatform.{location}.rep.googleapis.com")),
        _ => Ok(format!("https://{location}-aiplatform.googleapis.com")),
    }
}

fn google(text: &str) -> Result<Base, Error> {
    Base::parse(text).map_err(Error::NoGroup)
}

/// The path with project, location and version, as far as they are missing or others count.
fn placed(path: &str, project: Option<&str>, location: Option<&str>) -> String {
    let version = if path.contains("cachedContent") { "v1beta1" } else { "v1" };
    if path.contains("locations") {
        let replaced = project.zip(location).and_then(|(project, location)| {
            let (before, rest) = path.split_once("/projects/")?;
            let (_, rest) = rest.split_once("/locations/")?;
            let behind = rest.split_once('/').map_or("", |(_, behind)| behind);
            Some(format!("{before}/projects/{project}/locations/{location}/{behind}"))
        });
        let path = replaced.unwrap_or_else(|| path.to_owned());
        return if path.starts_with("/projects/") { format!("/{version}{path}") } else { path };
    }
    let (version, rest) = match (path.strip_prefix("/v1/"), path.strip_prefix("/v1beta1/")) {
        (Some(rest), _) => ("v1", rest),
        (None, Some(rest)) => ("v1beta1", rest),
        (None, None) => (version, path.trim_start_matches('/')),
    };
    let (project, location) = (project.unwrap_or_default(), location.unwrap_or_default());
    format!("/{version}/projects/{project}/locations/{location}/{rest}")
}

/// A stream whose caller says nothing about its form is one of events, as with LiteLLM.
fn query(query: Option<&str>, path: &str) -> Option<String> {
    let streams = path.contains("stream") && !path.contains("awPredict");
    match query {
        None | Some("") if streams => Some("alt=sse".to_owned()),
        query => query.map(str::to_owned),
    }
}

/// The segment behind a word of the path.
fn behind(path: &str, word: &str) -> Option<String> {
    let segment = path.split_once(word)?.1.split('/').next()?;
    (!segment.is_empty()).then(|| segment.to_owned())
}

fn model_in(path: &str) -> Option<String> {
    let name = path.split_once("/models/")?.1.split(':').next()?;
    (!name.is_empty()).then(|| name.to_owned())
}
