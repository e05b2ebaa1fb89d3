//! Ending keys: deleting them, and replacing one by another.
//!
//! What ends is archived with all that it was. A key that is replaced keeps its money, its limits and its name.

use serde_json::{Value, json};

use super::team::Deed;
use super::{answer, as_read, check, draft, hash_if_needed, money, permission, rights, shape, update};
use crate::clock::Moment;
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter, Query, Row, moment_text, schema};
use crate::govern::{Caller, hash_of, period, shown};
use crate::manage::audit::{Action, entry};
use crate::manage::read::read;
use crate::manage::{Answer, Outcome, Request, find};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// How many keys one request may delete.
const KEYS_MAX: usize = 10_000;

/// `POST /key/delete`.
pub fn delete<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let (keys, aliases) = named(&request)?;
        let (column, wanted, echo) = match keys.is_empty() {
            false => ("token", keys.iter().map(|key| hash_if_needed(key)).collect(), keys),
            true => ("key_alias", aliases.clone(), aliases),
        };
        if echo.len() > KEYS_MAX {
            return Err(
                Denial::management_error(400, &format!("more than {KEYS_MAX} keys: delete fewer at a time")).into()
            );
        }
        let found = find::all(app, &Query::of(&schema::KEYS).with(Filter::In(column, wanted))).await?;
        if found.is_empty() {
            return Err(Denial::management_error(404, "No keys found").into());
        }
        let now = app.governance.clock.now();
        let mut changes = Vec::new();
        for key in &found {
            if !rights::may_end(app, &request.caller, key).await? {
                return Err(Denial::management_error(403, "You are not authorized to delete this key").into());
            }
            changes.extend(ending(&request, key, now));
        }
        find::write(app, changes).await?;
        Ok(Answer::ok(json!({ "deleted_keys": echo })))
    })
}

/// The keys and aliases that a request names.
///
/// # Errors
/// 422 where it names none.
pub fn named(request: &Request) -> Result<(Vec<String>, Vec<String>), Error> {
    let fields = request.fields()?;
    let is_empty = |name: &str| fields.any(name).is_none_or(|value| value.as_array().is_some_and(Vec::is_empty));
    if is_empty("keys") && is_empty("key_aliases") {
        return Err(update::bad_body("At least one of 'keys' or 'key_aliases' must be provided."));
    }
    let (keys, aliases) = (fields.texts("keys"), fields.texts("key_aliases"));
    fields.check()?;
    Ok((keys.unwrap_or_default(), aliases.unwrap_or_default()))
}

/// Archives a key and removes it, with what is kept under it.
pub fn ending(request: &Request, key: &Row, now: Moment) -> Vec<Change> {
    let hash = key.text("token").unwrap_or_default();
    let of_key = || vec![Filter::Is("token", hash.into())];
    vec![
        archive(request, key, now),
        Change::Delete(&schema::KEYS, of_key()),
        Change::Delete(&schema::JWT_KEYS, of_key()),
        Change::Delete(&schema::DEPRECATED_KEYS, vec![Filter::Is("active_token_id", hash.into())]),
        entry(request, now, Action::Deleted, (&schema::KEYS, hash), (Some(key), None)),
    ]
}

fn archive(request: &Request, key: &Row, now: Moment) -> Change {
    let is_archived = |name: &str| schema::DELETED_KEYS.column(name).is_some();
    let known = key.iter().filter(|(name, _)| is_archived(name));
    let mut row: Row = known.map(|(name, value)| (name.clone(), value.clone())).collect();
    row.insert("deleted_at".to_owned(), moment_text(now).into());
    row.insert("deleted_by".to_owned(), request.caller.user_id().into());
    row.insert("deleted_by_api_key".to_owned(), request.caller.key_hash().into());
    row.insert("litellm_changed_by".to_owned(), request.changed_by.clone().into());
    Change::Insert(&schema::DELETED_KEYS, row)
}

/// `POST /key/regenerate` and `/key/{key}/regenerate`.
pub fn regenerate<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let sent = match request.body.is_null() {
            true => Row::new(),
            false => read(&request.fields()?, &[shape::BASE, shape::KEY, shape::REPLACED])?,
        };
        let caller = &request.caller;
        rights::check_new_routes(caller, &sent)?;
        let named = sent.text("key").or_else(|| Some(request.place("key")).filter(|key| !key.is_empty()));
        let Some(named) = named else { return Err(Denial::management_error(400, "No key passed in.").into()) };
        if app.gatekeeper.is_master(named) {
            return Err(Denial::management_error(400, MASTER).into());
        }
        let Some(key) = find::one(app, &schema::KEYS, &hash_if_needed(named)).await? else {
            return Err(Denial::management_error(404, &format!("Key {named} not found.")).into());
        };
        check_rights(app, caller, &sent, &key).await?;
        replace(app, &request, &sent, &key).await
    })
}

const MASTER: &str = "the master key is set in the configuration: change it there, and run `tollgate rotate-salt`";

async fn check_rights(app: &App, caller: &Caller, sent: &Row, key: &Row) -> Result<(), Error> {
    rights::check_member(app, caller, key, Deed::Regenerate).await?;
    if !rights::may_end(app, caller, key).await? {
        return Err(Denial::management_error(403, "You are not authorized to regenerate this key").into());
    }
    rights::check_admins_fields(caller, sent, Some(key))?;
    rights::check_new_owner(caller, sent, key)?;
    if let Some(id) = sent.text("organization_id").filter(|id| key.text("organization_id") != Some(id)) {
        check::check_organization_member(app, caller, id).await?;
    }
    rights::check_access_groups(caller, sent, rights::team_of(app, key).await?.as_ref())
}

async fn replace(app: &App, request: &Request, sent: &Row, key: &Row) -> Outcome {
    let (settings, now) = (&app.governance.settings, app.governance.clock.now());
    let text = match sent.text("new_key") {
        Some(text) => check::check_new_text(text, &settings.keys).map(|()| text.to_owned())?,
        None => draft::new_text(),
    };
    money::check_budgets(sent, &settings.calendar, now)?;
    money::check_bounds(sent, &settings.keys, now)?;
    money::check_model_budgets(sent)?;
    check::check_alias(app, sent.text("key_alias"), key.text("token")).await?;
    check::check_budget_id(app, sent.text("budget_id"), "budget_id").await?;
    let (old, new) = (key.text("token").unwrap_or_default(), hash_of(&text));
    let mut set = draft::changes(sent, key, &settings.calendar, now)?;
    set.insert("token".to_owned(), new.as_str().into());
    set.insert("key_name".to_owned(), shown(&text).into());
    for name in ["updated_at", "settings_updated_at"] {
        set.insert(name.to_owned(), moment_text(now).into());
    }
    let mut changes = vec![archive(request, key, now)];
    changes.extend(permission::change(sent, key, &mut set));
    let mut after = key.clone();
    after.extend(set.clone());
    let of_old = || vec![Filter::Is("token", old.into())];
    changes.extend([
        Change::Expect(&schema::KEYS, as_read(key), 1),
        Change::Update(&schema::KEYS, of_old(), set.clone()),
        Change::Update(&schema::JWT_KEYS, of_old(), only("token", &new)),
        // Keys that this one has replaced lead on to what replaces it.
        Change::Update(
            &schema::DEPRECATED_KEYS,
            vec![Filter::Is("active_token_id", old.into())],
            only("active_token_id", &new),
        ),
    ]);
    let grace = sent.text("grace_period").filter(|grace| !grace.is_empty());
    changes.extend(keep(old, &new, grace.or(settings.keys.grace_period.as_deref()), now));
    changes.push(entry(request, now, Action::Rotated, (&schema::KEYS, &new), (Some(key), Some(&after))));
    find::write(app, changes).await?;
    app.governance.forget(schema::KEYS.name, Some(&new));
    let budget = match after.text("budget_id") {
        Some(id) if sent.contains_key("budget_id") => find::one(app, &schema::BUDGETS, id).await?,
        _ => None,
    };
    let mut shown = answer::made(&text, &after, budget.as_ref());
    shown.insert("token".to_owned(), Value::Null);
    Ok(Answer::ok(Value::Object(shown)))
}

fn only(name: &str, value: &str) -> Row {
    [(name.to_owned(), value.into())].into_iter().collect()
}

/// Keeps an old key valid for a while. As with LiteLLM, a duration that is none keeps it for no time.
fn keep(old: &str, new: &str, grace: Option<&str>, now: Moment) -> Vec<Change> {
    let Some(grace) = grace else { return Vec::new() };
    let Some(length) = period::length(grace, now).filter(|length| !length.is_zero()) else {
        tracing::warn!("grace_period `{grace}` is no duration: the old key is no longer valid; write one like `24h`");
        return Vec::new();
    };
    let mut row = Row::new();
    row.insert("token".to_owned(), old.into());
    row.insert("active_token_id".to_owned(), new.into());
    row.insert("revoke_at".to_owned(), moment_text(now + length).into());
    vec![
        Change::Delete(&schema::DEPRECATED_KEYS, vec![Filter::Is("token", old.into())]),
        Change::Insert(&schema::DEPRECATED_KEYS, row),
    ]
}
