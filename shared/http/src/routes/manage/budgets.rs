//! The routes of budgets, customers and tags.

use tollgate_core::govern::Groups;
use tollgate_core::manage::budgets;

use crate::routes::Access::Managed;
use crate::routes::Endpoint::Manage;
use crate::routes::Method::{Get, Post};
use crate::routes::{Route, row};

const ADMIN: crate::routes::Access = Managed(Groups::NONE);

pub const ROUTES: &[Route] = &[
    row(Post, "/budget/new", ADMIN, Manage(budgets::create, "A new budget")),
    row(Post, "/budget/update", ADMIN, Manage(budgets::update, "Change a budget")),
    row(Post, "/budget/info", ADMIN, Manage(budgets::info, "Budgets by their ids")),
    row(Post, "/budget/delete", ADMIN, Manage(budgets::delete, "Delete a budget")),
    row(Get, "/budget/list", ADMIN, Manage(budgets::list, "Every budget")),
    row(Get, "/budget/settings", ADMIN, Manage(budgets::settings, "What can be set of a budget")),
];
