//! `tollgate` as a server, step by step.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Receiver;
use tollgate_core::journey::mirror::{self, Mirrored};
use tollgate_core::{App, health};
use tollgate_host::{Beside, Built, Failure, Home, Overrides, logs};
use tollgate_http::routes::check_free;
use tracing::{info, warn};

use crate::command_line::ServeOptions;
use crate::serve::{Bounds, serve};

/// Longer than the 60 s after which load balancers usually close, so that it is they who close first.
const KEEPALIVE_S: u64 = 75;
const DRAIN_S: u64 = 30;
/// Later points in time cannot be computed with.
const WAIT_MAX: Duration = Duration::from_hours(24 * 365);

/// Starts the server and returns when it has left in good order.
///
/// # Errors
/// When the configuration is refused or the address cannot be bound.
pub fn run(options: &ServeOptions) -> Result<ExitCode, Failure> {
    refuse_tls(options)?;
    let overrides = overrides(options);
    let prepared = tollgate_host::prepare(options.config.as_deref(), &overrides)?;
    check_free(prepared.pass_through_endpoints()).map_err(|lines| Failure::new(1, lines))?;
    let level = log_level(options, prepared.log_level);
    let logs = logs::start(prepared.log_shape, level, logs::Delivery::Batched);
    for notice in &prepared.notices {
        warn!("{notice}");
    }
    for flag in options.accepted.unheeded() {
        warn!("{flag}");
    }
    let threads = options.num_workers.map_or_else(available_cores, usize::from);
    let runtime = runtime(threads).map_err(|error| Failure::new(1, format!("no runtime: {error}")))?;
    let outcome = runtime.block_on(async {
        let mut built = prepared.build(Home::Server)?;
        built.prepare().await?;
        let Built { app, mirrored, beside } = built;
        let beside = beside.map(Arc::new);
        work_beside(&app, mirrored, beside.clone());
        let address = format!("{}:{}", options.host, options.port);
        let listener = TcpListener::bind(&address).await.map_err(|error| {
            Failure::new(1, format!("cannot listen on {address}: {error}: choose another --port or --host"))
        })?;
        let port = listener.local_addr().map_or(options.port, |bound| bound.port());
        info!(threads, "listening on http://{}:{port} with {threads} threads", options.host);
        let limits = bounds(options, app.limits.header_bytes_max)?;
        let stop = stop_signal().map_err(|error| Failure::new(1, format!("no signals: {error}")))?;
        serve(listener, app, limits, stop).await;
        if let Some(beside) = beside {
            beside.leave().await;
        }
        Ok(ExitCode::SUCCESS)
    });
    logs.flush();
    outcome
}

/// Starts what goes on beside the calls: records, health checks, and copies of calls.
fn work_beside(app: &Arc<App>, mirrored: Option<Receiver<Mirrored>>, beside: Option<Arc<Beside>>) {
    if let Some(beside) = beside {
        let app = Arc::clone(app);
        tokio::spawn(async move { beside.run(&app).await });
    }
    if app.health.is_on {
        let app = Arc::clone(app);
        tokio::spawn(async move { health::watch(&app).await });
    }
    if let Some(mirrored) = mirrored {
        tokio::spawn(mirror::work(Arc::clone(app), mirrored));
    }
}

/// One thread needs no other to hand work to.
fn runtime(threads: usize) -> std::io::Result<tokio::runtime::Runtime> {
    if threads == 1 {
        return tokio::runtime::Builder::new_current_thread().enable_all().build();
    }
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()
}

fn available_cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Resolves at the first SIGTERM or SIGINT; the second ends the process at once.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            warn!("a second signal: leaving at once");
            std::process::exit(1);
        });
    })
}

fn bounds(options: &ServeOptions, header_bytes_max: usize) -> Result<Bounds, Failure> {
    let drain_s = tollgate_host::number("GRACEFUL_SHUTDOWN_TIMEOUT")?.unwrap_or(DRAIN_S as f64);
    Ok(Bounds {
        keepalive: Duration::from_secs(options.keepalive_timeout.unwrap_or(KEEPALIVE_S)).min(WAIT_MAX),
        header_bytes_max,
        drain: Duration::try_from_secs_f64(drain_s).unwrap_or(WAIT_MAX).min(WAIT_MAX),
        requests_max: options.limit_concurrency.unwrap_or(usize::MAX),
    })
}

fn overrides(options: &ServeOptions) -> Overrides {
    Overrides {
        model: options.model.clone(),
        alias: options.alias.clone(),
        api_base: options.api_base.clone(),
        api_version: options.api_version.clone(),
        temperature: options.temperature,
        max_tokens: options.max_tokens,
        drop_params: options.drop_params,
        request_timeout_seconds: options.request_timeout,
        strict: options.strict,
        max_budget_usd: options.max_budget,
        iam_token_db_auth: options.iam_token_db_auth,
        azure_postgresql_auth: options.azure_postgresql_auth,
    }
}

fn log_level(options: &ServeOptions, configured: logs::Level) -> logs::Level {
    if options.debug || options.detailed_debug { logs::Level::Debug } else { configured }
}

/// Serving in the clear what was asked for under TLS would be worse than not serving.
fn refuse_tls(options: &ServeOptions) -> Result<(), Failure> {
    let asked = options.accepted.ssl_keyfile_path.is_some() || options.accepted.ssl_certfile_path.is_some();
    if asked {
        let text = "ssl_keyfile_path and ssl_certfile_path: TLS is not served yet: end it in a load balancer before the gateway, and leave both out";
        return Err(Failure::new(2, text.to_owned()));
    }
    Ok(())
}
