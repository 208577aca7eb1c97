//! The process that a test starts to kill it.

use std::fmt::Debug;

use tracing::field::{Field, Visit};
use tracing::span;

use super::*;

/// Ends this process with SIGKILL when the crate comes to the step of this name.
struct KillAt(String);

impl tracing::Subscriber for KillAt {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Compare(&self.0));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Compare<'a>(&'a str);

impl Visit for Compare<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "step" && value == self.0 {
            kill(std::process::id(), Signal::SIGKILL);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// This program again, holding a server in `data` until it is killed.
pub(crate) fn holder(data: &Path) -> Command {
    let mut command = again(&std::env::current_exe().unwrap(), "child::hold_a_server");
    command.env("DRYDOCK_IT_DATA", data);
    command
}

/// The process id of the server that a [`holder`] holds, when it is up.
pub(crate) fn server_of(holder: &mut Child) -> i32 {
    let lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let pid = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("server ").map(|pid| pid.parse().unwrap()));
    pid.expect("the server's process id")
}

#[tokio::test]
#[ignore = "started by other tests"]
async fn hold_a_server() {
    if let Ok(step) = std::env::var("DRYDOCK_IT_KILL_AT") {
        tracing::subscriber::set_global_default(KillAt(step)).unwrap();
    }
    let template =
        std::env::var_os("DRYDOCK_IT_TEMPLATE").map(|path| Template::open(Path::new(&path), KEY).unwrap());
    let data = std::env::var_os("DRYDOCK_IT_DATA").expect("a folder");
    let data = DataDirectory::open(Path::new(&data), &account(), "holder").unwrap();
    let (cluster, _) = Cluster::initialise(&tree(), data, &account(), template.as_ref()).await.unwrap();
    let server = start(&cluster).await;
    cluster.durable().await.unwrap();
    query(&server, "create table if not exists kept as select 1 as n");
    println!("\nserver {}", server.pid());
    if std::env::var_os("DRYDOCK_IT_PANIC").is_some() {
        panic!("as asked");
    }
    std::future::pending::<()>().await;
}
