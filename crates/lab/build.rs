//! Lists the folders of `scenarios`, so that a scenario needs no entry anywhere: each is a module with a `SCENARIO`.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=scenarios");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("scenarios");
    let mut ids = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.join("mod.rs").is_file() {
            ids.push(
                path.file_name()
                    .and_then(|name| name.to_str())
                    .ok_or("a folder whose name is no text")?
                    .to_owned(),
            );
        }
    }
    ids.sort();
    let (mut modules, mut list, mut names) = (String::new(), String::new(), String::new());
    // A few of each group are played in the short form: every fifth, beginning with the first.
    let mut in_group = (String::new(), 0_usize);
    for id in &ids {
        let group = id.split('-').next().unwrap_or_default();
        in_group = if in_group.0 == group { (in_group.0, in_group.1 + 1) } else { (group.to_owned(), 0) };
        let form = if in_group.1.is_multiple_of(5) { "short" } else { "long" };
        let module = id.replace('-', "_");
        let file = folder.join(id).join("mod.rs");
        writeln!(modules, "#[path = {:?}]\nmod {module};", file.to_str().ok_or("a path that is no text")?)?;
        writeln!(list, "    &{module}::SCENARIO,")?;
        writeln!(names, "        $then!({form}, {module}, {id:?});")?;
    }
    let code = format!(
        "{modules}\n/// Every scenario, by id.\npub static SCENARIOS: &[&crate::Scenario] = &[\n{list}];\n\n\
         /// Calls a macro with `short` or `long`, the name and the id of every scenario: a test for each needs no list.\n\
         #[macro_export]\nmacro_rules! for_each_scenario {{\n    ($then:ident) => {{\n{names}    }};\n}}\n"
    );
    fs::write(Path::new(&env::var("OUT_DIR")?).join("scenarios.rs"), code)?;
    Ok(())
}
