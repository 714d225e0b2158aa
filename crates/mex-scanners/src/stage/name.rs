//! File names as text: reversible where they are no UTF-8, so that no file is lost to its name.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

/// The text of a relative path, and whether it had to be escaped. Bytes that are no UTF-8, and
/// `%` beside them, become `%XX`.
pub(super) fn to_text(path: &OsStr) -> (String, bool) {
    if let Some(text) = path.to_str() {
        return (text.to_owned(), false);
    }
    let mut text = String::new();
    for chunk in path.as_bytes().utf8_chunks() {
        text.push_str(&chunk.valid().replace('%', "%25"));
        for byte in chunk.invalid() {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    (text, true)
}

/// The path a text of the manifest stands for.
#[cfg(test)]
pub(super) fn from_text(text: &str, escaped: bool) -> std::ffi::OsString {
    if !escaped {
        return text.into();
    }
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_back_as_it_was() {
        for name in [
            &b"plain"[..],
            b"100%",
            b"a\xffb%41",
            b"\xf0\x9f",
            b"new\nline",
            "é\u{202e}".as_bytes(),
        ] {
            let name = OsStr::from_bytes(name);
            let (text, escaped) = to_text(name);
            assert_eq!(from_text(&text, escaped), name);
        }
    }
}
