//! Severity of diagnostics and of vulnerabilities: two scales that are never mixed.
//! Owns the words; computing a score from a CVSS vector is [`crate::policy`]'s neighbour `cvss`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Severity of a diagnostic (contract DIAG-1). Ordered from mild to grave.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A suggestion.
    Hint,
    /// Worth knowing.
    Info,
    /// Should be looked at.
    Warning,
    /// Wrong; does not stop a release by itself.
    Error,
    /// Stops a release.
    Fatal,
}

/// Severity of a vulnerability (contract SC-2). Ordered from mild to grave;
/// `Unscored` stands beside `High` in every judgement but is never shown as it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VulnSeverity {
    /// An informational advisory: unmaintained, unsound, notice. A warning.
    Informational,
    /// A score of 0.0 and no database that says more.
    None,
    /// 0.1 to 3.9.
    Low,
    /// 4.0 to 6.9.
    Medium,
    /// No score and no word, or unparsable ones. Never low; blocks a release like `High`.
    Unscored,
    /// 7.0 to 8.9.
    High,
    /// 9.0 to 10.0, and malware.
    Critical,
}

impl VulnSeverity {
    /// Whether it blocks a release (contract SC-2).
    pub const fn blocks_release(self) -> bool {
        matches!(self, Self::Unscored | Self::High | Self::Critical)
    }

    /// As a diagnostic's own severity, which is the finding's and never the verdict's (contract DIAG-2).
    pub const fn as_diagnostic(self) -> Severity {
        match self {
            Self::Informational | Self::Medium => Severity::Warning,
            Self::None | Self::Low => Severity::Info,
            Self::Unscored | Self::High | Self::Critical => Severity::Error,
        }
    }

    /// The word shown to people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Informational => "INFORMATIONAL",
            Self::None => "NONE",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::Unscored => "UNSCORED",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}
