//! What the window may do, read from its configuration.

use std::{fs, path::Path};

use serde_json::{Value, json};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

fn config() -> Value {
    serde_json::from_str(&read("tauri.conf.json")).unwrap()
}

#[test]
fn the_page_may_load_and_run_its_own_files_only() {
    let config = config();
    let security = &config["app"]["security"];
    let policy = security["csp"].as_object().expect("a policy is set");
    for directive in ["default-src", "script-src", "font-src"] {
        assert_eq!(policy[directive], "'self'", "{directive}");
    }
    for directive in ["object-src", "base-uri", "form-action", "frame-src"] {
        assert_eq!(policy[directive], "'none'", "{directive}");
    }
    assert_eq!(policy["connect-src"], "'self' ipc: http://ipc.localhost");
    let whole = security["csp"].to_string();
    assert!(!whole.contains("unsafe-eval") && !whole.contains('*') && !whole.contains("https:"), "{whole}");
    assert_eq!(security["freezePrototype"], true);
    // Scripts keep the hashes and nonces that are added to the policy at compile time.
    let kept = &security["dangerousDisableAssetCspModification"];
    assert!(kept.is_null() || *kept == json!(["style-src"]), "{kept}");
}

#[test]
fn the_window_may_call_one_command() {
    let config = config();
    assert_eq!(config["app"]["withGlobalTauri"], false);
    let capabilities = config["app"]["security"]["capabilities"].as_array().unwrap();
    assert_eq!(capabilities.len(), 1);
    assert_eq!(capabilities[0]["windows"], json!(["main"]));
    assert_eq!(capabilities[0]["permissions"], json!(["allow-api"]));
    assert!(capabilities[0].get("remote").is_none());
    assert!(!Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/capabilities").exists());
}

#[test]
fn a_release_has_no_inspector() {
    let manifest = read("Cargo.toml");
    assert!(!manifest.contains("\"devtools\""), "the feature opens the inspector in release builds");
    assert!(read("src-tauri/src/window.rs").contains(".devtools(cfg!(debug_assertions))"));
}
