//! The routes of organizations.

use tollgate_core::govern::Groups;
use tollgate_core::manage::organizations;

use crate::routes::Access::{self, Managed};
use crate::routes::Endpoint::Manage;
use crate::routes::Method::{Delete, Get, Patch, Post};
use crate::routes::{Route, row};

/// Admins of everything, and those of the organization that the request names.
const OWN: Access = Managed(Groups::ORGANIZATION);
const OWN_READ: Access = Managed(Groups::ORGANIZATION.and(Groups::READS));

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
];
