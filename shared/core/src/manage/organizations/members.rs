//! `/organization/member_add`, `member_update` and `member_delete`.

use serde_json::{Value, json};

use super::{MEMBERSHIPS, ORGANIZATIONS, access, logged, show};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter, Query, Row, schema};
use crate::manage::audit::Action;
use crate::manage::teams::{Member, enrol, member, show as users};
use crate::manage::{Answer, Outcome, Request, input, money, newcomers, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

const ROLES: [&str; 3] = ["org_admin", "internal_user", "internal_user_viewer"];
const EXPECTED: &str = "Input should be <LitellmUserRoles.ORG_ADMIN: 'org_admin'>, <LitellmUserRoles.INTERNAL_USER: \
                        'internal_user'> or <LitellmUserRoles.INTERNAL_USER_VIEW_ONLY: 'internal_user_viewer'>";

/// `POST /organization/member_add`: users that do not exist are made.
pub fn add(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let id = fields.required("organization_id").to_owned();
        let (members, _) = member::read_with(&fields, &member::Roles { known: &ROLES, expected: EXPECTED });
        let max_budget = fields.number("max_budget_in_organization");
        fields.check()?;
        access::check(app, &request.caller, &id).await?;
        let absent = || {
            let sentence = format!("Organization not found for organization_id={id}");
            Denial { kind: "auth_error", ..Denial::management_error(404, &sentence) }.about("None")
        };
        let organization = records::one(app, ORGANIZATIONS, &id).await?.ok_or_else(absent)?;
        let (mut changes, mut shown_users, mut memberships) = (Vec::new(), Vec::new(), Vec::new());
        for wanted in &members {
            let (user, made) = user_of(app, wanted).await?;
            changes.extend(made);
            let membership = join(app, &request, (&id, wanted, &user, max_budget), &mut changes).await?;
            shown_users.push(users::user(&user));
            memberships.push(Value::Object(show::member(&membership, None)));
        }
        changes.push(logged(app, &request, Action::Updated, (Some(&organization), Some(&organization))));
        records::write(app, changes).await?;
        Ok(Answer::ok(json!({
            "organization_id": id,
            "updated_users": shown_users,
            "updated_organization_memberships": memberships,
        })))
    })
}

/// The user who is meant, made if there is none.
async fn user_of(app: &App, wanted: &Member) -> Result<(Row, Option<Change>), Error> {
    let found = match (&wanted.user_id, &wanted.user_email) {
        (Some(id), _) => records::one(app, &schema::USERS, id).await?,
        (None, Some(email)) => one_by_email(app, email).await?,
        (None, None) => None,
    };
    if let Some(user) = found {
        return Ok((user, None));
    }
    let user_id = wanted.user_id.clone().unwrap_or_else(crate::new_id);
    let columns = newcomers::columns(app, user_id, wanted.user_email.clone());
    let user = records::complete(app, &schema::USERS, columns)?;
    Ok((user.clone(), Some(Change::Insert(&schema::USERS, user))))
}

async fn one_by_email(app: &App, email: &str) -> Result<Option<Row>, Error> {
    let mut found = enrol::by_email(app, email).await?;
    if found.len() > 1 {
        let sentence = "Multiple users with this email found in db. Please use 'user_id' instead.";
        return Err(Denial::detail_error(400, sentence).into());
    }
    Ok(found.pop())
}

async fn join(
    app: &App,
    request: &Request,
    (id, wanted, user, max_budget): (&str, &Member, &Row, Option<f64>),
    changes: &mut Vec<Change>,
) -> Result<Row, Error> {
    let user_id = user.text("user_id").unwrap_or_default();
    if membership(app, user_id, id).await?.is_some() {
        let role = ROLES.iter().position(|role| *role == wanted.role).unwrap_or_default();
        let name = ["ORG_ADMIN", "INTERNAL_USER", "INTERNAL_USER_VIEW_ONLY"][role];
        let python =
            |text: &Option<String>| text.as_deref().map_or_else(|| "None".to_owned(), crate::denial::python_text);
        let sentence = format!(
            "Error adding member=user_id={} user_email={} role=<LitellmUserRoles.{name}: '{}'> to organization={id}: \
             Unique constraint failed on the fields: (`user_id`,`organization_id`)",
            python(&wanted.user_id),
            python(&wanted.user_email),
            wanted.role
        );
        return Err(Denial::auth(500, format!("Authentication Error, {sentence}")).into());
    }
    let mut columns = records::row([
        ("user_id", user_id.into()),
        ("organization_id", id.into()),
        ("user_role", wanted.role.clone().into()),
    ]);
    if let Some(amount) = max_budget {
        let (budget, change) = money::create(app, request, records::row([("max_budget", amount.into())]))?;
        columns.insert("budget_id".to_owned(), budget.get("budget_id").cloned().unwrap_or(Value::Null));
        changes.push(change);
    }
    let membership = records::complete(app, MEMBERSHIPS, columns)?;
    changes.push(Change::Insert(MEMBERSHIPS, membership.clone()));
    Ok(membership)
}

async fn membership(app: &App, user_id: &str, id: &str) -> Result<Option<Row>, Error> {
    let query = Query::of(MEMBERSHIPS).is("user_id", user_id).is("organization_id", id);
    Ok(records::all(app, &query).await?.pop())
}

fn filters(user_id: &str, id: &str) -> Vec<Filter> {
    vec![Filter::Is("user_id", user_id.into()), Filter::Is("organization_id", id.into())]
}

/// Who is meant by `user_id` or `user_email`.
struct Meant {
    organization: Row,
    user_id: String,
}

async fn meant(app: &App, request: &Request, named: (String, Option<String>, Option<String>)) -> Result<Meant, Error> {
    let (id, user_id, email) = named;
    access::check(app, &request.caller, &id).await?;
    let absent = || Denial::detail_error(400, &format!("Organization not found for organization_id={id}"));
    let organization = records::one(app, ORGANIZATIONS, &id).await?.ok_or_else(absent)?;
    if let Some(user_id) = user_id {
        return Ok(Meant { organization, user_id });
    }
    let email = email.unwrap_or_default();
    let found = enrol::by_email(app, &email).await?;
    match found.as_slice() {
        [user] => Ok(Meant { organization, user_id: user.text("user_id").unwrap_or_default().to_owned() }),
        _ => {
            let sentence = format!(
                "Unique user not found for user_email={email}. Potential duplicate OR non-existent user_email in \
                 LiteLLM_UserTable. Use 'user_id' instead."
            );
            Err(Denial::detail_error(400, &sentence).into())
        }
    }
}

type Named = (String, Option<String>, Option<String>);

fn named(fields: &crate::manage::Fields<'_>) -> Result<Named, Error> {
    if fields.any("user_id").is_none() && fields.any("user_email").is_none() {
        return Err(input::unfit("Either user id or user email must be provided"));
    }
    let text = |name: &'static str| fields.text(name).map(str::to_owned);
    Ok((fields.required("organization_id").to_owned(), text("user_id"), text("user_email")))
}

/// `PATCH /organization/member_update`.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let named = named(&fields)?;
        let id = named.0.clone();
        let max_budget = fields.number("max_budget_in_organization");
        let role = input::one_of(&fields, "role", &ROLES).map(str::to_owned);
        fields.check()?;
        let Meant { organization, user_id } = meant(app, &request, named).await?;
        let absent = || Denial::detail_error(404, &format!("Member not found in organization for user_id={user_id}"));
        let before = membership(app, &user_id, &id).await?.ok_or_else(absent)?;
        check_target(app, &request, &user_id).await?;
        let mut columns = records::row([("updated_at", records::now(app).into())]);
        columns.extend(role.map(|role| ("user_role".to_owned(), role.into())));
        let mut changes = Vec::new();
        if let Some(amount) = max_budget {
            let limit = records::row([("max_budget", amount.into())]);
            match before.text("budget_id") {
                Some(id) => changes.push(money::update(app, &request, id, limit)),
                None => {
                    let (budget, change) = money::create(app, &request, limit)?;
                    columns.insert("budget_id".to_owned(), budget.get("budget_id").cloned().unwrap_or(Value::Null));
                    changes.push(change);
                }
            }
        }
        changes.push(Change::Update(MEMBERSHIPS, filters(&user_id, &id), columns));
        changes.push(logged(app, &request, Action::Updated, (Some(&organization), Some(&organization))));
        records::write(app, changes).await?;
        let after = membership(app, &user_id, &id).await?.ok_or_else(absent)?;
        let budget = records::linked(app, &schema::BUDGETS, after.text("budget_id")).await?;
        Ok(Answer::ok(Value::Object(show::member(&after, budget.as_ref()))))
    })
}

/// An organization's admin does not change what an admin of everything is there.
async fn check_target(app: &App, request: &Request, user_id: &str) -> Result<(), Error> {
    let user = records::one(app, &schema::USERS, user_id).await?.unwrap_or_default();
    let is_admin = matches!(user.text("user_role"), Some("proxy_admin" | "proxy_admin_viewer"));
    if !is_admin || request.caller.is_admin() {
        return Ok(());
    }
    let sentence = "Only PROXY_ADMIN may modify the organization role of a user who is a global PROXY_ADMIN.";
    Err(Denial::detail_error(403, sentence).into())
}

/// `DELETE /organization/member_delete`: null where there is no such member.
pub fn remove(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let named = named(&fields)?;
        let id = named.0.clone();
        fields.check()?;
        let Meant { organization, user_id } = meant(app, &request, named).await?;
        let Some(before) = membership(app, &user_id, &id).await? else { return Ok(Answer::ok(Value::Null)) };
        let delete = Change::Delete(MEMBERSHIPS, filters(&user_id, &id));
        let log = logged(app, &request, Action::Updated, (Some(&organization), Some(&organization)));
        records::write(app, vec![delete, log]).await?;
        let shown = records::shown(MEMBERSHIPS, &before);
        Ok(Answer::ok(Value::Object(records::with_nulls(shown, &["user", "organization", "litellm_budget_table"]))))
    })
}
