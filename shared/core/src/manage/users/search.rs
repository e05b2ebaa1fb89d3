//! `GET /user/filter/ui`: users by parts of their ids and emails, for a form to choose from.

use serde_json::Value;

use crate::App;
use crate::directory::{Direction, Filter, Query, Row, schema};
use crate::manage::page::{Parameters, offset};
use crate::manage::{Answer, Outcome, Request, find, show};
use crate::upstream::BoxFuture;

/// `GET /user/filter/ui`: the newest first, ids and emails alone.
pub fn search<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        const COLUMNS: [&str; 2] = ["user_id", "user_email"];
        let parameters = Parameters::of(&request);
        let (page, size) = (parameters.count("page", 1, None), parameters.count("page_size", 50, Some(100)));
        parameters.check()?;
        let part_of = |column: &'static str, part: &str| Filter::Contains(column, part.to_owned());
        let mut query = Query::of(&schema::USERS).sorted("created_at", Direction::Down);
        query.filters.extend(COLUMNS.iter().filter_map(|column| Some(part_of(column, parameters.text(column)?))));
        if let Some(part) = parameters.text("search").map(str::trim).filter(|part| !part.is_empty()) {
            query.filters.push(Filter::Any(COLUMNS.iter().map(|column| part_of(column, part)).collect()));
        }
        let users = find::all(app, &query.page(offset(page, size), size)).await?;
        let shown = |user: &Row| Value::Object(show::picked(user, &COLUMNS));
        Ok(Answer::ok(users.iter().map(shown).collect()))
    })
}
