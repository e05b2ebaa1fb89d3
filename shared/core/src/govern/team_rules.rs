//! Rules of the operator's for new teams. Holds what the configuration says; acts on nothing.

use crate::directory::Row;

/// What `litellm_settings` and `general_settings` say of teams to be made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TeamRules {
    /// `default_team_params`, and the budget of the first of `default_team_settings` where those have none.
    pub defaults: Row,
    /// `disable_auto_add_proxy_admin_to_teams`: an admin of everything who makes a team is no member of it.
    pub leaves_admins_out: bool,
}
