//! Groups of routes: what a role may call, and what a key's `allowed_routes` may name.
//!
//! Knows names and no path: the table of routes says which groups a route is in.

/// A set of LiteLLM's groups of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Groups(u16);

impl Groups {
    pub const NONE: Self = Self(0);
    /// Calls of models and of what belongs to them.
    pub const LLM: Self = Self(1);
    /// Any key may ask; the answer holds what is its own.
    pub const INFO: Self = Self(1 << 1);
    pub const KEYS: Self = Self(1 << 2);
    /// Users, teams, models, organizations: proxy and organization admins.
    pub const MANAGEMENT: Self = Self(1 << 3);
    /// What the caller's own calls have cost.
    pub const SPEND: Self = Self(1 << 4);
    /// What everybody's calls have cost.
    pub const GLOBAL_SPEND: Self = Self(1 << 5);
    /// Further routes that internal users may call.
    pub const INTERNAL: Self = Self(1 << 6);
    /// Those of them that viewers may call, too.
    pub const INTERNAL_VIEW: Self = Self(1 << 7);
    /// Any key may ask; the handler decides.
    pub const SELF_MANAGED: Self = Self(1 << 8);
    /// Admins of the organization that the request names.
    pub const ORGANIZATION: Self = Self(1 << 9);
    /// Changes nothing, although it is no `GET`.
    pub const READS: Self = Self(1 << 10);
    /// The master key alone.
    pub const MASTER: Self = Self(1 << 11);

    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The group that `allowed_routes` may name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "openai_routes" | "llm_api_routes" | "anthropic_routes" | "google_routes" => Self::LLM,
            "info_routes" => Self::INFO,
            "key_management_routes" => Self::KEYS,
            "management_routes" => Self::MANAGEMENT.and(Self::KEYS),
            "spend_tracking_routes" => Self::SPEND,
            "global_spend_tracking_routes" => Self::GLOBAL_SPEND,
            "internal_user_routes" => Self::INTERNAL.and(Self::SPEND).and(Self::KEYS),
            "internal_user_view_only_routes" => Self::INTERNAL_VIEW.and(Self::SPEND),
            "self_managed_routes" => Self::SELF_MANAGED,
            "master_key_only_routes" => Self::MASTER,
            "org_admin_allowed_routes" => Self::ORGANIZATION.and(Self::MANAGEMENT).and(Self::KEYS),
            _ => return None,
        })
    }
}
