//! The closed list of codes that leave the product (contract section 12, GATE-3, FR-2).
//! Owns each code's text, meaning and next step; `docs/error-codes.md` is generated from it.
//! Never renamed silently: a snapshot test pins the list.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($variant:ident $text:literal, $meaning:literal, $hint:literal;)*) => {
        /// A closed error or denial code. Hosts switch on it, never on a message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum Code {
            $(#[doc = $meaning] #[serde(rename = $text)] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code as people and programs see it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What it means, as one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// What to do about it, as one sentence.
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$variant => $hint,)* }
            }
        }
    };
}

codes! {
    UnknownCapability "HSK-4001", "a capability that the registry does not know was asked for", "ask only for ids that `mex registry show` lists";
    InvalidEvent "HSK-400-INVALID-EVENT", "an event does not have the shape its type asks for", "this is a fault of the product: report it with the path named";
    RecorderDb "HSK-500-DB", "the Flight Recorder could not write or read its database", "free disk space, check the data folder's permissions, then run `mex recorder verify`";
    SchemaEnvelope "MEX-SCHEMA-ENVELOPE", "the operation is not a valid `poe-1.0` envelope", "fix the field named; the schema is `schemas/planned-operation.schema.json`";
    SchemaParams "MEX-SCHEMA-PARAMS", "`params` do not match the operation's JSON Schema", "fix the parameter named";
    SchemaEngine "MEX-SCHEMA-ENGINE", "the engine is not in `mechanical_engines.json`", "use an engine that `mex conformance` lists";
    SchemaOperation "MEX-SCHEMA-OPERATION", "the engine has no such operation", "use an operation the engine declares";
    SchemaVersion "MEX-SCHEMA-VERSION", "the adapter's version does not satisfy `engine_version_req`", "widen the requirement or update mex";
    CapEmpty "MEX-CAP-EMPTY", "`capabilities_requested` is empty", "request what the operation needs; nothing runs without a request";
    CapProfile "MEX-CAP-PROFILE", "the capability profile does not exist", "use a profile of `capability_registry/profiles.json`";
    CapNotNeeded "MEX-CAP-NOT-NEEDED", "a requested capability is not one the engine or operation needs", "remove it from `capabilities_requested`";
    CapNotRequested "MEX-CAP-NOT-REQUESTED", "a required capability was not requested", "add it to `capabilities_requested`";
    CapNotGranted "MEX-CAP-NOT-GRANTED", "the profile does not grant a requested capability", "use a profile that grants it, or have the registry reviewed";
    CapConsent "MEX-CAP-CONSENT", "a capability that needs a live consent has none", "a person grants it with `mex consent grant`";
    IntegrityParamsSize "MEX-INTEGRITY-PARAMS-SIZE", "inline `params` are over 32 KiB", "store large parameters as an artifact and reference it";
    IntegrityInputMissing "MEX-INTEGRITY-INPUT-MISSING", "an input artifact is not in the store", "import it, or scan again to make it";
    IntegrityInputCorrupt "MEX-INTEGRITY-INPUT-CORRUPT", "an input artifact's bytes are not what its handle says", "restore the store from a backup or make the artifact again";
    IntegrityPath "MEX-INTEGRITY-PATH", "a path leaves the workspace", "use a path inside the project, with `/` and without `..`";
    IntegrityToolMissing "MEX-INTEGRITY-TOOL-MISSING", "a pinned tool is not installed", "run `mex tools install`";
    IntegrityToolChanged "MEX-INTEGRITY-TOOL-CHANGED", "a tool's digest is not the pinned one", "find out who changed it, then run `mex tools install --force`";
    IntegrityToolUnpinned "MEX-INTEGRITY-TOOL-UNPINNED", "a tool has no pin in `toolchain.lock.json`", "add the pin through review";
    IntegrityConformance "MEX-INTEGRITY-CONFORMANCE", "the engine has no passed conformance run with these tools", "run `mex conformance`";
    BudgetMissing "MEX-BUDGET-MISSING", "the operation has no budget", "set all four limits";
    BudgetZero "MEX-BUDGET-ZERO", "a limit of the budget is zero", "set a positive limit";
    BudgetExceeds "MEX-BUDGET-EXCEEDS", "a limit of the budget is above the engine's maximum", "lower it to the maximum named";
    BudgetOverrun "MEX-BUDGET-OVERRUN", "a running tool reached a limit and was killed", "raise the limit named, up to the engine's maximum, or scan less";
    ProvenancePolicy "MEX-PROVENANCE-POLICY", "a D0 or D1 operation has no evidence policy", "set `evidence_policy.required` to true";
    ProvenanceRoles "MEX-PROVENANCE-ROLES", "the output spec names no roles, or one the operation does not make", "name the roles the operation declares";
    ProvenanceMissing "MEX-PROVENANCE-MISSING", "an output has no provenance or a role asked for is missing", "this is a fault of the adapter: report it";
    ProvenanceInline "MEX-PROVENANCE-INLINE", "an output is inlined and not referenced, or its reference does not resolve", "this is a fault of the adapter: report it";
    DetCeiling "MEX-DET-CEILING", "the operation claims more determinism than its engine can give", "claim the ceiling or less";
    DetPolicy "MEX-DET-POLICY", "a D0 or D1 operation does not require evidence", "set `evidence_policy.required` to true";
    DetEvidence "MEX-DET-EVIDENCE", "the result carries no evidence", "this is a fault of the adapter: report it";
    DetLevel "MEX-DET-LEVEL", "the result does not hold the determinism claimed", "claim a lower level, or pin the database";
    GateFault "MEX-GATE-FAULT", "a gate itself failed, which counts as a denial", "this is a fault of the product: report it";
    ToolSpawn "MEX-TOOL-SPAWN", "a tool could not be started", "run `mex tools verify`";
    ToolCrashed "MEX-TOOL-CRASHED", "a tool was ended by a signal that nobody here sent", "scan again; if it repeats, report it to the tool's makers with the evidence";
    ToolExit "MEX-TOOL-EXIT", "a tool ended with an exit code that does not mean a result, or one its output contradicts", "read the captured stderr with `mex artifact show`";
    ToolOutput "MEX-TOOL-OUTPUT", "a tool's output is not what its format asks for", "scan again; if it repeats, the pinned version and the adapter disagree: report it";
    ToolTruncated "MEX-TOOL-TRUNCATED", "a tool wrote more than the output limit; the rest was cut and nothing was parsed", "raise `output_bytes` or scan less";
    ToolTimeout "MEX-TOOL-TIMEOUT", "a tool ran past its wall or CPU limit and was killed", "raise the limit named or scan less";
    ToolVersion "MEX-TOOL-VERSION", "a tool reports another version than the lock file pins", "run `mex tools install --force`";
    SandboxUnavailable "MEX-SANDBOX-UNAVAILABLE", "the sandbox cannot be set up here", "install bubblewrap and allow unprivileged user namespaces; a release does not pass without it";
    StageMissing "MEX-STAGE-MISSING", "the project folder does not exist", "check the path";
    StageNotAFolder "MEX-STAGE-NOT-A-FOLDER", "the project path is not a folder", "name the folder that holds the project";
    StageUnreadable "MEX-STAGE-UNREADABLE", "a file or folder of the project cannot be read", "fix its permissions";
    StageChanged "MEX-STAGE-CHANGED", "a file changed while it was copied, or is not what the manifest says", "scan again when nothing writes to the project";
    StageEmpty "MEX-STAGE-EMPTY", "the project folder holds no file to scan", "name a folder with files";
    StageIo "MEX-STAGE-IO", "the staged copy could not be written", "free disk space or name another `--data-dir`";
    DbMissing "MEX-DB-MISSING", "there is no advisory database for an ecosystem", "run `mex db sync` or `mex db import`";
    DbEmpty "MEX-DB-EMPTY", "the advisory database holds no record", "use another snapshot; an empty one would look clean";
    DbTruncated "MEX-DB-TRUNCATED", "the advisory database ends before its end", "fetch it again";
    DbUnparsable "MEX-DB-UNPARSABLE", "a record of the advisory database cannot be parsed", "use another snapshot; the record is named";
    DbStale "MEX-DB-STALE", "the advisory database is older than the policy allows", "run `mex db sync`";
    DbEcosystem "MEX-DB-ECOSYSTEM", "the records are not of the ecosystem named, or it has no known name", "name the ecosystem as OSV spells it";
    DbFetch "MEX-DB-FETCH", "the advisory database could not be fetched", "check the network and the source named, or use `mex db import`";
    DependencyFetch "MEX-DEPENDENCY-FETCH", "a dependency that a lockfile names could not be fetched", "follow the reason; what came is kept, so that another run asks only for the rest";
    DependencyChecksum "MEX-DEPENDENCY-CHECKSUM", "what a registry sent is not the archive that the lockfile names", "find out which of the two is wrong before anything is built from either; nothing of it was kept";
    ToolchainLock "MEX-TOOLCHAIN-LOCK", "`toolchain.lock.json` is not valid", "fix the field named";
    ToolchainInstall "MEX-TOOLCHAIN-INSTALL", "a tool could not be provisioned", "read the output named; the network and the build tools are needed";
    StoreIo "MEX-STORE-IO", "the artifact store could not be read or written", "free disk space and check the data folder's permissions";
    StoreMissing "MEX-STORE-MISSING", "an artifact is not in the store", "it may have been purged: `mex recorder query` shows retention events";
    StoreCorrupt "MEX-STORE-CORRUPT", "an artifact's bytes are not what its digest says", "restore it from a backup; nothing that rests on it can be trusted";
    DataDir "MEX-DATA-DIR", "the data folder cannot be used", "name a writable folder with `--data-dir`";
    DataFuture "MEX-DATA-FUTURE", "the data folder was written by a newer mex", "update mex or name another `--data-dir`";
    DataCorrupt "MEX-DATA-CORRUPT", "the data folder's database is damaged", "move it away and restore a backup; nothing was changed";
    ChainBroken "MEX-CHAIN-BROKEN", "the Flight Recorder's chain does not hold", "the first bad event is named; compare with an exported head and a backup";
    HeadInvalid "MEX-HEAD-INVALID", "an exported head is not valid or its signature does not hold", "use the file as `mex recorder head` wrote it";
    PolicyInvalid "MEX-POLICY-INVALID", "a policy file is not valid", "fix the field named; the commented default is `mex policy` in the documentation";
    AllowlistInvalid "MEX-ALLOWLIST-INVALID", "an allowlist is not valid", "fix the entry named";
    AllowlistInTree "MEX-ALLOWLIST-IN-TREE", "an allowlist or allowed-signers file lies inside the scanned project, which does not speak for itself", "keep it where the project's authors cannot change it, or have the exceptions approved with `mex exception`";
    ExceptionInvalid "MEX-EXCEPTION-INVALID", "an exception cannot be made or changed as asked", "the field or rule is named; nothing was changed";
    DiffWorkspaces "MEX-DIFF-WORKSPACES", "two scans of different projects were to be compared", "compare two scans of the same project folder; `mex jobs list` shows which scan is of which project";
    SignersInvalid "MEX-SIGNERS-INVALID", "an allowed-signers file is not valid", "fix the line named; the format is that of `ssh-keygen -Y verify -f`";
    SignatureInvalid "MEX-SIGNATURE-INVALID", "an SSH signature does not hold for what it should approve", "sign exactly the bytes that `mex exception sign ID --payload FILE` writes, with the namespace it names";
    RegistryInvalid "MEX-REGISTRY-INVALID", "a capability registry or its profiles are not valid", "fix the entry and rule named";
    RegistryReview "MEX-REGISTRY-REVIEW", "a review of a capability registry cannot be taken as given", "read the diff again with `mex registry diff`, tick every added right on its own, and review what it shows";
    RegistryStale "MEX-REGISTRY-STALE", "the draft, the registry in force or the diff is not the one that was reviewed", "make the diff again and have it reviewed; nothing was changed";
    RegistryPublish "MEX-REGISTRY-PUBLISH", "a capability registry cannot be published as asked", "follow the reason; the registry in force stays in force";
    RegistryRecord "MEX-REGISTRY-RECORD", "a publish record is not valid, or not of the signer named", "take the files as `mex registry publish` wrote them, and the signer's key from the signer";
    ModelAddress "MEX-MODEL-ADDRESS", "a model's address or name cannot be used", "name `https`, or `http` on this machine, without a name, password or query, and a model the endpoint has";
    ModelAnswer "MEX-MODEL-ANSWER", "a model did not answer, or not in time", "see whether the endpoint runs and knows the model; without `--model` no model is needed";
    EnginesInvalid "MEX-ENGINES-INVALID", "`mechanical_engines.json` is not valid", "fix the field named";
    ConsentInvalid "MEX-CONSENT-INVALID", "a consent cannot be granted as asked", "name a capability that needs consent, with a positive duration";
    ConformanceFailed "MEX-CONFORMANCE-FAILED", "an engine did not behave as it must", "the case that failed is named; the engine stays uncallable";
    InputNotJson "MEX-INPUT-NOT-JSON", "the input is not a JSON object", "give one JSON object in UTF-8, without duplicate keys";
    InputTooBig "MEX-INPUT-TOO-BIG", "the input is over the size limit", "give a smaller document";
    InputUnreadable "MEX-INPUT-UNREADABLE", "a file named on the command line cannot be read", "check the path and its permissions";
    ImportFormat "MEX-IMPORT-FORMAT", "the file is no report of a format and version that can be imported", "give SARIF 2.1.0, CycloneDX 1.4 to 1.7 (JSON) or OpenVEX 0.2, each as one JSON document";
    OutputPath "MEX-OUTPUT-PATH", "a file or folder to write to cannot be used", "name a file or folder in a folder that is there and can be written to";
    OutputIo "MEX-OUTPUT-IO", "an export could not be written", "free disk space and check the folder's permissions; what the scan recorded is kept";
    Usage "MEX-USAGE", "the command line is not understood", "run the command with `--help`";
    QueryInvalid "MEX-QUERY-INVALID", "a query line over problems cannot be read", "the word and its place are named; change it, or put it in quotes to look for it as it is";
    UndoExpired "MEX-UNDO-EXPIRED", "a change of status can be taken back for ten seconds, once", "set the status anew, with a reason";
    PreferencesInvalid "MEX-PREFERENCES-INVALID", "a preference cannot be kept as asked", "the field is named; nothing was changed";
    EditorInvalid "MEX-EDITOR-INVALID", "a file cannot be opened in an editor", "choose an editor in the settings, and check that the file is still in the project";
    LinkInvalid "MEX-LINK-INVALID", "a link is none of ours", "a link is `mex://` with problem, job, event, artifact, registry, scan or operation, and an id";
    NotFound "MEX-NOT-FOUND", "nothing has the id named", "list what there is with the command's `list`";
    AmbiguousId "MEX-AMBIGUOUS-ID", "more than one thing starts with the id named", "give more of it";
    Cancelled "MEX-CANCELLED", "somebody stopped it", "scan again when ready; what was recorded stays";
    Interrupted "MEX-INTERRUPTED", "the product ended before this did", "scan again";
    Internal "MEX-INTERNAL", "the product did something it should not", "report it with the message";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no code of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an error code")]
pub struct UnknownCode(String);

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_and_says_what_to_do() {
        for code in Code::ALL {
            assert_eq!(code.as_str().parse(), Ok(*code));
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!(!code.meaning().is_empty() && !code.hint().is_empty(), "{code}");
        }
        let mut texts: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Code::ALL.len());
    }
}
