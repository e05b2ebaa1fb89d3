//! The routes of the management API, by what they manage. Tables, no logic.

mod budgets;
mod keys;
mod spend;
mod teams;

use super::Route;

/// All of them, in the order in which a path is looked up.
pub fn all() -> impl Iterator<Item = &'static Route> {
    keys::ROUTES.iter().chain(budgets::ROUTES).chain(teams::ROUTES).chain(spend::ROUTES)
}
