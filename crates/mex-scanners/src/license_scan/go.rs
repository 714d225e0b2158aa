//! The licence texts of the modules a `go.mod` requires: from the project's `vendor` folder, or from the
//! archives of the user's module cache where they hash to what `go.sum` names. Owns finding and
//! checking them; Go has no declarations, so scancode says what a text is. Never runs go, never fetches.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use mex_runtime::digest::Digest;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::manifest;
use crate::ground;

/// As large as Go itself lets a module's archive be, packed and unpacked.
const MODULE_BYTES: u64 = 500 << 20;
/// One licence text, as large as Go lets it be.
const TEXT_BYTES: u64 = 16 << 20;

/// What there is of Go on this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoHere {
    /// The module cache; it need not exist.
    pub modules: Option<PathBuf>,
}

impl GoHere {
    /// Looks where `GOMODCACHE`, `GOPATH` and `HOME` of `variables` point.
    pub fn find(variables: &BTreeMap<String, OsString>) -> Self {
        let set = |name: &str| variables.get(name).filter(|value| !value.is_empty());
        let path = |name: &str| {
            let first = std::env::split_paths(set(name)?).next()?;
            Some(first.join("pkg/mod"))
        };
        let modules = set("GOMODCACHE")
            .map(PathBuf::from)
            .or_else(|| path("GOPATH"))
            .or_else(|| set("HOME").map(|home| PathBuf::from(home).join("go/pkg/mod")))
            .filter(|folder| folder.is_absolute());
        Self { modules }
    }

    /// What is here of the modules that these `go.sum` name (contract SC-12).
    pub(super) fn ground(&self, sums: &[String], now: Timestamp) -> Option<Value> {
        let Some(cache) = &self.modules else { return Some(Value::Null) };
        let mut seen = BTreeMap::new();
        for line in sums.iter().flat_map(|text| text.lines()) {
            let mut words = line.split_whitespace();
            let (Some(name), Some(version)) = (words.next(), words.next()) else { continue };
            if is_plain(name) && is_plain(version) && !version.contains('/') {
                let path = archive(cache, name, version);
                seen.insert(format!("{name}@{version}"), ground::file(&path, now)?);
            }
        }
        Some(json!([cache, seen]))
    }
}

/// Where the module cache has a module's archive.
fn archive(cache: &Path, name: &str, version: &str) -> PathBuf {
    cache.join(format!("cache/download/{}/@v/{}.zip", escaped(name), escaped(version)))
}

/// One module as a `go.mod` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its path, in its own case.
    pub name: String,
    /// Its version, with the `v`.
    pub version: String,
}

/// The licence texts in a module's own folder, by name.
pub type Texts = BTreeMap<String, Vec<u8>>;

/// What became of the search for one module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is here. What was read: a folder, or an archive by its checksum.
    Here {
        /// Where.
        from: String,
        /// Its licence texts; none where it has none.
        texts: Texts,
    },
    /// Nobody has it here, or what is here cannot be believed; said as one sentence.
    Not(String),
}

/// What one `go.mod` has around it.
pub struct Around<'a> {
    /// The staged project.
    pub root: &'a Path,
    /// The folder of the `go.mod`, with `/` behind it, or empty.
    pub folder: &'a str,
    /// The `h1:` of each module, as `go.sum` names it.
    sums: BTreeMap<(String, String), String>,
    /// The modules that `vendor/modules.txt` lists as they are.
    vendored: BTreeSet<(String, String)>,
    cache: Option<&'a Path>,
}

impl<'a> Around<'a> {
    /// Reads `go.sum` and `vendor/modules.txt` beside a `go.mod`.
    pub fn read(root: &'a Path, folder: &'a str, here: &'a GoHere) -> Self {
        let text = |name: &str| {
            let bytes = super::read(&root.join(format!("{folder}{name}"))).unwrap_or_default();
            String::from_utf8(bytes).unwrap_or_default()
        };
        let mut sums = BTreeMap::new();
        let mut twice = BTreeSet::new();
        for line in text("go.sum").lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let [name, version, sum] = words.as_slice()
                && !version.ends_with("/go.mod")
                && let Some(sum) = sum.strip_prefix("h1:")
            {
                let key = ((*name).to_owned(), (*version).to_owned());
                let other = sums.insert(key.clone(), sum.to_owned());
                if other.is_some_and(|other| other != *sum) {
                    twice.insert(key);
                }
            }
        }
        // Two sums for one module: nobody knows which one is meant.
        sums.retain(|key, _| !twice.contains(key));
        let vendored = text("vendor/modules.txt")
            .lines()
            .filter_map(|line| {
                let words: Vec<&str> = line.strip_prefix("# ")?.split_whitespace().collect();
                match words.as_slice() {
                    [name, version] => Some(((*name).to_owned(), (*version).to_owned())),
                    _ => None,
                }
            })
            .collect();
        Self { root, folder, sums, vendored, cache: here.modules.as_deref() }
    }

    /// Finds one module.
    pub fn look_up(&self, module: &Module) -> Found {
        if !is_plain(&module.name) || !is_plain(&module.version) || module.version.contains('/') {
            return Found::Not("its name or version is none a module has".to_owned());
        }
        let key = (module.name.clone(), module.version.clone());
        if self.vendored.contains(&key) {
            let folder = format!("{}vendor/{}", self.folder, module.name);
            return match texts_of(&self.root.join(&folder)) {
                Ok(texts) => Found::Here { from: folder, texts },
                Err(fault) => Found::Not(format!("`{folder}` cannot be read ({})", fault.kind())),
            };
        }
        let Some(sum) = self.sums.get(&key) else {
            return Found::Not(
                "`go.sum` names no one checksum for it: run `go mod tidy`, then scan again"
                    .to_owned(),
            );
        };
        let here = self.cache.map(|cache| archive(cache, &module.name, &module.version));
        match here.filter(|path| path.is_file()) {
            None => Found::Not(
                "no source is here: run `go mod download` in the project, then scan again"
                    .to_owned(),
            ),
            Some(path) => match archive_texts(&path, module, sum) {
                Some(texts) => Found::Here { from: format!("module h1:{sum}"), texts },
                None => Found::Not(
                    "the archive in the module cache is not the one `go.sum` names: run `go clean -modcache`, then `go mod download`"
                        .to_owned(),
                ),
            },
        }
    }
}

fn is_plain(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.+~!".contains(&c))
    };
    text.split('/').all(plain)
}

/// As the module cache spells it: no file system's case decides.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn texts_of(folder: &Path) -> std::io::Result<Texts> {
    let mut texts = Texts::new();
    for item in fs::read_dir(folder)? {
        let item = item?;
        let name = item.file_name().to_string_lossy().into_owned();
        if item.file_type()?.is_file() && manifest::is_license_text(&name) {
            let mut content = Vec::new();
            fs::File::open(item.path())?.take(TEXT_BYTES).read_to_end(&mut content)?;
            texts.insert(name, content);
        }
    }
    Ok(texts)
}

/// The texts of an archive that hashes to `sum`, as `golang.org/x/mod/sumdb/dirhash` defines it; null
/// where it does not, or cannot be read.
fn archive_texts(path: &Path, module: &Module, sum: &str) -> Option<Texts> {
    let file = fs::File::open(path).ok()?;
    if file.metadata().ok()?.len() > MODULE_BYTES {
        return None;
    }
    let mut archive = zip::ZipArchive::new(std::io::BufReader::new(file)).ok()?;
    let top = format!("{}@{}/", module.name, module.version);
    let mut lines = BTreeMap::new();
    let mut texts = Texts::new();
    let mut left = MODULE_BYTES;
    let mut buffer = vec![0; 64 * 1024];
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).ok()?;
        let name = entry.name().ok()?.into_owned();
        let inner = name.strip_prefix(&top)?.to_owned();
        if name.contains('\n') || name.ends_with('/') {
            return None;
        }
        let mut text = manifest::is_license_text(&inner).then(Vec::new);
        let mut hasher = Sha256::new();
        loop {
            let count = entry.read(&mut buffer).ok()?;
            let part = buffer.get(..count).filter(|part| !part.is_empty());
            let Some(part) = part else { break };
            left = left.checked_sub(count as u64)?;
            hasher.update(part);
            if let Some(text) = &mut text
                && text.len() as u64 <= TEXT_BYTES
            {
                text.extend_from_slice(part);
            }
        }
        let digest = Digest::from_bytes(hasher.finalize().into());
        if lines.insert(name.clone(), format!("{digest}  {name}\n")).is_some() {
            return None;
        }
        texts.extend(text.map(|text| (inner, text)));
    }
    let all: String = lines.into_values().collect();
    (STANDARD.encode(Sha256::digest(all)) == sum).then_some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn module(name: &str, version: &str) -> Module {
        Module { name: name.to_owned(), version: version.to_owned() }
    }

    fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, text) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn project(sum: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("e.example/A v1.0.0 h1:{sum}\ne.example/A v1.0.0/go.mod h1:x\n");
        fs::write(folder.path().join("go.sum"), text).unwrap();
        let cache = folder.path().join("cache/cache/download/e.example/!a/@v");
        fs::create_dir_all(cache).unwrap();
        folder
    }

    fn find(folder: &Path, one: &Module) -> Found {
        let here = GoHere { modules: Some(folder.join("cache")) };
        Around::read(folder, "", &here).look_up(one)
    }

    /// Contract SC-2: the sum is over every file, as `dirhash.Hash1` defines it.
    #[test]
    fn a_module_speaks_with_the_sum_of_go_sum_alone() {
        let files =
            [("e.example/A@v1.0.0/LICENSE", "mit\n"), ("e.example/A@v1.0.0/a.go", "package a\n")];
        let mut all = String::new();
        for (name, text) in files {
            all.push_str(&format!("{}  {name}\n", Digest::of(text.as_bytes())));
        }
        let sum = STANDARD.encode(Sha256::digest(all));
        let one = module("e.example/A", "v1.0.0");
        let folder = project(&sum);
        assert!(
            matches!(find(folder.path(), &one), Found::Not(why) if why.contains("go mod download"))
        );
        let path = folder.path().join("cache/cache/download/e.example/!a/@v/v1.0.0.zip");
        fs::write(&path, zipped(&files)).unwrap();
        let Found::Here { texts, .. } = find(folder.path(), &one) else { panic!("it is here") };
        assert_eq!(texts, Texts::from([("LICENSE".to_owned(), b"mit\n".to_vec())]));
        for other in [
            zipped(&[("e.example/A@v1.0.0/LICENSE", "isc\n"), files[1]]),
            zipped(&[files[0]]),
            zipped(&[files[0], files[1], ("elsewhere", "x")]),
            b"no zip".to_vec(),
        ] {
            fs::write(&path, other).unwrap();
            assert!(matches!(find(folder.path(), &one), Found::Not(_)));
        }
        for (name, version) in
            [("e.example/../A", "v1.0.0"), ("/e", "v1"), ("e.example/B", "v1.0.0")]
        {
            assert!(matches!(find(folder.path(), &module(name, version)), Found::Not(_)), "{name}");
        }
    }

    #[test]
    fn a_vendored_module_speaks_where_the_list_names_it_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let vendor = folder.path().join("vendor/e.example/a");
        fs::create_dir_all(&vendor).unwrap();
        fs::write(vendor.join("COPYING"), "c").unwrap();
        fs::write(vendor.join("license.go"), "package a").unwrap();
        let list = "# e.example/a v1.0.0\n## explicit\ne.example/a\n# e.example/b v1.0.0 => ../b\n";
        fs::write(folder.path().join("vendor/modules.txt"), list).unwrap();
        let Found::Here { from, texts } = find(folder.path(), &module("e.example/a", "v1.0.0"))
        else {
            panic!("it is here")
        };
        assert_eq!((from.as_str(), texts.len()), ("vendor/e.example/a", 1));
        for (name, version) in [("e.example/a", "v1.0.1"), ("e.example/b", "v1.0.0")] {
            assert!(matches!(find(folder.path(), &module(name, version)), Found::Not(_)), "{name}");
        }
    }

    #[test]
    fn the_module_cache_is_where_go_has_it() {
        let find = |set: &[(&str, &str)]| {
            let variables =
                set.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect();
            GoHere::find(&variables).modules.map(|path| path.display().to_string())
        };
        assert_eq!(find(&[]), None);
        assert_eq!(find(&[("HOME", "/h")]).as_deref(), Some("/h/go/pkg/mod"));
        assert_eq!(find(&[("HOME", "/h"), ("GOPATH", "/g:/o")]).as_deref(), Some("/g/pkg/mod"));
        assert_eq!(find(&[("GOPATH", "/g"), ("GOMODCACHE", "/c")]).as_deref(), Some("/c"));
        assert_eq!(find(&[("GOMODCACHE", "relative")]), None);
    }
}
