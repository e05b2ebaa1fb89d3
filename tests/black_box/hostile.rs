//! Hostile requests to the management API: none of them breaks the gateway, and what is refused changes nothing.
//!
//! The requests are drawn from a seed that a failure names; `TOLLGATE_SEED` plays them again.

mod requests;

use crate::harness::gateway::{Gateway, KEY};
use crate::harness::http::{Connection, Message};
use crate::harness::process::free_port;
use crate::harness::random::Random;
use crate::harness::store::{Kind, Store};
use requests::{Hostile, Place, hostile};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;

/// On each of the two databases.
const REQUESTS: usize = 5_000;
/// What is left after so many rounds still changes something.
const ROUNDS_MAX: usize = 12;
/// So many rounds leave out nothing but what was done.
const PATIENT_ROUNDS: usize = 3;

/// Those who may manage nothing, or look only.
const POWERLESS: &[&str] =
    &["sk-hostile-nobody", "sk-hostile-viewer", "sk-hostile-internal-viewer", "sk-hostile-unknown"];

/// What LiteLLM answers with 500, and the gateway as well: below which paths, and how it says so. Anything else is a
/// defect: what a request holds is never the gateway's fault.
const SAID_ON_PURPOSE: &[(&str, &str)] = &[
    ("/", "\"message\":\"{'error': 'Internal Server Error.'}\""),
    ("/model/new", "\"message\":\"Internal server error\""),
    ("/model/new", "Failed to add model to db"),
    ("/organization/member_add", "Unique constraint failed on the fields"),
    ("/customer/", "Foreign key constraint failed on the field"),
    ("/customer/delete", "user_id is required, passed user_id = []"),
    ("/end_user/", "Foreign key constraint failed on the field"),
    ("/end_user/delete", "user_id is required, passed user_id = []"),
    ("/tag/", "\"detail\":\"404: Tag"),
    ("/tag/", "\"detail\":\"400: "),
    ("/tag/", "\"detail\":\"500: 404: Model "),
    ("/tag/", "Foreign key constraint failed on the field"),
    ("/key/", "Invalid duration format"),
    ("/key/", "Unsupported duration unit"),
    ("/key/", "Organization doesn't exist in db"),
    ("/key/", "Invalid model_max_budget"),
];

fn call(gateway: &Gateway, path: &str, body: &Value) {
    let answer = gateway.post(path, body);
    assert_eq!(answer.head.status(), 200, "{path} {body}: {}", answer.text());
}

/// A gateway on a new database, with some of everything in it.
fn stage(kind: Kind) -> (Store, Gateway) {
    let store = Store::new(kind);
    let environment = store.environment();
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let config = format!(
        "model_list:
  - model_name: chat
    litellm_params: {{model: openai/gpt-4o, api_base: 'http://127.0.0.1:9/v1', api_key: sk-scripted}}
    model_info: {{id: id-chat}}
litellm_settings: {{num_retries: 0}}
general_settings: {{master_key: {KEY}, store_model_in_db: true, store_audit_logs: true}}\n"
    );
    let gateway = Gateway::start_at(free_port(), &config, &environment);
    for (path, body) in [
        ("/organization/new", json!({"organization_id": "organization", "organization_alias": "O"})),
        ("/team/new", json!({"team_id": "team", "organization_id": "organization"})),
        ("/user/new", json!({"user_id": "viewer", "user_role": "proxy_admin_viewer", "auto_create_key": false})),
        (
            "/user/new",
            json!({"user_id": "internal-viewer", "user_role": "internal_user_viewer", "auto_create_key": false}),
        ),
        ("/user/new", json!({"user_id": "user", "user_role": "internal_user", "auto_create_key": false})),
        ("/key/generate", json!({"key": "sk-hostile-nobody"})),
        ("/key/generate", json!({"key": "sk-hostile-viewer", "user_id": "viewer"})),
        ("/key/generate", json!({"key": "sk-hostile-internal-viewer", "user_id": "internal-viewer"})),
        (
            "/key/generate",
            json!({"key": "sk-hostile-victim", "key_alias": "victim", "user_id": "user", "max_budget": 5}),
        ),
        ("/customer/new", json!({"user_id": "customer", "max_budget": 5})),
        ("/tag/new", json!({"name": "tag", "max_budget": 5})),
        ("/budget/new", json!({"budget_id": "budget", "max_budget": 5})),
        (
            "/credentials",
            json!({"credential_name": "credential", "credential_values": {"api_key": "x"}, "credential_info": {}}),
        ),
        (
            "/model/new",
            json!({"model_name": "stored", "litellm_params": {"model": "openai/gpt-4o", "api_key": "x"}, "model_info": {"id": "id-stored"}}),
        ),
    ] {
        call(&gateway, path, &body);
    }
    (store, gateway)
}

/// The routes of the management API, as the gateway lists them.
fn places(gateway: &Gateway) -> Vec<Place> {
    let mut connection = gateway.connect();
    connection.get("/openapi.json").expect("the gateway takes the request");
    let document = connection.read_response().expect("the gateway answers").json();
    let mut places = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let first = path.split('/').find(|part| !part.is_empty() && *part != "v1" && *part != "v2").unwrap_or_default();
        if requests::AREAS.contains(&first) {
            let names = methods.as_object().into_iter().flatten().map(|(name, _)| name.to_uppercase());
            places.extend(names.map(|method| Place { method, path: path.clone() }));
        }
    }
    assert!(places.len() > 120, "only {} routes", places.len());
    places
}

/// One connection that is opened again where the gateway has closed it.
struct Line<'a> {
    gateway: &'a Gateway,
    connection: Option<Connection>,
}

impl Line<'_> {
    fn send(&mut self, hostile: &Hostile, key: &str) -> io::Result<Message> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.gateway.connect(),
        };
        connection.write(&hostile.bytes(key))?;
        let answer = connection.read_response()?;
        if answer.head.header("connection") != Some("close") {
            self.connection = Some(connection);
        }
        Ok(answer)
    }

    /// Again on a new connection: the gateway may have closed the old one.
    fn ask(&mut self, hostile: &Hostile, key: &str) -> Message {
        self.send(hostile, key)
            .or_else(|_| self.send(hostile, key))
            .unwrap_or_else(|error| panic!("no answer ({error}) to {hostile}:\n{}", self.gateway.process.log()))
    }
}

/// What is wrong with an answer.
fn fault(place: &Place, answer: &Message) -> Option<String> {
    let (status, text) = (answer.head.status(), answer.text());
    let says_so = |(below, sentence): &(&str, &str)| place.path.starts_with(below) && text.contains(sentence);
    let is_on_purpose = status == 500 && SAID_ON_PURPOSE.iter().any(says_so);
    let is_so = (200..500).contains(&status) || is_on_purpose;
    (!is_so).then(|| format!("{status} {}", text.chars().take(300).collect::<String>()))
}

/// Sends all of them; returns which were answered as done.
fn send(gateway: &Gateway, requests: &[Hostile], key: &str, faults: &mut BTreeMap<String, String>) -> Vec<bool> {
    let mut line = Line { gateway, connection: None };
    let mut done = Vec::with_capacity(requests.len());
    for hostile in requests {
        let answer = line.ask(hostile, key);
        // One of a kind is enough to know.
        faults.extend(
            fault(&hostile.place, &answer).map(|fault| (format!("{} {fault}", hostile.place), format!("{hostile}"))),
        );
        done.push(answer.head.status() < 400);
    }
    done
}

fn shown(faults: &BTreeMap<String, String>, seed: u64) -> String {
    let lines: Vec<String> = faults.iter().map(|(fault, hostile)| format!("{fault}\n    {hostile}")).collect();
    format!("TOLLGATE_SEED={seed}: {} kinds of faults\n{}", lines.len(), lines.join("\n"))
}

/// What is done by whoever may do nothing changes nothing, whatever it is.
fn the_powerless_change_nothing(kind: Kind, random: &Random) {
    let (store, gateway) = stage(kind);
    let places = places(&gateway);
    let before = store.dump();
    let mut faults = BTreeMap::new();
    for key in POWERLESS {
        let requests: Vec<Hostile> = (0..REQUESTS / 2 / POWERLESS.len()).map(|_| hostile(random, &places)).collect();
        send(&gateway, &requests, key, &mut faults);
    }
    assert!(faults.is_empty(), "{kind:?} {}", shown(&faults, random.seed));
    assert_eq!(store.dump(), before, "{kind:?} TOLLGATE_SEED={}", random.seed);
    assert!(!gateway.process.log().contains("panicked"), "{}", gateway.process.log());
}

/// What an admin is refused changes nothing. What is done for them is left out, until only refusals are left: then the
/// database is what it was.
fn refusals_change_nothing(kind: Kind, random: &Random) {
    let (_, gateway) = stage(kind);
    let places = places(&gateway);
    drop(gateway);
    let mut requests: Vec<Hostile> = (0..REQUESTS / 2).map(|_| hostile(random, &places)).collect();
    for round in 0..ROUNDS_MAX {
        let (store, gateway) = stage(kind);
        let before = store.dump();
        let mut faults = BTreeMap::new();
        let done = send(&gateway, &requests, KEY, &mut faults);
        assert!(faults.is_empty(), "{kind:?} {}", shown(&faults, random.seed));
        assert!(!gateway.process.log().contains("panicked"), "{}", gateway.process.log());
        let length = requests.len();
        leave_out(&mut requests, &done, round >= PATIENT_ROUNDS);
        if requests.len() == length {
            assert!(length > REQUESTS / 4, "only {length} are refused");
            assert_eq!(store.dump(), before, "{kind:?} TOLLGATE_SEED={}", random.seed);
            return;
        }
    }
    panic!("{kind:?} TOLLGATE_SEED={}: after {ROUNDS_MAX} rounds there are still requests that are done", random.seed);
}

/// Leaves out what was done, but for what only reads; all that goes to the same places, where one of many that are alike
/// is done in every round.
fn leave_out(requests: &mut Vec<Hostile>, done: &[bool], with_their_places: bool) {
    let changing = requests.iter().zip(done).filter(|(hostile, done)| **done && hostile.place.method != "GET");
    let places: Vec<Place> = changing.map(|(hostile, _)| hostile.place.clone()).collect();
    let mut done = done.iter();
    requests.retain(|hostile| {
        let was_done = done.next() == Some(&true) || with_their_places;
        !was_done || !places.contains(&hostile.place)
    });
}

#[test]
fn hostile_requests_of_the_powerless_change_nothing_in_sqlite() {
    the_powerless_change_nothing(Kind::Sqlite, &Random::new());
}

#[test]
fn hostile_requests_of_the_powerless_change_nothing_in_postgres() {
    the_powerless_change_nothing(Kind::Postgres, &Random::new());
}

#[test]
fn refused_requests_of_admins_change_nothing_in_sqlite() {
    refusals_change_nothing(Kind::Sqlite, &Random::new());
}

#[test]
fn refused_requests_of_admins_change_nothing_in_postgres() {
    refusals_change_nothing(Kind::Postgres, &Random::new());
}
