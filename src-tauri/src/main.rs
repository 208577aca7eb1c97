//! The Drydock window.

// A console behind the window would be a surprise on Windows.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    drydock_desktop::run()
}
