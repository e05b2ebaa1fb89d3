//! The routes of the management API, by what they manage. Tables, no logic.

mod budgets;
mod keys;
mod models;
mod teams;
mod users;

use super::Route;

/// All of them, in the order in which a path is looked up.
pub fn all() -> impl Iterator<Item = &'static Route> {
    keys::ROUTES.iter().chain(models::ROUTES).chain(users::ROUTES).chain(budgets::ROUTES).chain(teams::ROUTES)
}
