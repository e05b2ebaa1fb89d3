//! A member of a team: how it is written in requests, in rows and in LiteLLM's sentences.

use serde_json::{Value, json};

use crate::directory::{Columns, Row};
use crate::manage::{Fields, input};

/// Who, and whether as an admin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub user_id: Option<String>,
    pub user_email: Option<String>,
    pub role: String,
}

const ROLES: [&str; 2] = ["admin", "user"];

impl Member {
    pub fn new(user_id: &str, role: &str) -> Self {
        Self { user_id: Some(user_id.to_owned()), user_email: None, role: role.to_owned() }
    }

    pub fn is_admin(&self) -> bool {
        self.role == "admin"
    }

    /// Whether both are the same person, as far as either says.
    pub fn is(&self, other: &Self) -> bool {
        let same_id = self.user_id.is_some() && self.user_id == other.user_id;
        let same_email = self.user_email.is_some() && self.user_email == other.user_email;
        same_id || same_email
    }

    /// As rows and answers hold it.
    pub fn json(&self) -> Value {
        json!({ "user_id": self.user_id, "user_email": self.user_email, "role": self.role })
    }

    /// As Python writes it.
    fn python(&self) -> String {
        format!(
            "Member(user_id={}, user_email={}, role='{}')",
            python(self.user_id.as_deref()),
            python(self.user_email.as_deref()),
            self.role
        )
    }
}

fn python(text: Option<&str>) -> String {
    text.map_or_else(|| "None".to_owned(), crate::denial::python_text)
}

/// The members as Python writes the list.
pub fn python_list(members: &[Member]) -> String {
    let members: Vec<String> = members.iter().map(Member::python).collect();
    format!("[{}]", members.join(", "))
}

/// The members of a team's row.
pub fn of(team: &Row) -> Vec<Member> {
    let members = team.get("members_with_roles").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    members.iter().filter_map(Value::as_object).map(stored).collect()
}

fn stored(member: &Row) -> Member {
    Member {
        user_id: member.text("user_id").map(str::to_owned),
        user_email: member.text("user_email").map(str::to_owned),
        role: member.text("role").unwrap_or("user").to_owned(),
    }
}

/// The list as a row holds it.
pub fn list(members: &[Member]) -> Value {
    members.iter().map(Member::json).collect()
}

/// The members that a field of a request lists.
pub fn read_list(fields: &Fields<'_>, name: &'static str) -> Vec<Member> {
    let roles = Roles { known: &ROLES, expected: &input::expected(&ROLES) };
    let items = fields.list(name).map(Vec::as_slice).unwrap_or_default();
    let read = |(place, item): (usize, &Value)| read(fields, item, &[name.into(), place.into()], &roles);
    items.iter().enumerate().filter_map(read).collect()
}

/// `member` of a request: one, or a list. LiteLLM tells of a fault without its place.
pub fn read_field(fields: &Fields<'_>) -> (Vec<Member>, bool) {
    read_with(fields, &Roles { known: &ROLES, expected: &input::expected(&ROLES) })
}

/// Which roles there are, and the sentence for any other.
pub struct Roles<'a> {
    pub known: &'a [&'a str],
    pub expected: &'a str,
}

/// `member` of a request about something that has these roles.
pub fn read_with(fields: &Fields<'_>, roles: &Roles<'_>) -> (Vec<Member>, bool) {
    match fields.object().get("member") {
        None => {
            fields.fault("member", "missing", "Field required");
            (Vec::new(), false)
        }
        Some(Value::Array(items)) => (items.iter().filter_map(|item| read(fields, item, &[], roles)).collect(), true),
        Some(item) => (read(fields, item, &[], roles).into_iter().collect(), false),
    }
}

fn read(fields: &Fields<'_>, item: &Value, place: &[Value], roles: &Roles<'_>) -> Option<Member> {
    let at = |further: &[Value]| {
        let mut location = vec![Value::from("body")];
        location.extend_from_slice(place);
        location.extend_from_slice(further);
        Value::Array(location)
    };
    let Some(member) = item.as_object() else {
        fields.fault_at(at(&[]), "value_error", "Value error, input needs to be a dictionary");
        return None;
    };
    if member.text("user_id").is_none() && member.text("user_email").is_none() {
        let sentence = "Value error, Either user id or user email must be provided";
        fields.fault_at(at(&[]), "value_error", sentence);
        return None;
    }
    match member.get("role") {
        None => fields.fault_at(at(&["role".into()]), "missing", "Field required"),
        Some(role) if role.as_str().is_some_and(|role| roles.known.contains(&role)) => return Some(stored(member)),
        Some(_) => fields.fault_at(at(&["role".into()]), "literal_error", roles.expected),
    }
    None
}

/// The roles that a member may have.
pub const fn roles() -> &'static [&'static str] {
    &ROLES
}
