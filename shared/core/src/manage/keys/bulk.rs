//! Changing many keys at once: each by itself, so that one that fails keeps none of the others.

use serde_json::{Value, json};

use super::team::{Deed, Team};
use super::{hash_if_needed, rights, update};
use crate::denial::{Denial, Form};
use crate::directory::{Columns, Direction, Filter, Query, Row, moment_text, schema};
use crate::manage::{Answer, Fields, Outcome, Request, find};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// How many keys one request may change.
const KEYS_MAX: usize = 500;

fn refused(status: u16, sentence: &str) -> Error {
    Denial::detail_error(status, sentence).into()
}

/// `POST /key/bulk_update`: for admins.
pub fn bulk_update<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        if !fields.is_sent("keys") {
            fields.fault("keys", "missing", "Field required");
        }
        let items = fields.list("keys").map(Vec::as_slice).unwrap_or_default();
        fields.check()?;
        if !request.caller.is_admin() {
            return Err(refused(403, "Only proxy admins can perform bulk key updates"));
        }
        if items.is_empty() {
            return Err(refused(400, "No keys provided for update"));
        }
        if items.len() > KEYS_MAX {
            let sentence = format!("Maximum {KEYS_MAX} keys can be updated at once. Found {} keys.", items.len());
            return Err(refused(400, &sentence));
        }
        let mut report = Report::default();
        for item in items {
            let name = item.get("key").and_then(Value::as_str).unwrap_or_default();
            let outcome = match Fields::of(item).and_then(|fields| update::sent(&fields)) {
                Ok(sent) => update::change(app, &request, &sent).await,
                Err(error) => Err(error),
            };
            report.add(app, name, outcome).await?;
        }
        Ok(report.answer(items.len()))
    })
}

/// `POST /team/key/bulk_update`: the same change to several of a team's keys, or to all that are in use.
pub fn bulk_update_of_team<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let team_id = fields.required("team_id");
        let (ids, is_all) = (fields.texts("key_ids"), fields.flag("all_keys_in_team").unwrap_or(false));
        let change = fields.map("update_fields").cloned().unwrap_or_default();
        fields.check()?;
        let wanted = match is_all {
            true => in_use(app, team_id).await?,
            false => listed(ids.unwrap_or_default())?,
        };
        let team = Team::find(app, team_id).await?;
        if !request.caller.is_admin() {
            let mut anchor = Row::new();
            anchor.insert("team_id".to_owned(), team_id.into());
            rights::check_member(app, &request.caller, &anchor, Deed::Update).await?;
        }
        if wanted.is_empty() || team.is_none() {
            return Err(refused(404, &format!("No keys found for team {team_id}")));
        }
        let mut report = Report::default();
        for name in &wanted {
            let outcome = one_of_team(app, &request, (team_id, name), &change).await;
            report.add(app, name, outcome).await?;
        }
        Ok(report.answer(wanted.len()))
    })
}

async fn one_of_team(app: &App, request: &Request, (team_id, name): (&str, &str), change: &Row) -> Result<Row, Error> {
    let key = find::one(app, &schema::KEYS, &hash_if_needed(name)).await?;
    if key.is_none_or(|key| key.text("team_id") != Some(team_id)) {
        return Err(Denial::management(404, format!("Key not found in team {team_id}")).into());
    }
    let mut body = change.clone();
    body.insert("key".to_owned(), name.into());
    body.insert("team_id".to_owned(), team_id.into());
    let body = Value::Object(body);
    let sent = update::sent(&Fields::of(&body)?)?;
    update::change(app, request, &sent).await
}

/// A team's keys that are neither blocked nor expired: a change of all wakes none of those.
async fn in_use(app: &App, team_id: &str) -> Result<Vec<String>, Error> {
    let now = moment_text(app.governance.clock.now());
    let query = Query::of(&schema::KEYS)
        .is("team_id", team_id)
        .with(Filter::Any(vec![Filter::Null("blocked"), Filter::Is("blocked", false.into())]))
        .with(Filter::Any(vec![Filter::Null("expires"), Filter::From("expires", now.into())]))
        .sorted("token", Direction::Up)
        .page(0, KEYS_MAX as u64 + 1);
    let found = find::all(app, &query).await?;
    if found.len() > KEYS_MAX {
        let sentence =
            format!("Team {team_id} has more than {KEYS_MAX} keys. Use `key_ids` to update in batches of {KEYS_MAX}.");
        return Err(refused(400, &sentence));
    }
    Ok(found.iter().filter_map(|key| key.text("token")).map(str::to_owned).collect())
}

fn listed(ids: Vec<String>) -> Result<Vec<String>, Error> {
    if ids.is_empty() {
        return Err(refused(400, "key_ids must be provided when all_keys_in_team is False"));
    }
    if ids.len() > KEYS_MAX {
        let sentence = format!("Maximum {KEYS_MAX} keys can be updated at once. Found {} key_ids.", ids.len());
        return Err(refused(400, &sentence));
    }
    let mut seen = std::collections::HashSet::new();
    Ok(ids.into_iter().filter(|id| seen.insert(hash_if_needed(id))).collect())
}

/// What came of each.
#[derive(Default)]
struct Report {
    done: Vec<Value>,
    failed: Vec<Value>,
}

impl Report {
    async fn add(&mut self, app: &App, name: &str, outcome: Result<Row, Error>) -> Result<(), Error> {
        match outcome {
            Ok(row) => self.done.push(json!({ "key": name, "key_info": update::shown(&row) })),
            Err(error) => {
                let before = find::one(app, &schema::KEYS, &hash_if_needed(name)).await?;
                let info = before.as_ref().map_or(Value::Null, update::shown);
                self.failed.push(json!({ "key": name, "key_info": info, "failed_reason": reason(&error) }));
            }
        }
        Ok(())
    }

    fn answer(self, asked: usize) -> Answer {
        Answer::ok(json!({
            "total_requested": asked,
            "successful_updates": self.done,
            "failed_updates": self.failed,
        }))
    }
}

/// The sentence of a refusal, without Python's map around it.
pub fn reason(error: &Error) -> String {
    let Error::Denied(denial) = error else { return error.to_string() };
    if let Form::Detail(detail) = &denial.form {
        return detail.get("error").and_then(Value::as_str).map_or_else(|| detail.to_string(), str::to_owned);
    }
    let inner = denial.message.strip_prefix("{'error': ").and_then(|rest| rest.strip_suffix('}'));
    inner.map_or_else(|| denial.message.clone(), |text| text.trim_matches(['\'', '"']).to_owned())
}
