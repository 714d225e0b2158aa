//! Which ids look alike to a person: by case, by letters of other scripts, by what cannot be seen.
//! Owns the comparison form alone; what follows from a likeness is the caller's.

use unicode_security::confusable_detection::skeleton;

/// Whether a character leaves no mark on a screen, or turns the direction of text.
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{17B4}'
            | '\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// The form under which look-alikes are equal: without what cannot be seen, in one case, each
/// letter as the one it can be taken for (Unicode UTS 39), with `-` and `_` the same.
pub(crate) fn looks(id: &str) -> String {
    let seen: String = id.chars().filter(|c| !is_invisible(*c) && !c.is_whitespace()).collect();
    // Letters of other scripts become Latin first, so that their case folds with the rest.
    let latin: String = skeleton(&seen).collect();
    let folded: String = latin.to_lowercase().replace('-', "_");
    skeleton(&folded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reg_3_look_alikes_are_equal_and_others_are_not() {
        for (one, other) in [
            ("fs.read", "Fs.Read"),
            ("fs.read", "fs.rеad"),
            ("fs.read", "fs.re\u{200B}ad"),
            ("proc.exec:cargo-audit", "proc.exec:cargo_audit"),
            ("fs.read:l", "fs.read:1"),
            ("doc.form", "doc.forrn"),
        ] {
            assert_eq!(looks(one), looks(other), "{one:?} {other:?}");
        }
        for (one, other) in [("fs.read", "fs.write"), ("fs.read", "fs.reads"), ("a.b", "a:b")] {
            assert_ne!(looks(one), looks(other), "{one:?} {other:?}");
        }
    }
}
