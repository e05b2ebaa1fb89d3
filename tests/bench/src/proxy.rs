//! The bare proxy: hyper in, hyper out, bytes relayed as they come. Parses, logs and checks nothing.
//!
//! It is the least any HTTP gateway on this stack can cost, so it is tuned like one: kept connections in a pool,
//! no Nagle delay, no copy of a body. A failing provider closes the client's connection.

use crate::{Failure, listen::listen};
use clap::Args;
use http::uri::{Authority, Scheme, Uri};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

#[derive(Args)]
pub struct ProxyOptions {
    /// Port to listen on.
    #[arg(long)]
    port: u16,
    /// Port of the provider on 127.0.0.1.
    #[arg(long)]
    provider_port: u16,
}

/// Relays every request to the provider until the process ends.
pub async fn serve(options: ProxyOptions) -> Result<(), Failure> {
    let authority: Authority = format!("127.0.0.1:{}", options.provider_port).parse()?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<HttpConnector, Incoming> = Client::builder(TokioExecutor::new()).build(connector);
    listen(options.port, move |request| relay(client.clone(), authority.clone(), request)).await
}

async fn relay(
    client: Client<HttpConnector, Incoming>,
    authority: Authority,
    mut request: Request<Incoming>,
) -> Result<Response<Incoming>, Failure> {
    let mut uri = std::mem::take(request.uri_mut()).into_parts();
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(authority);
    *request.uri_mut() = Uri::from_parts(uri)?;
    Ok(client.request(request).await?)
}
