//! The desktop `mex-desktop`: one window over the use cases of mex-app.
//!
//! Owns the window and what starts it. Never has a rule, a query or a scan of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    match tauri::Builder::default().run(tauri::generate_context!()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(2),
    }
}
