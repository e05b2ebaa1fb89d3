//! Background health checks: which deployments are down is found out before a call is spent on them.
//!
//! What is found is told to the meter, and so to every instance that shares it. Whoever runs the process runs
//! [`watch`]; where nobody does, nothing is checked.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::{info, warn};

use crate::App;
use crate::config::Config;
use crate::deployment::Deployment;
use crate::meter::Health;
use crate::probe::{self, Finding};

/// The name of the job that only one of several instances does.
const JOB: &str = "health_check";
/// LiteLLM's default for how many deployments are asked at the same time.
const AT_ONCE: usize = 16;
/// Failures that pass by themselves: LiteLLM's `health_check_ignore_transient_errors`.
const TRANSIENT: [u16; 2] = [408, 429];

/// How deployments are watched, and what was found last.
#[derive(Debug, Default)]
pub struct Watch {
    /// `background_health_checks`.
    pub is_on: bool,
    /// `health_check_interval`.
    interval: Duration,
    /// `health_check_concurrency`.
    at_once: usize,
    /// `use_shared_health_check`: one instance checks for all.
    is_shared: bool,
    /// How long a finding counts: `health_check_staleness_threshold`, else twice the interval.
    retention: Duration,
    ignores_transient: bool,
    latest: Mutex<Option<Arc<Vec<Finding>>>>,
}

impl Watch {
    pub fn new(config: &Config) -> Self {
        let (general, router) = (&config.general_settings, &config.router_settings);
        let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        let interval = seconds(general.health_check_interval_seconds).max(Duration::from_millis(1));
        let at_once = general.health_check_concurrency.and_then(|number| usize::try_from(number).ok());
        Self {
            is_on: general.background_health_checks,
            interval,
            at_once: at_once.unwrap_or(AT_ONCE).max(1),
            is_shared: general.use_shared_health_check,
            retention: router.health_check_staleness_threshold_seconds.map_or(interval.saturating_mul(2), seconds),
            ignores_transient: router.health_check_ignore_transient_errors,
            latest: Mutex::default(),
        }
    }

    /// What this instance found last; `None` before the first check, and where another instance checks.
    pub fn latest(&self) -> Option<Arc<Vec<Finding>>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Checks all deployments again and again; never ends.
pub async fn watch(app: &App) {
    loop {
        check(app).await;
        tokio::time::sleep(app.health.interval).await;
    }
}

/// Checks all deployments once, unless another instance does.
pub async fn check(app: &App) {
    let (watch, balancer) = (&app.health, &app.balancer);
    let now = balancer.clock.now();
    if watch.is_shared && !balancer.meter.lease(JOB, now, now + watch.interval).await {
        return;
    }
    let is_checked = |deployment: &&Arc<Deployment>| deployment.routing.health.is_checked;
    let catalog = app.catalog.get();
    let deployments = catalog.deployments().filter(is_checked).cloned().collect();
    let findings = probe::all(app, deployments, watch.at_once).await;
    let until = balancer.clock.now() + watch.retention;
    for finding in &findings {
        let passes = watch.ignores_transient && TRANSIENT.contains(&finding.status);
        let is_down = finding.error.is_some() && !passes;
        let health = if is_down { Health::Unhealthy } else { Health::Healthy };
        if is_down {
            let id = finding.deployment.id.as_str();
            warn!(deployment = id, status = finding.status, "health check of {id} failed with {}", finding.status);
        }
        balancer.meter.mark(finding.deployment.routing.handle, health, until);
    }
    let down = findings.iter().filter(|finding| finding.error.is_some()).count();
    info!(checked = findings.len(), down, "health checks: {down} of {} deployments are down", findings.len());
    *watch.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(findings));
}
