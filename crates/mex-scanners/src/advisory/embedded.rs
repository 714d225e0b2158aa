//! The RustSec snapshot the product carries, so that a first scan needs no network.
//! It enters the tools folder through the same door as any other database.

/// One embedded file.
pub(super) struct Embedded {
    /// Its bytes.
    pub(super) bytes: &'static [u8],
    /// Their SHA-256, compared by a test with the lock file and with the bytes.
    pub(super) sha256: &'static str,
    /// Where it comes from, for people.
    pub(super) origin: &'static str,
}

/// The carried files; `assets/rustsec/README.md` says what they are.
pub(super) const EMBEDDED: [Embedded; 2] = [
    Embedded {
        bytes: include_bytes!("../../assets/rustsec/osv-crates.io-2026-08-21.zip"),
        sha256: "f3772453e8821c26a752df3ba70302528cf529ed32ca9182094ec6ce7dd18625",
        origin: "embedded: rustsec/advisory-db, branch `osv`, commit 7fa931cb90251ad2affbddac32885f3ed29a63eb",
    },
    Embedded {
        bytes: include_bytes!("../../assets/rustsec/advisory-db-2026-08-21.tar.gz"),
        sha256: "b5bd7c0b478f06f063790b796ef12eda3a7117094c25bcbf3c4bbe071b1f7052",
        origin: "embedded: rustsec/advisory-db, commit bf5c0d245a92671908518d7e765914d437954ed6",
    },
];
