//! Routes of users.

use tollgate_core::govern::Groups;
use tollgate_core::manage::users;

use crate::routes::Access::Managed;
use crate::routes::Endpoint::Manage;
use crate::routes::Method::{Get, Post};
use crate::routes::{Route, row};

pub const ROUTES: &[Route] = &[
    row(Post, "/user/new", Managed(Groups::MANAGEMENT), Manage(users::create, "A new user, with a key")),
    row(Post, "/user/update", Managed(Groups::MANAGEMENT), Manage(users::update, "Change a user")),
    row(
        Post,
        "/user/bulk_update",
        Managed(Groups::MANAGEMENT),
        Manage(users::bulk_update, "Change several users, or all"),
    ),
    row(Post, "/user/delete", Managed(Groups::MANAGEMENT), Manage(users::delete, "Remove users and their keys")),
    row(
        Get,
        "/user/info",
        Managed(Groups::INFO.and(Groups::MANAGEMENT)),
        Manage(users::info, "A user with keys and teams"),
    ),
    row(Get, "/v2/user/info", Managed(Groups::INFO), Manage(users::brief, "A user alone")),
    row(
        Get,
        "/user/list",
        Managed(Groups::MANAGEMENT.and(Groups::SELF_MANAGED)),
        Manage(users::list, "Users, page by page"),
    ),
    row(Get, "/user/filter/ui", Managed(Groups::INFO), Manage(users::search, "Users by parts of their names")),
    row(
        Get,
        "/user/available_roles",
        Managed(Groups::SELF_MANAGED.and(Groups::INTERNAL)),
        Manage(users::roles, "The roles that a user may have"),
    ),
];
