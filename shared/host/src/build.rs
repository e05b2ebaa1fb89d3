//! Builds the gateway's one object from its configuration.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rustls::RootCertStore;
use tokio::sync::mpsc::Receiver;
use tollgate_core::balance::Balancer;
use tollgate_core::clock::Clock;
use tollgate_core::config::{Config, Model};
use tollgate_core::deployment::{Deployment, Unusable};
use tollgate_core::govern::Doors;
use tollgate_core::health::Watch;
use tollgate_core::journey::Mirrors;
use tollgate_core::journey::mirror::Mirrored;
use tollgate_core::meter::{self, Meter};
use tollgate_core::pass::Passes;
use tollgate_core::price::Pricing;
use tollgate_core::realtime::SessionLimits;
use tollgate_core::resilience::Resilience;
use tollgate_core::resources::Accounts;
use tollgate_core::responses::{Bounds, Memory, ResponseIds, Responses};
use tollgate_core::search::SearchTool;
use tollgate_core::stored::Storage;
use tollgate_core::upstream::Upstream;
use tollgate_core::{App, Catalog, Error, Limits, Wildcard};
use tollgate_wire::cost::Adjustments;
use tracing::warn;

use crate::database::{AddressError, Database, Settings};
use crate::environment::{Files, variable};
use crate::fetch::{Fetcher, Policy};
use crate::master_key::{Configured, gatekeeper};
use crate::records::{Beside, Home, records};
use crate::sign::Credentials;
use crate::upstream::{Limits as PoolLimits, Pool};
use crate::{Failure, certificates, doors};

/// Idle connections to a provider are kept this long; most providers close theirs after a minute or more.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(55);

/// The gateway, and the jobs that it leaves to whoever runs it.
pub struct Built {
    pub app: Arc<App>,
    /// Copies of calls to make, where any deployment asks for them.
    pub mirrored: Option<Receiver<Mirrored>>,
    /// What goes on beside the calls, where records are kept.
    pub beside: Option<Beside>,
}

/// # Errors
/// When the master key is refused, or certificates cannot be read.
pub fn build(config: &Config, home: Home) -> Result<Built, Failure> {
    let general = &config.general_settings;
    let (gatekeeper, warning) = gatekeeper(Configured {
        master_key: general.master_key.clone(),
        header: general.litellm_key_header_name.clone(),
        permits_weakness: general.dangerously_permit_weak_or_unset_master_key,
    })?;
    if let Some(warning) = warning {
        warn!("{warning}");
    }
    let roots = roots(config)?;
    let pool = Arc::new(provider_pool(config, roots.clone()));
    let (passes, warnings) = Passes::new(config, &|name| config_variable(config, name));
    for warning in warnings {
        warn!("{warning}");
    }
    let signer = Arc::new(signer(config, Arc::<Pool>::clone(&pool)));
    let mut records = records(config, home, &|name| config_variable(config, name), &signer)?;
    let upstream: Arc<dyn Upstream> = Arc::<Pool>::clone(&pool);
    records.governance.doors = Doors {
        address: general.address.clone().into(),
        allowed_routes: general.allowed_routes.clone(),
        admin_only_routes: general.admin_only_routes.clone(),
        jwt: doors::jwt(config, Arc::clone(&upstream), Clock::System),
        custom: doors::custom_auth(config, upstream, Clock::System),
    };
    let meter: Arc<dyn Meter> = Arc::new(meter::Memory::default());
    let mirrored_max = whole(config.router_settings.mirrored_requests_max);
    let (mirrors, mirrored) = match config.models.iter().any(|model| !model.params.silent_models.is_empty()) {
        true => Some(Mirrors::new(mirrored_max)).unzip(),
        false => (None, None),
    };
    adjust(config, &records.governance.prices);
    let app = Arc::new(App {
        gatekeeper,
        governance: records.governance,
        catalog: catalog(config, &signer, Arc::clone(&meter)).into(),
        stored: storage(config, &signer, &meter),
        balancer: Balancer::new(config, meter, Clock::System),
        resilience: Resilience::new(config),
        mirrors: mirrors.unwrap_or_default(),
        health: Watch::new(config),
        accounts: Accounts::new(config, &|name| config_variable(config, name)),
        responses: responses(config),
        fetch: Arc::new(fetcher(config, roots)),
        signer,
        upstream: pool,
        limits: limits(config),
        passes,
        search_tools: SearchTool::all(config, &|name| config_variable(config, name)),
        session_limits: SessionLimits {
            message_bytes_max: megabytes(general.realtime_max_message_size_mb),
            idle_max: seconds(general.realtime_idle_timeout_seconds),
        },
        draining: AtomicBool::new(false),
    });
    Ok(Built { app, mirrored, beside: records.beside })
}

impl Built {
    /// Before anybody is served: the database is brought up to date, and what it holds of the configuration is put in
    /// force. Nobody else may have the `App` yet, for some of it is made anew.
    ///
    /// # Errors
    /// When the database's tables are such that nothing could be kept in them.
    pub async fn prepare(&mut self) -> Result<(), Failure> {
        if let Some(beside) = &self.beside {
            beside.prepare().await?;
        }
        if let Err(fault) = self.app.stored.reload(&self.app).await {
            warn!("stored models are served once the database can be reached: {fault}");
        }
        if self.app.stored.cost_map_url().is_some()
            && let Err(reason) = self.app.stored.reload_prices(&self.app).await
        {
            warn!("the built-in prices are in force: {reason}");
        }
        if self.app.stored.is_on()
            && let (Some(config), Some(app)) = (self.app.stored.config(), Arc::get_mut(&mut self.app))
        {
            let meter = Arc::clone(&app.balancer.meter);
            app.balancer = Balancer::new(&config, meter, Clock::System);
            app.resilience = Resilience::new(&config);
            app.governance.settings = config.governance.clone();
            app.limits = limits(&config);
        }
        Ok(())
    }
}

fn limits(config: &Config) -> Limits {
    let general = &config.general_settings;
    Limits {
        request_bytes_max: megabytes(general.max_request_size_mb),
        answer_bytes_max: megabytes(general.max_response_size_mb),
        media_bytes_max: megabytes(general.max_media_download_size_mb),
        retried_upload_bytes_max: megabytes(config.router_settings.upload_retry_max_size_mb),
        header_bytes_max: whole(general.max_header_size_kb).saturating_mul(1024),
        request_timeout: seconds(general.request_read_timeout_seconds),
    }
}

/// What a database may hold beside the file, and what makes deployments of it.
fn storage(config: &Config, signer: &Arc<Credentials>, meter: &Arc<dyn Meter>) -> Storage {
    let (signer, meter) = (Arc::clone(signer), Arc::clone(meter));
    let build = move |config: &Config| catalog(config, &signer, Arc::clone(&meter));
    Storage::new(config.clone(), doors::sealer(config), Box::new(Files), Box::new(build))
}

/// Discounts and margins that cannot be meant are named, and none is in force.
fn adjust(config: &Config, prices: &Pricing) {
    let settings = &config.litellm_settings;
    match Adjustments::read(&settings.cost_discounts, &settings.cost_margins) {
        Ok(adjustments) => prices.adjust(adjustments),
        Err(error) => warn!("no discount and no margin is in force: {error}"),
    }
}

/// The database that the configuration or the environment names; connects to nothing yet.
///
/// # Errors
/// When its address cannot be used, or certificates cannot be read.
pub fn database(config: &Config) -> Result<Option<Database>, Failure> {
    let pool = Arc::new(provider_pool(config, roots(config)?));
    open_database(config, &Arc::new(signer(config, pool)))
}

/// The same, for whoever has a signer already: it asks AWS for the tokens of `IAM_TOKEN_DB_AUTH`.
fn open_database(config: &Config, signer: &Arc<Credentials>) -> Result<Option<Database>, Failure> {
    let refuse = |error: AddressError| Failure::new(2, error.to_string());
    let settings = Settings::read(&config.general_settings, &|name| config_variable(config, name), signer);
    let Some(settings) = settings.map_err(refuse)? else { return Ok(None) };
    Database::open(settings, Clock::System).map(Some).map_err(refuse)
}

fn roots(config: &Config) -> Result<RootCertStore, Failure> {
    let certificates = config_variable(config, "SSL_CERT_FILE").filter(|path| !path.is_empty());
    certificates::roots(certificates.as_deref().map(std::path::Path::new))
        .map_err(|error| Failure::new(2, error.to_string()))
}

fn provider_pool(config: &Config, roots: RootCertStore) -> Pool {
    let general = &config.general_settings;
    let limits = PoolLimits {
        connect_timeout: seconds(general.upstream_connect_timeout_seconds),
        idle_connections_per_host_max: whole(general.upstream_idle_connections_per_host_max),
        idle_timeout: POOL_IDLE_TIMEOUT,
    };
    Pool::new(limits, roots)
}

fn signer(config: &Config, pool: Arc<Pool>) -> Credentials {
    let shared = config.clone();
    Credentials::new(pool, Box::new(move |name| config_variable(&shared, name)))
}

fn responses(config: &Config) -> Responses {
    let general = &config.general_settings;
    let bounds = Bounds {
        entries_max: whole(general.responses_store_max_entries),
        bytes_max: megabytes(general.responses_store_max_size_mb),
        retention: seconds(general.responses_store_retention_seconds),
    };
    Responses { ids: ResponseIds::new(doors::salt(config).as_ref()), kept: Arc::new(Memory::new(bounds)) }
}

fn fetcher(config: &Config, roots: RootCertStore) -> Fetcher {
    let policy = Policy {
        is_checked: config.litellm_settings.user_url_validation,
        allowed_hosts: config.litellm_settings.user_url_allowed_hosts.clone(),
        timeout: seconds(config.general_settings.media_download_timeout_seconds),
    };
    Fetcher::new(policy, roots)
}

/// Every entry that can be served; the others are named in the log and left out, as with LiteLLM.
fn catalog(config: &Config, signer: &Arc<Credentials>, meter: Arc<dyn Meter>) -> Catalog {
    let mut catalog = Catalog::new(meter);
    let shared = Arc::new(config.clone());
    for entry in &config.models {
        if entry.group.contains('*') {
            catalog.add_wildcard(wildcard(&shared, signer, entry));
            continue;
        }
        match deploy(config, signer, entry) {
            Ok(deployment) => {
                if let Some(names) = &deployment.missing_key {
                    warn!("{}: model `{}` has no api_key: set it, or {names}", place(entry), entry.group);
                }
                catalog.add(deployment);
            }
            Err(error) => warn!("{}: model `{}` is left out: {error}", place(entry), entry.group),
        }
    }
    for alias in &config.router_settings.model_group_alias {
        catalog.add_alias(alias.clone());
    }
    for group in &config.router_settings.routing_groups {
        catalog.add_routing_group(group);
    }
    catalog
}

fn place(entry: &Model) -> String {
    // What is stored stands on no line.
    match entry.place.line {
        0 => entry.place.file.to_string(),
        line => format!("{}:{line}", entry.place.file),
    }
}

fn wildcard(config: &Arc<Config>, signer: &Arc<Credentials>, entry: &Model) -> Wildcard {
    let (config, signer, entry) = (Arc::clone(config), Arc::clone(signer), entry.clone());
    let (pattern, target) = (entry.group.clone(), entry.params.model.clone());
    let template = Box::new(move |model: &str| {
        let mut concrete = entry.clone();
        model.clone_into(&mut concrete.params.model);
        deploy(&config, &signer, &concrete)
            .map_err(|error| Error::NoProvider { model: model.to_owned(), reason: error.0 })
    });
    Wildcard { pattern, target, template }
}

/// A deployment, for which variables that are not set are looked for in credential files. The project of its own
/// credentials stands above the variable for it.
fn deploy(config: &Config, signer: &Credentials, entry: &Model) -> Result<Deployment, Unusable> {
    let params = &entry.params;
    Deployment::new(config, entry, &|name| {
        let own = || config_variable(config, name);
        let hint = || signer.hint(params, name);
        let is_told_by_credentials = name == "GOOGLE_CLOUD_PROJECT" && params.google_credentials().is_some();
        if is_told_by_credentials { hint().or_else(own) } else { own().or_else(hint) }
    })
}

/// `environment_variables` of the configuration stand above the process's environment.
pub(crate) fn config_variable(config: &Config, name: &str) -> Option<String> {
    let own = config.environment_variables.iter().rev().find(|(own, _)| own == name);
    own.map(|(_, value)| value.expose().to_owned()).or_else(|| variable(name))
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

fn megabytes(megabytes: f64) -> usize {
    // Saturates, and turns what is no number into 0.
    (megabytes * 1024.0 * 1024.0) as usize
}

fn whole(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
