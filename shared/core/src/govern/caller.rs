//! The caller: whoever has shown a key that is known.

use std::sync::Arc;

use super::{Profile, Role};
use crate::directory::Columns;
use crate::jwt::Identity;

/// LiteLLM's user of the master key.
pub const MASTER_USER: &str = "default_user_id";
/// What the master key is called where keys are.
pub const MASTER_KEY: &str = "litellm_proxy_master_key";

/// An authenticated caller; cheap to clone. Only `govern::identify` makes one.
#[derive(Clone, Debug)]
pub struct Caller(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// Holds the master key, or nobody needs one.
    Master,
    Key(Arc<Profile>, Option<Arc<Identity>>),
}

impl Caller {
    pub(super) const fn master() -> Self {
        Self(Kind::Master)
    }

    pub(super) const fn holder(profile: Arc<Profile>) -> Self {
        Self(Kind::Key(profile, None))
    }

    /// Notes what the caller's token says of it.
    pub(super) fn bear(&mut self, identity: Arc<Identity>) {
        if let Kind::Key(_, own) = &mut self.0 {
            *own = Some(identity);
        }
    }

    /// What the caller's token says of it, where it has shown one.
    pub fn identity(&self) -> Option<&Identity> {
        match &self.0 {
            Kind::Key(_, identity) => identity.as_deref(),
            Kind::Master => None,
        }
    }

    pub const fn is_master(&self) -> bool {
        matches!(self.0, Kind::Master)
    }

    /// What is known of the key; nothing of the master key.
    pub fn profile(&self) -> Option<&Arc<Profile>> {
        match &self.0 {
            Kind::Master => None,
            Kind::Key(profile, _) => Some(profile),
        }
    }

    pub fn role(&self) -> Role {
        self.profile().map_or(Role::ProxyAdmin, |profile| profile.role)
    }

    pub fn is_admin(&self) -> bool {
        self.role() == Role::ProxyAdmin
    }

    /// Reads everything: admins, and those that may only look.
    pub fn sees_all(&self) -> bool {
        matches!(self.role(), Role::ProxyAdmin | Role::ProxyAdminViewer)
    }

    pub fn user_id(&self) -> Option<&str> {
        match &self.0 {
            Kind::Master => Some(MASTER_USER),
            Kind::Key(profile, _) => profile.key.text("user_id"),
        }
    }

    pub fn team_id(&self) -> Option<&str> {
        self.profile()?.key.text("team_id")
    }

    /// Whose names of models the caller may use: its team's; the operator's keys may use everybody's, those of nobody's
    /// team no team's.
    pub fn team_scope(&self) -> Option<&str> {
        self.team_id().or_else(|| (!self.is_admin()).then_some(""))
    }

    pub fn organization_id(&self) -> Option<&str> {
        let profile = self.profile()?;
        let own = profile.key.text("organization_id");
        own.or_else(|| profile.team.as_ref()?.text("organization_id"))
    }

    /// The hash under which the key is kept; a name in its place for the master key.
    pub fn key_hash(&self) -> &str {
        self.profile().map_or(MASTER_KEY, |profile| &profile.hash)
    }
}
