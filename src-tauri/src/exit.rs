//! The one way out: whatever ends the app, the database stops first.

use std::{io, thread};

use drydock_boot::Platform;
use tauri::AppHandle;

/// Stops the platform and waits for it. Says so on standard error when that fails; may be called again.
pub(crate) fn shut_down(platform: &Platform) -> bool {
    // A thread of its own: this runs inside the event loop, where the runtime must not be blocked on.
    let outcome =
        thread::scope(|scope| scope.spawn(|| tauri::async_runtime::block_on(platform.shutdown())).join());
    match outcome {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            say(&format!("{error}. {} [{}]", error.next_step(), error.code()));
            false
        }
        Err(_) => {
            say("The database server's stop was broken off; it ends with this process.");
            false
        }
    }
}

/// Ends the app on the signals that end a process politely.
#[cfg(unix)]
pub(crate) fn on_signal(app: AppHandle) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let _runtime = tauri::async_runtime::handle().inner().enter();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tauri::async_runtime::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hang_up.recv() => {}
            }
        };
        next().await;
        app.exit(0);
        // Whoever asks twice does not want to wait; the server ends with this process in any case.
        next().await;
        std::process::exit(1);
    });
    Ok(())
}

/// Ends the app on Ctrl-C.
#[cfg(not(unix))]
pub(crate) fn on_signal(app: AppHandle) -> io::Result<()> {
    tauri::async_runtime::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            app.exit(0);
        }
    });
    Ok(())
}

/// Prints a sentence to standard error. Nobody may be listening, which is no reason to fail.
pub(crate) fn say(sentence: &str) {
    use io::Write as _;
    let _ = writeln!(io::stderr(), "{sentence}");
}
