//! Takes known secrets out of text, in the shapes they travel in (contract FR-9, promise P25):
//! plain, reversed, hexadecimal, Base64 at any alignment, percent-encoded, JSON-escaped, and line
//! by line. Owns the shapes; never finds a secret by itself and never keeps one longer than itself.

use std::collections::HashMap;
use std::fmt::Write as _;

/// What stands where a secret stood: `[REDACTED:<category>:<detector_id>]`.
pub const MARK: &str = "[REDACTED:secret:gitleaks]";

/// Shapes shorter than this are not looked for: they would hit ordinary words.
const SHORTEST: usize = 6;

/// A set of secrets to take out.
pub struct Redactor {
    shapes: HashMap<[u8; 4], Vec<Vec<u8>>>,
}

impl Redactor {
    /// Prepares every shape of every secret.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut shapes: HashMap<[u8; 4], Vec<Vec<u8>>> = HashMap::new();
        let mut add = |shape: Vec<u8>| {
            if shape.len() >= SHORTEST
                && let Some(head) = shape.first_chunk::<4>()
            {
                shapes.entry(*head).or_default().push(shape);
            }
        };
        for secret in secrets {
            shapes_of(secret, &mut add);
            for line in secret.split(|byte| *byte == b'\n') {
                let line = line.trim_ascii();
                if line.len() >= 12 && line.len() < secret.len() {
                    shapes_of(line, &mut add);
                }
            }
        }
        for list in shapes.values_mut() {
            // The longest shape first, so that nothing of a secret stays behind.
            list.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            list.dedup();
        }
        Self { shapes }
    }

    /// The text without the secrets.
    pub fn text(&self, text: &str) -> String {
        let mut out = Vec::with_capacity(text.len());
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if let Some(length) = self.hit(&bytes[at..]) {
                out.extend_from_slice(MARK.as_bytes());
                at += length;
            } else {
                out.push(bytes[at]);
                at += 1;
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Whether any shape of any secret stands in these bytes.
    pub fn holds_secret(&self, bytes: &[u8]) -> bool {
        (0..bytes.len()).any(|at| self.hit(&bytes[at..]).is_some())
    }

    fn hit(&self, rest: &[u8]) -> Option<usize> {
        let list = self.shapes.get(rest.first_chunk::<4>()?)?;
        list.iter().find(|shape| rest.starts_with(shape)).map(Vec::len)
    }
}

impl Drop for Redactor {
    fn drop(&mut self) {
        for shape in self.shapes.values_mut().flatten() {
            wipe(shape);
        }
    }
}

/// Overwrites bytes that held a secret.
pub fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(bytes);
}

fn shapes_of(secret: &[u8], add: &mut impl FnMut(Vec<u8>)) {
    let hex = secret.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    add(secret.iter().rev().copied().collect());
    add(hex.to_uppercase().into_bytes());
    add(hex.into_bytes());
    for offset in 0..3 {
        for alphabet in [STANDARD, URL_SAFE] {
            add(base64_core(secret, offset, alphabet));
        }
    }
    if let Ok(text) = std::str::from_utf8(secret) {
        if let Ok(json) = serde_json::to_string(text) {
            add(json.trim_matches('"').as_bytes().to_vec());
        }
        add(percent(text, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)));
        add(percent(text, |byte| {
            byte.is_ascii_alphanumeric() || b"-._~/:@!$&'()*+,;=".contains(&byte)
        }));
    }
    add(secret.to_vec());
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The Base64 characters that `secret` alone decides where it stands `offset` bytes into a group.
fn base64_core(secret: &[u8], offset: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let bit = |index: usize| -> u8 {
        let byte = index / 8;
        if byte < offset {
            0
        } else {
            secret.get(byte - offset).map_or(0, |b| b >> (7 - index % 8) & 1)
        }
    };
    let first = (offset * 8).div_ceil(6);
    let last = (offset + secret.len()) * 8 / 6;
    (first..last)
        .map(|position| {
            let value = (0..6).fold(0, |value, shift| value << 1 | bit(position * 6 + shift));
            alphabet[usize::from(value)]
        })
        .collect()
}

fn percent(text: &str, keep: impl Fn(u8) -> bool) -> Vec<u8> {
    let mut out = String::new();
    for byte in text.bytes() {
        if keep(byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise P25.
    #[test]
    fn every_shape_of_a_secret_goes() {
        let secret = b"correct horse/battery+staple";
        let redactor = Redactor::new([&secret[..]]);
        let gone = |text: &str| {
            assert_eq!(redactor.text(&format!("a {text} z")), format!("a {MARK} z"), "{text}")
        };
        gone("correct horse/battery+staple");
        gone("elpats+yrettab/esroh tcerroc");
        gone("636f727265637420686f7273652f626174746572792b737461706c65");
        gone("636F727265637420686F7273652F626174746572792B737461706C65");
        gone("correct%20horse%2Fbattery%2Bstaple");
        // `printf 'xcorrect horse/battery+staplex' | base64` and its neighbours.
        for text in [
            "Y29ycmVjdCBob3JzZS9iYXR0ZXJ5K3N0YXBsZQ==",
            "eGNvcnJlY3QgaG9yc2UvYmF0dGVyeStzdGFwbGV4",
            "eHhjb3JyZWN0IGhvcnNlL2JhdHRlcnkrc3RhcGxleA==",
        ] {
            assert!(redactor.text(text).contains(MARK), "{text}");
            assert!(redactor.holds_secret(text.as_bytes()), "{text}");
        }
        assert_eq!(redactor.text("correct horse, another staple"), "correct horse, another staple");
    }

    #[test]
    fn a_line_of_a_long_secret_goes_too() {
        let redactor =
            Redactor::new([&b"-----BEGIN X-----\nMIIEabcdefghijkl\nqrstuvwxyz012345\n"[..]]);
        assert_eq!(redactor.text("see qrstuvwxyz012345."), format!("see {MARK}."));
        assert!(
            redactor
                .text(r"-----BEGIN X-----\nMIIEabcdefghijkl\nqrstuvwxyz012345\n")
                .contains(MARK)
        );
    }

    #[test]
    fn base64_of_any_alignment_is_what_an_encoder_writes() {
        assert_eq!(base64_core(b"abcdef", 0, STANDARD), b"YWJjZGVm");
        // "xabcdef" is eGFiY2RlZg==, of which `FiY2RlZ` depends on the secret alone.
        assert_eq!(base64_core(b"abcdef", 1, STANDARD), b"FiY2RlZ");
    }
}
