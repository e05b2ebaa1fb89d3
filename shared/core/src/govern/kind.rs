//! Whose budget or limit it is: the kinds of accounts, and LiteLLM's names of them.

/// The kind of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Key,
    Team,
    Member,
    Organization,
    Project,
    Tag,
    AccessGroup,
    User,
    Customer,
    Proxy,
    KeyModel,
    TeamModel,
    UserModel,
    CustomerModel,
    OrganizationModel,
    ProjectModel,
    /// Calls of a key with one tag.
    KeyTag,
    KeyWindow,
    TeamWindow,
    /// All calls of a model.
    Model,
    /// Calls of a model by keys of one priority.
    Priority,
}

impl Kind {
    /// LiteLLM's name of the descriptor of a rate limit.
    pub const fn descriptor(self) -> &'static str {
        match self {
            Self::Key | Self::KeyWindow => "api_key",
            Self::Team | Self::TeamWindow => "team",
            Self::Member => "team_member",
            Self::Organization => "organization",
            Self::Project => "project",
            Self::Tag => "tag",
            Self::AccessGroup => "model_access_group",
            Self::User => "user",
            Self::Customer => "end_user",
            Self::Proxy => "global",
            Self::KeyModel => "model_per_key",
            Self::TeamModel => "model_per_team",
            Self::UserModel => "model_per_user",
            Self::CustomerModel => "model_per_end_user",
            Self::OrganizationModel => "model_per_organization",
            Self::ProjectModel => "model_per_project",
            Self::KeyTag => "tag_per_key",
            Self::Model => "model_saturation_check",
            Self::Priority => "priority_model",
        }
    }
}
