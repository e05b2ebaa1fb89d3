//! Who may come in where, as a table: the groups of LiteLLM's routes, and what each role may call.
//!
//! Says the same as `core::govern::authorise`, in another form, so that one is held against the other.

use http::Method;
use tollgate_core::govern::Groups;

use super::Who;

/// What becomes of a request before its handler sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It reaches the handler.
    Enters,
    NoKey,
    UnknownKey,
    BlockedKey,
    ExpiredKey,
    /// The key names other routes.
    OtherRoutes,
    /// Only admins may.
    AdminsOnly,
    /// Only whoever holds the master key.
    MasterOnly,
    /// Only admins of the organization that the request names; it names none, or makes a new one.
    OrganizationAdminsOnly,
    /// Viewers make no calls.
    ViewersCallNothing,
    /// Viewers change nothing.
    ViewersChangeNothing,
}

impl Verdict {
    pub const REFUSALS: [Self; 10] = [
        Self::NoKey,
        Self::UnknownKey,
        Self::BlockedKey,
        Self::ExpiredKey,
        Self::OtherRoutes,
        Self::AdminsOnly,
        Self::MasterOnly,
        Self::OrganizationAdminsOnly,
        Self::ViewersCallNothing,
        Self::ViewersChangeNothing,
    ];

    /// The status, and what LiteLLM says: one of these sentences.
    pub const fn refusal(self) -> Option<(u16, &'static [&'static str])> {
        Some(match self {
            Self::Enters => return None,
            Self::NoKey => (401, &["No api key passed in."]),
            Self::UnknownKey => (401, &["Unable to find token in cache"]),
            Self::BlockedKey => (401, &["Key is blocked."]),
            Self::ExpiredKey => (401, &["Expired Key."]),
            Self::OtherRoutes => (403, &["Virtual key is not allowed to call this route."]),
            Self::AdminsOnly => (401, &["Only proxy admin can be used to generate"]),
            Self::MasterOnly => (401, &["which is only for MASTER KEY"]),
            Self::OrganizationAdminsOnly => {
                (401, &["Passed organization_id is None", "Only proxy admins can create new organizations"])
            }
            Self::ViewersCallNothing => (403, &["user not allowed to access this OpenAI routes"]),
            Self::ViewersChangeNothing => (403, &["user not allowed to access this route, role= proxy_admin_viewer"]),
        })
    }
}

/// A group, and whether an internal user, an internal viewer, and a key of no user may call its routes.
const OPEN_TO: &[(Groups, bool, bool, bool)] = &[
    (Groups::LLM, true, true, true),
    (Groups::INFO, true, true, true),
    (Groups::SELF_MANAGED, true, true, true),
    (Groups::SPEND, true, true, false),
    (Groups::KEYS, true, false, false),
    (Groups::INTERNAL, true, false, false),
    (Groups::INTERNAL_VIEW, false, true, false),
    (Groups::MANAGEMENT, false, false, false),
    (Groups::ORGANIZATION, false, false, false),
    (Groups::GLOBAL_SPEND, false, false, false),
];

pub fn verdict(who: Who, groups: Groups, method: &Method, is_named: bool) -> Verdict {
    let is_open = |column: fn(&(Groups, bool, bool, bool)) -> bool| {
        let is_open = OPEN_TO.iter().any(|row| groups.meets(row.0) && column(row));
        if is_open { Verdict::Enters } else { Verdict::AdminsOnly }
    };
    let of_user = |verdict| match verdict {
        Verdict::AdminsOnly if groups.meets(Groups::ORGANIZATION) => Verdict::OrganizationAdminsOnly,
        other => other,
    };
    match who {
        Who::Nobody => Verdict::NoKey,
        Who::Unknown => Verdict::UnknownKey,
        Who::Blocked => Verdict::BlockedKey,
        Who::Expired => Verdict::ExpiredKey,
        Who::Named if !is_named => Verdict::OtherRoutes,
        Who::Master => Verdict::Enters,
        _ if groups.meets(Groups::MASTER) => Verdict::MasterOnly,
        Who::Admin => Verdict::Enters,
        Who::AdminViewer => viewer(groups, method),
        Who::InternalUser => of_user(is_open(|row| row.1)),
        Who::InternalViewer => of_user(is_open(|row| row.2)),
        Who::Team | Who::Plain | Who::Named => is_open(|row| row.3),
    }
}

/// Sees everything, and does nothing.
fn viewer(groups: Groups, method: &Method) -> Verdict {
    let reads = matches!(*method, Method::GET | Method::HEAD) || groups.meets(Groups::READS);
    if groups.meets(Groups::LLM) && !groups.meets(Groups::INFO) && !reads {
        return Verdict::ViewersCallNothing;
    }
    if reads || groups.meets(Groups::GLOBAL_SPEND) { Verdict::Enters } else { Verdict::ViewersChangeNothing }
}

/// Routes by which one rules over others, or over the gateway.
pub const RULING: &[&str] = &[
    "/user/new",
    "/user/update",
    "/user/bulk_update",
    "/user/delete",
    "/team/new",
    "/team/delete",
    "/team/block",
    "/team/bulk_member_add",
    "/team/model/add",
    "/project/delete",
    "/v1/access_group",
    "/organization/new",
    "/organization/update",
    "/organization/delete",
    "/customer/new",
    "/customer/update",
    "/customer/delete",
    "/customer/block",
    "/end_user/new",
    "/budget/new",
    "/budget/update",
    "/budget/delete",
    "/tag/new",
    "/tag/update",
    "/tag/delete",
    "/credentials",
    "/config/update",
    "/config/field/update",
    "/config/field/delete",
    "/config/cost_discount_config",
    "/reload/model_cost_map",
    "/audit",
    "/global/spend/reset",
    "/router/explain",
];
