//! What the crates of a `Cargo.lock` declare, read from the very archives the lockfile names by
//! checksum, or from a vendored folder of the project. Owns the search for them and their reading;
//! never fetches, never runs anything, never believes an archive with another checksum (contract SC-2).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use mex_runtime::digest::Digest;
use mex_runtime::finding::{Component, LicenseText};
use serde_json::Value;

use super::archive;
use super::git::Checkouts;
use super::manifest::{self, Speech};
use crate::dependency::archives::{Archives, Sum};
use crate::ground::{self, Depth};
use crate::lockfile::purl;

/// The words by which a `Cargo.lock` names crates.io.
const CRATES_IO: [&str; 2] =
    ["registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"];

/// The user's own folder of fetched crates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CargoHome {
    root: PathBuf,
}

impl CargoHome {
    /// The folder `cargo` calls `CARGO_HOME`; it need not exist.
    pub const fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What is here of some crates, by stats: their archives, their unpacked sources, and the
    /// checkouts of those from git (contract SC-12). None where that cannot be told.
    pub(super) fn ground(&self, wanted: &BTreeSet<Locked>, now: Timestamp) -> Option<Value> {
        let mut seen = Vec::new();
        for place in ["registry/cache", "registry/src"] {
            for registry in folders(&self.root.join(place))? {
                seen.push(serde_json::json!(registry));
                for package in wanted.iter().filter(|one| one.source.is_some() && one.is_plain()) {
                    let name = format!("{}-{}", package.name, package.version);
                    seen.push(if place == "registry/cache" {
                        ground::file(&registry.join(format!("{name}.crate")), now)?
                    } else {
                        ground::folder(&registry.join(name), Depth::One, now)?
                    });
                }
            }
        }
        let revisions: BTreeSet<&str> = wanted
            .iter()
            .filter_map(|package| package.source.as_deref()?.strip_prefix("git+"))
            .map(|source| source.rsplit_once('#').map_or("", |(_, revision)| revision))
            .collect();
        if !revisions.is_empty() {
            for repository in folders(&self.root.join("git/db"))? {
                seen.push(serde_json::json!(repository));
                seen.push(ground::objects(&repository.join("objects"), now)?);
            }
            for repository in folders(&self.root.join("git/checkouts"))? {
                for checkout in folders(&repository)? {
                    let name = checkout.file_name()?.to_str()?.to_owned();
                    if revisions.iter().any(|revision| revision.starts_with(&name)) {
                        seen.push(serde_json::json!(checkout));
                        seen.push(ground::folder(&checkout, Depth::All, now)?);
                    }
                }
            }
        }
        Some(Value::Array(seen))
    }

    /// The archives of one crate, one a registry.
    fn archives(&self, package: &Locked) -> Vec<PathBuf> {
        let file = format!("{}-{}.crate", package.name, package.version);
        let Ok(registries) = fs::read_dir(self.root.join("registry/cache")) else {
            return Vec::new();
        };
        let mut found: Vec<PathBuf> = registries
            .filter_map(|registry| Some(registry.ok()?.path().join(&file)))
            .filter(|path| path.is_file())
            .collect();
        found.sort();
        found
    }
}

/// The folders in a folder, sorted; none where it is not there.
fn folders(path: &Path) -> Option<Vec<PathBuf>> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(Vec::new()),
        Err(_) => return None,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.ok()?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Some(found)
}

/// One package of a `Cargo.lock`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Locked {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it comes from; null for the project's own.
    pub source: Option<String>,
    /// What its archive must be.
    pub checksum: Option<Digest>,
}

impl Locked {
    /// The package as findings name it.
    pub fn component(&self) -> Component {
        purl::component("crates.io", &self.name, &self.version)
    }

    /// Whether it comes from crates.io.
    pub(crate) fn is_of_crates_io(&self) -> bool {
        self.source.as_deref().is_some_and(|source| CRATES_IO.contains(&source))
    }

    /// Whether its name and version can be parts of a file's name.
    pub(crate) fn is_plain(&self) -> bool {
        let plain = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.+".contains(&c))
        };
        plain(&self.name) && plain(&self.version) && !self.name.contains('.')
    }
}

/// The packages a `Cargo.lock` names; null where it is none.
pub fn packages(text: &str) -> Option<Vec<Locked>> {
    let table: toml::Table = text.trim_start_matches('\u{feff}').parse().ok()?;
    // Lockfiles of version 1 keep the checksums apart.
    let apart = table.get("metadata").and_then(toml::Value::as_table);
    let list = table.get("package").and_then(toml::Value::as_array);
    let mut found = Vec::new();
    for entry in list.into_iter().flatten() {
        let field = |name: &str| entry.get(name).and_then(toml::Value::as_str);
        let (name, version) = (field("name")?, field("version")?);
        let source = field("source");
        let checksum = field("checksum").or_else(|| {
            let key = format!("checksum {name} {version} ({})", source?);
            apart?.get(&key)?.as_str()
        });
        found.push(Locked {
            name: name.to_owned(),
            version: version.to_owned(),
            source: source.map(str::to_owned),
            checksum: checksum.and_then(|text| text.parse().ok()),
        });
    }
    found.sort();
    found.dedup();
    Some(found)
}

/// What became of the search for one crate's source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtHand {
    /// It was read.
    Read(Speech),
    /// Nobody has it here.
    Absent,
    /// It is here and cannot be believed or read; said as one sentence.
    Refused(String),
}

/// A crate in the project's own tree, as `cargo vendor` leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vendored {
    /// The folder, relative to the project.
    pub folder: String,
    /// The checksum of the archive it says it was made from; null for one from git.
    pub checksum: Option<Digest>,
}

/// Where the sources of crates may be.
#[derive(Debug, Clone, Copy)]
pub struct Shelves<'a> {
    /// The user's own.
    pub home: Option<&'a CargoHome>,
    /// What `dependency_fetch` brought.
    pub fetched: &'a Archives,
    /// The staged project.
    pub root: &'a Path,
    /// The vendored crates in it.
    pub vendored: &'a BTreeMap<(String, String), Vendored>,
    /// The commits that crates are taken from.
    pub git: &'a Checkouts,
}

/// Finds the source of one crate: its archive in the cargo home or among the fetched ones first, for
/// its checksum is that of the lockfile; a vendored folder with the same checksum otherwise, or the
/// commit it is taken from.
pub fn look_up(package: &Locked, shelves: &Shelves<'_>) -> AtHand {
    let Shelves { home, fetched, root, vendored, git } = *shelves;
    if !package.is_plain() {
        return AtHand::Refused("its name or version is none a registry has".to_owned());
    }
    let mut refused = None;
    if let Some(expected) = package.checksum {
        for path in home.map(|home| home.archives(package)).into_iter().flatten() {
            match read_archive(&path, package, expected) {
                Ok(Some(speech)) => return AtHand::Read(speech),
                Ok(None) => {
                    refused = Some(
                        "the archive in the cargo home is not the one the lockfile names: remove it and run `cargo fetch --locked`"
                            .to_owned(),
                    );
                }
                Err(fault) => {
                    refused = Some(format!("its archive cannot be read ({})", fault.kind()));
                }
            }
        }
        if let Some(bytes) = fetched.read(&Sum::Sha256(expected)) {
            match speech_of(&bytes, package, expected) {
                Ok(speech) => return AtHand::Read(speech),
                Err(fault) => {
                    refused = Some(format!("its archive cannot be read ({})", fault.kind()));
                }
            }
        }
    }
    let key = (package.name.clone(), package.version.clone());
    if let Some(copy) = vendored.get(&key) {
        if package.checksum.is_some() && copy.checksum != package.checksum {
            return AtHand::Refused(format!(
                "`{}` was made from another archive than the lockfile names: run `cargo vendor` again",
                copy.folder
            ));
        }
        return match read_folder(root, &copy.folder) {
            Ok(speech) => AtHand::Read(speech),
            Err(fault) => AtHand::Refused(format!("`{}`: {}", copy.folder, fault.kind())),
        };
    }
    refused.map_or_else(|| git.look_up(package), AtHand::Refused)
}

/// `Ok(None)` is an archive with another checksum.
fn read_archive(path: &Path, package: &Locked, expected: Digest) -> io::Result<Option<Speech>> {
    let bytes = archive::bytes(path)?;
    if Digest::of(&bytes) != expected {
        return Ok(None);
    }
    speech_of(&bytes, package, expected).map(Some)
}

/// What an archive with the right checksum says.
fn speech_of(bytes: &[u8], package: &Locked, expected: Digest) -> io::Result<Speech> {
    let top = format!("{}-{}", package.name, package.version);
    let beside = |name: &str| name == "Cargo.toml" || manifest::is_license_text(name);
    let mut files = archive::files(bytes, Some(&top), &beside)?;
    let text = files.remove("Cargo.toml").ok_or(io::ErrorKind::InvalidData)?;
    let mut speech = manifest::cargo_toml(&text, "Cargo.toml").ok_or(io::ErrorKind::InvalidData)?;
    if let Some(named) = &speech.license_file
        && !files.contains_key(named)
    {
        files.extend(archive::files(bytes, Some(&top), &|name| name == named)?);
    }
    speech.texts = files
        .into_iter()
        .map(|(path, content)| LicenseText { path, sha256: Digest::of(&content) })
        .collect();
    speech.from = format!("crate sha256:{expected}");
    Ok(speech)
}

/// Whether the cargo home has an archive of that name.
pub(super) fn is_at_home(package: &Locked, shelves: &Shelves<'_>) -> bool {
    shelves.home.is_some_and(|home| !home.archives(package).is_empty())
}

/// The bytes of a crate's archive, where one with the lockfile's checksum is here.
pub(super) fn archive_of(package: &Locked, shelves: &Shelves<'_>) -> Option<Vec<u8>> {
    let expected = package.checksum.filter(|_| package.is_plain())?;
    let own = shelves.home.map(|home| home.archives(package)).into_iter().flatten();
    own.into_iter()
        .find_map(|path| archive::bytes(&path).ok().filter(|bytes| Digest::of(bytes) == expected))
        .or_else(|| shelves.fetched.read(&Sum::Sha256(expected)))
}

fn read_folder(root: &Path, place: &str) -> io::Result<Speech> {
    let folder = root.join(place);
    let text = fs::read(folder.join("Cargo.toml"))?;
    let mut speech = manifest::cargo_toml(&text, "Cargo.toml").ok_or(io::ErrorKind::InvalidData)?;
    speech.from = format!("{place}/Cargo.toml");
    for item in fs::read_dir(&folder)? {
        let item = item?;
        let name = item.file_name().to_string_lossy().into_owned();
        let named = speech.license_file.as_deref() == Some(name.as_str());
        if item.file_type()?.is_file() && (named || manifest::is_license_text(&name)) {
            let mut content = Vec::new();
            fs::File::open(item.path())?.take(archive::TEXT_BYTES).read_to_end(&mut content)?;
            speech.texts.push(LicenseText { sha256: Digest::of(&content), path: name });
        }
    }
    Ok(speech)
}

/// The vendored crates of a tree, by name and version, from the folders that hold a
/// `.cargo-checksum.json`.
pub fn vendored(root: &Path, folders: &[String]) -> BTreeMap<(String, String), Vendored> {
    let mut found = BTreeMap::new();
    for folder in folders {
        let read = |name: &str| fs::read(root.join(folder).join(name)).ok();
        let Some(sums) = read(".cargo-checksum.json")
            .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
        else {
            continue;
        };
        let Some(table) = read("Cargo.toml")
            .and_then(|bytes| String::from_utf8(bytes).ok()?.parse::<toml::Table>().ok())
        else {
            continue;
        };
        let package = |field: &str| Some(table.get("package")?.get(field)?.as_str()?.to_owned());
        let (Some(name), Some(version)) = (package("name"), package("version")) else { continue };
        let checksum = sums.get("package").and_then(Value::as_str);
        let copy = Vendored {
            folder: folder.clone(),
            checksum: checksum.and_then(|text| text.parse().ok()),
        };
        found.insert((name, version), copy);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn lockfiles_of_every_version_name_their_checksums() {
        let registry = "registry+https://github.com/rust-lang/crates.io-index";
        let new = format!(
            "version = 4\n[[package]]\nname='own'\nversion='0.1.0'\n[[package]]\nname='a'\nversion='1.0.0'\nsource='{registry}'\nchecksum='{SUM}'\n"
        );
        let old = format!(
            "[[package]]\nname='own'\nversion='0.1.0'\n[[package]]\nname='a'\nversion='1.0.0'\nsource='{registry}'\n[metadata]\n\"checksum a 1.0.0 ({registry})\" = '{SUM}'\n"
        );
        for text in [new, old] {
            let found = packages(&text).unwrap();
            assert_eq!(found.len(), 2);
            assert_eq!(found[0].name, "a");
            assert_eq!(found[0].checksum, Some(SUM.parse().unwrap()));
            assert_eq!((found[1].source.as_deref(), found[1].checksum), (None, None));
        }
        assert_eq!(packages("not [ toml"), None);
        assert_eq!(packages(""), Some(Vec::new()));
    }

    /// An archive as the registry serves it.
    fn archive(top: &str, files: &[(&str, &str)]) -> Vec<u8> {
        let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(gzip);
        for (name, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            tar.append_data(&mut header, format!("{top}/{name}"), text.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    fn locked(checksum: Option<Digest>) -> Locked {
        Locked {
            name: "a".to_owned(),
            version: "1.0.0".to_owned(),
            source: Some("registry+https://example.invalid".to_owned()),
            checksum,
        }
    }

    fn home(bytes: &[u8]) -> (tempfile::TempDir, CargoHome) {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("registry/cache/example-0");
        fs::create_dir_all(&cache).unwrap();
        fs::write(cache.join("a-1.0.0.crate"), bytes).unwrap();
        let home = CargoHome::at(folder.path().to_owned());
        (folder, home)
    }

    fn find(package: &Locked, home: &CargoHome) -> AtHand {
        let (fetched, vendored) = (Archives::of(Path::new("/nowhere")), BTreeMap::new());
        let root = Path::new("/nowhere");
        look_up(
            package,
            &Shelves {
                home: Some(home),
                fetched: &fetched,
                root,
                vendored: &vendored,
                git: &Checkouts::default(),
            },
        )
    }

    /// Contract SC-2: what is declared is what stands in the archive the lockfile names.
    #[test]
    fn an_archive_speaks_with_the_checksum_of_the_lockfile_alone() {
        let bytes = archive(
            "a-1.0.0",
            &[
                ("Cargo.toml", "[package]\nlicense='MIT'\nlicense-file='docs/TERMS'\n"),
                ("docs/TERMS", "terms"),
                ("LICENSE-MIT", "mit"),
                ("src/LICENSE", "not beside the manifest"),
            ],
        );
        let (_folder, home) = home(&bytes);
        let AtHand::Read(speech) = find(&locked(Some(Digest::of(&bytes))), &home) else {
            panic!("the archive must be read")
        };
        assert_eq!(speech.declared[0].spdx.as_deref(), Some("MIT"));
        let texts: Vec<_> = speech.texts.iter().map(|text| text.path.as_str()).collect();
        assert_eq!(texts, ["LICENSE-MIT", "docs/TERMS"]);
        assert_eq!(speech.texts[0].sha256, Digest::of(b"mit"));
        let other = find(&locked(Some(Digest::of(b"other"))), &home);
        assert!(matches!(other, AtHand::Refused(_)), "{other:?}");
        assert_eq!(find(&locked(None), &home), AtHand::Absent, "nothing vouches for the archive");
    }

    #[test]
    fn broken_and_foreign_archives_are_refused() {
        let other_top = archive("b-1.0.0", &[("Cargo.toml", "[package]\nlicense='MIT'\n")]);
        let no_toml = archive("a-1.0.0", &[("Cargo.toml", "not [ toml")]);
        for bytes in [b"no gzip".to_vec(), Vec::new(), other_top, no_toml] {
            let (_folder, home) = home(&bytes);
            let found = find(&locked(Some(Digest::of(&bytes))), &home);
            assert!(matches!(found, AtHand::Refused(_)), "{found:?}");
        }
    }

    #[test]
    fn a_vendored_folder_speaks_where_it_was_made_from_the_locked_archive() {
        let tree = tempfile::tempdir().unwrap();
        let folder = tree.path().join("vendor/a");
        fs::create_dir_all(&folder).unwrap();
        let manifest = "[package]\nname='a'\nversion='1.0.0'\nlicense='ISC'\n";
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        fs::write(folder.join("COPYING"), "isc").unwrap();
        let sums = format!(r#"{{"files":{{}},"package":"{SUM}"}}"#);
        fs::write(folder.join(".cargo-checksum.json"), sums).unwrap();
        let copies = vendored(tree.path(), &["vendor/a".to_owned()]);
        let fetched = Archives::of(Path::new("/nowhere"));
        let shelves = Shelves {
            home: None,
            fetched: &fetched,
            root: tree.path(),
            vendored: &copies,
            git: &Checkouts::default(),
        };
        let find = |checksum| look_up(&locked(Some(checksum)), &shelves);
        let AtHand::Read(speech) = find(SUM.parse().unwrap()) else { panic!("it must be read") };
        assert_eq!(speech.declared[0].text, "ISC");
        assert_eq!(speech.texts[0].path, "COPYING");
        assert!(matches!(find(Digest::of(b"")), AtHand::Refused(_)));
    }

    #[test]
    fn names_that_would_leave_the_folder_are_refused() {
        let home = CargoHome::at(PathBuf::from("/nowhere"));
        for (name, version) in [("../a", "1.0.0"), ("a", "1/../../b"), ("", "1"), ("a/b", "1")] {
            let package = Locked {
                name: name.to_owned(),
                version: version.to_owned(),
                source: Some("registry+x".to_owned()),
                checksum: Some(Digest::of(b"")),
            };
            let found = find(&package, &home);
            assert!(matches!(found, AtHand::Refused(_)), "{name} {version}");
        }
    }
}
