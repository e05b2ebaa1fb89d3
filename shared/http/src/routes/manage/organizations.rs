//! The routes of organizations, projects and access groups.

use tollgate_core::govern::Groups;
use tollgate_core::manage::{access_groups, organizations, projects};

use crate::routes::Access::{self, Managed};
use crate::routes::Endpoint::Manage;
use crate::routes::Method::{Delete, Get, Patch, Post, Put};
use crate::routes::{Route, row};

/// Admins of everything, and those of the organization that the request names.
const OWN: Access = Managed(Groups::ORGANIZATION);
const OWN_READ: Access = Managed(Groups::ORGANIZATION.and(Groups::READS));

const ADMIN: Access = Managed(Groups::NONE);
/// Any key may ask: who may what is seen from the project's team.
const TEAMS_OWN: Access = Managed(Groups::SELF_MANAGED);
const TEAMS_READ: Access = Managed(Groups::SELF_MANAGED.and(Groups::INTERNAL));

pub const ROUTES: &[Route] = &[
    row(Post, "/organization/new", OWN, Manage(organizations::create, "A new organization")),
    row(Patch, "/organization/update", Managed(Groups::NONE), Manage(organizations::update, "Change an organization")),
    row(
        Delete,
        "/organization/delete",
        OWN,
        Manage(organizations::delete, "Delete organizations, their teams and keys"),
    ),
    row(Get, "/organization/list", Managed(Groups::INFO), Manage(organizations::list, "Organizations of the caller")),
    row(Get, "/organization/info", OWN, Manage(organizations::info, "An organization, its members and teams")),
    row(Post, "/organization/info", OWN_READ, Manage(organizations::info_of_many, "Organizations by their ids")),
    row(Post, "/organization/member_add", OWN, Manage(organizations::add_members, "Add members to an organization")),
    row(Patch, "/organization/member_update", OWN, Manage(organizations::update_member, "Change a member's role")),
    row(Delete, "/organization/member_delete", OWN, Manage(organizations::remove_member, "Remove a member")),
    row(Post, "/project/new", TEAMS_OWN, Manage(projects::create, "A new project")),
    row(Post, "/project/update", TEAMS_OWN, Manage(projects::update, "Change a project")),
    row(Delete, "/project/delete", ADMIN, Manage(projects::delete, "Delete projects")),
    row(Get, "/project/info", TEAMS_READ, Manage(projects::info, "A project")),
    row(Get, "/project/list", TEAMS_READ, Manage(projects::list, "Projects of the caller's teams")),
    row(Post, "/v1/access_group", ADMIN, Manage(access_groups::create, "A new access group")),
    row(Get, "/v1/access_group", ADMIN, Manage(access_groups::list, "Every access group")),
    row(Get, "/v1/access_group/{access_group_id}", ADMIN, Manage(access_groups::info, "An access group")),
    row(Put, "/v1/access_group/{access_group_id}", ADMIN, Manage(access_groups::update, "Change an access group")),
    row(Delete, "/v1/access_group/{access_group_id}", ADMIN, Manage(access_groups::delete, "Delete an access group")),
    row(Post, "/v1/unified_access_group", ADMIN, Manage(access_groups::create, "A new access group")),
    row(Get, "/v1/unified_access_group", ADMIN, Manage(access_groups::list, "Every access group")),
    row(Get, "/v1/unified_access_group/{access_group_id}", ADMIN, Manage(access_groups::info, "An access group")),
    row(
        Put,
        "/v1/unified_access_group/{access_group_id}",
        ADMIN,
        Manage(access_groups::update, "Change an access group"),
    ),
    row(
        Delete,
        "/v1/unified_access_group/{access_group_id}",
        ADMIN,
        Manage(access_groups::delete, "Delete an access group"),
    ),
];
