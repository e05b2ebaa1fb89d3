//! `GET /team/filter/ui`: teams by parts of their ids and names, for a form to choose from.

use serde_json::Value;

use super::{TEAMS, show};
use crate::App;
use crate::directory::{Direction, Filter, Query, Row};
use crate::manage::page::{Parameters, offset};
use crate::manage::{Answer, Outcome, Request, records};
use crate::upstream::BoxFuture;

/// `GET /team/filter/ui`: the newest first.
pub fn search(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let parameters = Parameters::of(&request);
        let (page, size) = (parameters.count("page", 1, None), parameters.count("page_size", 50, Some(100)));
        parameters.check()?;
        let mut query = Query::of(TEAMS).sorted("created_at", Direction::Down).page(offset(page, size), size);
        for column in ["team_id", "team_alias"] {
            let wanted = parameters.text(column).map(|part| Filter::Contains(column, part.to_owned()));
            query.filters.extend(wanted);
        }
        let teams = records::all(app, &query).await?;
        let shown = |team: &Row| Value::Object(show::bare(team));
        Ok(Answer::ok(teams.iter().map(shown).collect()))
    })
}
