//! Tables without borders that fit the terminal. Cells are made safe here, so no caller can forget.

use comfy_table::{ContentArrangement, Table, presets};

use crate::out::{Out, plain};

/// A table with a header. Cells are untrusted text.
pub fn table(out: &Out, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(out.width());
    table.set_header(header.iter().map(|cell| out.dim(cell)));
    for row in rows {
        table.add_row(row.iter().map(|cell| plain(cell)));
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Lines of `name  value`, names padded to one width.
pub fn pairs(out: &Out, pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, value) in pairs {
        text.push_str(&format!("{}  {}\n", out.dim(&format!("{name:width$}")), plain(value)));
    }
    text
}
