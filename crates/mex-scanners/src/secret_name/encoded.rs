//! Readable text inside of a name, in Base64 or hexadecimal. Owns the decoding; judges nothing.

use std::ops::Range;

/// Encoded text shorter than this holds no secret of any rule.
const SHORTEST: usize = 20;

/// The parts of a name that are printable text in Base64 or hexadecimal, with that text.
pub(super) fn decoded(name: &[u8]) -> Vec<(Range<usize>, Vec<u8>)> {
    let mut found = Vec::new();
    let mut start = 0;
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"+-_=".contains(&byte);
    while start < name.len() {
        let length = name[start..].iter().take_while(|byte| part(**byte)).count();
        let at = start..start + length;
        if length >= SHORTEST {
            let text = &name[at.clone()];
            if let Some(plain) = hexadecimal(text).or_else(|| base64(text)) {
                found.push((at, plain));
            }
        }
        start += length + 1;
    }
    found
}

/// The byte, where it is one of a readable text: the first other one ends a decoding.
fn readable(byte: u8) -> Option<u8> {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r').then_some(byte)
}

fn hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.chunks(2).map(|pair| readable(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().rposition(|byte| *byte != b'=')? + 1;
    let (mut plain, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for byte in &text[..end] {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            plain.push(readable((bits >> held & 0xff) as u8)?);
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_text_is_read() {
        assert_eq!(base64(b"YWJjZA==").unwrap(), b"abcd");
        assert_eq!(hexadecimal(b"6162").unwrap(), b"ab");
        let name = b"x.dG9rZW4gPSBhYmNkZWZnaGk.txt";
        assert_eq!(decoded(name), [(2..25, b"token = abcdefghi".to_vec())]);
    }
}
