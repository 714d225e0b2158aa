//! Which other files decide what scancode says of a file: it follows "see LICENSE" to a file of
//! that name in the same folder, or at the root, and from there on. Owns the names its rules refer
//! to; reads no file.

use std::collections::{BTreeMap, BTreeSet};

const REFERENCES: &str = include_str!("../../assets/scancode/references.txt");

/// For any file, the files around it that scancode could follow a reference to.
pub(super) struct Around<'a> {
    /// By folder: what is there of the names referred to.
    there: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Around<'a> {
    /// Of all files there are, relative with `/`.
    pub(super) fn new(files: impl IntoIterator<Item = &'a str>) -> Self {
        let files: BTreeSet<&str> = files.into_iter().collect();
        let mut there: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let names: Vec<&str> = references().collect();
        for file in &files {
            for name in &names {
                let Some(folder) = file.strip_suffix(name) else { continue };
                if let Some(folder) = folder.strip_suffix('/') {
                    there.entry(folder).or_default().insert(file);
                } else if folder.is_empty() {
                    there.entry("").or_default().insert(file);
                }
            }
        }
        Self { there }
    }

    /// The files around one, itself left out: all that scancode may follow to, one after another.
    pub(super) fn of(&self, path: &'a str) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        let mut open = vec![path];
        while let Some(path) = open.pop() {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            for folder in BTreeSet::from([folder, ""]) {
                let near = self.there.get(folder).into_iter().flatten();
                open.extend(near.copied().filter(|near| seen.insert(*near)));
            }
        }
        seen.remove(path);
        seen
    }
}

/// The names that rules refer to, relative with `/`.
pub(super) fn references() -> impl Iterator<Item = &'static str> {
    REFERENCES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_followed_in_the_folder_and_at_the_root_and_from_there_on() {
        let files = [
            "LICENSE",
            "a/COPYING",
            "a/b.c",
            "a/docs/LICENSE",
            "a/docs/COPYING",
            "c/COPYING",
            "c/x",
        ];
        let around = Around::new(files);
        let of = |path| around.of(path).into_iter().collect::<Vec<_>>();
        assert_eq!(of("c/x"), ["LICENSE", "c/COPYING"]);
        assert_eq!(of("a/b.c"), ["LICENSE", "a/COPYING", "a/docs/COPYING", "a/docs/LICENSE"]);
        assert_eq!(of("LICENSE"), [""; 0]);
    }
}
