//! A window of Tauri with one page that never changes: what the start, the memory and the idle time of
//! the real window are measured against. Never part of the product.

fn main() -> Result<(), tauri::Error> {
    tauri::Builder::default().run(tauri::generate_context!("examples/empty/tauri.conf.json"))
}
