//! Routes of what was spent, and of what calls would cost.

use tollgate_core::govern::Groups;
use tollgate_core::manage::spend;

use crate::routes::Access::{self, Managed};
use crate::routes::Endpoint::Manage;
use crate::routes::Method::{Get, Post};
use crate::routes::{Route, row};

/// What the caller may see of its own.
const OWN: Access = Managed(Groups::SPEND);
/// The same by `POST`.
const OWN_ASKED: Access = Managed(Groups::SPEND.and(Groups::READS));
/// What everybody has spent: admins, and keys that are permitted to.
const GLOBAL: Access = Managed(Groups::GLOBAL_SPEND);
const GLOBAL_ASKED: Access = Managed(Groups::GLOBAL_SPEND.and(Groups::READS));
const INTERNAL: Access = Managed(Groups::INTERNAL);
const INTERNAL_VIEW: Access = Managed(Groups::INTERNAL.and(Groups::INTERNAL_VIEW));
/// Any key may ask: who may what is seen from users, teams and organizations.
const SCOPED: Access = Managed(Groups::SELF_MANAGED.and(Groups::MANAGEMENT));
const ADMIN: Access = Managed(Groups::NONE);
const MASTER: Access = Managed(Groups::MASTER);

pub const ROUTES: &[Route] = &[
    row(Get, "/spend/logs", OWN, Manage(spend::list, "Records of calls, or what each day cost")),
    row(Get, "/spend/logs/v2", OWN, Manage(spend::page, "Records of calls, page by page")),
    row(Get, "/spend/logs/ui", OWN, Manage(spend::page, "Records of calls with what their sessions cost")),
    row(Get, "/spend/logs/session/ui", OWN, Manage(spend::session, "The records of a session")),
    row(Get, "/spend/logs/ui/{request_id}", OWN, Manage(spend::payload, "What was asked and answered")),
    row(Get, "/spend/keys", OWN, Manage(spend::key_rows, "Keys, the dearest first")),
    row(Get, "/spend/users", OWN, Manage(spend::user_rows, "Users, the dearest first")),
    row(Get, "/spend/tags", OWN, Manage(spend::by_tag, "What calls of each tag have cost")),
    row(Post, "/spend/calculate", OWN_ASKED, Manage(spend::calculate, "What a chat or an answer costs")),
    row(Post, "/cost/estimate", OWN_ASKED, Manage(spend::estimate, "What calls of so many tokens would cost")),
    row(Get, "/key/spend/report", OWN, Manage(spend::of_key, "What a key has spent, by model")),
    row(Get, "/user/spend/report", OWN, Manage(spend::of_user, "What a user has spent, by key and model")),
    row(Get, "/team/spend/report", OWN, Manage(spend::of_team, "What a team has spent, by key and model")),
    row(
        Get,
        "/organization/spend/report",
        OWN,
        Manage(spend::of_organization, "What an organization has spent, by key and model"),
    ),
    row(Get, "/global/spend", GLOBAL, Manage(spend::total, "What was spent in thirty days")),
    row(Get, "/global/spend/logs", GLOBAL, Manage(spend::days, "What was spent on each of thirty days")),
    row(Get, "/global/spend/keys", GLOBAL, Manage(spend::keys, "The keys that have spent the most")),
    row(Get, "/global/spend/teams", GLOBAL, Manage(spend::teams, "What teams have spent on each of thirty days")),
    row(Get, "/global/spend/models", GLOBAL, Manage(spend::models, "The models that have cost the most")),
    row(Get, "/global/spend/provider", GLOBAL, Manage(spend::by_provider, "What each provider has cost")),
    row(Get, "/global/spend/tags", GLOBAL, Manage(spend::tags_within, "What calls of each tag have cost, by days")),
    row(Get, "/global/spend/all_tag_names", GLOBAL, Manage(spend::all_names, "The tags that calls have had")),
    row(Get, "/global/spend/report", GLOBAL, Manage(spend::report, "What was spent by team, customer or key")),
    row(
        Post,
        "/global/spend/end_users",
        GLOBAL_ASKED,
        Manage(spend::end_users, "The customers that have cost the most"),
    ),
    row(Post, "/global/spend/reset", MASTER, Manage(spend::reset, "Let all keys and teams begin anew")),
    row(Get, "/global/activity", INTERNAL, Manage(spend::activity, "Calls and tokens by day")),
    row(Get, "/global/activity/model", INTERNAL, Manage(spend::models_activity, "Calls and tokens by model and day")),
    row(Get, "/global/activity/exceptions", ADMIN, Manage(spend::exceptions, "Rate limits that providers enforced")),
    row(Get, "/global/activity/cache_hits", INTERNAL, Manage(spend::cache_hits, "Calls that the cache has answered")),
    row(Get, "/user/daily/activity", SCOPED, Manage(spend::users_daily, "What users have spent by day")),
    row(Get, "/user/daily/activity/aggregated", SCOPED, Manage(spend::users_aggregated, "The same in one answer")),
    row(Get, "/team/daily/activity", SCOPED, Manage(spend::teams_daily, "What teams have spent by day")),
    row(Get, "/team/daily/activity/aggregated", SCOPED, Manage(spend::teams_aggregated, "The same in one answer")),
    row(Get, "/team/spend/by_user", SCOPED, Manage(spend::by_user, "What each user has spent in a team")),
    row(Get, "/tag/daily/activity", INTERNAL_VIEW, Manage(spend::tags_daily, "What calls of tags have cost by day")),
    row(Get, "/tag/daily/activity/aggregated", INTERNAL_VIEW, Manage(spend::tags_aggregated, "The same in one answer")),
    row(Get, "/customer/daily/activity", ADMIN, Manage(spend::customers_daily, "What customers have cost by day")),
    row(
        Get,
        "/customer/daily/activity/aggregated",
        ADMIN,
        Manage(spend::customers_aggregated, "The same in one answer"),
    ),
    row(Get, "/end_user/daily/activity", ADMIN, Manage(spend::customers_daily, "What customers have cost by day")),
    row(
        Get,
        "/end_user/daily/activity/aggregated",
        ADMIN,
        Manage(spend::customers_aggregated, "The same in one answer"),
    ),
    row(
        Get,
        "/organization/daily/activity",
        SCOPED,
        Manage(spend::organizations_daily, "What organizations have spent by day"),
    ),
    row(
        Get,
        "/organization/daily/activity/aggregated",
        SCOPED,
        Manage(spend::organizations_aggregated, "The same in one answer"),
    ),
    row(Get, "/provider/budgets", ADMIN, Manage(spend::provider_budgets, "How far the budgets of providers are used")),
];

#[cfg(test)]
mod tests;
