//! Identify: whose key is this?
//!
//! The key's hash is looked up, in what is remembered or in the directory. Whether its holder may do what it asks is
//! decided elsewhere.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Caller, Governance, Profile, Role, limits, reset, unavailable};
use crate::clock::Moment;
use crate::denial::Denial;
use crate::directory::{Columns, Fault, Filter, Query, Row, Standing, Table, schema};
use crate::{Error, Gatekeeper};

/// What LiteLLM keeps of a key in its place: the SHA-256 of its text, in hexadecimal.
pub fn hash_of(key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        use std::fmt::Write;
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A key as it may be shown: `sk-...` and its last four characters.
pub fn shown(key: &str) -> String {
    let last: Vec<char> = key.chars().rev().take(4).collect();
    format!("sk-...{}", last.into_iter().rev().collect::<String>())
}

impl Governance {
    /// The caller who has shown this key.
    ///
    /// # Errors
    /// As LiteLLM: 400 without a database, 401 for what is no virtual key or none that is known, 503 where nobody can
    /// tell.
    pub async fn identify(&self, gatekeeper: &Gatekeeper, key: &str) -> Result<Caller, Error> {
        if gatekeeper.is_master(key) {
            return Ok(Caller::master());
        }
        if self.directory.standing() == Standing::Absent {
            return Err(Error::UnknownKey);
        }
        if !key.starts_with("sk-") {
            if self.is_embedded && self.has_no_keys().await {
                return Err(Error::UnknownKey);
            }
            let sentence =
                format!("LiteLLM Virtual Key expected. Received={}, expected to start with 'sk-'.", abbreviated(key));
            return Err(Denial::auth(401, sentence).into());
        }
        let hash = hash_of(key);
        match self.profile(&hash).await? {
            Some(profile) => Ok(Caller::holder(profile)),
            None if self.is_embedded && self.has_no_keys().await => Err(Error::UnknownKey),
            None => Err(unknown(key, &hash)),
        }
    }

    /// Whether the database that nobody has asked for is still of no use.
    async fn has_no_keys(&self) -> bool {
        matches!(self.directory.count(&Query::of(&schema::KEYS).page(0, 1)).await, Ok(0))
    }

    /// What is known of the key with this hash.
    ///
    /// # Errors
    /// Where the directory cannot be reached, and nothing recent enough is remembered.
    pub async fn profile(&self, hash: &str) -> Result<Option<Arc<Profile>>, Error> {
        let now = self.clock.now();
        if let Some(profile) = self.profiles.find(hash, now, self.settings.key_ttl)
            && profile.due.is_none_or(|due| due > now)
        {
            return Ok(Some(profile));
        }
        // Nobody waits for a database that is known to be away, if there is another answer.
        if self.is_away()
            && let Some(profile) = self.profiles.last(hash, now, self.settings.believed())
        {
            return Ok(Some(profile));
        }
        let epoch = self.profiles.epoch();
        match self.look_up_anew(hash, now).await {
            Ok(None) => Ok(None),
            Ok(Some(profile)) => {
                let profile = Arc::new(profile);
                self.profiles.keep(hash.to_owned(), Arc::clone(&profile), now, epoch);
                Ok(Some(profile))
            }
            Err(fault) => match self.profiles.last(hash, now, self.settings.believed()) {
                Some(profile) => Ok(Some(profile)),
                None => Err(unavailable(&fault)),
            },
        }
    }

    /// Nobody is refused for a period that is over: budgets that are due begin anew first.
    async fn look_up_anew(&self, hash: &str, now: Moment) -> Result<Option<Profile>, Fault> {
        let Some(mut profile) = self.look_up(hash, now).await? else { return Ok(None) };
        let is_due = profile.budgeted().any(|(table, row)| reset::is_due(table, row, now));
        if is_due && !self.settings.never_resets {
            for (table, row) in profile.budgeted() {
                match self.resets.row(table, row).await {
                    // Whoever was quicker has done it.
                    Ok(()) | Err(Fault::Changed(_)) => {}
                    Err(fault) => return Err(fault),
                }
            }
            let Some(anew) = self.look_up(hash, now).await? else { return Ok(None) };
            profile = anew;
        }
        let ends = profile.budgeted().filter(|(_, row)| row.text("budget_duration").is_some());
        profile.due =
            ends.filter_map(|(_, row)| row.moment("budget_reset_at")).min().filter(|_| !self.settings.never_resets);
        Ok(Some(profile))
    }

    async fn look_up(&self, hash: &str, now: Moment) -> Result<Option<Profile>, Fault> {
        let keys = &schema::KEYS;
        let found = self.directory.get(&[(keys, vec![hash.to_owned()])]).await?.pop().flatten();
        let key = match found {
            Some(key) => Some(key),
            None => self.replaced(hash, now).await?,
        };
        match key {
            Some(key) => self.complete(hash, key).await.map(Some),
            None => Ok(None),
        }
    }

    /// The key that has replaced one which may still be used for a while.
    async fn replaced(&self, hash: &str, now: Moment) -> Result<Option<Row>, Fault> {
        let query = Query::of(&schema::DEPRECATED_KEYS)
            .is("token", hash)
            .with(Filter::From("revoke_at", crate::directory::moment_text(now).into()));
        let Some(old) = self.directory.find(&query).await?.pop() else { return Ok(None) };
        let Some(active) = old.text("active_token_id") else { return Ok(None) };
        Ok(self.directory.get(&[(&schema::KEYS, vec![active.to_owned()])]).await?.pop().flatten())
    }

    /// The caller to whom somebody else has granted what a key would: nothing of it is stored.
    pub(super) async fn granted(&self, hash: &str, key: Row, role: Option<&str>) -> Result<Caller, Error> {
        let mut profile = match self.has_rows() {
            true => self.complete(hash, key).await.map_err(|fault| unavailable(&fault))?,
            false => {
                let expires = key.moment("expires");
                let profile = Profile { hash: hash.to_owned(), key, expires, ..Profile::default() };
                self.ready(profile, self.clock.now())
            }
        };
        if let Some(role) = role {
            profile.role = Role::of(role);
        }
        Ok(Caller::holder(Arc::new(profile)))
    }

    /// The rows of everyone that the key was made for: two more round trips, however many there are.
    async fn complete(&self, hash: &str, key: Row) -> Result<Profile, Fault> {
        let first: [Wanted<'_>; 5] = [
            (&schema::USERS, vec![key.text("user_id")]),
            (&schema::TEAMS, vec![key.text("team_id")]),
            (&schema::TEAM_MEMBERSHIPS, vec![key.text("user_id"), key.text("team_id")]),
            (&schema::PROJECTS, vec![key.text("project_id")]),
            (&schema::BUDGETS, vec![key.text("budget_id")]),
        ];
        let [user, team, membership, project, key_budget] = self.rows_of(first).await?;
        let of = |row: &Option<Row>, name: &str| row.as_ref().and_then(|row| row.text(name)).map(str::to_owned);
        let organization_id = key.text("organization_id").map(str::to_owned).or_else(|| of(&team, "organization_id"));
        let member_budget_id = of(&membership, "budget_id").or_else(|| default_member_budget(team.as_ref()));
        let project_budget_id = of(&project, "budget_id");
        let model_id = team.as_ref().and_then(|team| team.whole("model_id")).map(|id| id.to_string());
        let second: [Wanted<'_>; 4] = [
            (&schema::ORGANIZATIONS, vec![organization_id.as_deref()]),
            (&schema::BUDGETS, vec![member_budget_id.as_deref()]),
            (&schema::BUDGETS, vec![project_budget_id.as_deref()]),
            (&schema::MODEL_ALIASES, vec![model_id.as_deref()]),
        ];
        let [organization, membership_budget, project_budget, aliases] = self.rows_of(second).await?;
        let organization_budget_id = of(&organization, "budget_id");
        let [organization_budget] = self.rows_of([(&schema::BUDGETS, vec![organization_budget_id.as_deref()])]).await?;
        let role = user.as_ref().and_then(|user| user.text("user_role")).map_or(Role::None, Role::of);
        let mut profile = Profile {
            hash: hash.to_owned(),
            role,
            expires: key.moment("expires"),
            team_aliases: aliases.as_ref().and_then(|row| row.object("aliases")).cloned(),
            key,
            key_budget,
            user,
            team,
            membership,
            membership_budget,
            organization,
            organization_budget,
            project,
            project_budget,
            ..Profile::default()
        };
        let now = self.clock.now();
        profile.allowances = self.allowances(&profile, now).await?;
        Ok(self.ready(profile, now))
    }

    /// What calls read of the key, worked out.
    fn ready(&self, mut profile: Profile, now: Moment) -> Profile {
        profile.tags = tags(&profile);
        profile.claims = limits::claims(&profile, &self.settings, now);
        profile
    }

    /// The rows under these keys, as far as the keys are whole.
    async fn rows_of<const N: usize>(&self, wanted: [Wanted<'_>; N]) -> Result<[Option<Row>; N], Fault> {
        let mut rows = [const { None }; N];
        let (mut places, mut whole) = (Vec::with_capacity(N), Vec::with_capacity(N));
        for (place, (table, key)) in wanted.into_iter().enumerate() {
            let key: Option<Vec<String>> = key.into_iter().map(|value| value.map(str::to_owned)).collect();
            if let Some(key) = key {
                places.push(place);
                whole.push((table, key));
            }
        }
        if whole.is_empty() {
            return Ok(rows);
        }
        for (place, row) in places.into_iter().zip(self.directory.get(&whole).await?) {
            if let Some(slot) = rows.get_mut(place) {
                *slot = row;
            }
        }
        Ok(rows)
    }
}

type Wanted<'a> = (&'static Table, Vec<Option<&'a str>>);

/// What the metadata of the key and its team put on every call.
fn tags(profile: &Profile) -> Vec<String> {
    let rows = [Some(&profile.key), profile.team.as_ref()];
    let metadata = rows.into_iter().flatten().filter_map(|row| row.object("metadata"));
    metadata.flat_map(|metadata| metadata.texts("tags")).collect()
}

/// The budget of members that have none of their own: `team_member_budget_id` of the team's metadata.
fn default_member_budget(team: Option<&Row>) -> Option<String> {
    let id = team?.object("metadata")?.get("team_member_budget_id")?;
    id.as_str().map(str::to_owned)
}

/// LiteLLM's abbreviation of a key: its ends.
pub fn abbreviated(key: &str) -> String {
    let characters: Vec<char> = key.chars().collect();
    if characters.len() <= 8 {
        return "****".to_owned();
    }
    let (first, last) = (&characters[..4], &characters[characters.len() - 4..]);
    format!("{}****{}", first.iter().collect::<String>(), last.iter().collect::<String>())
}

fn unknown(key: &str, hash: &str) -> Error {
    let sentence = format!(
        "Authentication Error, Invalid proxy server token passed. Received API Key = {}, Key Hash (Token) ={hash}. \
         Unable to find token in cache or `LiteLLM_VerificationTokenTable`",
        shown(key)
    );
    Denial::new(401, "token_not_found_in_db", sentence).about("key").into()
}
