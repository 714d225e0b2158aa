//! A specification file as text: decoded, with its lines counted.
//! Owns what of broken bytes survives and what is refused; never guesses an encoding.

use super::ExtractError;

/// The longest file read, in bytes.
pub const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;

/// The longest quote kept, in characters.
const MAX_QUOTE: usize = 400;

/// One specification file as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecFile<'a> {
    /// Its name: relative, with `/`, the same on every machine.
    pub name: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// A decoded file.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) text: String,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
    /// The lines on which bytes were no UTF-8.
    pub(super) broken: Vec<u64>,
}

impl Source {
    /// Decodes a file; what is no UTF-8 becomes U+FFFD.
    ///
    /// # Errors
    /// For a file that is empty, too big or no text.
    pub(super) fn decode(file: &SpecFile<'_>) -> Result<Self, ExtractError> {
        let name = file.name.to_owned();
        let bytes = file.bytes;
        if bytes.len() > MAX_FILE_BYTES {
            return Err(ExtractError::TooBig { name, limit: MAX_FILE_BYTES });
        }
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return Err(ExtractError::NotText { name, why: "it is UTF-16, and UTF-8 is read" });
        }
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(ExtractError::Empty { name });
        }
        let (mut text, mut broken_at) = (String::with_capacity(bytes.len()), Vec::new());
        let (mut broken_bytes, mut controls) = (0_usize, 0_usize);
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                broken_at.push(text.len());
                broken_bytes += chunk.invalid().len();
                text.push('\u{FFFD}');
            }
        }
        controls += text.bytes().filter(|byte| *byte == 0).count();
        // A text may hold a few broken bytes; what holds many is no text.
        if controls > 0 && controls * 1000 > bytes.len() || broken_bytes * 5 > bytes.len() {
            let why = "it is a binary file, or text in an encoding other than UTF-8";
            return Err(ExtractError::NotText { name, why });
        }
        let lines = line_starts(&text);
        let mut source = Self { name, text, lines, broken: Vec::new() };
        let mut broken: Vec<u64> = broken_at.iter().map(|at| source.line(*at)).collect();
        broken.dedup();
        source.broken = broken;
        Ok(source)
    }

    /// The line of a byte, counted from 1.
    pub(super) fn line(&self, at: usize) -> u64 {
        let line = self.lines.partition_point(|start| *start <= at);
        u64::try_from(line.max(1)).unwrap_or(u64::MAX)
    }

    /// Where a line begins, in bytes.
    pub(super) fn start_of(&self, line: u64) -> usize {
        let at = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        self.lines.get(at).copied().unwrap_or(self.text.len())
    }

    /// The text of the lines from `first` to `last`, cut as a quote is.
    pub(super) fn quote(&self, first: u64, last: u64) -> String {
        quote(self.raw_lines(first, last))
    }

    /// The text of the lines from `first` to `last`, as it stands.
    pub(super) fn raw_lines(&self, first: u64, last: u64) -> &str {
        let (from, to) = (self.start_of(first), self.start_of(last.saturating_add(1)));
        self.text.get(from..to.max(from)).unwrap_or_default()
    }
}

/// Cut at its limit, with controls and what cannot be seen as U+FFFD.
fn quote(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => c,
        '\r' => '\n',
        c if c.is_control() || super::lookalike::is_invisible(c) => '\u{FFFD}',
        c => c,
    };
    let text = text.trim();
    let mut quote: String = text.chars().take(MAX_QUOTE).map(shown).collect();
    if text.chars().nth(MAX_QUOTE).is_some() {
        quote.push('…');
    }
    quote
}

/// A line ends with `\n`, `\r\n` or `\r`.
fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    let after = ends.map(|(at, _)| at + 1).filter(|at| *at < bytes.len());
    std::iter::once(0).chain(after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<Source, ExtractError> {
        Source::decode(&SpecFile { name: "a.md", bytes })
    }

    #[test]
    fn reg_2_lines_are_counted_whatever_ends_them() {
        let source = decode("a\nb\r\nc\rd é\n".as_bytes()).unwrap();
        assert_eq!(source.line(0), 1);
        assert_eq!(source.raw_lines(2, 2), "b\r\n");
        assert_eq!(source.raw_lines(3, 4), "c\rd é\n");
        assert_eq!(source.raw_lines(9, 12), "");
    }

    #[test]
    fn reg_2_broken_bytes_survive_and_are_named_by_line() {
        let source = decode(b"# A\n\nok\nbr\xFFo\xC3ken text of some length\n").unwrap();
        assert_eq!(source.broken, [4]);
        assert!(source.text.contains("br\u{FFFD}o\u{FFFD}ken"));
    }

    #[test]
    fn reg_2_what_is_no_text_is_refused() {
        assert!(matches!(decode(b""), Err(ExtractError::Empty { .. })));
        assert!(matches!(decode(b" \n\t\n"), Err(ExtractError::Empty { .. })));
        assert!(matches!(decode(b"\xFF\xFEa\0"), Err(ExtractError::NotText { .. })));
        let binary: Vec<u8> = (0..4096_u32).map(|at| (at * 7 % 256) as u8).collect();
        assert!(matches!(decode(&binary), Err(ExtractError::NotText { .. })));
        let big = vec![b'a'; MAX_FILE_BYTES + 1];
        assert!(matches!(decode(&big), Err(ExtractError::TooBig { .. })));
    }
}
