//! The gateway's one object: everything a call needs, built once by `host`.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::Error;
use crate::authenticate::Gatekeeper;
use crate::balance::Balancer;
use crate::call::Visitor;
use crate::catalog::{Catalog, Found};
use crate::deployment::Deployment;
use crate::fetch::Fetch;
use crate::govern::Governance;
use crate::health::Watch;
use crate::journey::Mirrors;
use crate::live::Live;
use crate::pass::Passes;
use crate::random::Random;
use crate::realtime::SessionLimits;
use crate::resilience::Resilience;
use crate::resources::Accounts;
use crate::responses::Responses;
use crate::search::SearchTool;
use crate::select::{Query, Trace, Wish};
use crate::sign::Signer;
use crate::stored::Storage;
use crate::upstream::Upstream;

/// Every dependency of every call.
pub struct App {
    pub gatekeeper: Gatekeeper,
    /// Who may use what, how fast and for how much.
    pub governance: Governance,
    /// What names of models stand for; replaced while calls go on. A call keeps the one it began with.
    pub catalog: Live<Catalog>,
    /// Models, credentials and settings that a database holds beside the file.
    pub stored: Storage,
    /// Which deployment takes a call.
    pub balancer: Balancer,
    /// What comes after a failure.
    pub resilience: Resilience,
    /// Which deployments are down.
    pub health: Watch,
    /// Calls that are made again, unheard.
    pub mirrors: Mirrors,
    /// Whose files, batches and vector stores belong to no model.
    pub accounts: Accounts,
    /// Ids of responses, and conversations that providers do not keep.
    pub responses: Responses,
    pub upstream: Arc<dyn Upstream>,
    pub fetch: Arc<dyn Fetch>,
    pub signer: Arc<dyn Signer>,
    pub limits: Limits,
    /// Providers' own APIs, and the routes that the operator has defined.
    pub passes: Passes,
    pub session_limits: SessionLimits,
    pub search_tools: Vec<SearchTool>,
    /// Set when the process is going away; readiness says so.
    pub draining: AtomicBool,
}

impl App {
    /// A deployment for what is no call of a model: a passed-on request, a session, a question about a name. It is
    /// chosen like any other, and nothing is taken from its limits. `None` where the name stands for nothing, or nothing
    /// is left.
    ///
    /// # Errors
    /// When a wildcard entry matches, and the provider it leads to cannot serve the model.
    pub fn pick(&self, name: &str) -> Result<Option<Arc<Deployment>>, Error> {
        self.pick_for(name, None)
    }

    /// The same for whoever has come in with a key: what is another team's own is not chosen.
    ///
    /// # Errors
    /// As [`pick`](Self::pick).
    pub fn pick_for(&self, name: &str, visitor: Option<&Visitor>) -> Result<Option<Arc<Deployment>>, Error> {
        let team = visitor.and_then(|visitor| visitor.caller.team_scope());
        let group = match self.catalog.get().resolve(name, team)? {
            None => return Ok(None),
            Some(Found::One(group)) => {
                let is_open = |deployment: &&Arc<Deployment>| {
                    let owner = deployment.routing.team_id.as_deref();
                    owner.is_none() || team.is_none() || owner == team
                };
                return Ok(group.deployments.first().filter(is_open).cloned());
            }
            Some(Found::Group(group)) => group,
        };
        let wish = Wish { team_id: team.map(str::to_owned), ..Wish::default() };
        let query = Query { now: self.balancer.clock.now(), wish: &wish, ..Query::default() };
        let mut random = Random::new(Random::seed());
        let chosen = self.balancer.choose(&group, &query, (&mut random, &mut Trace::default()));
        Ok(chosen.ok().and_then(|chosen| group.deployments.get(chosen.place).cloned()))
    }
}

/// The bounds of one request. Their names in the configuration stand beside them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `general_settings.max_request_size_mb`.
    pub request_bytes_max: usize,
    /// `general_settings.max_response_size_mb`: a whole answer; streams are never kept.
    pub answer_bytes_max: usize,
    /// `general_settings.max_header_size_kb`: the head of a request.
    pub header_bytes_max: usize,
    /// `general_settings.max_media_download_size_mb`: everything that one request names by address.
    pub media_bytes_max: usize,
    /// `router_settings.upload_retry_max_size_mb`: a longer upload is passed on while it arrives, and sent once.
    pub retried_upload_bytes_max: usize,
    /// `general_settings.request_read_timeout_seconds`: for the body of a request to arrive.
    pub request_timeout: Duration,
}
