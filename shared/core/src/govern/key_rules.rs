//! Rules of the operator's for new keys and users: what they get unasked, what they may not exceed, and who may ask.
//!
//! Holds what the configuration says; acts on nothing.

use crate::directory::Row;

/// What `litellm_settings` and `general_settings` say of keys and users to be made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyRules {
    /// `default_key_generate_params`.
    pub defaults: Row,
    /// `upperbound_key_generate_params`: no key may be given more, and whoever asks for nothing gets this.
    pub bounds: Row,
    /// `key_generation_settings.team_key_generation`.
    pub team: Option<Generation>,
    /// `key_generation_settings.personal_key_generation`.
    pub personal: Option<Generation>,
    /// `disable_custom_api_keys`: nobody chooses the text of a key.
    pub refuses_custom_keys: bool,
    /// `default_internal_user_params`.
    pub user_defaults: Row,
    /// `max_internal_user_budget`, and how long it lasts: `internal_user_budget_duration`.
    pub user_budget: Option<f64>,
    pub user_budget_duration: Option<String>,
    /// The variable `LITELLM_KEY_ROTATION_GRACE_PERIOD`: how long a key is valid after it has been replaced, where the
    /// request does not say.
    pub grace_period: Option<String>,
}

/// Who may make keys of one kind, and what they have to state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generation {
    /// `allowed_team_member_roles` or `allowed_user_roles`; everyone where it is not given.
    pub roles: Option<Vec<String>>,
    pub required_params: Vec<String>,
}

impl KeyRules {
    /// What users get who are made by becoming members of something: models and a budget.
    pub fn newcomer(&self) -> Row {
        const TAKEN: [&str; 4] = ["models", "max_budget", "budget_duration", "user_email"];
        let taken = TAKEN.iter().filter_map(|name| Some(((*name).to_owned(), self.user_defaults.get(*name)?.clone())));
        let mut user: Row = taken.collect();
        if let Some(budget) = self.user_budget {
            user.entry("max_budget").or_insert(budget.into());
        }
        if let Some(duration) = &self.user_budget_duration {
            user.entry("budget_duration").or_insert(duration.as_str().into());
        }
        user
    }
}
