//! The routes of the management API, by what they manage. Tables, no logic.

mod budgets;
mod organizations;
mod teams;

use super::Route;

/// All of them, in the order in which a path is looked up.
pub fn all() -> impl Iterator<Item = &'static Route> {
    budgets::ROUTES.iter().chain(teams::ROUTES).chain(organizations::ROUTES)
}
