//! Tables without borders that fit the terminal. Cells are made safe here, so no caller can forget.

use comfy_table::{ContentArrangement, Table, presets};

use crate::out::{Out, plain};

/// Stands between header and rows until the header is coloured; no cell can hold it.
const RULE: char = '\u{1}';

/// A table with a header. Cells are untrusted text.
///
/// Colour goes on after the columns were measured: its codes have no width on a terminal.
pub fn table(out: &Out, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(out.width());
    table.set_header(header);
    table.style_mut().header_separator.fill = Some(RULE);
    for row in rows {
        table.add_row(row.iter().map(|cell| plain(cell)));
    }
    let lines: Vec<String> = table.lines().collect();
    let rows_begin = lines.iter().position(|line| line.contains(RULE)).unwrap_or(0);
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        match at {
            _ if at < rows_begin => text.push_str(&out.dim(line.trim_end())),
            _ if line.contains(RULE) => continue,
            _ => text.push_str(line.trim_end()),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Format;

    #[test]
    fn a_coloured_header_stands_over_its_columns() {
        let header = ["severity", "package"];
        let rows = || vec![vec!["HIGH".to_owned(), "left-pad 1.0.0".to_owned()]];
        let plain = table(&Out::bare(Format::Text), &header, rows());
        let coloured = table(&Out::coloured(), &header, rows());
        assert_ne!(plain, coloured);
        assert_eq!(console::strip_ansi_codes(&coloured), plain);
        let lines: Vec<&str> = plain.lines().collect();
        assert_eq!(lines.len(), 2, "{plain}");
        assert_eq!(lines[0].find("package"), lines[1].find("left-pad"));
    }
}
