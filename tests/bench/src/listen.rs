//! Accepts connections on loopback and serves each in its own task. Knows neither proxy nor provider.

use crate::Failure;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Serves `answer` on 127.0.0.1:`port` until the process ends; prints one line once it listens.
pub async fn listen<Answer, Answering, Out>(port: u16, answer: Answer) -> Result<(), Failure>
where
    Answer: Fn(Request<Incoming>) -> Answering + Clone + Send + 'static,
    Answering: Future<Output = Result<Response<Out>, Failure>> + Send,
    Out: Body + Send + 'static,
    Out::Data: Send,
    Out::Error: Into<Failure>,
{
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on 127.0.0.1:{port}");
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answer = answer.clone();
        tokio::spawn(async move {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            // A client that goes away is no news to either part.
            let _ = connection.await;
        });
    }
}
