//! Official SDKs of Python and Node against the gateway, as `tests/sdk` scripts them. Knows no claim of theirs.

use crate::harness::gateway::{Gateway, KEY};
use crate::harness::process::{Process, checkout};
use crate::harness::wait_until;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `tests/install` put beside the checkout.
fn installed(path: &str) -> PathBuf {
    let path = checkout().join(".cache").join(path);
    assert!(path.exists(), "{} is missing: run tests/install", path.display());
    path
}

fn script(name: &str) -> PathBuf {
    checkout().join("tests/sdk").join(name)
}

/// The scripted provider, listening.
fn start_provider(python: &Path, name: &str) -> (Process, String) {
    let mut command = Command::new(python);
    command.arg("-B").arg(script(name)).arg("0");
    let provider = Process::start(command, tempfile::tempdir().expect("a folder"), &[]);
    let mut port = None;
    wait_until("the scripted provider listens", || {
        let log = provider.log();
        port = log.lines().find_map(|line| line.strip_prefix("listening on ")).map(str::to_owned);
        port.is_some()
    });
    (provider, format!("http://127.0.0.1:{}", port.unwrap_or_default()))
}

/// What a session talks to, by the names of the scripts.
struct Scene {
    provider: &'static str,
    config: &'static str,
}

const CALLS: Scene = Scene { provider: "provider.py", config: "config.yaml" };
const OWN_APIS: Scene = Scene { provider: "own_apis.py", config: "pass_through.yaml" };
const RESOURCES: Scene = Scene { provider: "account.py", config: "resources.yaml" };
const REALTIME: Scene = Scene { provider: "talker.py", config: "realtime.yaml" };
const SIMULATED: Scene = Scene { provider: "simulated", config: "simulated.yaml" };
const BRIDGED: Scene = Scene { provider: "../agents/provider.py", config: "bridged.yaml" };

fn check(program: &Path, scene: &Scene, session: &str) {
    let (_provider, provider_url) = start_provider(&installed("venv/bin/python"), scene.provider);
    let config = fs::read_to_string(script(scene.config)).expect("the session's configuration");
    assert!(config.contains(KEY), "tests/sdk/{} has another master key", scene.config);
    let gateway = Gateway::start(&config.replace("PROVIDER", &provider_url));
    let gateway_url = format!("http://127.0.0.1:{}", gateway.port);
    let output = Command::new(program)
        .arg(script(session))
        .args([&gateway_url, KEY, &provider_url])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap_or_else(|error| panic!("cannot run {}: {error}; run tests/install", program.display()));
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    assert!(output.status.success(), "{session} ended with {}:\n{said}", output.status);
}

#[test]
fn the_python_sdk_passes_its_session() {
    check(&installed("venv/bin/python"), &CALLS, "session.py");
}

#[test]
fn the_node_sdk_passes_its_session() {
    installed("node/node_modules/openai");
    check(Path::new("node"), &CALLS, "session.mjs");
}

#[test]
fn the_python_sdk_keeps_files_batches_jobs_and_stores() {
    check(&installed("venv/bin/python"), &RESOURCES, "resources.py");
}

#[test]
fn the_python_sdk_holds_realtime_sessions() {
    check(&installed("venv/bin/python"), &REALTIME, "realtime.py");
}

#[test]
fn providers_own_python_sdks_pass_their_session() {
    check(&installed("venv/bin/python"), &OWN_APIS, "pass_through.py");
}

#[test]
fn the_python_sdk_chats_with_every_provider() {
    check(&installed("venv/bin/python"), &SIMULATED, "everywhere.py");
}

#[test]
fn the_python_sdk_gets_responses_of_every_provider() {
    check(&installed("venv/bin/python"), &SIMULATED, "responses.py");
}

#[test]
fn anthropics_python_sdk_talks_to_every_provider() {
    check(&installed("venv/bin/python"), &SIMULATED, "messages.py");
}

#[test]
fn the_node_sdk_gets_responses_of_every_provider() {
    installed("node/node_modules/openai");
    check(Path::new("node"), &SIMULATED, "responses.mjs");
}

#[test]
fn coheres_python_sdk_passes_its_session() {
    check(&installed("venv/bin/python"), &SIMULATED, "own_cohere.py");
}

#[test]
fn googles_python_sdk_talks_to_every_provider() {
    check(&installed("venv/bin/python"), &SIMULATED, "generate.py");
}

#[test]
fn langchain_talks_to_every_provider() {
    check(&installed("frameworks/bin/python"), &SIMULATED, "chains.py");
}

#[test]
fn instructor_gets_objects_from_every_provider() {
    check(&installed("frameworks/bin/python"), &SIMULATED, "structured.py");
}

#[test]
fn anthropics_python_sdk_passes_its_session_over_other_providers() {
    check(&installed("venv/bin/python"), &BRIDGED, "bridged.py");
}

#[test]
fn anthropics_node_sdk_talks_to_every_provider() {
    installed("node/node_modules/@anthropic-ai/sdk");
    check(Path::new("node"), &SIMULATED, "messages.mjs");
}

#[test]
fn vercels_sdk_talks_to_every_provider() {
    installed("node/node_modules/ai");
    check(Path::new("node"), &SIMULATED, "vercel.mjs");
}

#[test]
fn the_node_sdk_chats_with_every_provider() {
    installed("node/node_modules/zod");
    check(Path::new("node"), &SIMULATED, "everywhere.mjs");
}
