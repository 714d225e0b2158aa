//! The form of a capability id (contract CAP-1): `axis`, `axis:scope` or a full id.
//! Owns form and coverage; whether an id exists is [`super::registry`]'s to say.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One right: `fs.read`, `fs.read:inputs`, `doc.summarize`.
///
/// A capability may be meant where a capability is said:
/// ```
/// # use mex_runtime::{capability::CapabilityId, id::EngineId};
/// fn grant(_: CapabilityId) {}
/// fn ask(id: CapabilityId) { grant(id) }
/// ```
/// and never an engine:
/// ```compile_fail,E0308
/// # use mex_runtime::{capability::CapabilityId, id::EngineId};
/// fn grant(_: CapabilityId) {}
/// fn ask(id: EngineId) { grant(id) }
/// ```
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(
    with = "String",
    description = "One right: `fs.read`, `fs.read:inputs`, `doc.summarize`.",
    extend(
        "pattern" = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(:[A-Za-z0-9][A-Za-z0-9._-]*(/(?!\.{1,2}(/|$))[A-Za-z0-9._-]+)*)?$",
        "maxLength" = 160
    )
)]
pub struct CapabilityId(String);

/// A text without the form of a capability id. To a gate it is `HSK-4001` (contract CAP-2).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a capability id: lower-case words joined by dots, then at most one `:` with a scope of letters, digits, `.`, `_`, `/` and `-`, at most 160 characters"
)]
pub struct BadCapabilityId {
    text: String,
}

impl CapabilityId {
    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the scope.
    pub fn base(&self) -> &str {
        self.0.split_once(':').map_or(&*self.0, |(base, _)| base)
    }

    /// The scope, if it has one.
    pub fn scope(&self) -> Option<&str> {
        self.0.split_once(':').map(|(_, scope)| scope)
    }

    /// Whether a grant of `self` covers `other`: an axis covers all its scopes, a scoped grant
    /// itself alone (contract CAP-1). Dotted children are never covered by their parent.
    pub fn covers(&self, other: &Self) -> bool {
        self == other || (self.scope().is_none() && self.0 == other.base())
    }

    /// Whether nobody may use it without a live consent (contract GATE-3 d): `device`,
    /// `net.http`, `secrets.use`, their dotted children and any of their scopes.
    pub fn needs_consent(&self) -> bool {
        ["device", "net.http", "secrets.use"].iter().any(|axis| under(self.base(), axis))
    }

    /// Whether a scope of it must itself be registered: `proc.exec`, `secrets.use` and their children.
    pub fn scope_must_be_registered(&self) -> bool {
        ["proc.exec", "secrets.use"].iter().any(|axis| under(self.base(), axis))
    }
}

fn under(base: &str, axis: &str) -> bool {
    base.strip_prefix(axis).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn has_form(text: &str) -> bool {
    let (base, scope) = match text.split_once(':') {
        Some((base, scope)) => (base, Some(scope)),
        None => (text, None),
    };
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
    };
    let scope_form = |scope: &str| {
        scope.starts_with(|c: char| c.is_ascii_alphanumeric())
            && scope.bytes().all(|c| c.is_ascii_alphanumeric() || b"._/-".contains(&c))
            && !scope.split('/').any(|part| part.is_empty() || part == "." || part == "..")
    };
    text.len() <= 160 && base.split('.').all(word) && scope.is_none_or(scope_form)
}

impl fmt::Display for CapabilityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for CapabilityId {
    type Err = BadCapabilityId;

    fn from_str(text: &str) -> Result<Self, BadCapabilityId> {
        if has_form(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadCapabilityId { text: text.chars().take(80).collect() })
        }
    }
}

impl TryFrom<String> for CapabilityId {
    type Error = BadCapabilityId;
    fn try_from(text: String) -> Result<Self, BadCapabilityId> {
        text.parse()
    }
}

impl From<CapabilityId> for String {
    fn from(id: CapabilityId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> CapabilityId {
        text.parse().unwrap()
    }

    #[test]
    fn cap_1_forms() {
        for text in
            ["device", "fs.read", "fs.read:inputs", "proc.exec:osv-scanner", "doc.summarize"]
        {
            assert_eq!(id(text).as_str(), text);
        }
        let long = format!("fs.read:{}", "a".repeat(160));
        for text in [
            "",
            ":",
            "fs.",
            ".fs",
            "fs..read",
            "Fs.read",
            "fs.read:",
            "fs.read:a:b",
            "fs read",
            "fs.read:../x",
            "fs.read:a//b",
            "fs.read:*",
            "fs.rеad",
            "fs.read\n",
            &long,
        ] {
            assert!(text.parse::<CapabilityId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn cap_1_an_axis_covers_its_scopes_and_a_scope_only_itself() {
        assert!(id("fs.read").covers(&id("fs.read:inputs")));
        assert!(!id("fs.read:inputs").covers(&id("fs.read")));
        assert!(!id("fs.read:inputs").covers(&id("fs.read:other")));
        assert!(!id("device").covers(&id("device.camera")));
        assert!(!id("fs.read").covers(&id("fs.readable")));
    }

    #[test]
    fn gate_3_d_consent_is_owed_by_three_axes_their_children_and_scopes() {
        for text in [
            "device",
            "device.camera",
            "device:usb",
            "net.http",
            "net.http:api.osv.dev",
            "net.http.proxy",
            "secrets.use:key",
        ] {
            assert!(id(text).needs_consent(), "{text}");
        }
        for text in ["devices", "net.https", "net", "secrets.user", "fs.read", "proc.exec:npm"] {
            assert!(!id(text).needs_consent(), "{text}");
        }
    }
}
