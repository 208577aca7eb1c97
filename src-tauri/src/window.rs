//! The window: where it may go and what its title says.

use tauri::{App, WebviewUrl, WebviewWindowBuilder, webview::NewWindowResponse};

/// The main window's label.
pub(crate) const LABEL: &str = "main";

/// Opens the main window.
pub(crate) fn open(app: &App) -> tauri::Result<()> {
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html".into()))
        .title("Drydock")
        .inner_size(1280.0, 800.0)
        .min_inner_size(360.0, 480.0)
        .devtools(cfg!(debug_assertions))
        // The page names tenant and environment in its title; the window's own follows without a permission.
        .on_document_title_changed(|window, title| {
            let _ = window.set_title(&title);
        })
        // A file that is dropped is the page's to take.
        .disable_drag_drop_handler()
        .on_navigation(is_own_page)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()?;
    Ok(())
}

/// Tauri's own origins: `tauri://localhost`, on Windows `http(s)://tauri.localhost`.
fn is_own_page(url: &tauri::Url) -> bool {
    matches!(
        (url.scheme(), url.host_str()),
        ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost"))
    )
}

/// Whether a window can be opened at all. Asked first, because the window library panics where it cannot.
#[cfg(target_os = "linux")]
pub(crate) fn display() -> Result<(), String> {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let why = if !set("DISPLAY") && !set("WAYLAND_DISPLAY") {
        "neither DISPLAY nor WAYLAND_DISPLAY is set"
    } else if gtk::init().is_err() {
        "the one that DISPLAY or WAYLAND_DISPLAY names does not answer"
    } else {
        return Ok(());
    };
    Err(format!(
        "There is no display to open a window on: {why}. \
         Run `drydock serve` and open the address it prints in a browser. [window.no_display]"
    ))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn display() -> Result<(), String> {
    Ok(())
}

/// Works round a white window with NVIDIA's driver on X11, where WebKitGTK's DMA-BUF renderer fails. Elsewhere
/// that renderer is the fast one, so it is left alone; a value set by the person wins.
///
/// # Safety
/// Call it first in `main`: while another thread runs, the environment must not be changed.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(crate) unsafe fn prepare_environment() {
    const RENDERER: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";
    if std::env::var_os(RENDERER).is_none() && std::path::Path::new("/proc/driver/nvidia/version").exists() {
        // SAFETY: the caller promises that there is no other thread.
        unsafe { std::env::set_var(RENDERER, "1") };
    }
}

#[cfg(not(target_os = "linux"))]
#[allow(unsafe_code)]
pub(crate) unsafe fn prepare_environment() {}
