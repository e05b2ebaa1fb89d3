//! A server on loopback that issues credentials by script, and what the code under test sees of the world around it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::super::Credentials;
use super::super::outside::Outside;
use crate::upstream::{Limits, Pool};

/// A request that the server was sent.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub target: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Asked {
    /// `METHOD target body`.
    pub fn line(&self) -> String {
        format!("{} {} {}", self.method, self.target, self.body).trim_end().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub struct Issuer {
    /// `http://127.0.0.1:<port>`.
    pub base: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Issuer {
    /// A server that answers with what `answer` gives: status and body.
    pub async fn start(answer: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, kept) = (Arc::new(answer), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, kept) = (Arc::clone(&answer), Arc::clone(&kept));
                let service = service_fn(move |request: Request<Incoming>| {
                    let (answer, kept) = (Arc::clone(&answer), Arc::clone(&kept));
                    async move {
                        let asked = read(request).await;
                        let (status, body) = answer(&asked);
                        kept.lock().unwrap().push(asked);
                        let answer = Response::builder().status(status).body(Full::new(Bytes::from(body))).unwrap();
                        Ok::<_, Infallible>(answer)
                    }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { base, asked }
    }

    /// Everything that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The world with these variables; `{base}` in them is the server's address.
    pub fn outside(&self, variables: &[(&str, &str)]) -> Outside {
        let (pool, variables) = self.world(variables);
        Outside::new(pool, variables)
    }

    pub fn credentials(&self, variables: &[(&str, &str)]) -> Credentials {
        let (pool, variables) = self.world(variables);
        Credentials::new(pool, variables)
    }

    fn world(&self, variables: &[(&str, &str)]) -> (Arc<Pool>, super::super::Variables) {
        let filled = |(name, value): &(&str, &str)| ((*name).to_owned(), value.replace("{base}", &self.base));
        let variables: Vec<(String, String)> = variables.iter().map(filled).collect();
        let find = move |name: &str| variables.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
        let limits = Limits {
            connect_timeout: Duration::from_secs(5),
            idle_connections_per_host_max: 8,
            idle_timeout: Duration::from_secs(5),
        };
        (Arc::new(Pool::new(limits, rustls::RootCertStore::empty())), Box::new(find))
    }
}

async fn read(request: Request<Incoming>) -> Asked {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Asked {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

/// The answer of the Security Token Service to a role taken on, with this key id.
pub fn assumed(id: &str) -> (u16, String) {
    let xml = format!(
        "<R><Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>s&amp;+/</SecretAccessKey>\
         <SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></R>"
    );
    (200, xml)
}
