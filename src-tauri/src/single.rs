//! One window for one data directory: a second start shows the first one's.

use std::io;

use drydock_boot::{Holder, Settings, data_path};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tauri::{AppHandle, Manager as _, UserAttentionType};
use tokio::signal::unix::{SignalKind, signal};

use crate::window;

/// What the window is to those who want its data directory.
pub(crate) const PROGRAM: &str = "window";

/// Asks a window to come to the front. A process that does not expect it ignores it.
const RAISE: Signal = Signal::SIGURG;

/// Brings the window that holds the data directory to the front. Says whose it is, or `None` where no window holds it.
pub(crate) fn raise_other(settings: &Settings) -> Option<Holder> {
    // Whatever else is wrong with the data directory, the boot finds out and says.
    let holder = Holder::of(&data_path(settings).ok()?).ok()??;
    if holder.program != PROGRAM {
        return None;
    }
    let pid = Pid::from_raw(i32::try_from(holder.pid).ok()?);
    kill(pid, RAISE).ok()?;
    Some(holder)
}

/// What a person is told whose start ends at once.
pub(crate) fn sentence(holder: &Holder) -> String {
    format!(
        "Drydock is open already (process {}, since {}); its window comes to the front.",
        holder.pid, holder.since
    )
}

/// Comes to the front whenever another start asks. To be called before the data directory is taken.
pub(crate) fn on_raise(app: AppHandle) -> io::Result<()> {
    let _runtime = tauri::async_runtime::handle().inner().enter();
    let mut asked = signal(SignalKind::from_raw(RAISE as i32))?;
    tauri::async_runtime::spawn(async move {
        while asked.recv().await.is_some() {
            let Some(window) = app.get_webview_window(window::LABEL) else { continue };
            // Each is a wish to the window system, which may refuse; the last one then makes the taskbar's entry blink.
            let _ = window.unminimize();
            let _ = window.show();
            let _ = window.set_focus();
            let _ = window.request_user_attention(Some(UserAttentionType::Informational));
        }
    });
    Ok(())
}
