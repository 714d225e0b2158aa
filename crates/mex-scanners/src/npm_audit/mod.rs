//! npm audit: known vulnerabilities of what a package-lock names, from the pinned npm snapshot and
//! with no network (contract SC-11). Owns what is asked (`argv`), what the registry's place says
//! (`advisories`, `responder.cjs`), what npm says (`wire`) and what that means (`normalise`).
//!
//! It reads the same records as osv-scanner: a second reading of one source, no second source.

pub(crate) mod advisories;
pub mod argv;
pub mod live;
pub(crate) mod lock;
pub mod normalise;
pub(crate) mod range;
pub(crate) mod run;
mod wire;

/// Its name in the lock file.
pub const NAME: &str = "npm";

/// Said of every lockfile it read, so that nobody takes two tools for two sources.
pub const SAME_DATABASE: &str =
    "answered from the npm snapshot that osv-scanner read too: a second reading of one database";

/// npm's time grows with the square of the packages: 10,000 take a quarter of a minute, 50,000 ten
/// minutes. Above this osv-scanner alone reads the same records.
pub const MAX_PACKAGES: usize = 10_000;

/// Said of a lockfile that is too long for npm.
pub const TOO_LONG: &str = "`npm audit` takes too long over more than 10,000 packages; osv-scanner reads the same database for this one";

/// Said of aliases in a lockfile of version 1.
pub const ALIASES: &str = "`npm audit` does not look up aliases of a lockfile of version 1: make it again with npm 7 or newer";

/// Said of a lockfile that npm cannot read.
pub const NOT_ITS_LOCK: &str =
    "`npm audit` reads package-lock.json and npm-shrinkwrap.json alone; osv-scanner reads this one";
