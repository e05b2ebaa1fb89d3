//! The walk: every route, every method, and every kind of caller; who comes in, and who is refused.
//!
//! What is expected is worked out here from a table of groups, and never asked of the code that decides.

mod table;

use std::sync::Arc;

use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tollgate_core::clock::{Clock, Moment};
use tollgate_core::directory::{Change, Directory, Memory, Row, Table, schema};
use tollgate_core::govern::{Governance, Groups, Ports, Settings, hash_of};

use super::{KEY, app};
use crate::Gateway;
use crate::routes::{self, Access, Endpoint, Found, Route};
use table::{Verdict, verdict};

/// 25 November 2026.
const NOW: Moment = Moment(1_795_627_800_000_000);
const METHODS: [Method; 6] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD];
/// The one route that the key of `Named` may call.
const NAMED: &str = "/health/readiness/details";

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Nobody,
    Unknown,
    Master,
    Admin,
    AdminViewer,
    InternalUser,
    InternalViewer,
    /// A key of a team that is no user's.
    Team,
    /// A key of nobody.
    Plain,
    /// A key whose `allowed_routes` name another route.
    Named,
    Blocked,
    Expired,
}

const EVERYBODY: [Who; 12] = [
    Who::Nobody,
    Who::Unknown,
    Who::Master,
    Who::Admin,
    Who::AdminViewer,
    Who::InternalUser,
    Who::InternalViewer,
    Who::Team,
    Who::Plain,
    Who::Named,
    Who::Blocked,
    Who::Expired,
];

impl Who {
    fn key(self) -> Option<String> {
        match self {
            Self::Nobody => None,
            Self::Master => Some(KEY.to_owned()),
            other => Some(format!("sk-walk-{other:?}")),
        }
    }

    /// The user that has the role, for those who are one.
    const fn role(self) -> Option<&'static str> {
        match self {
            Self::Admin => Some("proxy_admin"),
            Self::AdminViewer => Some("proxy_admin_viewer"),
            Self::InternalUser => Some("internal_user"),
            Self::InternalViewer => Some("internal_user_viewer"),
            _ => None,
        }
    }

    fn row(self) -> Option<Value> {
        let key = self.key().filter(|_| !matches!(self, Self::Unknown | Self::Master))?;
        let mut row = json!({"token": hash_of(&key), "key_name": "sk-...walk"});
        match self {
            Self::Team => row["team_id"] = "team".into(),
            Self::Named => row["allowed_routes"] = json!([NAMED]),
            Self::Blocked => row["blocked"] = true.into(),
            Self::Expired => row["expires"] = "2020-01-01T00:00:00.000Z".into(),
            other => row["user_id"] = other.role().map(|_| format!("user-{other:?}")).into(),
        }
        Some(row)
    }
}

fn insert(table: &'static Table, value: Value) -> Change {
    let row: Row =
        value.as_object().cloned().unwrap_or_default().into_iter().filter(|(_, value)| !value.is_null()).collect();
    Change::Insert(table, row)
}

async fn stage() -> Gateway {
    let clock = Clock::manual(NOW);
    let directory = Arc::new(Memory::new(clock.clone()));
    let mut changes = vec![insert(&schema::TEAMS, json!({"team_id": "team"}))];
    for who in EVERYBODY {
        let user = who.role().map(|role| json!({"user_id": format!("user-{who:?}"), "user_role": role}));
        changes.extend(user.map(|user| insert(&schema::USERS, user)));
        changes.extend(who.row().map(|row| insert(&schema::KEYS, row)));
    }
    directory.write(changes).await.expect("the callers are written");
    let governance = Governance::new(Ports::alone(directory as Arc<dyn Directory>), clock, Settings::default());
    Gateway::new(Arc::new(tollgate_core::App { governance, ..app() }))
}

async fn ask(gateway: &Gateway, who: Who, method: &Method, path: &str) -> (u16, String) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(key) = who.key() {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let (head, body) = gateway.answer(request.body(Full::from("{}")).expect("a request")).await.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    (head.status.as_u16(), String::from_utf8_lossy(&bytes).into_owned())
}

/// A path that the route takes.
fn example(route: &Route) -> String {
    let path = route.path.replace('{', "a-").replace('}', "");
    path.replace("/a-endpoint", "/v1/things")
}

const fn groups(access: Access) -> Option<Groups> {
    match access {
        Access::Public => None,
        Access::Key => Some(Groups::LLM),
        Access::Admin => Some(Groups::NONE),
        Access::Managed(groups) => Some(groups),
    }
}

/// What is wrong with an answer.
fn fault(verdict: Verdict, (status, body): &(u16, String)) -> Option<String> {
    let says_one_of = |sentences: &[&str]| sentences.iter().any(|sentence| body.contains(sentence));
    let is_so = match verdict.refusal() {
        Some((expected, sentences)) => *status == expected && says_one_of(sentences),
        None => !Verdict::REFUSALS.iter().filter_map(|verdict| verdict.refusal()).any(|(_, said)| says_one_of(said)),
    };
    (!is_so).then(|| format!("{status} {body}, not {verdict:?}"))
}

/// Everything that is otherwise than expected, for the callers that are meant.
async fn walk(callers: &[Who]) -> (usize, Vec<String>) {
    let (mut asked, mut wrong) = (0, Vec::new());
    for route in routes::all() {
        let path = example(route);
        for method in METHODS.iter().filter(|method| route.method.is(method)) {
            // Where an earlier row takes the path, that one is walked by its own.
            let Found::Route(found, _) = routes::find(method, &path) else { panic!("{method} {path} leads nowhere") };
            let Some(groups) = groups(found.access) else { continue };
            // Each request has a gateway of its own: what one changes, the next does not see.
            for who in callers {
                let gateway = stage().await;
                let expected = verdict(*who, groups, method, found.path == NAMED);
                let answer = ask(&gateway, *who, method, &path).await;
                asked += 1;
                wrong.extend(fault(expected, &answer).map(|fault| format!("{who:?} {method} {path}: {fault}")));
            }
        }
    }
    (asked, wrong)
}

fn check(callers: &[Who]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (asked, wrong) = runtime.block_on(walk(callers));
    assert!(asked > 300 * callers.len(), "only {asked} requests");
    assert!(wrong.is_empty(), "{} of {asked} are answered otherwise:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn nobody_comes_in_without_a_key_that_counts() {
    check(&[Who::Nobody, Who::Unknown, Who::Blocked, Who::Expired]);
}

#[test]
fn each_role_comes_in_where_its_groups_are_open() {
    check(&[Who::AdminViewer, Who::InternalUser, Who::InternalViewer]);
}

#[test]
fn keys_of_no_user_come_in_where_any_key_may() {
    check(&[Who::Team, Who::Plain, Who::Named]);
}

#[test]
fn admins_come_in_everywhere() {
    check(&[Who::Master, Who::Admin]);
}

#[test]
fn a_method_that_a_path_does_not_take_is_refused_before_anything_is_done() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let gateway = Gateway::new(Arc::new(app()));
    let mut refused = 0;
    for route in routes::all() {
        let path = example(route);
        for method in METHODS.iter().filter(|method| matches!(routes::find(method, &path), Found::WrongMethod)) {
            let (status, _) = runtime.block_on(ask(&gateway, Who::Master, method, &path));
            assert_eq!(status, 405, "{method} {path}");
            refused += 1;
        }
    }
    assert!(refused > 500, "only {refused}");
}

/// Written by hand, so that a row that is given the wrong groups is noticed.
#[test]
fn what_rules_others_is_for_admins() {
    for path in table::RULING {
        let rows: Vec<&Route> = routes::all().filter(|route| route.path == *path).collect();
        assert!(!rows.is_empty(), "{path} is no route");
        for route in rows {
            let Some(groups) = groups(route.access) else { panic!("{path} is public") };
            for who in [Who::Team, Who::Plain, Who::InternalUser, Who::InternalViewer] {
                assert_ne!(verdict(who, groups, &Method::POST, false), Verdict::Enters, "{who:?} {path}");
            }
            assert!(matches!(route.endpoint, Endpoint::Manage(..) | Endpoint::Explain), "{path}");
        }
    }
}
