//! The wire form of SSH signatures and keys, and the arithmetic over them. Never decides who may sign.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::SignatureFault;

/// The longest armored signature read, in bytes.
const MAX_ARMOR: usize = 64 * 1024;

pub(super) const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
pub(super) const END: &str = "-----END SSH SIGNATURE-----";

/// Whether the arithmetic holds.
pub(super) fn holds(key: &[u8], signed: &[u8], signature: &[u8]) -> Result<(), SignatureFault> {
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

pub(super) fn put(into: &mut Vec<u8>, part: &[u8]) {
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    into.extend(length.to_be_bytes());
    into.extend(part);
}

pub(super) fn dearmor(text: &str) -> Result<Vec<u8>, SignatureFault> {
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
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], SignatureFault> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(SignatureFault::Malformed("it ends before its end"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn number(&mut self) -> Result<u32, SignatureFault> {
        let bytes = self.take(4)?;
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    pub(super) fn string(&mut self) -> Result<&'a [u8], SignatureFault> {
        let length = self.number()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    pub(super) fn text(&mut self) -> Result<&'a str, SignatureFault> {
        std::str::from_utf8(self.string()?)
            .map_err(|_| SignatureFault::Malformed("a name of it is not UTF-8"))
    }

    pub(super) fn end(&self) -> Result<(), SignatureFault> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(SignatureFault::Malformed("it goes on after its end"))
        }
    }
}
