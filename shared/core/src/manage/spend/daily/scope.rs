//! Which daily rows a request is about, and which of them the caller may see.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::denial::Denial;
use crate::directory::{Columns, Filter, Query, Row, Table, schema};
use crate::govern::Caller;
use crate::manage::keys::team::Team;
use crate::manage::page::Parameters;
use crate::manage::spend::dates::{Days, day_of, today};
use crate::manage::spend::reach;
use crate::manage::spend::totals::{self, among};
use crate::manage::{Request, find};
use crate::{App, Error};

/// Ids that one request may name.
const IDS_MAX: usize = 1000;

/// What the totals are divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    User,
    Team,
    Tag,
    Customer,
    Organization,
}

impl Entity {
    const fn table(self) -> &'static Table {
        match self {
            Self::User => &schema::DAILY_USER,
            Self::Team => &schema::DAILY_TEAM,
            Self::Tag => &schema::DAILY_TAG,
            Self::Customer => &schema::DAILY_CUSTOMER,
            Self::Organization => &schema::DAILY_ORGANIZATION,
        }
    }

    pub const fn column(self) -> &'static str {
        match self {
            Self::User => "user_id",
            Self::Team => "team_id",
            Self::Tag => "tag",
            Self::Customer => "end_user_id",
            Self::Organization => "organization_id",
        }
    }

    /// The parameters that name those that count, and those that do not.
    const fn parameters(self) -> (&'static str, &'static str) {
        match self {
            Self::User => ("user_id", ""),
            Self::Team => ("team_ids", "exclude_team_ids"),
            Self::Tag => ("tags", ""),
            Self::Customer => ("end_user_ids", "exclude_end_user_ids"),
            Self::Organization => ("organization_ids", "exclude_organization_ids"),
        }
    }

    /// What is said of each of these, by its id.
    ///
    /// # Errors
    /// The directory's, as an answer.
    pub async fn names<'a>(
        self,
        app: &App,
        ids: impl Iterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, Value>, Error> {
        let (table, id, shown): (&'static Table, _, &[&str]) = match self {
            Self::User => (&schema::USERS, "user_id", &["user_email", "user_alias"]),
            Self::Team => (&schema::TEAMS, "team_id", &["team_alias"]),
            Self::Customer => (&schema::CUSTOMERS, "user_id", &["alias"]),
            Self::Organization => (&schema::ORGANIZATIONS, "organization_id", &["organization_alias"]),
            Self::Tag => return Ok(BTreeMap::new()),
        };
        let rows = among(app, table, id, ids).await?;
        let named = rows.iter().map(|row| {
            let shown: Row = crate::manage::show::picked(row, shown);
            (totals::text(row, id), Value::Object(shown))
        });
        Ok(named.collect())
    }
}

/// The rows.
pub struct Scope {
    entity: Entity,
    days: Days,
    /// `None`: everybody's.
    ids: Option<Vec<String>>,
    excluded: Vec<String>,
    /// `None`: those of all keys.
    keys: Option<Vec<String>>,
    model: Option<String>,
}

fn ids(request: &Request, parameter: &str) -> Option<Vec<String>> {
    let text = request.parameter(parameter)?;
    Some(text.split(',').take(IDS_MAX).map(str::to_owned).collect())
}

impl Scope {
    /// # Errors
    /// Where days are missing, or the caller may not see what it asks for.
    pub async fn of(app: &App, request: &Request, entity: Entity) -> Result<Self, Error> {
        let (wanted, excluded) = entity.parameters();
        let named = match entity {
            Entity::User => request.parameter(wanted).map(|id| vec![id.to_owned()]),
            _ => ids(request, wanted),
        };
        let mut scope = Self {
            entity,
            days: Days { first: today(app), last: today(app) },
            ids: named,
            excluded: ids(request, excluded).unwrap_or_default(),
            keys: request.parameter("api_key").map(|key| vec![key.to_owned()]),
            model: request.parameter("model").map(str::to_owned),
        };
        // LiteLLM looks at users' days before it looks at who asks.
        if entity == Entity::User {
            scope.days = days_of_user(app, request)?;
        }
        scope.narrow(app, &request.caller).await?;
        if entity != Entity::User {
            scope.days = Days::of(request)?;
        }
        Ok(scope)
    }

    async fn narrow(&mut self, app: &App, caller: &Caller) -> Result<(), Error> {
        if caller.sees_all() {
            return Ok(());
        }
        match self.entity {
            Entity::User => self.narrow_to_oneself(caller),
            Entity::Team => self.narrow_to_teams(app, caller).await,
            Entity::Tag => self.narrow_to_own_keys(app, caller).await,
            Entity::Organization => self.narrow_to_organizations(app, caller).await,
            Entity::Customer => {
                let role = crate::manage::keys::rights::role_name(caller);
                Err(Denial::detail_error(401, &format!("Admin-only endpoint. Your user role={role}")).into())
            }
        }
    }

    fn narrow_to_oneself(&mut self, caller: &Caller) -> Result<(), Error> {
        let Some(own) = caller.user_id() else {
            let sentence = "Service-account keys cannot query user analytics. Use a user-bound key, or call as a proxy \
                            admin.";
            return Err(Denial::detail_error(403, sentence).into());
        };
        if self.ids.as_ref().is_some_and(|ids| ids.iter().any(|id| id != own)) {
            return Err(Denial::detail_error(403, "Non-admin users can only view their own spend data.").into());
        }
        self.ids = Some(vec![own.to_owned()]);
        Ok(())
    }

    /// The caller's teams; only its own keys, unless it may see what all of these teams spend.
    async fn narrow_to_teams(&mut self, app: &App, caller: &Caller) -> Result<(), Error> {
        let user = match caller.user_id() {
            Some(id) => find::one(app, &schema::USERS, id).await?,
            None => None,
        };
        let Some(user) = user else {
            let sentence = format!("User= {} not found", caller.user_id().unwrap_or("None"));
            return Err(Denial::detail_error(404, &sentence).into());
        };
        let joined = user.texts("teams");
        let wanted = self.ids.take().unwrap_or_else(|| joined.clone());
        if let Some(strange) = wanted.iter().find(|id| !joined.contains(id)) {
            let sentence = format!("User does not belong to Team= {strange}. Call `/user/info` to see user's teams");
            return Err(Denial::detail_error(404, &sentence).into());
        }
        let teams = among(app, &schema::TEAMS, "team_id", wanted.iter().map(String::as_str)).await?;
        let sees = |team: Row| reach::sees_team(caller, &Team(team), reach::ACTIVITY);
        if !teams.into_iter().all(sees) {
            self.narrow_to_own_keys(app, caller).await?;
        }
        self.ids = Some(wanted);
        Ok(())
    }

    async fn narrow_to_own_keys(&mut self, app: &App, caller: &Caller) -> Result<(), Error> {
        let own = reach::own_keys(app, caller).await?;
        self.keys = Some(match self.keys.take() {
            Some(asked) => asked.into_iter().filter(|key| own.contains(key)).collect(),
            None => own,
        });
        Ok(())
    }

    async fn narrow_to_organizations(&mut self, app: &App, caller: &Caller) -> Result<(), Error> {
        let administered = app.governance.administered(caller).await?;
        let strange = self.ids.as_ref().and_then(|ids| ids.iter().find(|id| !administered.contains(id)));
        if let Some(strange) = strange {
            let sentence = format!("User is not org_admin for Organization= {strange}.");
            return Err(Denial::detail_error(403, &sentence).into());
        }
        self.ids.get_or_insert(administered);
        Ok(())
    }

    pub fn query(&self) -> Query {
        let mut query = totals::of(self.entity.table(), self.days);
        let column = self.entity.column();
        let is_one_of = |column, ids: &Vec<String>| match ids.as_slice() {
            [one] => Filter::Is(column, one.as_str().into()),
            _ => Filter::In(column, ids.clone()),
        };
        query.filters.extend(self.ids.as_ref().map(|ids| is_one_of(column, ids)));
        query.filters.extend(self.excluded.iter().map(|id| Filter::IsNot(column, id.as_str().into())));
        query.filters.extend(self.keys.as_ref().map(|keys| is_one_of("api_key", keys)));
        query.filters.extend(self.model.as_ref().map(|model| Filter::Is("model", model.as_str().into())));
        query
    }
}

/// The teams of a request, and whether the caller sees only itself in them.
pub struct TeamScope {
    pub team_ids: Vec<String>,
    pub is_own: bool,
}

impl TeamScope {
    /// # Errors
    /// Where the caller may not see what it asks for.
    pub async fn of(app: &App, request: &Request) -> Result<Self, Error> {
        let scope = Scope::of(app, request, Entity::Team).await?;
        let is_own = scope.keys.is_some() && !request.caller.sees_all();
        Ok(Self { team_ids: scope.ids.unwrap_or_default(), is_own })
    }
}

/// With `include_current_utc_day`, what is spent after the caller's own midnight counts as of its today.
fn days_of_user(app: &App, request: &Request) -> Result<Days, Error> {
    let parameters = Parameters::of(request);
    let extends = parameters.flag("include_current_utc_day");
    parameters.check()?;
    let mut days = Days::of(request)?;
    let offset = request.parameter("timezone").and_then(|text| text.parse::<i64>().ok()).filter(|_| extends);
    if let Some(minutes) = offset.filter(|minutes| minutes.abs() <= 24 * 60) {
        let micros = i64::try_from(app.governance.clock.now().0).unwrap_or(0) - minutes * 60_000_000;
        let local = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        if days.last >= day_of(local) {
            days.last = days.last.max(today(app));
        }
    }
    Ok(days)
}
