//! What somebody sends who means harm: a route of the management API, and what no honest client would say to it.
//! `right.txt` holds bodies as they should be, a line a route, for those that are wrong in little.

use crate::harness::random::Random;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// First segments of the management API's paths.
pub const AREAS: &[&str] = &[
    "key",
    "user",
    "team",
    "organization",
    "customer",
    "end_user",
    "budget",
    "tag",
    "model",
    "credentials",
    "config",
    "audit",
    "spend",
    "global",
    "project",
    "access_group",
    "unified_access_group",
    "get",
    "cost",
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub method: String,
    pub path: String,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)
    }
}

#[derive(Clone, Debug)]
pub struct Hostile {
    pub place: Place,
    target: String,
    body: Vec<u8>,
}

impl Hostile {
    pub fn bytes(&self, key: &str) -> Vec<u8> {
        let head = format!(
            "{} {} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.place.method,
            self.target,
            self.body.len()
        );
        [head.as_bytes(), &self.body].concat()
    }
}

impl fmt::Display for Hostile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body: String = String::from_utf8_lossy(&self.body).chars().take(300).collect();
        let target: String = self.target.chars().take(200).collect();
        write!(formatter, "{} {target} {body}", self.place.method)
    }
}

/// Members that one route or another knows.
const NAMES: &[&str] = &[
    "key",
    "keys",
    "key_alias",
    "key_aliases",
    "key_name",
    "models",
    "aliases",
    "duration",
    "max_budget",
    "soft_budget",
    "budget_duration",
    "budget_id",
    "budgets",
    "id",
    "ids",
    "user_id",
    "user_ids",
    "users",
    "user_email",
    "user_role",
    "team_id",
    "team_ids",
    "teams",
    "team_alias",
    "member",
    "members_with_roles",
    "role",
    "max_budget_in_team",
    "organization_id",
    "organizations",
    "organization_alias",
    "metadata",
    "permissions",
    "config",
    "spend",
    "reset_to",
    "tpm_limit",
    "rpm_limit",
    "max_parallel_requests",
    "model_max_budget",
    "model_rpm_limit",
    "budget_limits",
    "tags",
    "name",
    "names",
    "description",
    "model_name",
    "litellm_params",
    "model_info",
    "credential_name",
    "credential_values",
    "credential_info",
    "model_id",
    "field_name",
    "field_value",
    "config_type",
    "general_settings",
    "litellm_settings",
    "router_settings",
    "environment_variables",
    "blocked",
    "allowed_routes",
    "object_permission",
    "auto_rotate",
    "new_master_key",
    "grace_period",
    "temp_budget_increase",
    "temp_budget_expiry",
    "team_member_permissions",
    "updates",
    "all_users",
    "access_group_id",
    "access_group_name",
    "project_id",
    "project_alias",
    "alias",
    "default_model",
    "start_date",
    "end_date",
    "page",
    "page_size",
    "size",
    "sort_by",
    "sort_order",
    "api_key",
    "request_id",
    "completion_response",
    "model",
    "messages",
    "num_requests",
    "input_tokens",
    "max_spend",
    "min_spend",
    "include_team_keys",
    "search",
];

/// Values that are of a kind, but not of the right one, or larger than anything; and names of what is there.
const VALUES: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "-0.0",
    "1e308",
    "-1e308",
    "1e400",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "2147483648",
    "123456789012345678901234567890",
    "5e-324",
    "\"\"",
    "\" \"",
    "\"NaN\"",
    "\"Infinity\"",
    "\"-Infinity\"",
    "\"1e400\"",
    "[]",
    "{}",
    "[[]]",
    "[null]",
    "[{}]",
    "{\"\": null}",
    "[1, \"a\", null, {}]",
    "{\"a\": {\"b\": [1]}}",
    "\"'; DROP TABLE \\\"LiteLLM_VerificationToken\\\"; --\"",
    "\"' OR '1'='1\"",
    "\"%' OR 1=1 --\"",
    "\"$1\"",
    "\"\\\\\"",
    "\"%\"",
    "\"_\"",
    "\"\\u0000\"",
    "\"a\\u0000b\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u202e\\ufeff\"",
    "\"../../../../etc/passwd\"",
    "\"<script>alert(1)</script>\"",
    "\"{{7*7}}\"",
    "\"${jndi:ldap://127.0.0.1/a}\"",
    "\"os.environ/PATH\"",
    "\"2020-13-45T99:99:99Z\"",
    "\"99999999999999d\"",
    "\"-1d\"",
    "\"0s\"",
    "\"1e9mo\"",
    "\"9999-12-31T23:59:59.999Z\"",
    "\"-0001-01-01\"",
    "\"team\"",
    "\"user\"",
    "\"organization\"",
    "\"budget\"",
    "\"tag\"",
    "\"customer\"",
    "\"id-stored\"",
    "\"credential\"",
    "\"sk-hostile-victim\"",
    "[\"sk-hostile-victim\"]",
    "[\"team\"]",
    "[\"\\u0000\"]",
    "{\"\\u0000\": \"\\u0000\"}",
    "{\"role\": \"admin\", \"user_id\": \"\\u0000\"}",
    "[{\"role\": \"user\", \"user_id\": null}]",
    "{\"__proto__\": {}, \"constructor\": 1}",
    "\"proxy_admin\"",
    "\"general_settings\"",
    "\"max_parallel_requests\"",
    "{\"model\": \"\\u0000\"}",
    "{\"model\": 5}",
    "{\"api_base\": \"http://169.254.169.254/\"}",
];

/// What a text within a value becomes.
const BENT: &[&str] = &["\"\\u0000\"", "\"%\"", "\"\"", "null", "1e308", "\"a/b\"", "\"';--\"", "[\"a\"]"];

/// What stands in a path or a query.
const TEXTS: &[&str] = &[
    "%00",
    "a%00b",
    "%ff%fe",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "%27%20OR%201%3D1--",
    "%22%3BDROP%20TABLE%20x%3B--",
    "%25",
    "%5f",
    "%5c",
    "null",
    "NaN",
    "-1",
    "0",
    "99999999999999999999",
    "1e999",
    "true",
    "%F0%9F%98%80",
    "team",
    "user",
    "sk-hostile-victim",
    "id-stored",
    "2020-13-45",
    "9999-12-31",
    "-1",
    "%0d%0aset-cookie:%20a=b",
    "%7B%7D",
    "[]",
    "*",
];

const HEADS: &[(&str, &str)] = &[("[", "]"), ("{\"a\":", "}"), ("{\"metadata\":[", "]}")];

/// One of them, drawn.
fn one<'a, T>(random: &Random, of: &'a [T]) -> &'a T {
    &of[random.within(0, of.len() as u64) as usize]
}

pub fn hostile(random: &Random, places: &[Place]) -> Hostile {
    if random.within(0, 2) == 0 {
        return almost_right(random);
    }
    let place = one(random, places).clone();
    let target = target(random, &place.path);
    let body = if place.method == "GET" && random.within(0, 4) > 0 { Vec::new() } else { body(random) };
    Hostile { place, target, body }
}

/// A request as it should be, but for one or two of its members.
fn almost_right(random: &Random) -> Hostile {
    let lines: Vec<&str> = include_str!("right.txt").lines().collect();
    let (path, right) = one(random, &lines).split_once(' ').expect("a path and a body");
    let right: Value = serde_json::from_str(right).expect("JSON");
    let right: Vec<(&String, &Value)> = right.as_object().into_iter().flatten().collect();
    let mut members: BTreeMap<&str, String> = right
        .iter()
        .filter(|_| random.within(0, 5) > 0)
        // Names of its own: nothing is refused only because another request was there before.
        .map(|(name, value)| {
            (name.as_str(), value.to_string().replace("\"a\"", &format!("\"a{}\"", random.within(0, u64::MAX))))
        })
        .collect();
    for _ in 0..random.within(1, 3) {
        let (name, value) = one(random, &right);
        let name = if random.within(0, 5) == 0 { *one::<&str>(random, NAMES) } else { name.as_str() };
        let within = random.within(0, 3) == 0;
        let bent = value.to_string().replace("\"a\"", one::<&str>(random, BENT));
        members.insert(name, if within { bent } else { self::value(random, 1) });
    }
    let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    let place = Place { method: "POST".to_owned(), path: path.to_owned() };
    Hostile { place, target: path.to_owned(), body: format!("{{{}}}", members.join(", ")).into_bytes() }
}

fn text(random: &Random) -> String {
    match random.within(0, 12) {
        0 => "a".repeat(random.within(300, 5_000) as usize),
        _ => (*one(random, TEXTS)).to_owned(),
    }
}

fn target(random: &Random, path: &str) -> String {
    let segment = |segment: &str| if segment.starts_with('{') { text(random) } else { segment.to_owned() };
    let mut target: String = path.split('/').map(segment).collect::<Vec<_>>().join("/");
    for number in 0..random.within(0, 4) {
        let separator = if number == 0 { '?' } else { '&' };
        target.push_str(&format!("{separator}{}={}", one(random, NAMES), text(random)));
    }
    target
}

fn body(random: &Random) -> Vec<u8> {
    match random.within(0, 20) {
        0 => Vec::new(),
        1 => vec![b'{', b'"', 0xff, 0xfe, b'"', b':', b'1', b'}'],
        2 => {
            let (open, close) = one(random, HEADS);
            let depth = random.within(50, 20_000) as usize;
            format!("{}1{}", open.repeat(depth), close.repeat(depth)).into_bytes()
        }
        3 => format!("[{}]", object(random)).into_bytes(),
        4 => one(
            random,
            &["NaN", "{\"max_budget\": NaN}", "{\"spend\": Infinity}", "{", "{\"a\"", "\u{feff}{}", "{} {}", "nul"],
        )
        .as_bytes()
        .to_vec(),
        5 => format!("{{\"{}\": \"{}\"}}", one(random, NAMES), "x".repeat(random.within(1_000, 200_000) as usize))
            .into_bytes(),
        6 => one(random, VALUES).as_bytes().to_vec(),
        7 => {
            let mut bytes = object(random).into_bytes();
            let at = random.within(0, bytes.len() as u64) as usize;
            bytes[at] = random.within(0, 256) as u8;
            bytes
        }
        _ => object(random).into_bytes(),
    }
}

/// An object whose members may be there twice.
fn object(random: &Random) -> String {
    let members: Vec<String> =
        (0..random.within(1, 6)).map(|_| format!("\"{}\": {}", one(random, NAMES), value(random, 2))).collect();
    format!("{{{}}}", members.join(", "))
}

fn value(random: &Random, depth: u32) -> String {
    match random.within(0, 10) {
        0 if depth > 0 => format!("[{}]", value(random, depth - 1)),
        1 if depth > 0 => format!("{{\"{}\": {}}}", one(random, NAMES), value(random, depth - 1)),
        _ => (*one(random, VALUES)).to_owned(),
    }
}
