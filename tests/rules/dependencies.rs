//! Arrows point down only: wire ← core ← http, host ← container and functions.

use std::process::Command;

use serde_json::Value;

/// What each package may depend on, of the workspace's own and of those that would betray what it may not know.
const ALLOWED: &[(&str, &[&str])] = &[
    ("tollgate-wire", &[]),
    ("tollgate-core", &["tollgate-wire"]),
    ("tollgate-http", &["tollgate-core", "tollgate-wire"]),
    ("tollgate-host", &["tollgate-core", "tollgate-wire"]),
    ("tollgate-testkit", &["tollgate-core", "tollgate-wire"]),
    ("tollgate", &["tollgate-core", "tollgate-host", "tollgate-http"]),
    ("tollgate-request", &["tollgate-core", "tollgate-host", "tollgate-http"]),
    ("tollgate-tests", &[]),
    ("tollgate-bench", &[]),
];

/// Crates of which a package must know nothing, beyond its own workspace.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("tollgate-wire", &["tokio", "hyper", "hyper-util", "http", "http-body", "reqwest", "axum"]),
    ("tollgate-core", &["hyper", "hyper-util", "axum", "reqwest", "sqlx", "redis", "aws-config", "lambda_http"]),
    ("tollgate-http", &["hyper", "hyper-util", "reqwest", "sqlx", "redis", "aws-config", "lambda_http"]),
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"])
        .current_dir(crate::root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON of cargo")
}

/// Normal dependencies of every package of the workspace.
fn dependencies() -> Vec<(String, Vec<String>)> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages").clone();
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let normal = |package: &Value| {
        let all = package["dependencies"].as_array().expect("dependencies");
        all.iter().filter(|dependency| dependency["kind"].is_null()).map(name).collect()
    };
    packages.iter().map(|package| (name(package), normal(package))).collect()
}

#[test]
fn dependencies_point_down_only() {
    for (package, dependencies) in dependencies() {
        let (_, allowed) = ALLOWED
            .iter()
            .find(|(name, _)| *name == package)
            .unwrap_or_else(|| panic!("{package} is new: say in {} what it may depend on", file!()));
        for dependency in dependencies.iter().filter(|name| name.starts_with("tollgate")) {
            assert!(allowed.contains(&dependency.as_str()), "{package} must not depend on {dependency}");
        }
    }
}

#[test]
fn packages_do_not_know_what_they_must_not() {
    let all = dependencies();
    for (package, forbidden) in FORBIDDEN {
        let (_, dependencies) = all.iter().find(|(name, _)| name == package).expect("the package");
        for dependency in dependencies {
            assert!(!forbidden.contains(&dependency.as_str()), "{package} must know nothing of {dependency}");
        }
    }
}
