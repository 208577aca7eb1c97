//! Compiles the configuration, icons and permissions into the app.

use std::{fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=src-tauri/permissions");
    // The app embeds the built page. A clone that only compiles or tests Rust has none yet, and the macro that
    // embeds it insists on the folder.
    let page = Path::new("ui/dist/index.html");
    if !page.exists() {
        let made = fs::create_dir_all("ui/dist")
            .and_then(|()| fs::write(page, "<!doctype html><title>Drydock</title><p>Run cargo xtask run."));
        if let Err(error) = made {
            println!("cargo:warning=ui/dist cannot be made: {error}");
        }
    }
    let manifest = tauri_build::AppManifest::new().permissions_path_pattern("./src-tauri/permissions/*.toml");
    let attributes = tauri_build::Attributes::new().app_manifest(manifest);
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo:warning={error:#}");
        std::process::exit(1);
    }
}
