//! What the crates a `Cargo.lock` takes from git declare, read from the objects of the very commit it
//! names, out of the repositories of the user's cargo home. Each object is hashed again, so that what
//! is read is what that commit holds (contract SC-2). Never a work tree, never git's binary, never fetches.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use gix::ObjectId;
use gix::objs::{CommitRefIter, Find as _, FindHeader as _, Kind, TreeRefIter, compute_hash};
use mex_runtime::digest::Digest;
use mex_runtime::finding::LicenseText;
use mex_runtime::port::Cancel;
use toml::{Table, Value};

use super::crates::{AtHand, CargoHome, Locked};
use super::manifest::{self, Speech};

/// A manifest, a licence text, a folder or a commit larger than this is not read.
const OBJECT_BYTES: u64 = 16 << 20;
/// A commit with more files than this is not read.
const FILES: usize = 400_000;

/// The crates of the commits that lockfiles name, as far as they are here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkouts {
    commits: BTreeMap<String, Commit>,
}

/// One commit.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Commit {
    /// Its crates, by name and version.
    Read(BTreeMap<(String, String), Vec<Speech>>),
    /// It is here and cannot be read or believed.
    Damaged,
}

/// The commit that a source names.
fn commit_of(source: &str) -> Option<&str> {
    let rev = source.strip_prefix("git+")?.rsplit_once('#')?.1;
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    (matches!(rev.len(), 40 | 64) && rev.bytes().all(hex)).then_some(rev)
}

impl Checkouts {
    /// Reads the commits that packages are taken from.
    pub fn read<'a>(
        home: Option<&CargoHome>,
        packages: impl Iterator<Item = &'a Locked>,
        cancel: &Cancel,
    ) -> Self {
        let wanted: BTreeSet<&str> =
            packages.filter_map(|package| commit_of(package.source.as_deref()?)).collect();
        let mut commits = BTreeMap::new();
        let folder = home.map(|home| home.root().join("git/db"));
        if let Some(folder) = folder.filter(|_| !wanted.is_empty()) {
            let mut repositories: Vec<_> = fs::read_dir(folder)
                .into_iter()
                .flatten()
                .filter_map(|item| Some(item.ok()?.path()))
                .collect();
            repositories.sort();
            for repository in repositories {
                for rev in &wanted {
                    if !commits.contains_key(*rev)
                        && !cancel.is_cancelled()
                        && let Some(commit) = commit(&repository, rev)
                    {
                        commits.insert((*rev).to_owned(), commit);
                    }
                }
            }
        }
        Self { commits }
    }

    /// Finds one crate in the commit it is taken from.
    pub fn look_up(&self, package: &Locked) -> AtHand {
        let rev = package.source.as_deref().and_then(commit_of);
        match rev.and_then(|rev| self.commits.get(rev)) {
            None => AtHand::Absent,
            Some(Commit::Damaged) => AtHand::Refused(
                "the commit in the cargo home cannot be read: remove it and run `cargo fetch --locked`"
                    .to_owned(),
            ),
            Some(Commit::Read(crates)) => {
                let key = (package.name.clone(), package.version.clone());
                match crates.get(&key).map(Vec::as_slice) {
                    None | Some([]) => AtHand::Absent,
                    Some([first, others @ ..]) => {
                        if others.iter().all(|other| other.declared == first.declared) {
                            AtHand::Read(first.clone())
                        } else {
                            AtHand::Refused(
                                "its commit holds several crates of this name and version that declare different licences"
                                    .to_owned(),
                            )
                        }
                    }
                }
            }
        }
    }
}

/// A repository's objects.
struct Objects {
    store: gix::odb::Handle,
    buffer: Vec<u8>,
}

impl Objects {
    /// An object of a kind and size that are read, where it hashes to its name.
    fn read(&mut self, id: ObjectId, kind: Kind) -> Option<&[u8]> {
        let header = self.store.try_header(&id).ok()??;
        if header.kind != kind || header.size > OBJECT_BYTES {
            return None;
        }
        let found = self.store.try_find(&id, &mut self.buffer).ok()??;
        let hash = compute_hash(id.kind(), kind, found.data).ok()?;
        (hash == id).then_some(found.data)
    }

    /// Every file of a commit.
    fn files(&mut self, commit: ObjectId) -> Option<BTreeMap<String, ObjectId>> {
        let data = self.read(commit, Kind::Commit)?;
        let root = CommitRefIter::from_bytes(data, commit.kind()).tree_id().ok()?;
        let mut files = BTreeMap::new();
        let mut open = vec![(root, String::new())];
        while let Some((id, folder)) = open.pop() {
            let data = self.read(id, Kind::Tree)?;
            for entry in TreeRefIter::from_bytes(data, id.kind()) {
                let entry = entry.ok()?;
                // What has no such name is no crate of cargo's.
                let Ok(name) = std::str::from_utf8(entry.filename) else { continue };
                let path = format!("{folder}{name}");
                if entry.mode.is_tree() {
                    open.push((entry.oid.to_owned(), format!("{path}/")));
                } else if entry.mode.is_blob() {
                    files.insert(path, entry.oid.to_owned());
                }
                if files.len() + open.len() > FILES {
                    return None;
                }
            }
        }
        Some(files)
    }
}

/// A commit, where a repository has it.
fn commit(repository: &Path, rev: &str) -> Option<Commit> {
    let id = ObjectId::from_hex(rev.as_bytes()).ok()?;
    let store = gix::odb::at(repository.join("objects"), id.kind()).ok()?;
    let mut objects = Objects { store, buffer: Vec::new() };
    objects.store.try_header(&id).ok()??;
    let Some(files) = objects.files(id) else { return Some(Commit::Damaged) };
    let mut manifests: BTreeMap<String, Table> = BTreeMap::new();
    for (path, id) in &files {
        let folder = match path.strip_suffix("Cargo.toml") {
            Some("") => "",
            Some(folder) if folder.ends_with('/') => folder,
            _ => continue,
        };
        let Some(bytes) = objects.read(*id, Kind::Blob) else { return Some(Commit::Damaged) };
        // A manifest that is none, such as a template or a test's, is no crate.
        let table = std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
        manifests.extend(table.map(|table| (folder.to_owned(), table)));
    }
    let mut crates: BTreeMap<(String, String), Vec<Speech>> = BTreeMap::new();
    for (folder, table) in &manifests {
        let Some(package) = table.get("package").and_then(Value::as_table) else { continue };
        let above = workspace(folder, package, &manifests);
        let field = |name: &str| inherited(package, above.map(|(_, table)| table), name);
        let Some(name) = package.get("name").and_then(Value::as_str) else { continue };
        let version = field("version").unwrap_or("0.0.0");
        let place = format!("git {rev}:{folder}Cargo.toml");
        let mut speech = Speech { from: place, ..Speech::default() };
        speech
            .declared
            .extend(field("license").and_then(|text| manifest::said(text, "Cargo.toml")));
        let base = match package.get("license-file") {
            Some(Value::Table(_)) => above.map_or("", |(root, _)| root),
            _ => folder,
        };
        speech.license_file =
            field("license-file").map(|file| file.trim_start_matches("./").to_owned());
        let named = speech.license_file.as_ref().map(|file| format!("{base}{file}"));
        let beside = files.iter().filter(|(path, _)| {
            path.strip_prefix(folder.as_str()).is_some_and(manifest::is_license_text)
                || Some(*path) == named.as_ref()
        });
        for (path, id) in beside {
            if let Some(content) = objects.read(*id, Kind::Blob) {
                let path = path.strip_prefix(folder.as_str()).unwrap_or(path).to_owned();
                speech.texts.push(LicenseText { path, sha256: Digest::of(content) });
            }
        }
        crates.entry((name.to_owned(), version.to_owned())).or_default().push(speech);
    }
    Some(Commit::Read(crates))
}

/// The manifest of the workspace a package belongs to, with its folder.
fn workspace<'a>(
    folder: &'a str,
    package: &Table,
    manifests: &'a BTreeMap<String, Table>,
) -> Option<(&'a str, &'a Table)> {
    if let Some(named) = package.get("workspace").and_then(Value::as_str) {
        let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in named.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()?),
                part => parts.push(part),
            }
        }
        let root = parts.iter().map(|part| format!("{part}/")).collect::<String>();
        return manifests.get_key_value(&root).map(|(root, table)| (root.as_str(), table));
    }
    let mut at = folder;
    loop {
        let found = manifests.get(at).filter(|table| table.contains_key("workspace"));
        if let Some(table) = found {
            return Some((at, table));
        }
        let above = at.strip_suffix('/')?;
        at = above.rfind('/').map_or("", |end| &at[..=end]);
    }
}

/// A field of a package, or its workspace's where it says so.
fn inherited<'a>(package: &'a Table, above: Option<&'a Table>, name: &str) -> Option<&'a str> {
    match package.get(name)? {
        Value::String(text) => Some(text),
        Value::Table(table) if table.get("workspace").and_then(Value::as_bool) == Some(true) => {
            above?.get("workspace")?.get("package")?.get(name)?.as_str()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use gix::hash::Kind as Hash;

    /// A repository as cargo keeps it, written object by object.
    struct Repository {
        home: tempfile::TempDir,
    }

    impl Repository {
        fn new() -> Self {
            Self { home: tempfile::tempdir().unwrap() }
        }

        fn put(&self, kind: Kind, data: &[u8]) -> ObjectId {
            use std::io::Write as _;
            let id = compute_hash(Hash::Sha1, kind, data).unwrap();
            let name = id.to_string();
            let folder = self.home.path().join("git/db/r-0/objects").join(&name[..2]);
            fs::create_dir_all(&folder).unwrap();
            let mut file = flate2::write::ZlibEncoder::new(
                fs::File::create(folder.join(&name[2..])).unwrap(),
                flate2::Compression::fast(),
            );
            file.write_all(format!("{kind} {}\0", data.len()).as_bytes()).unwrap();
            file.write_all(data).unwrap();
            file.finish().unwrap();
            id
        }

        /// A folder of files and folders, by name; names of folders end with `/`.
        fn tree(&self, entries: &[(&str, ObjectId)]) -> ObjectId {
            let mut data = Vec::new();
            for (name, id) in entries {
                let (mode, name) = match name.strip_suffix('/') {
                    Some(name) => ("40000", name),
                    None => ("100644", *name),
                };
                data.extend(format!("{mode} {name}\0").bytes());
                data.extend(id.as_slice());
            }
            self.put(Kind::Tree, &data)
        }

        fn commit(&self, tree: ObjectId) -> String {
            let who = "a <a@example.invalid> 1700000000 +0000";
            let text = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nx\n");
            self.put(Kind::Commit, text.as_bytes()).to_string()
        }

        fn find(&self, name: &str, version: &str, rev: &str) -> AtHand {
            let package = Locked {
                name: name.to_owned(),
                version: version.to_owned(),
                source: Some(format!("git+https://example.invalid/r?branch=main#{rev}")),
                checksum: None,
            };
            let home = CargoHome::at(self.home.path().to_owned());
            let list = [package.clone()];
            Checkouts::read(Some(&home), list.iter(), &Cancel::default()).look_up(&package)
        }
    }

    /// Contract SC-2: the expression is that of the commit, with how its parts are joined.
    #[test]
    fn a_crate_of_git_speaks_from_the_commit_the_lockfile_names() {
        let repo = Repository::new();
        let blob = |text: &str| repo.put(Kind::Blob, text.as_bytes());
        let root = blob(
            "[workspace.package]\nversion='0.2.0'\nlicense='MIT OR Apache-2.0'\n[workspace]\nmembers=['m/*']\n",
        );
        let inheriting = repo.tree(&[
            (
                "Cargo.toml",
                blob("[package]\nname='a'\nversion.workspace=true\nlicense.workspace=true\n"),
            ),
            ("LICENSE-MIT", blob("mit")),
        ]);
        let own = repo.tree(&[(
            "Cargo.toml",
            blob("[package]\nname='b'\nversion='1.0.0'\nlicense='ISC'\nworkspace='../..'\n"),
        )]);
        let silent = repo.tree(&[("Cargo.toml", blob("[package]\nname='c'\nversion='1.0.0'\n"))]);
        let members = repo.tree(&[("a/", inheriting), ("b/", own), ("c/", silent)]);
        let template = repo.tree(&[("Cargo.toml", blob("[package\nname={{x}}"))]);
        let top = repo.tree(&[("Cargo.toml", root), ("m/", members), ("template/", template)]);
        let rev = repo.commit(top);
        let AtHand::Read(speech) = repo.find("a", "0.2.0", &rev) else { panic!("it is here") };
        assert_eq!(speech.declared[0].spdx.as_deref(), Some("Apache-2.0 OR MIT"));
        assert_eq!(speech.texts[0].sha256, Digest::of(b"mit"));
        assert_eq!(speech.from, format!("git {rev}:m/a/Cargo.toml"));
        let AtHand::Read(speech) = repo.find("b", "1.0.0", &rev) else { panic!("it is here") };
        assert_eq!(speech.declared[0].text, "ISC");
        let AtHand::Read(speech) = repo.find("c", "1.0.0", &rev) else { panic!("it is here") };
        assert!(speech.declared.is_empty());
        assert_eq!(repo.find("a", "0.1.0", &rev), AtHand::Absent, "another version");
        for rev in ["0".repeat(40), "main".to_owned(), rev[..12].to_owned()] {
            assert_eq!(repo.find("a", "0.2.0", &rev), AtHand::Absent, "{rev}");
        }
    }

    #[test]
    fn two_crates_of_one_name_that_disagree_are_refused() {
        let repo = Repository::new();
        let manifest = |license: &str| {
            let text = format!("[package]\nname='a'\nversion='1.0.0'\nlicense='{license}'\n");
            repo.tree(&[("Cargo.toml", repo.put(Kind::Blob, text.as_bytes()))])
        };
        let (mit, isc) = (manifest("MIT"), manifest("ISC"));
        let same = repo.commit(repo.tree(&[("x/", mit), ("y/", mit)]));
        assert!(matches!(repo.find("a", "1.0.0", &same), AtHand::Read(_)));
        let different = repo.commit(repo.tree(&[("x/", mit), ("y/", isc)]));
        assert!(matches!(repo.find("a", "1.0.0", &different), AtHand::Refused(_)));
    }

    #[test]
    fn objects_that_are_not_what_their_name_says_are_refused() {
        let repo = Repository::new();
        let honest =
            repo.put(Kind::Blob, b"[package]\nname='a'\nversion='1.0.0'\nlicense='GPL-3.0'\n");
        let rev = repo.commit(repo.tree(&[("Cargo.toml", honest)]));
        let lie = repo.put(Kind::Blob, b"[package]\nname='a'\nversion='1.0.0'\nlicense='MIT'\n");
        let path = |id: ObjectId| {
            let name = id.to_string();
            repo.home.path().join("git/db/r-0/objects").join(&name[..2]).join(&name[2..])
        };
        fs::copy(path(lie), path(honest)).unwrap();
        assert!(matches!(repo.find("a", "1.0.0", &rev), AtHand::Refused(_)));
        fs::remove_file(path(honest)).unwrap();
        assert!(matches!(repo.find("a", "1.0.0", &rev), AtHand::Refused(_)));
    }
}
