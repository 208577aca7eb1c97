//! Hands the target triple to the code, which needs it to pick the PostgreSQL tree.

fn main() {
    let triple = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=XTASK_TARGET={triple}");
    println!("cargo::rerun-if-changed=build.rs");
}
