//! Text from outside, made safe to show: in a terminal, in a report, in a file somebody opens.
//! Owns which characters are never written as themselves; never cuts and never redacts.

/// What could move a cursor, colour, hide or reorder is written as an escape (promise P28).
pub fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_deceptive(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Characters that are not seen, or that reorder what is: marks, joiners, bidirectional controls,
/// tags, and those that no XML document may hold.
pub const fn is_deceptive(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
            | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}'
    )
}
