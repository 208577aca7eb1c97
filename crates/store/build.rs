//! What is embedded from folders rather than from single files.
//!
//! `sqlx::migrate!` embeds the migrations; without a line here a changed file would not be seen. The catalogue's listings are found
//! by their names, so that a migration needs no second entry anywhere.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../../migrations");
    println!("cargo:rerun-if-changed=src/catalogue");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("src/catalogue");
    let mut listings = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let version: Option<i64> =
            path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let (Some(version), Some("txt")) = (version, path.extension().and_then(|end| end.to_str())) {
            listings.push((version, path));
        }
    }
    listings.sort();
    let mut code = String::from("&[\n");
    for (version, path) in listings {
        writeln!(
            code,
            "    ({version}, include_str!({:?})),",
            path.to_str().ok_or("a path that is no text")?
        )?;
    }
    code.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("listings.rs"), code)?;
    Ok(())
}
