//! The routes of the management API, by what they manage. Tables, no logic.

mod budgets;
mod keys;
mod organizations;
mod teams;
mod users;

use super::Route;

/// All of them, in the order in which a path is looked up.
pub fn all() -> impl Iterator<Item = &'static Route> {
    let (people, keys) = (users::ROUTES.iter().chain(teams::ROUTES).chain(organizations::ROUTES), keys::ROUTES);
    keys.iter().chain(people).chain(budgets::ROUTES)
}
