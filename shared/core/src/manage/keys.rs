//! Keys: making, showing, changing, replacing and ending them.
//!
//! A key's text is known only to the call that makes it; everything else goes by its hash.

pub(super) mod answer;
mod block;
mod bulk;
mod check;
pub(super) mod draft;
pub(super) mod end;
mod generate;
mod info;
mod list;
pub(super) mod money;
pub(super) mod permission;
pub(super) mod rights;
pub(super) mod shape;
mod spend;
pub(super) mod team;
pub(super) mod update;

use serde_json::Value;

use crate::directory::{Filter, Row};
use crate::govern::hash_of;

pub use block::{block, unblock};
pub(super) use bulk::reason;
pub use bulk::{bulk_update, bulk_update_of_team};
pub(super) use check::check_alias;
pub use end::{delete, regenerate};
pub use generate::{generate, generate_service_account};
pub use info::{health, info, infos};
pub use list::{aliases, list};
pub use spend::reset_spend;
pub use update::update;

/// The key as it was read: nobody has changed its settings since.
///
/// Not by `updated_at`, which every call that costs something moves.
fn as_read(key: &Row) -> Vec<Filter> {
    let value = |name: &str| key.get(name).cloned().unwrap_or(Value::Null);
    let settings = match value("settings_updated_at") {
        Value::Null => Filter::Null("settings_updated_at"),
        at => Filter::Is("settings_updated_at", at),
    };
    vec![Filter::Is("token", value("token")), settings]
}

/// The hash under which a key is kept, given its text or the hash itself.
pub(super) fn hash_if_needed(key: &str) -> String {
    if key.starts_with("sk-") { hash_of(key) } else { key.to_owned() }
}
