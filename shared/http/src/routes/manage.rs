//! The routes of the management API, by what they manage. Tables, no logic.

mod budgets;
mod keys;
mod models;
mod organizations;
mod spend;
mod teams;
mod users;

use super::Route;

/// All of them, in the order in which a path is looked up.
pub fn all() -> impl Iterator<Item = &'static Route> {
    let people = keys::ROUTES.iter().chain(users::ROUTES).chain(teams::ROUTES).chain(organizations::ROUTES);
    people.chain(budgets::ROUTES).chain(models::ROUTES).chain(spend::ROUTES)
}
