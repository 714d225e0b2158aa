//! SSH signatures on exceptions (contract SC-4): what `ssh-keygen -Y sign` writes, judged as
//! `ssh-keygen -Y verify` does, against the text of an allowed-signers file. Owns both formats and
//! the namespace; the arithmetic is ring's. Never reads a file and never trusts a key the file does
//! not name: certificates, security keys and unknown key types verify nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
};
use sha2::{Digest as _, Sha256, Sha512};

use super::allowlist::{Exception, Fault, join};

/// The namespace of an approval: a signature made for git or a file is none.
pub const NAMESPACE: &str = "mex-exception@v1";

/// The longest allowed-signers file read, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The longest armored signature read, in bytes.
const MAX_ARMOR: usize = 64 * 1024;

const MAGIC: &[u8] = b"SSHSIG";
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";

/// Why a signature approves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// There is none.
    #[error("the exception carries no signature")]
    Missing,
    /// The text is not what `ssh-keygen -Y sign` writes.
    #[error("the signature is not an armored SSH signature: {0}")]
    Malformed(&'static str),
    /// It was made for something else.
    #[error("the signature is for the namespace `{found}`, it must be `{NAMESPACE}`")]
    Namespace {
        /// The namespace signed.
        found: String,
    },
    /// A key or hash that is not understood here.
    #[error("`{name}` is not supported: sign with an ed25519, ECDSA P-256 or P-384, or RSA key")]
    Unsupported {
        /// The key type or hash.
        name: String,
    },
    /// The allowed-signers file does not let this key approve for this name now.
    #[error("no valid line of the allowed-signers file lets this key sign for `{principal}` now")]
    NotAllowed {
        /// The approver's name.
        principal: String,
    },
    /// The arithmetic says no: other bytes were signed, or by another key.
    #[error(
        "the signature does not hold for these bytes: the exception was changed, or another one was signed"
    )]
    DoesNotHold,
}

/// An allowed-signers file that is not valid (code `MEX-SIGNERS-INVALID`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the allowed-signers file is not valid: {}", join(.faults))]
pub struct SignersError {
    /// Every fault; at least one.
    pub faults: Vec<Fault>,
}

/// Who may sign, as an allowed-signers file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedSigners {
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    principals: Vec<String>,
    namespaces: Option<Vec<String>>,
    valid_after: Option<Timestamp>,
    valid_before: Option<Timestamp>,
    /// The key's wire form; a line for a certificate authority has none that can sign.
    key: Option<Vec<u8>>,
}

impl AllowedSigners {
    /// Reads the text of an allowed-signers file.
    ///
    /// # Errors
    /// With every line that is none: no principal, an unknown option, a key that does not decode, a
    /// time without `Z`, whose moment would depend on the machine. A file without any line is
    /// refused too: it could only be a mistake.
    pub fn parse(text: &str) -> Result<Self, SignersError> {
        let mut faults = Vec::new();
        let mut lines = Vec::new();
        for (number, text) in text.lines().enumerate() {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            match line(text) {
                Ok(line) => lines.push(line),
                Err(message) => faults.push(Fault {
                    field: format!("line {}", number + 1),
                    message: message.to_owned(),
                }),
            }
        }
        if lines.is_empty() && faults.is_empty() {
            let message = "it names nobody".to_owned();
            faults.push(Fault { field: "file".to_owned(), message });
        }
        if faults.is_empty() { Ok(Self { lines }) } else { Err(SignersError { faults }) }
    }

    /// Whether an exception's own signature is its approver's, by a key that may sign at `now`.
    ///
    /// # Errors
    /// With the reason why it approves nothing.
    pub fn verify(
        &self,
        exception: &Exception,
        document_id: &str,
        now: Timestamp,
    ) -> Result<(), SignatureFault> {
        let armored = exception.signature.as_deref().ok_or(SignatureFault::Missing)?;
        let message = exception
            .signed_bytes(document_id)
            .map_err(|_| SignatureFault::Malformed("the exception has no canonical form"))?;
        self.verify_bytes(armored, &message, &exception.approver.name, now)
    }

    fn verify_bytes(
        &self,
        armored: &str,
        message: &[u8],
        principal: &str,
        now: Timestamp,
    ) -> Result<(), SignatureFault> {
        let blob = dearmor(armored)?;
        let mut reader = Reader(&blob);
        if reader.take(MAGIC.len())? != MAGIC || reader.number()? != 1 {
            return Err(SignatureFault::Malformed("it is no SSHSIG of version 1"));
        }
        let key = reader.string()?.to_vec();
        let namespace = reader.text()?;
        let reserved = reader.string()?;
        let hash = reader.text()?;
        let signature = reader.string()?;
        reader.end()?;
        if namespace != NAMESPACE {
            return Err(SignatureFault::Namespace { found: namespace.to_owned() });
        }
        let digest = match hash {
            "sha256" => Sha256::digest(message).to_vec(),
            "sha512" => Sha512::digest(message).to_vec(),
            other => return Err(SignatureFault::Unsupported { name: other.to_owned() }),
        };
        let mut signed = MAGIC.to_vec();
        for part in [namespace.as_bytes(), reserved, hash.as_bytes(), &digest] {
            put(&mut signed, part);
        }
        let allowed = |line: &&Line| {
            line.key.as_ref() == Some(&key)
                && listed(&line.principals, principal)
                && line.namespaces.as_ref().is_none_or(|names| listed(names, NAMESPACE))
                && line.valid_after.is_none_or(|after| now >= after)
                && line.valid_before.is_none_or(|before| now < before)
        };
        if !self.lines.iter().any(|line| allowed(&line)) {
            return Err(SignatureFault::NotAllowed { principal: principal.to_owned() });
        }
        holds(&key, &signed, signature)
    }
}

/// Whether the arithmetic holds.
fn holds(key: &[u8], signed: &[u8], signature: &[u8]) -> Result<(), SignatureFault> {
    let mut key = Reader(key);
    let mut signature = Reader(signature);
    let kind = key.text()?;
    let scheme = signature.text()?;
    let bytes = signature.string()?;
    signature.end()?;
    let verdict = match (kind, scheme) {
        ("ssh-ed25519", "ssh-ed25519") => {
            let public = key.string()?;
            key.end()?;
            UnparsedPublicKey::new(&ED25519, public).verify(signed, bytes)
        }
        ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256") => {
            let (public, fixed) = ecdsa(&mut key, "nistp256", bytes, 32)?;
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public).verify(signed, &fixed)
        }
        ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384") => {
            let (public, fixed) = ecdsa(&mut key, "nistp384", bytes, 48)?;
            UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, public).verify(signed, &fixed)
        }
        ("ssh-rsa", "rsa-sha2-256" | "rsa-sha2-512") => {
            let e = unsigned(key.string()?);
            let n = unsigned(key.string()?);
            key.end()?;
            let parameters = if scheme == "rsa-sha2-256" {
                &RSA_PKCS1_2048_8192_SHA256
            } else {
                &RSA_PKCS1_2048_8192_SHA512
            };
            RsaPublicKeyComponents { n, e }.verify(parameters, signed, bytes)
        }
        (kind, scheme) => {
            let name = if kind == scheme { kind.to_owned() } else { format!("{kind}/{scheme}") };
            return Err(SignatureFault::Unsupported { name });
        }
    };
    verdict.map_err(|_| SignatureFault::DoesNotHold)
}

/// The public point, and `r` and `s` side by side at fixed width.
fn ecdsa<'a>(
    key: &mut Reader<'a>,
    curve: &str,
    signature: &[u8],
    width: usize,
) -> Result<(&'a [u8], Vec<u8>), SignatureFault> {
    if key.text()? != curve {
        return Err(SignatureFault::Malformed("its key names another curve than its type"));
    }
    let public = key.string()?;
    key.end()?;
    let mut parts = Reader(signature);
    let mut fixed = Vec::with_capacity(2 * width);
    for _ in 0..2 {
        let number = unsigned(parts.string()?);
        let missing = width
            .checked_sub(number.len())
            .ok_or(SignatureFault::Malformed("a number of it is too long"))?;
        fixed.extend(std::iter::repeat_n(0, missing));
        fixed.extend(number);
    }
    parts.end()?;
    Ok((public, fixed))
}

/// A number without the leading zero that keeps its sign.
fn unsigned(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn put(into: &mut Vec<u8>, part: &[u8]) {
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    into.extend(length.to_be_bytes());
    into.extend(part);
}

fn dearmor(text: &str) -> Result<Vec<u8>, SignatureFault> {
    if text.len() > MAX_ARMOR {
        return Err(SignatureFault::Malformed("it is too long"));
    }
    let inner = text
        .trim()
        .strip_prefix(BEGIN)
        .and_then(|rest| rest.strip_suffix(END))
        .ok_or(SignatureFault::Malformed("it has not the lines that begin and end one"))?;
    let packed: String = inner.split_whitespace().collect();
    STANDARD.decode(packed).map_err(|_| SignatureFault::Malformed("it is not Base64"))
}

/// Takes an SSH wire form apart.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], SignatureFault> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(SignatureFault::Malformed("it ends before its end"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, SignatureFault> {
        let bytes = self.take(4)?;
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    fn string(&mut self) -> Result<&'a [u8], SignatureFault> {
        let length = self.number()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn text(&mut self) -> Result<&'a str, SignatureFault> {
        std::str::from_utf8(self.string()?)
            .map_err(|_| SignatureFault::Malformed("a name of it is not UTF-8"))
    }

    fn end(&self) -> Result<(), SignatureFault> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(SignatureFault::Malformed("it goes on after its end"))
        }
    }
}

/// One line: principals, perhaps options, key type, key, perhaps a comment.
fn line(text: &str) -> Result<Line, &'static str> {
    let (principals, rest) = word(text).ok_or("it names no principal")?;
    let mut read = Line {
        principals: principals.trim_matches('"').split(',').map(str::to_owned).collect(),
        namespaces: None,
        valid_after: None,
        valid_before: None,
        key: None,
    };
    let (first, mut rest) = word(rest).ok_or("it names no key")?;
    let mut kind = first;
    let mut authority = false;
    if !is_key_type(first) {
        for option in split_unquoted(first) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let value = value.trim_matches('"');
            match name.to_ascii_lowercase().as_str() {
                "cert-authority" => authority = true,
                "namespaces" => {
                    read.namespaces = Some(value.split(',').map(str::to_owned).collect());
                }
                "valid-after" => read.valid_after = Some(moment(value)?),
                "valid-before" => read.valid_before = Some(moment(value)?),
                _ => return Err("it has an option that is not known"),
            }
        }
        (kind, rest) = word(rest).ok_or("it names no key")?;
    }
    let (key, _) = word(rest).ok_or("its key is missing")?;
    let key = STANDARD.decode(key).map_err(|_| "its key is not Base64")?;
    if Reader(&key).text() != Ok(kind) {
        return Err("its key is not of the type it names");
    }
    read.key = (!authority).then_some(key);
    Ok(read)
}

fn is_key_type(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"].iter().any(|prefix| word.starts_with(prefix))
}

/// The first word, quotes kept together, and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let mut quoted = false;
    let end = text
        .char_indices()
        .find(|(_, c)| {
            quoted ^= *c == '"';
            c.is_whitespace() && !quoted
        })
        .map_or(text.len(), |(at, _)| at);
    let (first, rest) = text.split_at_checked(end)?;
    (!first.is_empty()).then_some((first, rest))
}

fn split_unquoted(options: &str) -> Vec<&str> {
    let mut quoted = false;
    options
        .split(|c: char| {
            quoted ^= c == '"';
            c == ',' && !quoted
        })
        .collect()
}

/// `YYYYMMDD[HHMM[SS]]Z`.
fn moment(text: &str) -> Result<Timestamp, &'static str> {
    const BAD: &str = "a time must be `YYYYMMDDZ` or `YYYYMMDDHHMM[SS]Z`, in UTC";
    let digits = text.strip_suffix('Z').ok_or(BAD)?;
    let whole = match digits.len() {
        8 => format!("{digits}000000"),
        12 => format!("{digits}00"),
        14 => digits.to_owned(),
        _ => return Err(BAD),
    };
    DateTime::strptime("%Y%m%d%H%M%S", whole)
        .and_then(|time| time.to_zoned(TimeZone::UTC))
        .map(|zoned| zoned.timestamp())
        .map_err(|_| BAD)
}

/// Whether a list of patterns names something: one that matches and none that excludes it.
fn listed(patterns: &[String], name: &str) -> bool {
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(excluded) if matches(excluded.as_bytes(), name.as_bytes()) => return false,
            Some(_) => {}
            None => found |= matches(pattern.as_bytes(), name.as_bytes()),
        }
    }
    found
}

/// `*` stands for any text, `?` for one character.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                back = Some((p, n));
                p += 1;
            }
            Some(c) if *c == b'?' || Some(c) == name.get(n) => {
                p += 1;
                n += 1;
            }
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    p = star + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kind: &str) -> String {
        let mut wire = Vec::new();
        put(&mut wire, kind.as_bytes());
        put(&mut wire, &[7; 32]);
        STANDARD.encode(wire)
    }

    #[test]
    fn an_allowed_signers_file_is_read_as_ssh_keygen_does() {
        let ed = key("ssh-ed25519");
        let text = format!(
            "# who may\n\nana@example.com ssh-ed25519 {ed} a comment\n\
             *@example.com,!eve@example.com namespaces=\"mex-*,git\",valid-after=\"20260101Z\",valid-before=202701010000Z ssh-ed25519 {ed}\n\
             ca@example.com cert-authority ssh-ed25519 {ed}\n"
        );
        let signers = AllowedSigners::parse(&text).unwrap();
        assert_eq!(signers.lines.len(), 3);
        assert!(listed(&signers.lines[1].principals, "bo@example.com"));
        assert!(!listed(&signers.lines[1].principals, "eve@example.com"));
        assert_eq!(signers.lines[1].valid_after.unwrap().to_string(), "2026-01-01T00:00:00Z");
        assert!(signers.lines[2].key.is_none());
    }

    #[test]
    fn lines_that_are_none_are_refused_by_number() {
        let ed = key("ssh-ed25519");
        for (text, line) in [
            ("ana".to_owned(), "line 1"),
            ("ana ssh-ed25519".to_owned(), "line 1"),
            ("ana ssh-ed25519 ###".to_owned(), "line 1"),
            (format!("ana ssh-rsa {ed}"), "line 1"),
            (format!("\nana made-up=1 ssh-ed25519 {ed}"), "line 2"),
            (format!("ana valid-after=20260101 ssh-ed25519 {ed}"), "line 1"),
            (format!("ana valid-after=20261301Z ssh-ed25519 {ed}"), "line 1"),
            ("# nobody\n".to_owned(), "file"),
        ] {
            let error = AllowedSigners::parse(&text).unwrap_err();
            assert_eq!(error.faults[0].field, line, "{text}");
        }
    }

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*b*", "abc", true),
            ("", "a", false),
            ("abc", "ab", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_no_signature_approves_nothing() {
        let signers = AllowedSigners::parse(&format!("ana ssh-ed25519 {}", key("ssh-ed25519")));
        let signers = signers.unwrap();
        let armor = |blob: &[u8]| format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(blob));
        let sshsig = |namespace: &str, hash: &str| {
            let mut blob = b"SSHSIG\0\0\0\x01".to_vec();
            put(&mut blob, &STANDARD.decode(key("ssh-ed25519")).unwrap());
            for part in [namespace, "", hash] {
                put(&mut blob, part.as_bytes());
            }
            let mut signature = Vec::new();
            put(&mut signature, b"ssh-ed25519");
            put(&mut signature, &[1; 64]);
            put(&mut blob, &signature);
            blob
        };
        let verify = |text: &str, who: &str| {
            signers.verify_bytes(text, b"message", who, Timestamp::UNIX_EPOCH).unwrap_err()
        };
        for text in [
            "",
            "nonsense",
            &armor(b""),
            &armor(b"SSHSIG\0\0\0\x02"),
            &armor(b"SSHSIG\0\0\0\x01\xff\xff\xff\xff"),
        ] {
            assert!(matches!(verify(text, "ana"), SignatureFault::Malformed(_)), "{text}");
        }
        let whole = sshsig(NAMESPACE, "sha512");
        let cut = armor(&whole[..whole.len() - 1]);
        assert!(matches!(verify(&cut, "ana"), SignatureFault::Malformed(_)));
        let longer = armor(&[&whole[..], b"x"].concat());
        assert!(matches!(verify(&longer, "ana"), SignatureFault::Malformed(_)));
        let other = verify(&armor(&sshsig("git", "sha512")), "ana");
        assert_eq!(other, SignatureFault::Namespace { found: "git".to_owned() });
        let md5 = verify(&armor(&sshsig(NAMESPACE, "md5")), "ana");
        assert_eq!(md5, SignatureFault::Unsupported { name: "md5".to_owned() });
        let bo = verify(&armor(&whole), "bo");
        assert_eq!(bo, SignatureFault::NotAllowed { principal: "bo".to_owned() });
        assert_eq!(verify(&armor(&whole), "ana"), SignatureFault::DoesNotHold);
    }
}
