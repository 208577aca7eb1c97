//! What both programs do around their server: the first query, and waiting to be told to stop.

use std::error::Error;
use std::net::{Ipv4Addr, TcpListener};

/// Any error: these programs only print it.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A port on loopback that was free a moment ago.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Asks the first query, which needs pgvector, and prints `ready` with its answer.
pub async fn first_query(port: u16, password: &str) -> Result<()> {
    let (client, connection) = tokio_postgres::Config::new()
        .host("localhost")
        .port(port)
        .user("postgres")
        .password(password)
        .dbname("postgres")
        .connect(tokio_postgres::NoTls)
        .await?;
    tokio::spawn(connection);
    client.batch_execute("CREATE EXTENSION IF NOT EXISTS vector").await?;
    let row = client.query_one("SELECT '[1,2,3]'::vector::text", &[]).await?;
    println!("ready {}", row.get::<_, String>(0));
    Ok(())
}

/// Returns when standard input ends.
pub async fn told_to_stop() -> Result<()> {
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    Ok(())
}
