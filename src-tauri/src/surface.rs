//! What only a window can do: native dialogs, notifications, the browser, leaving.
//! Owns the port and its one implementation over Tauri; tests have another. Never decides.

use std::path::PathBuf;

use mex_app::error::{AppError, AppResult};
use mex_app::runtime::code::Code;
use tauri::{AppHandle, Manager as _, Wry};
use tauri_plugin_dialog::{DialogExt as _, FilePath};
use tauri_plugin_notification::NotificationExt as _;
use tauri_plugin_opener::OpenerExt as _;

/// The label of the one window.
pub const MAIN: &str = "main";

/// Which files a dialog shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileFilter {
    /// What they are called.
    pub name: &'static str,
    /// How they end; none means every file.
    pub extensions: &'static [&'static str],
}

/// What a window can do for a command. Every call may block until a person answered.
pub trait Surface: Send + Sync {
    /// A folder somebody chose; none where nobody did.
    fn choose_folder(&self, title: &str) -> Option<PathBuf>;
    /// A file somebody chose.
    fn choose_file(&self, title: &str, filter: FileFilter) -> Option<PathBuf>;
    /// A place to write to.
    fn choose_place(&self, title: &str, name: &str) -> Option<PathBuf>;
    /// Opens an address in the browser of the account.
    ///
    /// # Errors
    /// When there is none.
    fn browse(&self, address: &str) -> AppResult<()>;
    /// Whether somebody looks at the window.
    fn is_looked_at(&self) -> bool;
    /// Tells somebody who does not look.
    fn notify(&self, title: &str, text: &str);
    /// Ends the program, once everything that runs has ended.
    fn leave(&self);
}

/// The window of Tauri.
pub struct TauriSurface {
    app: AppHandle<Wry>,
}

impl TauriSurface {
    /// The window of a running program.
    pub const fn new(app: AppHandle<Wry>) -> Self {
        Self { app }
    }
}

impl Surface for TauriSurface {
    fn choose_folder(&self, title: &str) -> Option<PathBuf> {
        path(self.app.dialog().file().set_title(title).blocking_pick_folder())
    }

    fn choose_file(&self, title: &str, filter: FileFilter) -> Option<PathBuf> {
        let mut dialog = self.app.dialog().file().set_title(title);
        if !filter.extensions.is_empty() {
            dialog = dialog.add_filter(filter.name, filter.extensions);
        }
        path(dialog.blocking_pick_file())
    }

    fn choose_place(&self, title: &str, name: &str) -> Option<PathBuf> {
        path(self.app.dialog().file().set_title(title).set_file_name(name).blocking_save_file())
    }

    fn browse(&self, address: &str) -> AppResult<()> {
        self.app.opener().open_url(address, None::<&str>).map_err(|error| {
            AppError::new(Code::NotFound, format!("no browser could be opened: {error}"))
                .hint("copy the address and open it yourself")
        })
    }

    fn is_looked_at(&self) -> bool {
        self.app.get_webview_window(MAIN).is_some_and(|window| window.is_focused().unwrap_or(false))
    }

    fn notify(&self, title: &str, text: &str) {
        // A desktop without notifications shows the end in the window alone.
        let _ = self.app.notification().builder().title(title).body(text).show();
    }

    fn leave(&self) {
        self.app.exit(0);
    }
}

fn path(chosen: Option<FilePath>) -> Option<PathBuf> {
    chosen.and_then(|chosen| chosen.into_path().ok())
}
