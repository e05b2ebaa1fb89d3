//! Routes of stored models, their access groups, credentials and settings, of the cache and the audit log.

use tollgate_core::govern::Groups;
use tollgate_core::manage::{audit_log, cache, configuration, credentials, model_groups, models};

use crate::routes::Access::{self, Managed};
use crate::routes::Endpoint::Manage;
use crate::routes::Method::{Delete, Get, Patch, Post, Put};
use crate::routes::{Route, row};

const ADMIN: Access = Managed(Groups::NONE);
/// Any key may ask: whose the model is decides.
const OWN: Access = Managed(Groups::SELF_MANAGED.and(Groups::MANAGEMENT));

pub const ROUTES: &[Route] = &[
    row(Post, "/model/new", OWN, Manage(models::create, "A new model")),
    row(Post, "/model/update", OWN, Manage(models::update, "Change a stored model")),
    row(Patch, "/model/{model_id}/update", OWN, Manage(models::patch, "Change parts of a stored model")),
    row(Post, "/model/delete", OWN, Manage(models::delete, "Delete a stored model")),
    row(Post, "/model/block", ADMIN, Manage(models::block, "Let a stored model rest")),
    row(Post, "/model/unblock", ADMIN, Manage(models::unblock, "Let a stored model serve again")),
    row(Post, "/access_group/new", ADMIN, Manage(model_groups::create, "A new group of stored models")),
    row(Get, "/access_group/list", ADMIN, Manage(model_groups::list, "Every group of stored models")),
    row(Get, "/access_group/{access_group}/info", ADMIN, Manage(model_groups::info, "A group of stored models")),
    row(Put, "/access_group/{access_group}/update", ADMIN, Manage(model_groups::update, "Change who is in a group")),
    row(Delete, "/access_group/{access_group}/delete", ADMIN, Manage(model_groups::delete, "Delete a group")),
    row(Get, "/access_group/{access_group}/budget", ADMIN, Manage(model_groups::budget_info, "A group's budget")),
    row(Put, "/access_group/{access_group}/budget", ADMIN, Manage(model_groups::set_budget, "Set a group's budget")),
    row(
        Delete,
        "/access_group/{access_group}/budget",
        ADMIN,
        Manage(model_groups::delete_budget, "Let a group have no budget"),
    ),
    row(Post, "/credentials", ADMIN, Manage(credentials::create, "A new credential")),
    row(Get, "/credentials", ADMIN, Manage(credentials::list, "Every credential, masked")),
    row(Get, "/credentials/by_name/{credential_name}", ADMIN, Manage(credentials::by_name, "A credential, masked")),
    row(
        Get,
        "/credentials/by_model/{model_id}",
        ADMIN,
        Manage(credentials::by_model, "What a deployment shows its provider, masked"),
    ),
    row(Patch, "/credentials/{credential_name}", ADMIN, Manage(credentials::update, "Change a credential")),
    row(Delete, "/credentials/{credential_name}", ADMIN, Manage(credentials::delete, "Delete a credential")),
    row(Post, "/config/update", ADMIN, Manage(configuration::update, "Store settings")),
    row(Post, "/config/field/update", ADMIN, Manage(configuration::update_field, "Store one general setting")),
    row(Post, "/config/field/delete", ADMIN, Manage(configuration::delete_field, "Forget one general setting")),
    row(Get, "/config/field/info", ADMIN, Manage(configuration::field_info, "One general setting")),
    row(Get, "/config/list", ADMIN, Manage(configuration::list, "General settings and where they come from")),
    row(Get, "/config/yaml", ADMIN, Manage(configuration::yaml, "What a configuration may hold")),
    row(Get, "/get/config/callbacks", ADMIN, Manage(configuration::callbacks, "Settings of the router")),
    row(Get, "/config/cost_discount_config", ADMIN, Manage(configuration::discounts, "Discounts by provider")),
    row(Patch, "/config/cost_discount_config", ADMIN, Manage(configuration::set_discounts, "Set discounts")),
    row(Get, "/config/cost_margin_config", ADMIN, Manage(configuration::margins, "Margins by provider")),
    row(Patch, "/config/cost_margin_config", ADMIN, Manage(configuration::set_margins, "Set margins")),
    row(Get, "/callbacks/list", ADMIN, Manage(configuration::callback_names, "Who is told of calls")),
    row(Get, "/get/allowed_ips", ADMIN, Manage(configuration::addresses, "From where one may call")),
    row(Post, "/add/allowed_ip", ADMIN, Manage(configuration::add_address, "Let an address call")),
    row(Post, "/delete/allowed_ip", ADMIN, Manage(configuration::remove_address, "Let an address call no longer")),
    row(Get, "/cache/ping", ADMIN, Manage(cache::ping, "Whether the cache answers")),
    row(Get, "/cache/redis/info", ADMIN, Manage(cache::unhealthy, "What Redis says of itself")),
    row(Post, "/cache/delete", ADMIN, Manage(cache::delete, "Forget some cached answers")),
    row(Post, "/cache/flushall", ADMIN, Manage(cache::unhealthy, "Forget all cached answers")),
    row(Post, "/reload/model_cost_map", ADMIN, Manage(configuration::reload_prices, "Read the price map again")),
    row(Get, "/audit", ADMIN, Manage(audit_log::list, "Who changed what, page by page")),
    row(Get, "/audit/{id}", ADMIN, Manage(audit_log::info, "One entry of the audit log")),
];
