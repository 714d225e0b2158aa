//! Which text has the form of an id, and which words stand around it.
//! Owns the reading of one run of inline text into tokens; never decides what a sentence means.

use super::super::id::CapabilityId;
use super::super::registry::AXES;
use super::lookalike;
use crate::id::EngineId;

/// The longest id looked at, in bytes.
const MAX_ID: usize = 160;

/// What a text that can be an id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdForm {
    /// A capability.
    Capability,
    /// An engine.
    Engine,
    /// UPPER_CASE words.
    Upper,
    /// A pattern such as `proc.exec:NAME`.
    Pattern,
    /// Has no form of ours, and can be taken for one that has.
    Odd,
}

/// The form of a text in code style, from its letters alone.
pub(super) fn form_of(text: &str) -> Option<IdForm> {
    if text.is_empty() || text.len() > MAX_ID {
        return None;
    }
    if text.parse::<EngineId>().is_ok() {
        return Some(IdForm::Engine);
    }
    if let Ok(id) = text.parse::<CapabilityId>() {
        if id.scope().is_some_and(is_pattern_scope) {
            return Some(IdForm::Pattern);
        }
        let base = id.base();
        let dotted = base.contains('.') && !is_file_or_host(base) && !is_file_or_host(text);
        return (dotted || AXES.contains(&base)).then_some(IdForm::Capability);
    }
    if is_upper(text) {
        return Some(IdForm::Upper);
    }
    let pattern = text.split_once(':').is_some_and(|(base, scope)| {
        base.parse::<CapabilityId>().is_ok()
            && (AXES.contains(&base) || base.contains('.'))
            && (scope == "*"
                || scope.starts_with(['<', '{', '[', '$'])
                || scope == "…"
                || scope == "...")
    });
    if pattern {
        return Some(IdForm::Pattern);
    }
    let odd = |c: char| c.is_alphanumeric() || ".:_-/".contains(c) || lookalike::is_invisible(c);
    let taken_for = || {
        let seen: String = text.chars().filter(|c| !lookalike::is_invisible(*c)).collect();
        let ascii = seen.is_ascii();
        let like = seen.to_lowercase();
        (!ascii || text.len() != seen.len() || like.parse::<CapabilityId>().is_ok())
            && (like.contains('.') || like.contains(':'))
    };
    (text.chars().all(odd) && !text.contains("://") && taken_for()).then_some(IdForm::Odd)
}

/// `NAME`, `HOST_NAME`: a word in the place of a scope.
fn is_pattern_scope(scope: &str) -> bool {
    scope.len() > 1 && scope.bytes().all(|c| c.is_ascii_uppercase() || c == b'_')
}

/// `FS_READ`, `DOC.SUMMARIZE`, with a scope or without.
pub(super) fn is_upper(text: &str) -> bool {
    let base = text.split_once(':').map_or(text, |(base, _)| base);
    base.starts_with(|c: char| c.is_ascii_uppercase())
        && base.contains(['_', '.'])
        && base.split(['_', '.']).all(|part| !part.is_empty())
        && base
            .bytes()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_' || c == b'.')
}

/// Ends of names of files and hosts, which have the form of a dotted id.
const ENDS: &[&str] = &[
    "json",
    "yaml",
    "yml",
    "toml",
    "md",
    "txt",
    "rs",
    "py",
    "js",
    "ts",
    "go",
    "c",
    "h",
    "java",
    "sh",
    "lock",
    "cfg",
    "ini",
    "conf",
    "xml",
    "html",
    "css",
    "csv",
    "log",
    "zip",
    "gz",
    "tar",
    "exe",
    "dll",
    "so",
    "png",
    "jpg",
    "svg",
    "pdf",
    "com",
    "org",
    "net",
    "io",
    "dev",
    "example",
    "proto",
    "sql",
    "mod",
    "sum",
    "rb",
    "php",
    "swift",
    "kt",
    "tsx",
    "jsx",
    "local",
    "localhost",
];

fn is_file_or_host(text: &str) -> bool {
    text.rsplit_once('.').is_some_and(|(_, end)| ENDS.contains(&end))
}

/// How a piece of inline text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Running text.
    Plain,
    /// Between backticks.
    Code,
    /// Emphasised.
    Strong,
}

/// A piece of inline text.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) style: Style,
    pub(super) struck: bool,
    /// Where it begins in the file, in bytes.
    pub(super) at: usize,
}

/// One id where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundId {
    pub(super) text: String,
    pub(super) form: IdForm,
    pub(super) style: Style,
    pub(super) struck: bool,
    pub(super) at: usize,
}

/// A token of running text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A word, in lower case.
    Word(String),
    /// An id, by its place among the ids found.
    Id(usize),
    /// A mark of punctuation.
    Mark(char),
    /// The end of a line of the source.
    Break,
}

/// Running text as tokens.
#[derive(Debug, Clone, Default)]
pub(super) struct Tokens {
    pub(super) tokens: Vec<Token>,
    pub(super) ids: Vec<FoundId>,
    /// The text without markup.
    pub(super) plain: String,
    /// For each token, where the text behind it begins in `plain`.
    pub(super) ends: Vec<usize>,
}

impl Tokens {
    /// Reads pieces in order.
    pub(super) fn read(pieces: &[Piece]) -> Self {
        let mut read = Self::default();
        for piece in pieces {
            if piece.text == "\n" {
                read.plain.push('\n');
                read.push(Token::Break);
                continue;
            }
            let trimmed = piece.text.trim();
            if piece.style != Style::Plain {
                let bare = trimmed.trim_end_matches([':', '.', ',']);
                let candidate = if piece.style == Style::Code { trimmed } else { bare };
                if let Some(form) = form_of(candidate) {
                    read.id(candidate, form, piece);
                    read.plain.push_str(candidate);
                    read.push(Token::Id(read.ids.len() - 1));
                    for mark in trimmed[candidate.len()..].chars() {
                        read.plain.push(mark);
                        read.push(Token::Mark(mark));
                    }
                    continue;
                }
                if piece.style == Style::Code {
                    read.plain.push_str(&piece.text);
                    // Code that is no id is one word that means nothing.
                    read.push(Token::Word("\u{1}".to_owned()));
                    continue;
                }
            }
            read.running(piece);
        }
        read
    }

    fn id(&mut self, text: &str, form: IdForm, piece: &Piece) {
        self.ids.push(FoundId {
            text: text.to_owned(),
            form,
            style: piece.style,
            struck: piece.struck,
            at: piece.at,
        });
    }

    fn push(&mut self, token: Token) {
        self.tokens.push(token);
        self.ends.push(self.plain.len());
    }

    fn running(&mut self, piece: &Piece) {
        let mut offset = 0;
        for raw in piece.text.split_inclusive(char::is_whitespace) {
            let at = piece.at + offset;
            offset += raw.len();
            let first = self.tokens.iter().all(|token| matches!(token, Token::Break));
            if raw.contains('@') || raw.contains("://") {
                // An address: the words in it say nothing.
                self.plain.push_str(raw);
                self.push(Token::Word("\u{1}".to_owned()));
                continue;
            }
            let core = raw.trim_matches(|c: char| c.is_whitespace() || "()[],;:.!?\"'".contains(c));
            if let Some(form) = plain_id(core, first) {
                let lead = raw.find(core).unwrap_or(0);
                self.marks(&raw[..lead]);
                let (style, struck) = (piece.style, piece.struck);
                let own = Piece { text: String::new(), style, struck, at: at + lead };
                self.id(core, form, &own);
                self.plain.push_str(core);
                self.push(Token::Id(self.ids.len() - 1));
                self.marks(&raw[lead + core.len()..]);
                continue;
            }
            self.words(raw);
        }
    }

    fn marks(&mut self, text: &str) {
        for c in text.chars() {
            self.plain.push(c);
            if !c.is_whitespace() {
                self.push(Token::Mark(c));
            }
        }
    }

    fn words(&mut self, raw: &str) {
        let mut word = String::new();
        for c in raw.chars() {
            if c.is_alphanumeric() || c == '\'' || c == '’' || (c == '-' && !word.is_empty()) {
                word.extend(if c == '’' { '\'' } else { c }.to_lowercase());
                self.plain.push(c);
                continue;
            }
            self.word(&mut word);
            self.plain.push(c);
            if !c.is_whitespace() {
                self.push(Token::Mark(c));
            }
        }
        self.word(&mut word);
    }

    fn word(&mut self, word: &mut String) {
        let bare = word.trim_end_matches(['-', '\'']);
        if !bare.is_empty() {
            let bare = bare.to_owned();
            self.push(Token::Word(bare));
        }
        if word.ends_with('-') {
            self.push(Token::Mark('-'));
        }
        word.clear();
    }

    /// The words and marks alone: an id's own words say nothing of what stands beside it.
    pub(super) fn words_only(&self) -> String {
        let mut text = String::new();
        for token in &self.tokens {
            match token {
                Token::Word(word) => {
                    text.push(' ');
                    text.push_str(word);
                }
                Token::Mark(mark) => text.push(*mark),
                Token::Id(_) => text.push_str(" \u{1}"),
                Token::Break => text.push(' '),
            }
        }
        text
    }

    /// What stands behind a token, without markup.
    pub(super) fn after(&self, token: usize) -> &str {
        self.ends.get(token).and_then(|end| self.plain.get(*end..)).unwrap_or_default()
    }
}

/// An id without code style: only where nothing else has that form.
fn plain_id(text: &str, first: bool) -> Option<IdForm> {
    if !text.contains(['.', ':']) || text.len() > MAX_ID {
        return None;
    }
    if text.parse::<EngineId>().is_ok() {
        return Some(IdForm::Engine);
    }
    let id: CapabilityId = text.parse().ok()?;
    let known = AXES.contains(&id.base()) && (id.base().contains('.') || id.scope().is_some());
    match form_of(text) {
        Some(form) if known => Some(form),
        Some(IdForm::Capability) if first => Some(IdForm::Capability),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reg_2_the_form_of_an_id_is_told_by_its_letters() {
        for (text, form) in [
            ("fs.read", Some(IdForm::Capability)),
            ("fs.read:inputs", Some(IdForm::Capability)),
            ("device", Some(IdForm::Capability)),
            ("device:camera", Some(IdForm::Capability)),
            ("doc.summarize", Some(IdForm::Capability)),
            ("engine.guard.secret_scan", Some(IdForm::Engine)),
            ("DOC_SUMMARIZE", Some(IdForm::Upper)),
            ("proc.exec:NAME", Some(IdForm::Pattern)),
            ("net.http:*", Some(IdForm::Pattern)),
            ("net.http:<host>", Some(IdForm::Pattern)),
            ("Fs.Read", Some(IdForm::Odd)),
            ("fs.rеad", Some(IdForm::Odd)),
            ("fs.re\u{200B}ad", Some(IdForm::Odd)),
            ("toolchain.lock.json", None),
            ("crates.io", None),
            ("read", None),
            ("fs read", None),
            ("https://a.b/c", None),
            ("", None),
        ] {
            assert_eq!(form_of(text), form, "{text:?}");
        }
    }

    #[test]
    fn reg_2_running_text_becomes_words_ids_and_marks() {
        let piece =
            |text: &str, style, at| Piece { text: text.to_owned(), style, struck: false, at };
        let tokens = Tokens::read(&[
            piece("The right ", Style::Plain, 0),
            piece("fs.read", Style::Code, 11),
            piece(", don't use net.http:a.", Style::Plain, 19),
        ]);
        let word = |text: &str| Token::Word(text.to_owned());
        assert_eq!(
            tokens.tokens,
            [
                word("the"),
                word("right"),
                Token::Id(0),
                Token::Mark(','),
                word("don't"),
                word("use"),
                Token::Id(1),
                Token::Mark('.'),
            ]
        );
        assert_eq!(tokens.ids[1].at, 31);
        assert_eq!(tokens.after(2), ", don't use net.http:a.");
    }
}
