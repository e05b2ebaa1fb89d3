//! Logging callbacks of a team: `/team/{team_id}/callback` and `/team/{team_id}/disable_logging`.
//!
//! They stand in the team's metadata: one entry a callback in `logging`, or all together in the older
//! `callback_settings`, which counts where there is no `logging`. Secrets are sealed, and masked where they are shown.

mod check;
mod entry;

use serde_json::{Value, json};

use super::access::denied_detail;
use super::{ATTEMPTS_MAX, TEAMS, again, change, contended, logged, show, standing, untouched};
use crate::denial::Denial;
use crate::directory::{Columns, Row};
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, permission, records};
use crate::seal::variables;
use crate::upstream::BoxFuture;
use crate::{App, Error};
use entry::Entry;

const ENTRIES: &str = "logging";
const SETTINGS: &str = "callback_settings";

/// `POST /team/{team_id}/callback`.
pub fn add(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let entry = Entry::read(app, &request.fields()?)?;
        let id = request.place("team_id");
        let is_admin = request.caller.is_admin();
        let team = replace(app, &request, (id, 400), &|metadata| {
            entry.check()?;
            let mut entries = entries(metadata);
            check::beside(app, &entry, &entries, is_admin)?;
            let is_same =
                |known: &Value| known["callback_name"] == entry.name && known["callback_type"] == entry.event();
            if entries.iter().any(is_same) {
                let sentence = format!(
                    "callback_name = {} already exists in team_callback_settings, for team_id = {id} and event = {}",
                    entry.name,
                    entry.event().as_str().unwrap_or("None")
                );
                return Err(Denial::new(400, "bad_request_error", sentence).about("callback_name").into());
            }
            entries.push(entry.stored(app)?);
            let mut metadata = metadata.clone();
            metadata.insert(ENTRIES.to_owned(), entries.into());
            Ok(metadata)
        })
        .await?;
        let mut shown = show::bare(&team);
        let permission = permission::shown(app, team.text("object_permission_id")).await?;
        shown.insert("object_permission".to_owned(), permission);
        Ok(Answer::ok(json!({ "status": "success", "data": shown })))
    })
}

/// `GET /team/{team_id}/callback`.
pub fn list(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let id = request.place("team_id");
        let team = permitted(app, &request, (id, 404)).await?;
        let active = Active::of(&records::map_of(team.get("metadata")));
        Ok(Answer::ok(json!({
            "status": "success",
            "data": {
                "team_id": id,
                "success_callbacks": active.success,
                "failure_callbacks": active.failure,
                "callback_vars": active.masked(),
            },
        })))
    })
}

/// `DELETE /team/{team_id}/callback/{callback_name}`: the entries of that name, for every event.
pub fn remove(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let (id, name) = (request.place("team_id"), request.place("callback_name"));
        let team = replace(app, &request, (id, 404), &|metadata| {
            let mut left = entries(metadata);
            let before = left.len();
            left.retain(|entry| entry["callback_name"] != name);
            if left.len() == before {
                let sentence = format!("callback_name = {name} is not registered for team_id = {id}.");
                return Err(Denial::detail_error(404, &sentence).into());
            }
            let mut metadata = metadata.clone();
            metadata.insert(ENTRIES.to_owned(), left.into());
            Ok(metadata)
        })
        .await?;
        let left = Active::of(&records::map_of(team.get("metadata")));
        Ok(Answer::ok(json!({
            "status": "success",
            "message": format!("Callback {name} removed for team {id}"),
            "data": { "team_id": id, "success_callbacks": left.success, "failure_callbacks": left.failure },
        })))
    })
}

/// `POST /team/{team_id}/disable_logging`: all of them.
pub fn disable(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let id = request.place("team_id");
        replace(app, &request, (id, 404), &|metadata| {
            let mut metadata = metadata.clone();
            let settings = records::map_of(metadata.get(SETTINGS));
            let kept = |name: &str, otherwise: Value| {
                settings.get(name).filter(|value| !value.is_null()).cloned().unwrap_or(otherwise)
            };
            let settings = json!({
                "success_callback": [],
                "failure_callback": [],
                "callbacks": kept("callbacks", json!([])),
                "callback_vars": kept("callback_vars", json!({})),
            });
            metadata.insert(SETTINGS.to_owned(), settings);
            metadata.insert(ENTRIES.to_owned(), json!([]));
            Ok(metadata)
        })
        .await?;
        Ok(Answer::ok(json!({
            "status": "success",
            "message": format!("Logging disabled for team {id}"),
            "data": { "team_id": id, "success_callbacks": [], "failure_callbacks": [] },
        })))
    })
}

/// The callbacks that are in effect.
#[derive(Default)]
struct Active {
    success: Vec<String>,
    failure: Vec<String>,
    variables: Row,
}

impl Active {
    fn of(metadata: &Row) -> Self {
        let mut active = Self::default();
        match metadata.get(ENTRIES).filter(|entries| !entries.is_null()) {
            Some(_) => entries(metadata).iter().filter_map(Entry::parse).for_each(|entry| active.take(entry)),
            None => {
                let settings = records::map_of(metadata.get(SETTINGS));
                active.success = settings.texts("success_callback");
                active.failure = settings.texts("failure_callback");
                active.variables = records::map_of(settings.get("callback_vars"));
            }
        }
        active
    }

    fn take(&mut self, entry: Entry) {
        for (is_meant, names) in [(entry.succeeds(), &mut self.success), (entry.fails(), &mut self.failure)] {
            if is_meant && !names.contains(&entry.name) {
                names.push(entry.name.clone());
            }
        }
        let own = entry.variables.into_iter().filter(|(name, _)| check::belongs(name, &entry.name));
        self.variables.extend(own);
    }

    /// The variables without secrets. What is sealed under a name that is no secret's is not shown either.
    fn masked(&self) -> Row {
        let of = |(name, value): (&String, &Value)| {
            let is_sealed = value.as_str().is_some_and(|text| variables::marked(text).is_some());
            let is_hidden = is_sealed || variables::is_secret(name);
            (name.clone(), if is_hidden { variables::REDACTED.into() } else { value.clone() })
        };
        self.variables.iter().map(of).collect()
    }
}

fn entries(metadata: &Row) -> Vec<Value> {
    metadata.get(ENTRIES).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// The team, for whom it is theirs to manage; who could not is not told that there is none.
async fn permitted(app: &App, request: &Request, (id, absent): (&str, u16)) -> Result<Row, Error> {
    let Some(team) = records::one(app, TEAMS, id).await? else {
        if request.caller.is_admin() {
            return Err(Denial::detail_error(absent, &format!("Team id = {id} does not exist.")).into());
        }
        return Err(denied_detail());
    };
    standing(app, &request.caller, &team).await?.ok_or_else(denied_detail)?;
    Ok(team)
}

/// Puts other metadata in the place of a team's; the team as it is then.
async fn replace(
    app: &App,
    request: &Request,
    (id, absent): (&str, u16),
    compute: &(dyn Fn(&Row) -> Result<Row, Error> + Sync),
) -> Result<Row, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let team = permitted(app, request, (id, absent)).await?;
        let metadata = compute(&records::map_of(team.get("metadata")))?;
        let columns = records::row([("metadata", Value::Object(metadata))]);
        let mut after = team.clone();
        after.extend(columns.clone());
        let log = logged(app, request, Action::Updated, (Some(&team), Some(&after)));
        if records::try_write(app, vec![untouched(TEAMS, &team), change(app, &team, columns), log]).await? {
            return again(app, id).await;
        }
    }
    Err(contended())
}
