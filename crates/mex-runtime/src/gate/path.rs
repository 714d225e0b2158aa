//! Paths in params, by their text alone (contract GATE-4, promise P24). Never touches a file:
//! what the text cannot say, a [`super::PathFact`] does.

/// Why a text is no path inside a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathRefusal {
    /// Nothing.
    #[error("is empty")]
    Empty,
    /// Over 4096 bytes.
    #[error("is longer than 4096 bytes")]
    TooLong,
    /// Starts at a root.
    #[error("is absolute")]
    Absolute,
    /// `C:` and the like.
    #[error("names a drive or a stream with `:`")]
    Colon,
    /// Windows reads it as a separator.
    #[error("holds a backslash")]
    Backslash,
    /// NUL, newline and the like.
    #[error("holds a control character")]
    Control,
    /// Shows another text than it is.
    #[error("holds a character that changes the direction of text")]
    Bidi,
    /// Goes up.
    #[error("holds a `..` part")]
    Parent,
    /// `.` or an empty part: two texts for one file.
    #[error("holds an empty part or a `.` part")]
    NotPlain,
    /// Windows drops them: two texts for one file.
    #[error("holds a part that ends in a dot or a space")]
    TrailingDot,
    /// Starts with `~`, which shells expand.
    #[error("starts with `~`")]
    Home,
}

/// Whether a text is a plain path below a folder: parts joined by `/`, one text for one file.
///
/// # Errors
/// The first rule it breaks.
pub fn lexical(path: &str) -> Result<(), PathRefusal> {
    if path.is_empty() {
        return Err(PathRefusal::Empty);
    }
    if path.len() > 4096 {
        return Err(PathRefusal::TooLong);
    }
    if path.chars().any(char::is_control) {
        return Err(PathRefusal::Control);
    }
    if path.contains('\\') {
        return Err(PathRefusal::Backslash);
    }
    if path.starts_with('/') {
        return Err(PathRefusal::Absolute);
    }
    if path.contains(':') {
        return Err(PathRefusal::Colon);
    }
    if path.starts_with('~') {
        return Err(PathRefusal::Home);
    }
    if path.contains(|c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')) {
        return Err(PathRefusal::Bidi);
    }
    for part in path.split('/') {
        match part {
            ".." => return Err(PathRefusal::Parent),
            "" | "." => return Err(PathRefusal::NotPlain),
            part if part.ends_with(['.', ' ']) => return Err(PathRefusal::TrailingDot),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gate_4_plain_paths_pass() {
        for path in ["Cargo.lock", "a/b/package-lock.json", ".config/x", "a..b/c", "日本/ж.lock"]
        {
            assert_eq!(lexical(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn gate_4_every_trick_is_named() {
        let long = "a/".repeat(2100) + "b";
        for (path, refusal) in [
            ("", PathRefusal::Empty),
            (&*long, PathRefusal::TooLong),
            ("/etc/passwd", PathRefusal::Absolute),
            ("//host/share", PathRefusal::Absolute),
            ("C:/x", PathRefusal::Colon),
            ("file:stream", PathRefusal::Colon),
            ("..\\x", PathRefusal::Backslash),
            ("a\0b", PathRefusal::Control),
            ("a\nb", PathRefusal::Control),
            ("a/\u{202e}kcol", PathRefusal::Bidi),
            ("../x", PathRefusal::Parent),
            ("a/../../x", PathRefusal::Parent),
            ("a/..", PathRefusal::Parent),
            ("./a", PathRefusal::NotPlain),
            ("a//b", PathRefusal::NotPlain),
            ("a/", PathRefusal::NotPlain),
            ("a./b", PathRefusal::TrailingDot),
            (".. /x", PathRefusal::TrailingDot),
            ("...", PathRefusal::TrailingDot),
            ("~/x", PathRefusal::Home),
        ] {
            assert_eq!(lexical(path), Err(refusal), "{path:?}");
        }
    }
}
