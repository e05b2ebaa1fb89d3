//! Routes of keys, and of tokens (JWT) that stand for keys.

use tollgate_core::govern::Groups;
use tollgate_core::manage::{jwt_keys, keys};

use crate::routes::Access::{self, Managed};
use crate::routes::Endpoint::Manage;
use crate::routes::Method::{Get, Post};
use crate::routes::{Route, row};

/// Keys are a matter of whoever may make them, and of admins of organizations.
const KEYS: Groups = Groups::KEYS;
/// What any key may ask; the answer holds what the caller may see.
const OPEN: Groups = Groups::INFO.and(Groups::KEYS);

const TOKENS: Access = Managed(Groups::MANAGEMENT);

pub const ROUTES: &[Route] = &[
    row(Post, "/key/generate", Managed(KEYS), Manage(keys::generate, "A new key")),
    row(
        Post,
        "/key/service-account/generate",
        Managed(KEYS),
        Manage(keys::generate_service_account, "A new key of a team that is no user's"),
    ),
    row(Post, "/key/update", Managed(KEYS), Manage(keys::update, "Change a key")),
    row(Post, "/key/bulk_update", Managed(KEYS), Manage(keys::bulk_update, "Change several keys")),
    row(
        Post,
        "/team/key/bulk_update",
        Managed(KEYS),
        Manage(keys::bulk_update_of_team, "Change several keys of a team, or all"),
    ),
    row(Post, "/key/delete", Managed(KEYS), Manage(keys::delete, "Delete keys")),
    row(Get, "/key/info", Managed(OPEN), Manage(keys::info, "What is known of a key")),
    row(
        Post,
        "/v2/key/info",
        Managed(Groups::INFO.and(Groups::READS)),
        Manage(keys::infos, "What is known of several keys"),
    ),
    row(Get, "/key/list", Managed(OPEN), Manage(keys::list, "Keys, page by page")),
    row(Get, "/key/aliases", Managed(KEYS), Manage(keys::aliases, "Names of keys, page by page")),
    row(
        Post,
        "/key/health",
        Managed(Groups::INFO.and(Groups::READS)),
        Manage(keys::health, "Whether the caller's key is well"),
    ),
    row(Post, "/key/block", Managed(KEYS), Manage(keys::block, "Keep a key out")),
    row(Post, "/key/unblock", Managed(KEYS), Manage(keys::unblock, "Let a key in again")),
    row(Post, "/key/regenerate", Managed(KEYS), Manage(keys::regenerate, "Replace a key by a new one")),
    row(Post, "/key/{key}/regenerate", Managed(KEYS), Manage(keys::regenerate, "Replace a key by a new one")),
    row(Post, "/key/{key}/reset_spend", Managed(KEYS), Manage(keys::reset_spend, "Set back what a key has spent")),
    row(Post, "/jwt/key/mapping/new", TOKENS, Manage(jwt_keys::create, "Let tokens with a claim stand for a key")),
    row(Post, "/jwt/key/mapping/update", TOKENS, Manage(jwt_keys::update, "Change which tokens stand for a key")),
    row(Post, "/jwt/key/mapping/delete", TOKENS, Manage(jwt_keys::delete, "Let tokens stand for a key no longer")),
    row(Get, "/jwt/key/mapping/list", TOKENS, Manage(jwt_keys::list, "Which tokens stand for keys, page by page")),
    row(Get, "/jwt/key/mapping/info", TOKENS, Manage(jwt_keys::info, "Which tokens stand for a key")),
];
