//! What every package's manifest has in common.

use std::fs;
use std::path::PathBuf;

fn manifests() -> Vec<PathBuf> {
    let root = crate::root();
    let members = ["shared/wire", "shared/core", "shared/http", "shared/host", "shared/testkit"];
    let others = ["functions/request", "container", "tests", "tests/bench"];
    members.iter().chain(&others).map(|member| root.join(member).join("Cargo.toml")).collect()
}

#[test]
fn versions_stand_in_the_root_manifest_only() {
    for manifest in manifests() {
        let text = fs::read_to_string(&manifest).expect("a manifest");
        let dependencies = text.split("dependencies]").skip(1);
        for line in dependencies.flat_map(|section| section.split("\n[").next().unwrap_or("").lines()) {
            let has_version = line.contains('"') && !line.contains("workspace = true");
            assert!(!has_version, "{}: `{line}` belongs into the root manifest", manifest.display());
        }
    }
}

#[test]
fn every_package_has_the_workspaces_licence_edition_and_lints() {
    for manifest in manifests() {
        let text = fs::read_to_string(&manifest).expect("a manifest");
        for line in ["license.workspace = true", "edition.workspace = true", "[lints]\nworkspace = true"] {
            assert!(text.contains(line), "{} lacks `{line}`", manifest.display());
        }
    }
}
