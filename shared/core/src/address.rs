//! Where callers may call from: `general_settings.allowed_ips`.
//!
//! Exact addresses, as LiteLLM has them, and ranges. Who the caller is where a proxy stands before the gateway, its
//! `X-Forwarded-For` tells, as far as it can be believed. Knows no key and no route.

mod network;

use std::net::{IpAddr, SocketAddr};

use http::header::{HeaderMap, HeaderName};

pub use network::Network;

static FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");
/// No chain of proxies is longer; what stands before is not looked at.
const HOPS_MAX: usize = 64;

/// Which callers are let in by their address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressRule {
    /// `allowed_ips`: anyone where it is not set, nobody where it is empty.
    pub allowed: Option<Vec<Network>>,
    /// `use_x_forwarded_for`.
    pub uses_forwarded_for: bool,
    /// `trusted_proxy_ranges`: proxies that may say whom they speak for.
    pub trusted_proxies: Vec<Network>,
}

/// The caller's address is none of those allowed; LiteLLM's sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Access forbidden: IP address {} not allowed.", .0.map(|address| address.to_string()).unwrap_or_default())]
pub struct AddressRefused(pub Option<IpAddr>);

impl AddressRefused {
    /// The answer's status; LiteLLM's `type` of it is `auth_error`.
    pub const STATUS: u16 = 403;
}

impl AddressRule {
    /// # Errors
    /// When the caller's address is not allowed, or cannot be told.
    pub fn admit(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Result<(), AddressRefused> {
        let Some(allowed) = &self.allowed else { return Ok(()) };
        let client = self.client(peer, headers);
        let is_allowed = client.is_some_and(|client| allowed.iter().any(|network| network.contains(client)));
        if is_allowed { Ok(()) } else { Err(AddressRefused(client)) }
    }

    /// The address of whoever calls; an IPv4 address written as one of IPv6 is the former.
    ///
    /// Where proxies are trusted, the header is read from its end, which the nearest proxy has written, to the first
    /// address that is none of theirs, and only if a trusted one has sent it. Where none are named its last address is
    /// taken: what stands before it is the caller's own word. (LiteLLM compares the whole header there, and so knows
    /// no caller behind two proxies, but takes the same one behind one.)
    pub fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = peer.map(|peer| peer.to_canonical());
        if !self.uses_forwarded_for || !headers.contains_key(&FORWARDED) {
            return peer;
        }
        let mut hops = hops(headers);
        if self.trusted_proxies.is_empty() {
            return hops.first().copied().flatten();
        }
        if !peer.is_some_and(|peer| self.is_trusted(peer)) {
            return peer;
        }
        // What is no address ends the chain: nobody can tell who stands behind it.
        hops.truncate(hops.iter().position(Option::is_none).unwrap_or(HOPS_MAX));
        hops.into_iter().flatten().find(|hop| !self.is_trusted(*hop)).or(peer)
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(address))
    }
}

/// The addresses of the header, the nearest first; `None` for what is none.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines: Vec<_> = headers.get_all(&FORWARDED).iter().collect();
    let texts = lines.iter().rev().flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
    texts.map(str::trim).filter(|text| !text.is_empty()).take(HOPS_MAX).map(hop).collect()
}

/// Some proxies add the port, and brackets around addresses of IPv6.
fn hop(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests;
