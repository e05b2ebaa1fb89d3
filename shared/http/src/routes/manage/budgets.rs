//! The routes of budgets, customers and tags.

use tollgate_core::govern::Groups;
use tollgate_core::manage::{budgets, customers, tags};

use crate::routes::Access::{self, Managed};
use crate::routes::Endpoint::Manage;
use crate::routes::Method::{Get, Post};
use crate::routes::{Route, row};

const ADMIN: Access = Managed(Groups::NONE);
const INTERNAL: Access = Managed(Groups::INTERNAL.and(Groups::INTERNAL_VIEW));

pub const ROUTES: &[Route] = &[
    row(Post, "/budget/new", ADMIN, Manage(budgets::create, "A new budget")),
    row(Post, "/budget/update", ADMIN, Manage(budgets::update, "Change a budget")),
    row(Post, "/budget/info", ADMIN, Manage(budgets::info, "Budgets by their ids")),
    row(Post, "/budget/delete", ADMIN, Manage(budgets::delete, "Delete a budget")),
    row(Get, "/budget/list", ADMIN, Manage(budgets::list, "Every budget")),
    row(Get, "/budget/settings", ADMIN, Manage(budgets::settings, "What can be set of a budget")),
    row(Post, "/customer/new", ADMIN, Manage(customers::create, "A new customer")),
    row(Post, "/customer/update", ADMIN, Manage(customers::update, "Change a customer")),
    row(Post, "/customer/delete", ADMIN, Manage(customers::delete, "Delete customers")),
    row(Post, "/customer/block", ADMIN, Manage(customers::block, "Refuse customers")),
    row(Post, "/customer/unblock", ADMIN, Manage(customers::unblock, "Admit customers again")),
    row(Get, "/customer/info", ADMIN, Manage(customers::info, "A customer")),
    row(Get, "/customer/list", ADMIN, Manage(customers::list, "Every customer")),
    row(Post, "/end_user/new", ADMIN, Manage(customers::create, "A new customer")),
    row(Post, "/end_user/update", ADMIN, Manage(customers::update, "Change a customer")),
    row(Post, "/end_user/delete", ADMIN, Manage(customers::delete, "Delete customers")),
    row(Post, "/end_user/block", ADMIN, Manage(customers::block, "Refuse customers")),
    row(Post, "/end_user/unblock", ADMIN, Manage(customers::unblock, "Admit customers again")),
    row(Get, "/end_user/info", ADMIN, Manage(customers::info, "A customer")),
    row(Get, "/end_user/list", ADMIN, Manage(customers::list, "Every customer")),
    row(Post, "/tag/new", ADMIN, Manage(tags::create, "A new tag")),
    row(Post, "/tag/update", ADMIN, Manage(tags::update, "Change a tag")),
    row(Post, "/tag/info", ADMIN, Manage(tags::info, "Tags by their names")),
    row(Post, "/tag/delete", ADMIN, Manage(tags::delete, "Delete a tag")),
    row(Get, "/tag/list", INTERNAL, Manage(tags::list, "Tags that are stored or were used")),
];
