//! pg-embed's own `setup`, `start_db` and `stop_db`. Usage: pg_embed DIRECTORY INSTALLATION

use std::path::PathBuf;
use std::time::Duration;

use drydock_bench_peers::{Result, first_query, free_port, told_to_stop};
use pg_embed::pg_enums::PgAuthMethod;
use pg_embed::pg_fetch::{PG_V16, PgFetchSettings};
use pg_embed::postgres::{PgEmbed, PgSettings};

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (database_dir, installation) =
        arguments.next().zip(arguments.next()).ok_or("usage: pg_embed DIRECTORY INSTALLATION")?;
    let port = free_port()?;
    let settings = PgSettings {
        database_dir,
        port,
        user: "postgres".into(),
        password: "peer".into(),
        auth_method: PgAuthMethod::ScramSha256,
        persistent: true,
        timeout: Some(Duration::from_secs(60)),
        migration_dir: None,
    };
    let mut server =
        PgEmbed::new(settings, PgFetchSettings { version: PG_V16, ..Default::default() }).await?;
    // The installation is there already; nothing may be downloaded.
    server.pg_access.pg_ctl_exe = installation.join("bin/pg_ctl");
    server.pg_access.init_db_exe = installation.join("bin/initdb");
    server.pg_access.cache_dir = installation;
    server.setup().await?;
    server.start_db().await?;
    first_query(port, "peer").await?;
    told_to_stop().await?;
    server.stop_db().await?;
    Ok(())
}
