//! postgresql_embedded's own `setup`, `start` and `stop`. Usage: postgresql_embedded DIRECTORY INSTALLATION

use std::path::PathBuf;
use std::time::Duration;

use drydock_bench_peers::{Result, first_query, told_to_stop};
use postgresql_embedded::{PostgreSQL, SettingsBuilder};

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (data_dir, installation) =
        arguments.next().zip(arguments.next()).ok_or("usage: postgresql_embedded DIRECTORY INSTALLATION")?;
    let mut settings = SettingsBuilder::new()
        .installation_dir(installation)
        .password_file(data_dir.with_extension("pgpass"))
        .data_dir(data_dir)
        .password("peer")
        .temporary(false)
        .timeout(Some(Duration::from_secs(60)))
        .build();
    // The installation is there already; nothing may be downloaded.
    settings.trust_installation_dir = true;
    let mut server = PostgreSQL::new(settings);
    server.setup().await?;
    server.start().await?;
    first_query(server.settings().port, "peer").await?;
    told_to_stop().await?;
    server.stop().await?;
    Ok(())
}
