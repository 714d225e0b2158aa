//! What of a project's lockfiles is not here and can be fetched: which archive, from where, with which
//! checksum; and what can not be, each with its reason. Owns the addresses: a registry that the
//! project names is never followed (contract SC-10). Asks nobody.

use std::collections::BTreeMap;
use std::path::Path;

use mex_runtime::id::JobName;
use mex_runtime::port::Cancel;

use super::archives::{Archives, Sum};
use super::download::Order;
use crate::answer::line;
use crate::http;
use crate::license_scan::crates::{self, AtHand, Locked, Shelves};
use crate::license_scan::{self, npm};
use crate::lockfile::Lockfile;

/// Where crates.io serves archives: what its own index names as `dl`.
pub const CRATES: &str = "https://static.crates.io/crates";
/// npm's own registry.
pub const NPM: &str = "https://registry.npmjs.org";

/// Where archives are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registries {
    /// As cargo's `dl`: with `{crate}` and `{version}`, or with `/{crate}/{version}/download` behind it.
    pub crates: String,
    /// With `/{name}/-/{file}-{version}.tgz` behind it.
    pub npm: String,
}

impl Registries {
    /// Whether both may be asked.
    ///
    /// # Errors
    /// With the reason, as a sentence.
    pub fn check(&self) -> Result<(), String> {
        for url in [self.krate("a", "1"), self.package("a", "1").unwrap_or_default()] {
            if let Err(http::Fault::Refused(why) | http::Fault::Network(why)) = http::allowed(&url)
            {
                return Err(why);
            }
        }
        Ok(())
    }

    fn krate(&self, name: &str, version: &str) -> String {
        if self.crates.contains("{crate}") {
            self.crates.replace("{crate}", name).replace("{version}", version)
        } else {
            format!("{}/{name}/{version}/download", self.crates.trim_end_matches('/'))
        }
    }

    /// Null for a name or version that no registry has.
    fn package(&self, name: &str, version: &str) -> Option<String> {
        let plain = |text: &str| {
            !text.is_empty()
                && !text.starts_with('.')
                && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.+~".contains(&c))
        };
        let (scope, last) = match name.strip_prefix('@').map(|rest| rest.split_once('/')) {
            None => (None, name),
            Some(Some((scope, last))) => (Some(scope), last),
            Some(None) => return None,
        };
        if !plain(last) || !plain(version) || !scope.is_none_or(plain) {
            return None;
        }
        let base = self.npm.trim_end_matches('/');
        Some(format!("{base}/{name}/-/{last}-{version}.tgz"))
    }
}

/// What one lockfile needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// The lockfile.
    pub path: String,
    /// How many packages are here, or need nothing.
    pub here: u64,
    /// What is to be fetched, by the number of its order.
    pub orders: Vec<usize>,
    /// What can not be fetched: how many by reason, and the first of them.
    pub gaps: BTreeMap<String, (u64, String)>,
}

impl Needs {
    fn gap(&mut self, why: String, what: String) {
        self.gaps.entry(why).or_insert((0, what)).0 += 1;
    }
}

/// What all lockfiles need, each archive once.
#[derive(Debug, Default)]
pub struct Orders {
    /// To be fetched.
    pub orders: Vec<Order>,
    known: BTreeMap<Sum, usize>,
}

impl Orders {
    fn add(&mut self, order: Order) -> usize {
        if let Some(known) = self.known.get(&order.sum) {
            return *known;
        }
        let at = self.orders.len();
        self.known.insert(order.sum.clone(), at);
        self.orders.push(order);
        at
    }

    /// What a `Cargo.lock` needs.
    pub fn cargo(
        &mut self,
        lock: &Lockfile,
        shelves: &Shelves<'_>,
        registries: &Registries,
        cancel: &Cancel,
    ) -> Needs {
        let mut needs = Needs { path: lock.path.clone(), ..Needs::default() };
        let Some(packages) = crates_of(shelves.root, lock) else {
            needs.gap("it cannot be read".to_owned(), lock.path.clone());
            return needs;
        };
        for package in packages.iter().take_while(|_| !cancel.is_cancelled()) {
            let what = format!("{} {}", line(&package.name), line(&package.version));
            match self.krate(package, shelves, registries) {
                Ok(None) => needs.here += 1,
                Ok(Some(at)) => needs.orders.push(at),
                Err(why) => needs.gap(why, what),
            }
        }
        needs
    }

    fn krate(
        &mut self,
        package: &Locked,
        shelves: &Shelves<'_>,
        registries: &Registries,
    ) -> Result<Option<usize>, String> {
        let Some(source) = package.source.as_deref() else { return Ok(None) };
        if matches!(crates::look_up(package, shelves), AtHand::Read(_)) {
            return Ok(None);
        }
        if source.starts_with("git+") {
            return Err(
                "it comes from git, which is not fetched: run `cargo fetch --locked`".to_owned()
            );
        }
        if !package.is_of_crates_io() {
            return Err(format!(
                "it comes from `{}`, and a registry that the project names is never asked: run `cargo fetch --locked`",
                line(source)
            ));
        }
        let Some(checksum) = package.checksum else {
            return Err("the lockfile names no checksum for it".to_owned());
        };
        if !package.is_plain() {
            return Err("its name or version is none a registry has".to_owned());
        }
        Ok(Some(self.add(Order {
            purl: package.component().purl,
            url: registries.krate(&package.name, &package.version),
            sum: Sum::Sha256(checksum),
        })))
    }

    /// What a package-lock needs: the archives of packages whose licence nobody says.
    pub fn npm(
        &mut self,
        lock: &Lockfile,
        root: &Path,
        fetched: &Archives,
        registries: &Registries,
    ) -> Needs {
        let mut needs = Needs { path: lock.path.clone(), ..Needs::default() };
        let Some(value) = license_scan::npm_json(root, lock) else {
            needs.gap("it cannot be read".to_owned(), lock.path.clone());
            return needs;
        };
        let folder = lock.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for package in npm::packages(&value, root, folder, fetched) {
            let what =
                format!("{} {}", line(&package.component.name), line(&package.component.version));
            match self.tarball(&package, fetched, registries) {
                Ok(None) => needs.here += 1,
                Ok(Some(at)) => needs.orders.push(at),
                Err(why) => needs.gap(why, what),
            }
        }
        needs
    }

    fn tarball(
        &mut self,
        package: &npm::Package,
        fetched: &Archives,
        registries: &Registries,
    ) -> Result<Option<usize>, String> {
        if package.speech.is_some() {
            return Ok(None);
        }
        let resolved = package.resolved.as_deref().unwrap_or(NPM);
        if resolved != NPM && !resolved.starts_with(&format!("{NPM}/")) {
            return Err(format!(
                "it comes from `{}`, and a registry that the project names is never asked",
                line(resolved)
            ));
        }
        let Some(sum) = &package.sum else {
            return Err("the lockfile names no SHA-512 for it".to_owned());
        };
        if fetched.read(sum).is_some() {
            return Err("its archive is here and is not that of this package".to_owned());
        }
        let component = &package.component;
        let url = registries
            .package(&component.name, &component.version)
            .ok_or("its name or version is none a registry has")?;
        Ok(Some(self.add(Order { purl: component.purl.clone(), url, sum: sum.clone() })))
    }
}

/// The packages of a `Cargo.lock`; null where it cannot be read.
pub(super) fn crates_of(root: &Path, lock: &Lockfile) -> Option<Vec<Locked>> {
    let bytes = license_scan::read(&root.join(&lock.path)).ok()?;
    crates::packages(&String::from_utf8(bytes).ok()?)
}

/// The job whose ledger a fetch writes.
pub(super) fn job() -> JobName {
    JobName::known("license")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registries(crates: &str, npm: &str) -> Registries {
        Registries { crates: crates.to_owned(), npm: npm.to_owned() }
    }

    #[test]
    fn addresses_are_those_of_the_registries_and_no_name_leaves_them() {
        let own = registries(CRATES, NPM);
        assert_eq!(own.krate("a", "1.0.0"), "https://static.crates.io/crates/a/1.0.0/download");
        let mirror = registries("https://m.invalid/{crate}/{crate}-{version}.crate", "https://n/");
        assert_eq!(mirror.krate("a", "1.0.0+b"), "https://m.invalid/a/a-1.0.0+b.crate");
        let package = |name: &str, version: &str| mirror.package(name, version);
        assert_eq!(package("a", "1.0.0").unwrap(), "https://n/a/-/a-1.0.0.tgz");
        assert_eq!(package("@s/b", "1.0.0").unwrap(), "https://n/@s/b/-/b-1.0.0.tgz");
        for name in ["", "..", "../a", "a/b", "@s", "@s/", "@/b", "@s/../b", "a?b", "a#b", "a b"] {
            assert_eq!(package(name, "1.0.0"), None, "{name}");
        }
        for version in ["", "../1", "1/2", "1?x"] {
            assert_eq!(package("a", version), None, "{version}");
        }
    }

    #[test]
    fn registries_are_encrypted_or_of_this_machine() {
        assert_eq!(registries(CRATES, NPM).check(), Ok(()));
        assert_eq!(registries("http://127.0.0.1:1", "http://[::1]:2/x").check(), Ok(()));
        for bad in ["http://a.invalid", "file:///etc", "https://u:p@a.invalid", "", "--x"] {
            assert!(registries(bad, NPM).check().is_err(), "{bad}");
            assert!(registries(CRATES, bad).check().is_err(), "{bad}");
        }
    }
}
