//! The search for licence words: a file without any of them holds nothing that a rule of scancode
//! matches, so scancode does not read it. Owns the words and how text is cut into them; never
//! decides what a licence is.
//!
//! The words (`assets/scancode/words.txt`) are derived from scancode 32.5.0 itself: each of the
//! 36,243 rules of its index that can give a detection (false-positive rules cannot) holds at least
//! one line of the list, as whole words in the order of the line, after the same cut into words:
//! lower case, split at what is no letter or digit, scancode's stop words left out. The list is a
//! greedy cover by which the rules are found with the words that are rarest in ordinary source. One
//! rule has no Latin word at all; it is searched by its bytes.
//!
//! More than scancode matches is let through, never less: text is read with and without what looks
//! like markup, an escaped line end is read both ways, zero bytes count for nothing (UTF-16, UTF-32),
//! and a PDF, whose text is packed, always goes to scancode.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::OnceLock;

const WORDS: &str = include_str!("../../assets/scancode/words.txt");

/// scancode's own stop words: its rules are matched as if they were not there.
const STOP: &str = "\
    a abbr alt amp apos auto bdquo blockquote body border br bull bullet class colon comma div \
    dnl echo em emdash emsp ensp ge gt h1 h2 h3 h4 h5 hairsp head1 head2 head3 height hr href \
    img ldquo ldquor le li lists lpar lsaquo lsquo lsquor lt mdash nav nbsp ndash numsp ol p \
    padding para period pre printf puncsp quot raquo rdquo rdquor rel rem rpar rsaquo rsquo \
    rsquor sbquo script semi side span src td th thinsp tilde tr ul ulink width x3c x3e";

/// `配布は自由です`, of the one rule without a Latin word: UTF-8, Shift-JIS, EUC-JP, UTF-16.
const BYTES: &[&[u8]] = &[
    b"\xe9\x85\x8d\xe5\xb8\x83\xe3\x81\xaf\xe8\x87\xaa\xe7\x94\xb1\xe3\x81\xa7\xe3\x81\x99",
    b"\x94\x7a\x95\x7a\x82\xcd\x8e\xa9\x97\x52\x82\xc5\x82\xb7",
    b"\xc7\xdb\xc9\xdb\xa4\xcf\xbc\xab\xcd\xb3\xa4\xc7\xa4\xb9",
    b"\x4d\x91\x03\x5e\x6f\x30\xea\x81\x31\x75\x67\x30\x59\x30",
    b"\x91\x4d\x5e\x03\x30\x6f\x81\xea\x75\x31\x30\x67\x30\x59",
];
/// The longest of [`BYTES`], less one: what is carried from one chunk to the next.
const SEAM: usize = 20;
/// A PDF says that it is one within so many bytes.
const PDF_HEAD: usize = 1024;
/// No word of the list is longer; a longer run of letters is none.
const MAX_WORD: usize = 64;

enum Entry {
    Stop,
    Words { alone: bool, phrases: Vec<usize> },
}

struct Table {
    entries: HashMap<&'static [u8], Entry>,
    phrases: Vec<Vec<&'static [u8]>>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table { entries: HashMap::new(), phrases: Vec::new() };
        for line in WORDS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            let entry = table
                .entries
                .entry(words[0])
                .or_insert(Entry::Words { alone: false, phrases: Vec::new() });
            if let Entry::Words { alone, phrases } = entry {
                if words.len() == 1 {
                    *alone = true;
                } else {
                    phrases.push(table.phrases.len());
                    table.phrases.push(words);
                }
            }
        }
        for word in STOP.split(' ') {
            table.entries.insert(word.as_bytes(), Entry::Stop);
        }
        table
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Markup {
    Read,
    LeftOut,
}

/// One way of reading the bytes.
struct Reading {
    markup: Markup,
    inside: bool,
    word: Vec<u8>,
    too_long: bool,
    /// The word began right behind a backslash, so its first letter may be an escape.
    escaped: bool,
    backslash: bool,
    open: Vec<(usize, usize)>,
    found: bool,
}

impl Reading {
    fn new(markup: Markup) -> Self {
        Self {
            markup,
            inside: false,
            word: Vec::with_capacity(MAX_WORD),
            too_long: false,
            escaped: false,
            backslash: false,
            open: Vec::new(),
            found: false,
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte == 0 {
                continue;
            }
            if self.inside {
                self.inside = byte != b'>';
                continue;
            }
            if byte.is_ascii_alphanumeric() {
                if self.word.is_empty() && !self.too_long {
                    self.escaped = self.backslash;
                }
                if self.word.len() < MAX_WORD {
                    self.word.push(byte.to_ascii_lowercase());
                } else {
                    self.too_long = true;
                }
            } else {
                self.end_word();
                self.inside = byte == b'<' && self.markup == Markup::LeftOut;
            }
            self.backslash = byte == b'\\';
        }
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let word = std::mem::take(&mut self.word);
        if !self.too_long {
            let bare = (self.escaped && matches!(word[0], b'n' | b'r' | b't')).then(|| &word[1..]);
            self.take(&word, bare.unwrap_or(&word));
        } else {
            self.open.clear();
        }
        self.too_long = false;
        self.word = word;
        self.word.clear();
    }

    fn take(&mut self, word: &[u8], bare: &[u8]) {
        let table = table();
        let entries = [table.entries.get(word), table.entries.get(bare)];
        let no_word =
            bare.is_empty() || entries.iter().any(|entry| matches!(entry, Some(Entry::Stop)));
        let mut still = if no_word { self.open.clone() } else { Vec::new() };
        for (phrase, at) in std::mem::take(&mut self.open) {
            let words = &table.phrases[phrase];
            if words[at] == word || words[at] == bare {
                if at + 1 == words.len() {
                    self.found = true;
                } else {
                    still.push((phrase, at + 1));
                }
            }
        }
        for entry in entries.into_iter().flatten() {
            if let Entry::Words { alone, phrases } = entry {
                self.found |= *alone;
                still.extend(phrases.iter().map(|phrase| (*phrase, 1)));
            }
        }
        self.open = still;
    }
}

/// Whether a licence word is in what is fed to it.
pub struct Search {
    readings: [Reading; 2],
    seam: Vec<u8>,
    head: Vec<u8>,
    found: bool,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            readings: [Reading::new(Markup::Read), Reading::new(Markup::LeftOut)],
            seam: Vec::new(),
            head: Vec::new(),
            found: false,
        }
    }
}

impl Search {
    /// Reads on.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.found || bytes.is_empty() {
            return;
        }
        if self.head.len() < PDF_HEAD {
            let rest = bytes.len().min(PDF_HEAD - self.head.len());
            self.head.extend_from_slice(&bytes[..rest]);
            self.found = self.head.windows(5).any(|part| part == b"%PDF-");
        }
        for reading in &mut self.readings {
            reading.feed(bytes);
            self.found |= reading.found;
        }
        let ascii = bytes.is_ascii() && self.seam.is_ascii();
        self.seam.extend_from_slice(bytes);
        self.found |= !ascii && BYTES.iter().any(|needle| holds(&self.seam, needle));
        let cut = self.seam.len().saturating_sub(SEAM);
        self.seam.drain(..cut);
    }

    /// Whether there was one; nothing can be fed afterwards.
    pub fn found(mut self) -> bool {
        for reading in &mut self.readings {
            reading.end_word();
            self.found |= reading.found;
        }
        self.found
    }
}

fn holds(text: &[u8], needle: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == needle[0]) {
        rest = &rest[at..];
        if rest.starts_with(needle) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// Whether a licence word is in what a reader gives, in constant memory.
///
/// # Errors
/// When it cannot be read.
pub fn is_in(mut reader: impl Read) -> io::Result<bool> {
    let mut search = Search::default();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => return Ok(search.found()),
            Ok(count) => search.feed(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &[u8]) -> bool {
        let whole = is_in(text).unwrap_or(false);
        let mut search = Search::default();
        text.chunks(1).for_each(|byte| search.feed(byte));
        assert_eq!(search.found(), whole, "chunks make no difference");
        whole
    }

    #[test]
    fn words_are_found_in_any_case_place_and_encoding() {
        for text in [
            "license",
            "// Licensed under it",
            "x_LICENSE_y",
            "\u{a9}Copyright",
            "许可license许可",
            "\"a\\nlicense b\"",
            "a \\nlicense",
            "<b>public</b> <i class=\"x y z\">domain</i>",
            "public\n * domain",
            "public &nbsp; domain",
            "SPDX-License-Identifier: MIT",
            "is MIT.",
            "・本ソフトウェアの配布は自由です。",
        ] {
            assert!(found(text.as_bytes()), "{text}");
            for units in [u16::to_le_bytes, u16::to_be_bytes] {
                let wide: Vec<u8> = text.encode_utf16().flat_map(units).collect();
                if text.is_ascii() || text.starts_with('・') {
                    assert!(found(&wide), "UTF-16: {text}");
                }
            }
        }
        assert!(found(b"%PDF-1.7 \x80\x81"));
        assert!(found(b"\x94\x7a\x95\x7a\x82\xcd\x8e\xa9\x97\x52\x82\xc5\x82\xb7"), "Shift-JIS");
        let long = [vec![b'x'; 100_000], b" licence".to_vec()].concat();
        assert!(found(&long));
    }

    #[test]
    fn ordinary_source_is_left_out() {
        for text in
            ["", "fn main() {}", "commit the limit", "licens", "public fn domain()", "xlicense"]
        {
            assert!(!found(text.as_bytes()), "{text}");
        }
        assert!(!found(&vec![b'l'; 200_000]));
    }

    #[test]
    fn the_list_is_in_the_form_that_the_search_reads() {
        for line in WORDS.lines().filter(|line| !line.starts_with('#')) {
            let plain =
                line.bytes().all(|c| c == b' ' || c.is_ascii_digit() || c.is_ascii_lowercase());
            assert!(plain && !line.is_empty(), "{line}");
            for word in line.split(' ') {
                assert!(
                    !STOP.split(' ').any(|stop| stop == word) && word.len() <= MAX_WORD,
                    "{line}"
                );
            }
            assert!(found(line.as_bytes()), "{line}");
        }
    }
}
