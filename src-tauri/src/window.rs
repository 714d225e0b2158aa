//! The one window: how it opens, what may be loaded in it, how it is left.
//! Owns Tauri's set-up. Never answers a command: the table does.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tauri::webview::{NewWindowResponse, PageLoadEvent};
use tauri::{
    AppHandle, DragDropEvent, Manager as _, RunEvent, Url, WebviewUrl, WebviewWindow,
    WebviewWindowBuilder, WindowEvent, Wry,
};
use tauri_plugin_window_state::StateFlags;

use crate::bridge;
use crate::desk::Desk;
use crate::news::{Dropped, DroppedKind, HostNews};
use crate::start::{Start, Wanted};
use crate::surface::{MAIN, TauriSurface};

/// How long a page may take before its window is shown all the same.
const SHOWN_AFTER: Duration = Duration::from_secs(3);

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum NoWindow {
    /// Neither X11 nor Wayland answers.
    #[error(
        "no display answers, so no window can open: start it on a desktop, or use the command `mex`"
    )]
    Display,
    /// The system's web view is not there or does not start.
    #[error(
        "the window could not be opened: {0}; install WebKitGTK 4.1 (libwebkit2gtk-4.1-0), or use the command `mex`"
    )]
    WebView(#[source] tauri::Error),
}

/// The configuration, pages and access lists compiled in.
pub fn context() -> tauri::Context<Wry> {
    tauri::generate_context!()
}

/// Opens the window and stays until it is left.
///
/// # Errors
/// Where no window can open.
pub fn run(desk: Arc<Desk>, wanted: Option<Wanted>) -> Result<(), NoWindow> {
    display()?;
    if let Some(wanted) = wanted {
        desk.news().tell(HostNews::Open { wanted });
    }
    let (second, handling, setting_up, ending) = (desk.clone(), desk.clone(), desk.clone(), desk);
    let app = tauri::Builder::default()
        .plugin(
            tauri_plugin_single_instance::Builder::new()
                .dbus_id(second.bus_name())
                .callback(move |app, arguments, folder| {
                    second_start(&second, app, &arguments, &folder)
                })
                .build(),
        )
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::Builder::new().open_js_links_on_click(false).build())
        .plugin(tauri_plugin_shell::init())
        .plugin(
            tauri_plugin_window_state::Builder::new()
                // The data folder's own, so that two data folders have two windows.
                .with_filename(ending.places().data_dir.join("window.json").to_string_lossy())
                .with_state_flags(StateFlags::all() - StateFlags::VISIBLE - StateFlags::DECORATIONS)
                .build(),
        )
        .invoke_handler(bridge::handler(handling))
        .setup(move |app| {
            setting_up.sit(Box::new(TauriSurface::new(app.handle().clone())));
            setting_up.open();
            links_of_the_system(&setting_up, app.handle());
            open(&setting_up, app.handle())?;
            Ok(())
        })
        .build(context())
        .map_err(NoWindow::WebView)?;
    app.run(move |_, event| {
        if let RunEvent::Exit = event {
            ending.close();
        }
    });
    Ok(())
}

/// GTK is asked before Tauri is, because Tauri panics where it does not answer.
#[cfg(target_os = "linux")]
fn display() -> Result<(), NoWindow> {
    gtk::init().map_err(|_| NoWindow::Display)
}

#[cfg(not(target_os = "linux"))]
const fn display() -> Result<(), NoWindow> {
    Ok(())
}

fn open(desk: &Arc<Desk>, app: &AppHandle<Wry>) -> tauri::Result<()> {
    let (loading, closing) = (desk.clone(), desk.clone());
    let window = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title("mex")
        .inner_size(1280.0, 800.0)
        .min_inner_size(640.0, 480.0)
        .visible(false)
        .on_navigation(is_ours)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_page_load(move |window, page| match page.event() {
            PageLoadEvent::Started => loading.news().nobody_listens(),
            PageLoadEvent::Finished => show(&window),
        })
        .build()?;
    let asked = window.clone();
    window.on_window_event(move |event| match event {
        WindowEvent::CloseRequested { api, .. } => {
            let running =
                closing.scans().running().into_iter().map(|(id, _)| id).collect::<Vec<_>>();
            // A page that cannot ask must not hold the window open.
            if !running.is_empty() && closing.news().tell(HostNews::QuitAsked { running }) {
                show(&asked);
                api.prevent_close();
            }
        }
        WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) => {
            let items: Vec<Dropped> = paths.iter().filter_map(|path| dropped(path)).collect();
            for file in items.iter().filter(|item| item.kind == DroppedKind::File) {
                closing.dropped().keep(&file.path);
            }
            closing.news().tell(HostNews::Dropped { items });
        }
        _ => {}
    });
    // A page that does not load leaves a window that says nothing; better than none at all.
    std::thread::spawn(move || {
        std::thread::sleep(SHOWN_AFTER);
        if !window.is_visible().unwrap_or(true) {
            show(&window);
        }
    });
    Ok(())
}

fn show(window: &WebviewWindow<Wry>) {
    // A window that is gone needs no showing.
    let _ = window.show();
    let _ = window.set_focus();
}

/// Only our own pages are ever loaded: no address of a report, no file.
fn is_ours(url: &Url) -> bool {
    matches!(
        (url.scheme(), url.host_str()),
        ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost"))
    )
}

fn dropped(path: &Path) -> Option<Dropped> {
    let kind = if path.is_dir() { DroppedKind::Folder } else { DroppedKind::File };
    Some(Dropped { path: path.to_str()?.to_owned(), kind })
}

/// A second start: its window is this one. It has read its own command line and found it good.
fn second_start(desk: &Arc<Desk>, app: &AppHandle<Wry>, arguments: &[String], folder: &str) {
    let arguments = arguments.iter().skip(1).map(Into::into);
    if let Ok(Start::Window(Some(wanted))) = Start::parse(arguments, Path::new(folder)) {
        desk.news().tell(HostNews::Open { wanted });
    }
    if let Some(window) = app.get_webview_window(MAIN) {
        let _ = window.unminimize();
        show(&window);
    }
}

/// Where the system hands links to a running program instead of starting it again.
#[cfg(target_os = "macos")]
fn links_of_the_system(desk: &Arc<Desk>, app: &AppHandle<Wry>) {
    use tauri_plugin_deep_link::DeepLinkExt as _;

    let desk = desk.clone();
    app.deep_link().on_open_url(move |event| {
        for url in event.urls() {
            if let Ok(wanted) = crate::start::link(url.as_str()) {
                desk.news().tell(HostNews::Open { wanted });
            }
        }
    });
}

#[cfg(not(target_os = "macos"))]
const fn links_of_the_system(_: &Arc<Desk>, _: &AppHandle<Wry>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_loaded() {
        for ours in ["tauri://localhost", "tauri://localhost/index.html#/problems"] {
            assert!(is_ours(&ours.parse().unwrap()), "{ours}");
        }
        for foreign in [
            "https://example.org/",
            "http://localhost/",
            "file:///etc/passwd",
            "data:text/html,x",
            "about:blank",
            "tauri://other/",
            "https://tauri.localhost.example.org/",
            "blob:tauri://x",
        ] {
            assert!(!is_ours(&foreign.parse().unwrap()), "{foreign}");
        }
    }
}
