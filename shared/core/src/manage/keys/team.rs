//! A team, as far as keys are concerned: who is in it, and what its members may do with its keys.
//!
//! Changes no team.

use serde_json::Value;

use crate::denial::Denial;
use crate::directory::{Columns, Row, schema};
use crate::govern::Caller;
use crate::manage::find;
use crate::{App, Error};

/// A route about keys, by the names that LiteLLM's permissions of members and its sentences have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Generate,
    GenerateServiceAccount,
    Update,
    Regenerate,
    List,
}

impl Deed {
    pub const fn route(self) -> &'static str {
        match self {
            Self::Generate => "/key/generate",
            Self::GenerateServiceAccount => "/key/service-account/generate",
            Self::Update => "/key/update",
            Self::Regenerate => "/key/regenerate",
            Self::List => "/key/list",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Generate => "KEY_GENERATE",
            Self::GenerateServiceAccount => "KEY_GENERATE_SERVICE_ACCOUNT",
            Self::Update => "KEY_UPDATE",
            Self::Regenerate => "KEY_REGENERATE",
            Self::List => "KEY_LIST",
        }
    }
}

/// What every member of every team may do with its keys.
const ALWAYS: [&str; 2] = ["/key/info", "/key/health"];
/// A permission of members that is about a field.
const ACCESS_GROUPS: &str = "/key/access_group_assignment";

/// A row of `LiteLLM_TeamTable`.
pub struct Team(pub Row);

impl Team {
    /// # Errors
    /// The directory's.
    pub async fn find(app: &App, team_id: &str) -> Result<Option<Self>, Error> {
        Ok(find::one(app, &schema::TEAMS, team_id).await?.map(Self))
    }

    pub fn id(&self) -> &str {
        self.0.text("team_id").unwrap_or_default()
    }

    /// `admin` or `user`, for who is a member.
    pub fn role_of(&self, user_id: Option<&str>) -> Option<&str> {
        let (user_id, members) = (user_id?, self.0.get("members_with_roles")?.as_array()?);
        let member = members.iter().find(|member| member.get("user_id").and_then(Value::as_str) == Some(user_id))?;
        Some(member.get("role").and_then(Value::as_str).unwrap_or("user"))
    }

    /// The caller's role; a service account of the team's counts as a member.
    pub fn role_of_caller(&self, caller: &Caller) -> Option<&str> {
        if service_account(caller) && caller.team_id() == Some(self.id()) {
            return Some("user");
        }
        self.role_of(caller.user_id())
    }

    pub fn is_led_by(&self, caller: &Caller) -> bool {
        self.role_of(caller.user_id()) == Some("admin")
    }

    /// The routes that members may use for the team's keys.
    fn permissions(&self) -> Vec<String> {
        let own = self.0.texts("team_member_permissions");
        ALWAYS.iter().map(|route| (*route).to_owned()).chain(own).collect()
    }

    /// Whether members may do it to each other's keys.
    pub fn lets_members(&self, deed: Deed) -> bool {
        self.permissions().iter().any(|route| route == deed.route())
    }

    /// Whether whoever has this role in the team may do it.
    ///
    /// # Errors
    /// 401 with LiteLLM's sentence for members without the permission; `Ok(false)` for who is no member.
    pub fn permits(&self, role: Option<&str>, deed: Deed) -> Result<bool, Error> {
        match role {
            None => Ok(false),
            Some("admin") => Ok(true),
            Some(_) if self.lets_members(deed) => Ok(true),
            Some(_) => {
                let listed: Vec<String> = self.permissions().iter().map(|route| format!("'{route}'")).collect();
                let sentence = format!(
                    "Team member does not have permissions for endpoint: KeyManagementRoutes.{}. You only have access \
                     to the following endpoints: [{}] for team {}. To create keys for this team, please ask your proxy \
                     admin to check the team member permission settings and update the settings to allow team member \
                     users to create keys.",
                    deed.name(),
                    listed.join(", "),
                    self.id()
                );
                Err(Denial::new(401, "team_member_permission_error", sentence).about(deed.route()).into())
            }
        }
    }

    /// Whether the caller may give a key of the team's these access groups.
    pub fn lets_assign_access_groups(&self, caller: &Caller) -> bool {
        match self.role_of_caller(caller) {
            Some("admin") => true,
            Some(_) => self.permissions().iter().any(|permission| permission == ACCESS_GROUPS),
            None => false,
        }
    }
}

/// Whether the caller's key is a team's and nobody's.
pub fn service_account(caller: &Caller) -> bool {
    let Some(profile) = caller.profile() else { return false };
    let metadata = profile.key.object("metadata");
    let is_marked = metadata.and_then(|metadata| metadata.get("service_account_id")).is_some_and(|id| !id.is_null());
    is_marked && caller.user_id().is_none() && caller.team_id().is_some()
}
