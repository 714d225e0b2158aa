//! Every identifier as its own type, parsed once at the door.
//! An `EngineId` where a `ToolName` is meant does not compile. Never generates ids: a
//! UUID comes from the [`crate::port::Clock`] port.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that does not have the form its identifier asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}: {rule}")]
pub struct BadId {
    /// What was expected, with its article.
    pub what: &'static str,
    /// The text refused, cut at 80 characters.
    pub text: String,
    /// The form it should have had.
    pub rule: &'static str,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID.
            pub const fn new(uuid: Uuid) -> Self { Self(uuid) }
            /// The UUID itself.
            pub const fn uuid(self) -> Uuid { self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Uuid::parse_str(text).map(Self).map_err(|_| BadId {
                    what: concat!("a ", stringify!($name)),
                    text: cut(text),
                    rule: "it must be a UUID",
                })
            }
        }
    };
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $rule:literal, $accepts:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub struct $name(String);

        impl $name {
            /// The text form.
            pub fn as_str(&self) -> &str { &self.0 }

            /// A name written in this product's own source. Text from outside is parsed instead;
            /// a debug build panics where the literal does not have the form.
            pub fn known(text: &'static str) -> Self {
                let accepts: fn(&str) -> bool = $accepts;
                debug_assert!(accepts(text), "`{text}` is not {}: {}", stringify!($name), $rule);
                Self(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let accepts: fn(&str) -> bool = $accepts;
                if accepts(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(BadId { what: concat!("a ", stringify!($name)), text: cut(text), rule: $rule })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> { text.parse() }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String { id.0 }
        }
    };
}

uuid_id!(
    /// One attempt to run one operation (contract ENV-1).
    OpId
);
uuid_id!(
    /// One requested unit of work, made of one or more operations.
    JobId
);
uuid_id!(
    /// One scan: a workflow run of one or more jobs on one project (`workflow_run_id`).
    RunId
);
uuid_id!(
    /// One event of the Flight Recorder, UUIDv7 (contract FR-2).
    EventId
);
uuid_id!(
    /// One diagnostic instance (contract DIAG-1).
    DiagnosticId
);
uuid_id!(
    /// One consent (contract CAP-5).
    ConsentId
);
uuid_id!(
    /// One policy decision: a capability check, a gate's outcome or a verdict.
    PolicyDecisionId
);

text_id!(
    /// An entry of `mechanical_engines.json`, such as `engine.guard.secret_scan`.
    EngineId,
    "dotted lower-case words of letters, digits and `_`, starting with `engine.`, at most 128 characters",
    |text| text.len() <= 128 && text.strip_prefix("engine.").is_some_and(dotted_words)
);
text_id!(
    /// One thing an engine can do, such as `vuln_scan`.
    OperationName,
    "a lower-case word of letters, digits and `_`, at most 64 characters",
    |text| text.len() <= 64 && word(text)
);
text_id!(
    /// A pinned external program, such as `osv-scanner`.
    ToolName,
    "lower-case letters, digits, `-` and `_`, starting with a letter, at most 64 characters",
    |text| text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'_')
);
text_id!(
    /// A named list of capabilities, such as `supply_chain_scan`.
    ProfileId,
    "letters, digits, `_` and `-`, starting with a letter, at most 64 characters",
    |text| text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-')
);
text_id!(
    /// Who acted: a user name, an agent's name or a component of ours. Never a profile (contract CAP-4).
    ActorId,
    "1 to 128 characters without control characters",
    |text| !text.is_empty() && text.chars().count() <= 128 && !text.chars().any(char::is_control)
);
text_id!(
    /// A workspace, the identity of a scanned project folder (`wsid`): 32 lowercase hex characters.
    WorkspaceId,
    "32 lowercase hex characters",
    |text| text.len() == 32 && text.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
);
text_id!(
    /// The name of a job of a scan: `secret`, `vuln`, `sbom` or `license`.
    JobName,
    "one of `secret`, `vuln`, `sbom`, `license`",
    |text| matches!(text, "secret" | "vuln" | "sbom" | "license")
);

fn word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
}

fn dotted_words(text: &str) -> bool {
    text.split('.').all(word)
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_accept_their_form_and_refuse_look_alikes() {
        assert!("engine.guard.secret_scan".parse::<EngineId>().is_ok());
        for text in ["", "engine.", "engine..x", "Engine.x", "engine.x.", "engine.ех", "engine.x y"]
        {
            assert!(text.parse::<EngineId>().is_err(), "{text:?}");
        }
        assert!("osv-scanner".parse::<ToolName>().is_ok());
        assert!("../osv".parse::<ToolName>().is_err());
        assert!("a\nb".parse::<ActorId>().is_err());
        assert!("not-a-uuid".parse::<OpId>().is_err());
        assert_eq!(ToolName::known("gitleaks"), "gitleaks".parse().unwrap());
    }
}
