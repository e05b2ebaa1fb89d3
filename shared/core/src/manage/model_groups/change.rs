//! `POST /access_group/new`, `PUT /access_group/{access_group}/update` and `DELETE /access_group/{access_group}/delete`.
//!
//! Every change is one write: LiteLLM takes a group apart before it looks whether it can be put together again.

use serde_json::{Value, json};

use super::{GROUPS, IN_INFO, MODELS, absent, groups_of, refused};
use crate::directory::{Change, Columns, Filter, Query, Row, moment_text};
use crate::manage::audit::{Action, entry};
use crate::manage::{Answer, Fields, Outcome, Request, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// How often a change is tried again that somebody else has come before.
const ATTEMPTS_MAX: usize = 8;

/// Which deployments a request means: those of these ids, or all under these names.
struct Meant {
    names: Option<Vec<String>>,
    ids: Option<Vec<String>>,
}

impl Meant {
    fn read(fields: &Fields<'_>) -> Self {
        Self { names: fields.texts("model_names"), ids: fields.texts("model_ids") }
    }

    fn ids(&self) -> Option<&[String]> {
        self.ids.as_deref().filter(|ids| !ids.is_empty())
    }

    fn names(&self) -> &[String] {
        self.names.as_deref().unwrap_or_default()
    }

    /// # Errors
    /// 400 where nothing is meant.
    fn check(&self) -> Result<(), Error> {
        if self.ids().is_none() && self.names().is_empty() {
            return Err(refused(400, "Either model_names or model_ids must be provided and non-empty"));
        }
        Ok(())
    }

    /// # Errors
    /// 400 where a name stands for nothing.
    fn check_names(&self, app: &App) -> Result<(), Error> {
        let catalog = app.catalog.get();
        let names = self.names().iter().filter(|name| self.ids().is_none() && !catalog.holds(name));
        let missing: Vec<&str> = names.map(String::as_str).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(refused(400, &format!("Model(s) not found: {}", missing.join(", "))))
    }

    /// # Errors
    /// 400 where something that is meant is not stored.
    fn check_stored(&self, models: &[Row]) -> Result<(), Error> {
        let has = |column: &str, wanted: &str| models.iter().any(|model| model.text(column) == Some(wanted));
        if let Some(ids) = self.ids() {
            let missing = ids.iter().find(|id| !has("model_id", id));
            return missing.map_or(Ok(()), |id| {
                Err(refused(400, &format!("Deployment with model_id '{id}' not found in Database.")))
            });
        }
        let missing = self.names().iter().find(|name| !has("model_name", name));
        missing.map_or(Ok(()), |name| {
            let sentence = format!(
                "Can't find model '{name}' in Database. Access group management is only supported for database models."
            );
            Err(refused(400, &sentence))
        })
    }

    fn holds(&self, model: &Row) -> bool {
        let is_among = |column: &str, listed: &[String]| {
            model.text(column).is_some_and(|own| listed.iter().any(|each| each == own))
        };
        match self.ids() {
            Some(ids) => is_among("model_id", ids),
            None => is_among("model_name", self.names()),
        }
    }

    fn shown(&self, group: &str, updated: usize) -> Value {
        json!({
            "access_group": group,
            "model_names": self.names,
            "model_ids": self.ids,
            "models_updated": updated,
        })
    }
}

/// `POST /access_group/new`.
pub fn create(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let name = fields.required("access_group").to_owned();
        let meant = Meant::read(&fields);
        fields.check()?;
        if name.trim().is_empty() {
            return Err(refused(400, "access_group is required and cannot be empty"));
        }
        meant.check()?;
        meant.check_names(app)?;
        let (updated, _) = apply(app, &request, &name, &[], &|models| {
            if models.iter().any(|model| groups_of(model).contains(&name)) {
                let sentence =
                    format!("Access group '{name}' already exists. Use PUT /access_group/{name}/update to modify it.");
                return Err(refused(409, &sentence));
            }
            meant.check_stored(models)?;
            Ok(Box::new(|model: &Row| meant.holds(model)))
        })
        .await?;
        Ok(Answer::ok(meant.shown(&name, updated)))
    })
}

/// `PUT /access_group/{access_group}/update`: these deployments and no others.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let name = request.place("access_group");
        let fields = request.fields()?;
        let meant = Meant::read(&fields);
        fields.check()?;
        meant.check()?;
        super::check_exists(app, name).await?;
        meant.check_names(app)?;
        let (_, members) = apply(app, &request, name, &[], &|models| {
            check_known(models, name)?;
            meant.check_stored(models)?;
            Ok(Box::new(|model: &Row| meant.holds(model)))
        })
        .await?;
        // LiteLLM takes all out first, so that it has put in all of them.
        Ok(Answer::ok(meant.shown(name, members)))
    })
}

/// `DELETE /access_group/{access_group}/delete`: with what it has spent. Its budget stays, for others may share it.
pub fn delete(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let name = request.place("access_group");
        let account = Change::Delete(GROUPS, vec![Filter::Is("access_group_name", name.into())]);
        let (updated, _) = apply(app, &request, name, &[account], &|models| {
            check_known(models, name)?;
            Ok(Box::new(|_: &Row| false))
        })
        .await?;
        Ok(Answer::ok(json!({
            "access_group": name,
            "models_updated": updated,
            "message": format!("Access group '{name}' deleted successfully"),
        })))
    })
}

fn check_known(models: &[Row], name: &str) -> Result<(), Error> {
    if models.iter().any(|model| groups_of(model).iter().any(|group| group == name)) {
        return Ok(());
    }
    Err(absent(name))
}

/// Whether a deployment is to be in the group.
type Wanted<'a> = Box<dyn Fn(&Row) -> bool + Send + 'a>;

/// Puts deployments into the group and takes others out, beside further changes; how many were changed, and how many
/// are in it then.
async fn apply<'a>(
    app: &App,
    request: &Request,
    name: &str,
    beside: &[Change],
    decide: &(dyn Fn(&[Row]) -> Result<Wanted<'a>, Error> + Sync),
) -> Result<(usize, usize), Error> {
    for _ in 0..ATTEMPTS_MAX {
        let models = records::all(app, &Query::of(MODELS)).await?;
        let mut changes = beside.to_vec();
        let (mut updated, mut members) = (0, 0);
        {
            let wanted = decide(&models)?;
            for model in &models {
                let mut groups = groups_of(model);
                let is_inside = groups.iter().any(|group| group == name);
                let is_wanted = wanted(model);
                members += usize::from(is_wanted);
                match (is_wanted, is_inside) {
                    (true, false) => groups.push(name.to_owned()),
                    (false, true) => groups.retain(|group| group != name),
                    _ => continue,
                }
                changes.extend(set(app, request, model, groups));
                updated += 1;
            }
        }
        if changes.is_empty() || records::try_write(app, changes).await? {
            if let Err(fault) = app.stored.reload(app).await {
                tracing::warn!("what was stored is in force a little later: {fault}");
            }
            return Ok((updated, members));
        }
    }
    Err(refused(409, "the models are being changed by somebody else: try again"))
}

fn set(app: &App, request: &Request, model: &Row, groups: Vec<String>) -> [Change; 3] {
    let mut info = records::map_of(model.get("model_info"));
    info.insert(IN_INFO.to_owned(), groups.into());
    let now = app.governance.clock.now();
    let last = model.moment("updated_at").map_or(now, |last| last + std::time::Duration::from_millis(1));
    let columns =
        records::row([("model_info", Value::Object(info)), ("updated_at", moment_text(now.max(last)).into())]);
    let mut after = model.clone();
    after.extend(columns.clone());
    let own = |name: &'static str| Filter::Is(name, model.get(name).cloned().unwrap_or(Value::Null));
    let id = model.text("model_id").unwrap_or_default();
    [
        Change::Expect(MODELS, vec![own("model_id"), own("updated_at")], 1),
        Change::Update(MODELS, vec![own("model_id")], columns),
        entry(request, now, Action::Updated, (MODELS, id), (Some(model), Some(&after))),
    ]
}
