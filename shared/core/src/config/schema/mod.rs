//! Every key of the configuration that LiteLLM or Tollgate knows, as tables.
//!
//! Says of each key what its value may be, whether it is acted on, and what it means where it is not.
//! The names come from LiteLLM 1.106.2; `tests/known_keys.json` holds them as recorded from it.

mod callbacks;
mod document;
mod general_settings;
mod jwt_auth;
mod litellm_params;
mod litellm_settings;
mod model_info;
mod prices;
mod router_settings;
mod spend;

use std::collections::HashMap;

pub(super) use callbacks::CALLBACKS;
pub(super) use document::DOCUMENT;
pub(super) use litellm_params::LITELLM_PARAMS;

/// What a value may be; null is always allowed, for an unset variable gives null.
///
/// Numbers and flags may be written as strings, as pydantic allows it for LiteLLM.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Any,
    Text,
    Flag,
    Integer,
    /// An integer from zero on.
    Count,
    Number,
    /// A number from zero on.
    Amount,
    /// A number from 0 to 100.
    Percent,
    /// A number above 0, up to 1.
    Fraction,
    /// A duration with its unit: `30s`, `1mo`.
    Period,
    List,
    TextList,
    TextOrList,
    Map,
    /// A map of strings, or of scalars that become strings.
    TextMap,
    TextOrMap,
    /// A map of lists of strings.
    NamedTextLists,
    /// A map of integers from one on.
    Priorities,
    /// A list of maps from a model group to its fallbacks.
    Fallbacks,
    /// A list of model groups, or of maps with a `model`.
    FallbackTargets,
    Choice(&'static [&'static str]),
    /// A list of checks by their names, with what is missed without those that are not made yet.
    PreCallChecks(&'static [(&'static str, Option<&'static str>)]),
    /// The dotted path of Python code.
    Python,
    /// The address of a service, or the dotted path of Python code.
    AddressOrPython,
    /// Names of headers.
    HeaderNames,
    /// The name of something built in, or the dotted path of Python code.
    NameOrPython,
    /// Names of callbacks, or dotted paths of Python code.
    Callbacks,
    Section(&'static Section),
    /// A list of maps.
    Sections(&'static Section),
    /// A map of maps under free names.
    NamedSections(&'static Section),
    /// The same, where a string may stand in for a map.
    NamedTextsOrSections(&'static Section),
    /// The same as `Sections`, where entries must also agree with each other.
    RoutingGroups(&'static Section),
    /// Addresses and ranges of them: a list, or one text that separates them by commas.
    Networks,
    /// A map whose keys must agree with each other.
    JwtAuth(&'static Section),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Acted,
    /// Known, and not acted on yet; the text completes "not yet supported: …".
    Later(&'static str),
    /// Acted on, unless this is the value.
    ActedUnless {
        value: &'static str,
        meaning: &'static str,
    },
}

/// Where a key of `litellm_params` goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Role {
    /// It steers the gateway and is never sent.
    Gateway,
    /// It goes into the body of the provider call.
    Body,
    /// It tells the provider who is calling: kept out of bodies and messages.
    Credential,
}

/// Keys that are alike in everything but their name.
#[derive(Debug)]
pub(super) struct Group {
    pub kind: Kind,
    pub state: State,
    pub role: Role,
    pub names: &'static [&'static str],
}

/// What becomes of a key that no table holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unknown {
    Misspelt,
    /// Misspelt unless it begins with `x-`, where anchors may be kept.
    MisspeltUnlessExtension,
    /// It goes to the provider unless it resembles a known key.
    ToProvider,
    /// It is the user's own.
    Free,
}

#[derive(Debug)]
pub(super) struct Section {
    pub groups: &'static [&'static [Group]],
    pub unknown: Unknown,
}

/// The groups of a section by key.
pub(super) type Index = HashMap<&'static str, &'static Group>;

impl Section {
    pub const fn strict(groups: &'static [&'static [Group]]) -> Self {
        Self { groups, unknown: Unknown::Misspelt }
    }

    pub fn index(&self) -> Index {
        let mut index = Index::new();
        for group in self.groups.iter().copied().flatten() {
            for name in group.names {
                // The first table that names a key decides.
                index.entry(name).or_insert(group);
            }
        }
        index
    }
}

const fn acted(kind: Kind, names: &'static [&'static str]) -> Group {
    Group { kind, state: State::Acted, role: Role::Gateway, names }
}

const fn later(meaning: &'static str, kind: Kind, names: &'static [&'static str]) -> Group {
    Group { kind, state: State::Later(meaning), role: Role::Gateway, names }
}

const fn acted_unless(value: &'static str, meaning: &'static str, kind: Kind, names: &'static [&'static str]) -> Group {
    Group { kind, state: State::ActedUnless { value, meaning }, role: Role::Gateway, names }
}

const fn body(kind: Kind, names: &'static [&'static str]) -> Group {
    Group { kind, state: State::Acted, role: Role::Body, names }
}

const fn credential(meaning: &'static str, kind: Kind, names: &'static [&'static str]) -> Group {
    Group { kind, state: State::Later(meaning), role: Role::Credential, names }
}

/// A credential that is acted on.
const fn used_credential(kind: Kind, names: &'static [&'static str]) -> Group {
    Group { kind, state: State::Acted, role: Role::Credential, names }
}
