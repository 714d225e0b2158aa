//! What gitleaks says: one JSON array of leaks on stdout, log lines on stderr.
//! Owns the shapes; lenient to fields we do not use, strict about those we do.

use serde::Deserialize;

use crate::redact::wipe;

/// One leak. Holds the secret; wiped when dropped, never printed.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Leak {
    #[serde(rename = "RuleID")]
    pub rule_id: String,
    pub start_line: u64,
    pub end_line: u64,
    #[serde(default)]
    pub start_column: u64,
    #[serde(default)]
    pub end_column: u64,
    pub secret: String,
    #[serde(rename = "Match")]
    pub matched: String,
    pub file: String,
    pub commit: String,
    #[serde(default)]
    pub date: String,
}

impl Drop for Leak {
    fn drop(&mut self) {
        for text in [&mut self.secret, &mut self.matched] {
            let mut bytes = std::mem::take(text).into_bytes();
            wipe(&mut bytes);
        }
    }
}

/// One thing of the log that matters.
#[derive(Debug, PartialEq, Eq)]
pub enum Note {
    /// `leaks found: N`, or `no leaks found`.
    Leaks(u64),
    /// The run read everything it meant to.
    Whole,
    /// A file passed over because it is binary: its type and its path.
    Binary { mime: String, path: String },
    /// A file with an archive's name that could not be opened.
    NotOpened { path: String },
    /// Anything else it complained about, without its values.
    Complaint(String),
}

impl Note {
    /// The note without any path.
    pub fn safe_line(&self) -> String {
        match self {
            Self::Leaks(count) => format!("leaks found: {count}\n"),
            Self::Whole => "scanned to the end\n".to_owned(),
            Self::Binary { mime, .. } => {
                format!("skipped a binary file of type {}\n", crate::answer::line(mime))
            }
            Self::NotOpened { .. } => "could not open an archive\n".to_owned(),
            Self::Complaint(message) => format!("complained: {message}\n"),
        }
    }
}

/// Reads the log. Levels below a warning are taken only where we know the message.
pub fn notes(stderr: &[u8]) -> Vec<Note> {
    let text = strip_colours(&String::from_utf8_lossy(stderr));
    text.lines().filter_map(note).collect()
}

fn note(line: &str) -> Option<Note> {
    let mut words = line.splitn(3, ' ');
    let (_time, level, rest) = (words.next()?, words.next()?, words.next().unwrap_or(""));
    let (message, path) = rest.split_once(" path=").unwrap_or((rest, ""));
    let path = unquote(path);
    if message.starts_with("skipping finding links") {
        // It makes no web links without a remote, which a copy of a history has not: no finding goes.
        return None;
    }
    match level {
        "DBG" => {
            if let Some(mime) = message.strip_prefix("skipping binary file mime_type=") {
                return Some(Note::Binary { mime: mime.to_owned(), path });
            }
            let obeyed = message.contains(".gitleaksignore")
                || message.contains("allowlist")
                || message.contains("skipping finding");
            obeyed.then(|| Note::Complaint(bare(message)))
        }
        "INF" if message.starts_with("scanned ~") => Some(Note::Whole),
        "INF" if message == "no leaks found" => Some(Note::Leaks(0)),
        "INF" => None,
        "WRN" => {
            match message.strip_prefix("leaks found: ").and_then(|count| count.trim().parse().ok())
            {
                Some(count) => Some(Note::Leaks(count)),
                None => Some(Note::Complaint(bare(message))),
            }
        }
        "ERR"
            if message == "could read compressed file"
                || message.starts_with("error=\"could not read file: ") =>
        {
            Some(Note::NotOpened { path })
        }
        "ERR" | "FTL" | "PNC" => Some(Note::Complaint(bare(message))),
        _ => None,
    }
}

/// A message without its values: they can hold anything.
fn bare(message: &str) -> String {
    let plain = |word: &&str| {
        word.len() < 24 && word.chars().all(|c| c.is_ascii_alphabetic() || ":,.'[]-".contains(c))
    };
    let words =
        message.split_whitespace().take_while(|word| !word.contains('=')).filter(plain).take(16);
    crate::answer::line(&words.collect::<Vec<_>>().join(" "))
}

fn unquote(path: &str) -> String {
    serde_json::from_str(path).unwrap_or_else(|_| path.to_owned())
}

fn strip_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').map_or("", |(_, tail)| tail);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_lines_of_the_real_tool_are_understood() {
        let log = b"\x1b[90m11:52AM\x1b[0m DBG using stdlib regex engine\n\
            11:52AM DBG skipping binary file mime_type=application/pdf path=/project/doc.pdf\n\
            11:52AM ERR could read compressed file path=/project/fake.gz\n\
            11:52AM WRN skipping file: permission denied path=/project/x\n\
            11:52AM DBG found .gitleaksignore file path=/project/.gitleaksignore\n\
            11:52AM INF scanned ~346 bytes (346 bytes) in 58.1ms\n\
            11:52AM WRN leaks found: 7\n";
        let path = |path: &str| path.to_owned();
        assert_eq!(
            notes(log),
            [
                Note::Binary { mime: "application/pdf".to_owned(), path: path("/project/doc.pdf") },
                Note::NotOpened { path: path("/project/fake.gz") },
                Note::Complaint("skipping file: permission denied".to_owned()),
                Note::Complaint("found .gitleaksignore file".to_owned()),
                Note::Whole,
                Note::Leaks(7),
            ]
        );
    }
}
