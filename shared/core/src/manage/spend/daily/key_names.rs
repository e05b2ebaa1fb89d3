//! What the keys of a report are called and whose they are, also when they are gone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::directory::{Columns, schema};
use crate::manage::spend::totals::{among, of_id};
use crate::{App, Error};

/// By the hash.
pub struct KeyNames(BTreeMap<String, Value>);

impl KeyNames {
    /// # Errors
    /// The directory's, as an answer.
    pub async fn of(app: &App, hashes: impl Iterator<Item = &str> + Clone) -> Result<Self, Error> {
        let mut keys = among(app, &schema::KEYS, "token", hashes.clone()).await?;
        let present = keys.len();
        let is_missing = |hash: &&str| !keys.iter().any(|key| key.text("token") == Some(*hash));
        let missing: Vec<&str> = hashes.filter(is_missing).collect();
        let deleted = among(app, &schema::DELETED_KEYS, "token", missing.into_iter()).await?;
        keys.extend(deleted);
        let users = among(app, &schema::USERS, "user_id", keys.iter().filter_map(|key| key.text("user_id"))).await?;
        let mut names = BTreeMap::new();
        for (place, key) in keys.iter().enumerate() {
            let email = key.text("user_id").map_or(Value::Null, |id| of_id(&users, ("user_id", id), "user_email"));
            let shown = json!({
                "key_alias": key.text("key_alias"),
                "team_id": key.text("team_id"),
                "user_id": key.text("user_id"),
                "user_email": email,
                "key_exists": place < present,
            });
            names.entry(key.text("token").unwrap_or_default().to_owned()).or_insert(shown);
        }
        Ok(Self(names))
    }

    pub fn json(&self, hash: &str) -> Value {
        self.0.get(hash).cloned().unwrap_or_else(
            || json!({ "key_alias": null, "team_id": null, "user_id": null, "user_email": null, "key_exists": false }),
        )
    }
}
