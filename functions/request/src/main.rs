//! The Lambda function for LLM traffic: the same gateway as the container's, behind a Function URL.

use std::net::IpAddr;
use std::process::ExitCode;

use lambda_http::request::RequestContext;
use lambda_http::{RequestExt, service_fn};
use tollgate_host::{Built, Home, Overrides, logs};
use tollgate_http::{Gateway, Peer};
use tracing::warn;

/// Small allocations are a sixth of a call's CPU time with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), lambda_http::Error> {
    let config = std::env::var("CONFIG_FILE_PATH").ok();
    let prepared = tollgate_host::prepare(config.as_deref(), &Overrides::default())?;
    tollgate_http::routes::check_free(prepared.pass_through_endpoints())?;
    logs::start(prepared.log_shape, prepared.log_level, logs::Delivery::Immediate);
    let mut built = prepared.build(Home::Function)?;
    built.prepare().await?;
    let Built { app, mirrored, beside: _ } = built;
    // A function runs while it answers, and not beside that.
    if mirrored.is_some() {
        warn!("silent_model: no copies of calls are made on Lambda");
    }
    if app.health.is_on {
        warn!("background_health_checks: deployments are not checked on Lambda");
    }
    let gateway = Gateway::new(app);
    let service = service_fn(move |request: lambda_http::Request| {
        let gateway = gateway.clone();
        let mut request = request;
        if let Some(peer) = peer(&request) {
            request.extensions_mut().insert(Peer(peer));
        }
        async move { Ok::<_, lambda_http::Error>(gateway.answer(request).await) }
    });
    lambda_http::run_with_streaming_response(service).await
}

/// Whoever holds the other end of the connection, as AWS tells it; a load balancer tells it in a header alone.
fn peer(request: &lambda_http::Request) -> Option<IpAddr> {
    let text = match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => context.identity.source_ip.clone()?,
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.clone()?,
        _ => {
            let hops = request.headers().get("x-forwarded-for")?.to_str().ok()?;
            hops.rsplit(',').next()?.trim().to_owned()
        }
    };
    text.parse().ok()
}
