//! The routes of teams.

use tollgate_core::govern::Groups;
use tollgate_core::manage::teams;

use crate::routes::Access::{self, Managed};
use crate::routes::Endpoint::Manage;
use crate::routes::Method::{Delete, Get, Patch, Post};
use crate::routes::{Route, row};

const MANAGEMENT: Access = Managed(Groups::MANAGEMENT);
const INFO: Access = Managed(Groups::INFO.and(Groups::MANAGEMENT));
/// Any key may ask: who may what is seen from the team.
const OWN: Access = Managed(Groups::SELF_MANAGED);
const OWN_MANAGEMENT: Access = Managed(Groups::SELF_MANAGED.and(Groups::MANAGEMENT));
const ADMIN: Access = Managed(Groups::NONE);

pub const ROUTES: &[Route] = &[
    row(Post, "/team/new", MANAGEMENT, Manage(teams::create, "A new team")),
    row(Post, "/team/update", OWN_MANAGEMENT, Manage(teams::update, "Change a team")),
    row(Post, "/team/delete", MANAGEMENT, Manage(teams::delete, "Delete teams and their keys")),
    row(Get, "/team/info", INFO, Manage(teams::info, "A team, its keys and its members")),
    row(Get, "/team/list", INFO, Manage(teams::list, "Teams with their keys")),
    row(Get, "/v2/team/list", INFO, Manage(teams::list_paged, "Teams, page by page")),
    row(Get, "/team/available", INFO, Manage(teams::available, "Teams that the caller may join")),
    row(Post, "/team/member_add", OWN, Manage(teams::add_members, "Add members to a team")),
    row(Post, "/team/member_delete", OWN, Manage(teams::remove_member, "Remove a member from a team")),
    row(Post, "/team/member_update", OWN, Manage(teams::update_member, "Change a member's role and budget")),
    row(Post, "/team/bulk_member_add", ADMIN, Manage(teams::bulk_add, "Add many members to a team")),
    row(Post, "/team/block", MANAGEMENT, Manage(teams::block, "Refuse a team's keys")),
    row(Post, "/team/unblock", MANAGEMENT, Manage(teams::unblock, "Admit a team's keys again")),
    row(Post, "/team/model/add", ADMIN, Manage(teams::add_models, "Let a team use models")),
    row(Post, "/team/model/delete", ADMIN, Manage(teams::remove_models, "Let a team use models no longer")),
    row(Get, "/team/permissions_list", OWN_MANAGEMENT, Manage(teams::list_permissions, "What plain members may do")),
    row(
        Post,
        "/team/permissions_update",
        OWN_MANAGEMENT,
        Manage(teams::update_permissions, "Set what plain members may do"),
    ),
    row(
        Post,
        "/team/permissions_bulk_update",
        MANAGEMENT,
        Manage(teams::bulk_permissions, "Let plain members of teams do more"),
    ),
    row(Get, "/team/filter/ui", ADMIN, Manage(teams::search, "Teams by parts of their names")),
    row(Post, "/team/{team_id}/callback", OWN, Manage(teams::add_callback, "Tell a callback of a team's calls")),
    row(
        Get,
        "/team/{team_id}/callback",
        OWN,
        Manage(teams::list_callbacks, "Callbacks that are told of a team's calls"),
    ),
    row(
        Delete,
        "/team/{team_id}/callback/{callback_name}",
        OWN,
        Manage(teams::remove_callback, "Tell a callback of a team's calls no longer"),
    ),
    row(
        Post,
        "/team/{team_id}/disable_logging",
        ADMIN,
        Manage(teams::disable_logging, "Tell nobody of a team's calls"),
    ),
    row(
        Post,
        "/team/{team_id}/member/{user_id}/reset_spend",
        OWN,
        Manage(teams::reset_spend, "Set a member's spend back"),
    ),
    row(
        Post,
        "/team/{team_id}/member/{user_id}/reset_budget",
        OWN,
        Manage(teams::reset_budget, "Give a member the team's default budget"),
    ),
    row(Get, "/team/{team_id}/members/me", OWN, Manage(teams::me, "The caller's membership")),
    row(Patch, "/team/{team_id}", OWN_MANAGEMENT, Manage(teams::patch, "Change a team, merging its metadata")),
];
