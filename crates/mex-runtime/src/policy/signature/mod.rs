//! SSH signatures of approvals (contract SC-4, REG-5): what `ssh-keygen -Y sign` writes, judged as
//! `ssh-keygen -Y verify` does, against the text of an allowed-signers file. Owns both formats and
//! the namespace of exceptions; the arithmetic is ring's. Never reads a file and never trusts a key the file does
//! not name: certificates, security keys and unknown key types verify nothing.

mod line;
mod wire;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256, Sha512};

use super::allowlist::{Exception, Fault, join};
use line::{Line, line, listed};
use wire::{Reader, dearmor, holds, put};

/// The namespace of an exception's approval: a signature made for git or a file is none.
pub const NAMESPACE: &str = "mex-exception@v1";

/// The longest allowed-signers file read, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

const MAGIC: &[u8] = b"SSHSIG";

/// Why a signature approves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// There is none.
    #[error("there is no signature")]
    Missing,
    /// The text is not what `ssh-keygen -Y sign` writes.
    #[error("the signature is not an armored SSH signature: {0}")]
    Malformed(&'static str),
    /// It was made for something else.
    #[error("the signature is for the namespace `{found}`, it must be `{expected}`")]
    Namespace {
        /// The namespace signed.
        found: String,
        /// The namespace of what it should approve.
        expected: &'static str,
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
        "the signature does not hold for these bytes: what was signed was changed, or another document was signed"
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
        self.verify_bytes(armored, &message, &exception.approver.name, NAMESPACE, now)
    }

    /// Whether an armored signature over `message` is `principal`'s, made for `expected`, by a key
    /// that may sign at `now`.
    ///
    /// # Errors
    /// With the reason why it approves nothing.
    pub fn verify_bytes(
        &self,
        armored: &str,
        message: &[u8],
        principal: &str,
        expected: &'static str,
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
        if namespace != expected {
            return Err(SignatureFault::Namespace { found: namespace.to_owned(), expected });
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
                && line.namespaces.as_ref().is_none_or(|names| listed(names, expected))
                && line.valid_after.is_none_or(|after| now >= after)
                && line.valid_before.is_none_or(|before| now < before)
        };
        if !self.lines.iter().any(|line| allowed(&line)) {
            return Err(SignatureFault::NotAllowed { principal: principal.to_owned() });
        }
        holds(&key, &signed, signature)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::wire::{BEGIN, END};
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
            signers
                .verify_bytes(text, b"message", who, NAMESPACE, Timestamp::UNIX_EPOCH)
                .unwrap_err()
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
        assert_eq!(
            other,
            SignatureFault::Namespace { found: "git".to_owned(), expected: NAMESPACE }
        );
        let md5 = verify(&armor(&sshsig(NAMESPACE, "md5")), "ana");
        assert_eq!(md5, SignatureFault::Unsupported { name: "md5".to_owned() });
        let bo = verify(&armor(&whole), "bo");
        assert_eq!(bo, SignatureFault::NotAllowed { principal: "bo".to_owned() });
        assert_eq!(verify(&armor(&whole), "ana"), SignatureFault::DoesNotHold);
    }
}
