//! Whoever calls: the caller who has come in, and what its request's headers say of it.
//!
//! Decides nothing.

use http::request::Parts;
use tollgate_core::call::Visitor;
use tollgate_core::govern::authorise::Entry;
use tollgate_core::{App, Error};

use crate::Peer;

/// LiteLLM's headers that name a customer.
const CUSTOMER_HEADERS: [&str; 2] = ["x-litellm-customer-id", "x-litellm-end-user-id"];

/// The visitor behind an entry; nobody on routes that are public.
///
/// # Errors
/// Where the caller has come in on a condition that this route does not know.
pub fn visitor(app: &App, entry: Option<Entry>, head: &Parts) -> Result<Option<Visitor>, Error> {
    let Some(entry) = entry else { return Ok(None) };
    let caller = entry.unconditional()?;
    let peer = head.extensions.get::<Peer>().map(|peer| peer.0);
    let client = app.governance.doors.address.get().client(peer, &head.headers);
    let text =
        |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
    let own = app.governance.settings.customer_header.as_deref();
    let customer = CUSTOMER_HEADERS.into_iter().chain(own).find_map(text);
    Ok(Some(Visitor {
        caller,
        endpoint: head.uri.path().to_owned(),
        address: client.map(|address| address.to_string()),
        customer: customer.map(str::to_owned),
        user_agent: text("user-agent").map(str::to_owned),
    }))
}
