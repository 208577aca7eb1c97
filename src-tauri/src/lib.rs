//! The desktop shell: one window, the boot behind it, the `api` command, and one way out.

mod bridge;
mod exit;
mod single;
mod window;

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use clap::Parser;
use drydock_boot::{ErrorCode, Platform, Settings, data_path};
use drydock_lab::Desk;
use tauri::RunEvent;

/// Opens the window and boots behind it; returns when the window is closed and the database has stopped.
///
/// The exit code is 0 only when the boot succeeded and everything stopped.
#[must_use]
pub fn run() -> ExitCode {
    // SAFETY: nothing has run yet, so there is no other thread.
    #[allow(unsafe_code)]
    unsafe {
        drydock_boot::forget_foreign_options();
        window::prepare_environment();
    }
    let settings = Arguments::parse().settings();
    // Who starts a window from a menu sees no standard error.
    match data_path(&settings) {
        Ok(data) => drydock_boot::log_to_file(&data),
        // The boot finds out as well, and says so.
        Err(_) => drydock_boot::log_to_stderr(),
    }
    if let Some(holder) = single::raise_other(&settings) {
        exit::say(&single::sentence(&holder));
        return ExitCode::SUCCESS;
    }
    if let Err(sentence) = window::display() {
        exit::say(&sentence);
        return ExitCode::FAILURE;
    }

    let platform = Arc::new(Platform::new(settings.clone()).with_diagnosis(Arc::new(Desk::new(&settings))));
    platform.simulate_with(Arc::new(drydock_lab::simulator::Simulator));
    let failed = Arc::new(AtomicBool::new(false));
    let app = tauri::Builder::default()
        .manage(bridge::Api(platform.router()))
        .invoke_handler(tauri::generate_handler![bridge::api])
        .setup({
            let platform = Arc::clone(&platform);
            let failed = Arc::clone(&failed);
            move |app| {
                single::on_raise(app.handle().clone())?;
                let handle = app.handle().clone();
                // The boot starts before the webview exists: most of it is done when the page can first ask.
                std::thread::Builder::new().name("boot".to_owned()).spawn(move || {
                    let failure = tauri::async_runtime::block_on(async {
                        match platform.boot().await {
                            Ok(()) => {
                                platform.keep().await;
                                platform.lost().await
                            }
                            Err(failure) => failure,
                        }
                    });
                    // Two starts at once: both have found nobody, and the other was faster.
                    if failure.code == "data.in_use"
                        && let Some(holder) = single::raise_other(&settings)
                    {
                        exit::say(&single::sentence(&holder));
                        handle.exit(0);
                        return;
                    }
                    // Closing the window in the middle of the boot is no failure.
                    if failure.code != ErrorCode::BootCancelled.as_str() {
                        failed.store(true, Ordering::Relaxed);
                        exit::say(&format!("Drydock stopped at {}: {failure}", failure.stage.name()));
                    }
                })?;
                exit::on_signal(app.handle().clone())?;
                window::open(app)?;
                Ok(())
            }
        })
        .build(tauri::generate_context!());
    let app = match app {
        Ok(app) => app,
        Err(error) => {
            exit::say(&format!(
                "The window cannot be opened: {error}. Use `drydock serve` and a browser instead. [window.failed]"
            ));
            return ExitCode::FAILURE;
        }
    };

    let code = app.run_return({
        let platform = Arc::clone(&platform);
        let failed = Arc::clone(&failed);
        move |_, event| {
            if matches!(event, RunEvent::Exit) && !exit::shut_down(&platform) {
                failed.store(true, Ordering::Relaxed);
            }
        }
    });
    // Once more for a way out that sends no event; the second time there is nothing left to stop.
    if !exit::shut_down(&platform) || failed.load(Ordering::Relaxed) || code != 0 {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Opens the Drydock window.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Folder for the data [env: DRYDOCK_DATA_DIR].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The PostgreSQL tree to run [env: DRYDOCK_POSTGRES].
    #[arg(long, value_name = "DIR")]
    postgres: Option<PathBuf>,
}

impl Arguments {
    fn settings(self) -> Settings {
        let settings = Settings::from_environment(single::PROGRAM);
        Settings {
            data_dir: self.data_dir.or(settings.data_dir),
            postgres: self.postgres.or(settings.postgres),
            ..settings
        }
    }
}
