//! Writing to the terminal: data on stdout, everything else on stderr (contract section 12).
//! The only place that prints. Hostile text stays text: control, bidirectional and invisible
//! characters are shown as escapes (promise P28). A reader who closes the pipe is no error.

use std::io::{self, IsTerminal as _, Write};

use console::{Style, Term};
use mex_app::error::AppError;
pub use mex_app::plain;
use serde::Serialize;

use crate::args::{Format, Global};

/// How this invocation writes.
#[derive(Debug, Clone, Copy)]
pub struct Out {
    pub format: Format,
    pub quiet: bool,
    color: bool,
    width: u16,
}

impl Out {
    pub fn new(global: &Global) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = io::stdout().is_terminal()
            && !no_color
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let width =
            if io::stdout().is_terminal() { Term::stdout().size().1.clamp(40, 200) } else { 100 };
        Self { format: global.format, quiet: global.quiet, color, width }
    }

    /// Without a command line: for its own errors.
    pub const fn bare(format: Format) -> Self {
        Self { format, quiet: false, color: false, width: 100 }
    }

    /// As at a terminal of 100 columns.
    #[cfg(test)]
    pub const fn coloured() -> Self {
        Self { format: Format::Text, quiet: false, color: true, width: 100 }
    }

    /// Columns to use: the terminal's, or 100 where there is none.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether the live progress may move the cursor.
    pub fn live(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Writes data: the text for people or the document for programs.
    pub fn data<T: Serialize>(
        &self,
        document: &T,
        text: impl FnOnce(&Self) -> String,
    ) -> io::Result<()> {
        match self.format {
            Format::Text => self.stdout(text(self).as_bytes()),
            Format::Json => {
                let mut bytes = serde_json::to_vec_pretty(document)?;
                bytes.push(b'\n');
                self.stdout(&bytes)
            }
        }
    }

    /// Writes one document on one line.
    pub fn json_line<T: Serialize>(&self, document: &T) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(document)?;
        bytes.push(b'\n');
        self.stdout(&bytes)
    }

    /// Writes raw bytes to stdout.
    pub fn stdout(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Asks a person at the terminal; `None` where nobody sits there.
    pub fn ask(&self, question: &str) -> io::Result<Option<bool>> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(None);
        }
        to_stderr(&format!("{question} [y/N] "));
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(Some(matches!(answer.trim(), "y" | "Y" | "yes")))
    }

    /// What a person has to see before a question, also with `--quiet`.
    pub fn show(&self, text: &str) {
        to_stderr(text);
    }

    /// A note for people; silent with `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            to_stderr(&format!("{text}\n"));
        }
    }

    /// An error: one document in JSON, two lines in text. Always shown, on stderr in text and on
    /// stdout in JSON, where a program reads it.
    pub fn error(&self, error: &AppError) {
        match self.format {
            Format::Json => drop(self.data(error, |_| String::new())),
            Format::Text => self.error_beside(error),
        }
    }

    /// An error beside a result that stdout already holds: on stderr in either format.
    pub fn error_beside(&self, error: &AppError) {
        let mut text = format!("error[{}]: {}\n", error.code, plain(&error.message));
        if !error.hint.is_empty() {
            text.push_str(&format!("  hint: {}\n", plain(&error.hint)));
        }
        to_stderr(&text);
    }

    /// Bold, where the terminal has colours.
    pub fn bold(&self, text: &str) -> String {
        self.styled(text, Style::new().bold())
    }

    /// Grey, where the terminal has colours.
    pub fn dim(&self, text: &str) -> String {
        self.styled(text, Style::new().dim())
    }

    /// Red and bold: it blocks.
    pub fn bad(&self, text: &str) -> String {
        self.styled(text, Style::new().red().bold())
    }

    /// Yellow: it needs a look.
    pub fn warn(&self, text: &str) -> String {
        self.styled(text, Style::new().yellow())
    }

    /// Green: it passed.
    pub fn good(&self, text: &str) -> String {
        self.styled(text, Style::new().green().bold())
    }

    fn styled(&self, text: &str, style: Style) -> String {
        if self.color {
            style.force_styling(true).apply_to(text).to_string()
        } else {
            text.to_owned()
        }
    }
}

fn to_stderr(text: &str) {
    // Nowhere is left to report that stderr is gone.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// At most `limit` characters, with an ellipsis where something was cut.
pub fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

/// `3 m 12 s`, `4.2 s`, `87 ms`.
pub fn duration(ms: u64) -> String {
    match ms {
        0..=999 => format!("{ms} ms"),
        1_000..=59_999 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => format!("{} m {:02} s", ms / 60_000, ms % 60_000 / 1000),
    }
}

#[cfg(test)]
mod tests {
    use mex_app::is_deceptive;

    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let hostile = "a\u{1b}[31mred\u{202e}gnp.exe\u{200b}\r\n\u{7}\u{e0041}é日本";
        let safe = plain(hostile);
        assert!(!safe.chars().any(|c| c.is_control() || is_deceptive(c)), "{safe}");
        assert!(safe.contains("é日本") && safe.contains("\\u{1b}[31m"));
    }

    #[test]
    fn durations_and_cuts_read_well() {
        assert_eq!(duration(87), "87 ms");
        assert_eq!(duration(4_249), "4.2 s");
        assert_eq!(duration(192_000), "3 m 12 s");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("ab", 4), "ab");
    }
}
