//! Who may come in, where the keys of a section must agree with each other.
//!
//! Refuses what LiteLLM would not start with, and what would let in whoever asks.

use http::HeaderName;

use super::super::custom_auth::is_address;
use super::super::node::{Node, Value};
use super::super::schema::Section;
use super::{Inspector, shapes};
use crate::address::Network;
use crate::consult;

impl Inspector {
    /// `litellm_jwtauth`: the rules of LiteLLM's model of it.
    pub(super) fn jwt_auth(&mut self, node: &Node, section: &'static Section, path: &str) {
        self.section(node, section, path);
        let has = |name: &str| node.get(name).is_some();
        let mut wants = |name: &str, other: &str| {
            if let Some(given) = node.get(name).filter(|_| !has(other)) {
                self.wrong_value(given, &format!("{path}.{name}"), &format!("needs `{other}`"));
            }
        };
        wants("user_roles_jwt_field", "user_allowed_roles");
        wants("user_allowed_roles", "user_roles_jwt_field");
        wants("object_id_jwt_field", "role_mappings");
        if let Some(given) = node.get("scope_mappings")
            && node.get("enforce_scope_based_access").and_then(Node::as_flag) != Some(true)
        {
            let fault = "needs `enforce_scope_based_access: true`";
            self.wrong_value(given, &format!("{path}.scope_mappings"), fault);
        }
        self.entries(node, "role_mappings", &["role", "internal_role"], path);
        self.entries(node, "jwt_litellm_role_map", &["jwt_role", "litellm_role"], path);
        self.entries(node, "scope_mappings", &["scope"], path);
        self.entries(node, "issuers", &["issuer"], path);
        for (index, issuer) in node.get("issuers").map(Node::items).unwrap_or_default().iter().enumerate() {
            self.issuer(issuer, &format!("{path}.issuers[{index}]"));
        }
    }

    /// An issuer says whom its tokens are for, or that it does not matter.
    fn issuer(&mut self, issuer: &Node, path: &str) {
        let has_audience = issuer.get("audience").is_some_and(|audience| !audience.texts().is_empty());
        let is_disabled = issuer.get("disable_audience_validation").and_then(Node::as_flag) == Some(true);
        match (has_audience, is_disabled) {
            (false, false) => {
                self.wrong_value(issuer, path, "needs an `audience`, or `disable_audience_validation: true`");
            }
            (true, true) => {
                self.wrong_value(
                    issuer,
                    path,
                    "cannot have both an `audience` and `disable_audience_validation: true`",
                );
            }
            _ => {}
        }
        if let Some(url) = issuer.get("jwks_url") {
            self.address(url, &format!("{path}.jwks_url"));
        }
    }

    /// `custom_auth`: a service, or what LiteLLM would run.
    pub(super) fn address_or_python(&mut self, node: &Node, path: &str) {
        match node.as_text() {
            Some(text) if is_address(text) => self.address(node, path),
            _ => self.python(node, path),
        }
    }

    pub(super) fn header_names(&mut self, node: &Node, path: &str) {
        if !shapes::is_list_of_texts(node) {
            return self.wrong_type(node, "a list of header names", path);
        }
        for (index, item) in node.items().iter().enumerate() {
            let Some(text) = item.as_text() else { continue };
            if HeaderName::from_bytes(text.as_bytes()).is_err() {
                let fault = format!("cannot be `{text}`, which is no name of a header");
                self.wrong_value(item, &format!("{path}[{index}]"), &fault);
            }
        }
    }

    /// Addresses and ranges of them.
    pub(super) fn networks(&mut self, node: &Node, path: &str) {
        if !shapes::is_list_of_texts(node) && node.as_text().is_none() {
            return self.wrong_type(node, "a list of addresses, and of ranges such as `10.0.0.0/8`", path);
        }
        for (index, item) in node.items().iter().enumerate() {
            self.network(item, &format!("{path}[{index}]"));
        }
        if node.as_text().is_some() {
            self.network(node, path);
        }
    }

    fn network(&mut self, node: &Node, path: &str) {
        // LiteLLM separates those that stand in one text by commas.
        for text in node.as_text().into_iter().flat_map(|text| text.split(',')) {
            if Network::parse(text).is_none() {
                let fault = format!("cannot be `{text}`; use an address, or a range such as `10.0.0.0/8`");
                self.wrong_value(node, path, &fault);
            }
        }
    }

    /// Each map of a list has these keys.
    fn entries(&mut self, node: &Node, list: &str, keys: &[&str], path: &str) {
        for (index, entry) in node.get(list).map(Node::items).unwrap_or_default().iter().enumerate() {
            let missing = keys.iter().filter(|key| matches!(entry.value, Value::Map(_)) && entry.get(key).is_none());
            for key in missing {
                self.wrong_value(entry, &format!("{path}.{list}[{index}]"), &format!("needs `{key}`"));
            }
        }
    }

    fn address(&mut self, node: &Node, path: &str) {
        if node.as_text().is_some_and(|text| !text.is_empty() && consult::address(text).is_none()) {
            self.wrong_value(node, path, "must be an address that begins with `https://` or `http://`");
        }
    }
}
