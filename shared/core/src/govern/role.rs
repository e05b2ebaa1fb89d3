//! Roles of users: LiteLLM's `user_role`.

/// What a user may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    ProxyAdmin,
    /// Reads everything, changes nothing, makes no calls.
    ProxyAdminViewer,
    OrganizationAdmin,
    InternalUser,
    InternalUserViewer,
    Team,
    Customer,
    /// A key of nobody, or of a user without a role.
    #[default]
    None,
}

impl Role {
    /// LiteLLM's name; `None` for no role.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::ProxyAdmin => "proxy_admin",
            Self::ProxyAdminViewer => "proxy_admin_viewer",
            Self::OrganizationAdmin => "org_admin",
            Self::InternalUser => "internal_user",
            Self::InternalUserViewer => "internal_user_viewer",
            Self::Team => "team",
            Self::Customer => "customer",
            Self::None => return None,
        })
    }

    pub fn of(name: &str) -> Self {
        const ALL: [Role; 7] = [
            Role::ProxyAdmin,
            Role::ProxyAdminViewer,
            Role::OrganizationAdmin,
            Role::InternalUser,
            Role::InternalUserViewer,
            Role::Team,
            Role::Customer,
        ];
        ALL.into_iter().find(|role| role.name() == Some(name)).unwrap_or(Self::None)
    }
}
