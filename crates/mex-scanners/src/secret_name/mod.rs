//! Secrets that stand in names: of files and folders, of branches and tags (contract FR-9, promise
//! P25). Owns how such a name is shown: the secret goes, the rest stays, and two names that
//! differed still differ. Never lets a judged path out with its secret; [`InNames`] alone keeps the
//! secrets, for their fingerprints, beside the staged tree and as long as it.

mod encoded;
pub mod history;
mod rules;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::{self, Write as _};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use mex_runtime::digest::Digest;
use serde::{Deserialize, Serialize};

use crate::lockfile::{kind, manifest};
use crate::redact::wipe;
use rules::{Hit, Rules, overlap};

/// The file beside the staged tree.
const FILE: &str = "names.json";

/// Whether a secret in a name is a finding, or only not to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The name is a part of what is scanned.
    Scanned,
    /// It is named, and left out by a rule that cannot hide a finding.
    Mentioned,
}

/// A secret in a name. Wiped when dropped.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InName {
    /// gitleaks' id of the rule that knows it.
    pub rule: String,
    /// The file, folder or ref as it is shown, up to the name that holds the secret.
    pub path: String,
    /// The commit or object that brought it; null in the tree.
    pub commit: Option<String>,
    secret: Vec<u8>,
}

impl InName {
    /// The secret, to be fingerprinted and known to the redaction.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }
}

impl Drop for InName {
    fn drop(&mut self) {
        wipe(&mut self.secret);
    }
}

/// Everything a stage found in names.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InNames {
    /// How many names were judged.
    pub judged: u64,
    /// The secrets, each once a place, sorted.
    pub secrets: BTreeSet<InName>,
}

impl InNames {
    /// Reads what the stage at `root` (`StagedTree::root`) found.
    ///
    /// # Errors
    /// When that tree was not made by [`crate::stage::Stage::take`]: its names were not judged.
    pub fn beside(root: &Path) -> io::Result<Self> {
        let mut bytes = std::fs::read(root.parent().unwrap_or(root).join(FILE))?;
        let read = serde_json::from_slice(&bytes).map_err(io::Error::from);
        wipe(&mut bytes);
        read
    }

    /// A digest over what the stage at `root` found, secrets included. It stands for the names
    /// themselves, which a manifest shows without their secrets; only ever sealed, never as it is.
    ///
    /// # Errors
    /// As [`Self::beside`].
    pub(crate) fn digest_beside(root: &Path) -> io::Result<Digest> {
        let mut bytes = std::fs::read(root.parent().unwrap_or(root).join(FILE))?;
        let digest = Digest::of(&bytes);
        wipe(&mut bytes);
        Ok(digest)
    }

    /// Written for this user alone; removed with the stage.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(self)?;
        let written = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(folder.join(FILE))
            .and_then(|mut file| file.write_all(&bytes));
        wipe(&mut bytes);
        written
    }
}

/// Paths as they may be shown.
#[derive(Default)]
pub struct Shown {
    changed: HashMap<Vec<u8>, Vec<u8>>,
    /// What was found in them.
    pub found: InNames,
}

impl Shown {
    /// The path as it may be shown: itself where it holds no secret.
    pub fn path<'a>(&'a self, path: &'a [u8]) -> &'a [u8] {
        self.changed.get(path).map_or(path, Vec::as_slice)
    }

    /// The same for a text.
    pub fn text(&self, path: &str) -> String {
        String::from_utf8_lossy(self.path(path.as_bytes())).into_owned()
    }
}

/// A judged path with at least one secret.
struct Holder<'a> {
    path: &'a [u8],
    standing: Standing,
    commit: Option<&'a str>,
    hits: Vec<Hit>,
}

/// Judges paths with `/` between names, each with its standing and its commit.
///
/// How a path is shown depends on the set of the paths alone, not on their order: a secret becomes
/// `[REDACTED:secret:<rule>](<number>)`, one number for each. A place that stands under several
/// commits is told with the first.
pub fn judge<'a>(
    paths: impl Iterator<Item = (&'a [u8], Standing, Option<&'a str>)> + Clone,
) -> Shown {
    let mut shown = Shown::default();
    let mut known = HashMap::new();
    let mut holders: Vec<Holder<'_>> = Vec::new();
    for (path, standing, commit) in paths.clone() {
        shown.found.judged += 1;
        let hits = hits(path, &mut known);
        if !hits.is_empty() {
            holders.push(Holder { path, standing, commit, hits });
        }
    }
    if holders.is_empty() {
        return shown;
    }
    let mark = free_mark(paths.map(|(path, _, _)| path));
    let pieces: BTreeSet<(&str, &[u8])> = holders
        .iter()
        .flat_map(|holder| pieces(holder).into_iter().map(|(rule, at)| (rule, &holder.path[at])))
        .collect();
    let numbers: BTreeMap<(&str, &[u8]), usize> = pieces.into_iter().zip(1..).collect();
    let mut places = HashSet::new();
    for holder in &holders {
        let (out, ends) = replaced(holder, &numbers, &mark);
        if holder.standing == Standing::Scanned {
            for hit in &holder.hits {
                let name = holder.path[..hit.at.end].iter().filter(|byte| **byte == b'/').count();
                let end = ends.get(name).copied().unwrap_or(out.len());
                let path = String::from_utf8_lossy(&out[..end]).into_owned();
                if places.insert((hit.rule, path.clone(), &hit.secret)) {
                    shown.found.secrets.insert(InName {
                        rule: hit.rule.to_owned(),
                        path,
                        commit: holder.commit.map(str::to_owned),
                        secret: hit.secret.clone(),
                    });
                }
            }
        }
        shown.changed.insert(holder.path.to_vec(), out);
    }
    shown
}

/// One text, such as a path somebody named, without the secrets in it.
pub fn redacted(text: &str) -> String {
    judge(std::iter::once((text.as_bytes(), Standing::Mentioned, None))).text(text)
}

/// Whether the last name of a path holds a secret, or the path does that runs into it.
fn holds(path: &[u8], name: &[u8]) -> bool {
    let rules = Rules::embedded();
    let awake = rules.awake(path);
    !rules.in_name(name, &awake).is_empty() || !rules.in_path(path, &awake).is_empty()
}

/// The hits of a path, in its own offsets. What is known of a name is not found out twice.
fn hits<'a>(path: &'a [u8], known: &mut HashMap<(&'a [u8], Vec<usize>), Vec<Hit>>) -> Vec<Hit> {
    let rules = Rules::embedded();
    let awake = rules.awake(path);
    let mut all = Vec::new();
    let mut start = 0;
    for name in path.split(|byte| *byte == b'/') {
        let hits =
            known.entry((name, awake.clone())).or_insert_with(|| rules.in_name(name, &awake));
        all.extend(
            hits.iter()
                .map(|hit| Hit { at: hit.at.start + start..hit.at.end + start, ..hit.clone() }),
        );
        start += name.len() + 1;
    }
    for hit in rules.in_path(path, &awake) {
        if path[hit.at.clone()].contains(&b'/') && !all.iter().any(|one| overlap(&one.at, &hit.at))
        {
            all.push(hit);
        }
    }
    all
}

/// What is taken out of a path: nothing twice, nothing across a `/`, and no name by which a lockfile
/// is known where a secret that may hold a `/` only seems to run into it.
fn pieces(holder: &Holder<'_>) -> Vec<(&'static str, Range<usize>)> {
    let mut spans: Vec<(&'static str, Range<usize>)> =
        holder.hits.iter().map(|hit| (hit.rule, hit.at.clone())).collect();
    spans.sort_by(|a, b| (a.1.start, a.1.end, a.0).cmp(&(b.1.start, b.1.end, b.0)));
    let mut joined: Vec<(&'static str, Range<usize>)> = Vec::new();
    for (rule, at) in spans {
        match joined.last_mut() {
            Some((_, last)) if at.start < last.end => last.end = last.end.max(at.end),
            _ => joined.push((rule, at)),
        }
    }
    let mut pieces = Vec::new();
    for (rule, at) in joined {
        let mut start = at.start;
        let across = holder.path[at.clone()].contains(&b'/');
        for part in holder.path[at].split(|byte| *byte == b'/') {
            let end = start + part.len();
            let stays = part.is_empty() || across && is_lockfile(part);
            if !stays {
                pieces.push((rule, start..end));
            }
            start = end + 1;
        }
    }
    pieces
}

fn is_lockfile(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name);
    name.len() < 32
        && (kind::of(&name).is_some() || kind::is_unread(&name) || manifest::is_manifest(&name))
}

/// The path without its pieces, and where each name of it ends now.
fn replaced(
    holder: &Holder<'_>,
    numbers: &BTreeMap<(&str, &[u8]), usize>,
    mark: &str,
) -> (Vec<u8>, Vec<usize>) {
    let (mut out, mut ends, mut at) = (Vec::new(), Vec::new(), 0);
    let mut copy = |out: &mut Vec<u8>, bytes: &[u8]| {
        for byte in bytes {
            if *byte == b'/' {
                ends.push(out.len());
            }
            out.push(*byte);
        }
    };
    for (rule, piece) in pieces(holder) {
        copy(&mut out, &holder.path[at..piece.start]);
        let number = numbers.get(&(rule, &holder.path[piece.clone()])).copied().unwrap_or(0);
        out.extend_from_slice(format!("[REDACTED:secret:{rule}]({mark}{number})").as_bytes());
        at = piece.end;
    }
    copy(&mut out, &holder.path[at..]);
    ends.push(out.len());
    (out, ends)
}

/// Letters before the numbers, so that no name of the project is one of ours.
fn free_mark<'a>(paths: impl Iterator<Item = &'a [u8]> + Clone) -> String {
    let mut mark = String::new();
    loop {
        let open = format!("]({mark}");
        let holds = |path: &[u8]| path.windows(open.len()).any(|part| part == open.as_bytes());
        if !paths.clone().any(holds) {
            return mark;
        }
        mark.push('x');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(alphabet: &str, length: usize) -> String {
        let mut bytes = vec![0; length];
        getrandom::fill(&mut bytes).unwrap();
        let letters = alphabet.as_bytes();
        bytes.iter().map(|byte| char::from(letters[usize::from(*byte) % letters.len()])).collect()
    }

    const ALNUM: &str = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    /// A token of a form that a rule knows, composed so that none stands here.
    fn canary() -> String {
        ["gh", "p_"].concat() + &random(ALNUM, 36)
    }

    fn judged(paths: &[String]) -> Shown {
        judge(paths.iter().map(|path| (path.as_bytes(), Standing::Scanned, None)))
    }

    /// Contract FR-9: wherever in a path it stands, whatever stands around it.
    #[test]
    fn a_secret_goes_from_a_path_and_the_rest_stays() {
        let secret = canary();
        let mark = "[REDACTED:secret:github-pat](1)";
        for (before, after, holder) in [
            ("", "", ""),
            ("src/", "/Cargo.lock", ""),
            ("src/old_", "_new.txt", "_new.txt"),
            ("a/b.", ".tar.gz", ".tar.gz"),
            ("", "/go.mod", ""),
        ] {
            let path = format!("{before}{secret}{after}");
            let shown = judged(std::slice::from_ref(&path));
            assert_eq!(shown.text(&path), format!("{before}{mark}{after}"));
            let found: Vec<&InName> = shown.found.secrets.iter().collect();
            assert_eq!(found.len(), 1, "{path}");
            assert_eq!(found[0].secret(), secret.as_bytes());
            assert_eq!(found[0].path, format!("{before}{mark}{holder}"));
        }
    }

    #[test]
    fn encoded_secrets_go_too_and_are_fingerprinted_as_what_they_are() {
        let secret = canary();
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let path = format!("k/{hex}.json");
        let shown = judged(std::slice::from_ref(&path));
        assert_eq!(shown.text(&path), "k/[REDACTED:secret:github-pat](1).json");
        assert_eq!(shown.found.secrets.first().unwrap().secret(), secret.as_bytes());
    }

    #[test]
    fn an_ending_is_no_part_of_a_secret() {
        // Letters that no stopword of the rule is made of.
        let secret = random("qxzkvjwQXZKVJW23456789", 32);
        let path = format!("api_key={secret}.lock");
        assert_eq!(
            judged(std::slice::from_ref(&path)).text(&path),
            "api_key=[REDACTED:secret:generic-api-key](1).lock"
        );
    }

    #[test]
    fn a_secret_across_folders_goes_from_each_of_them() {
        let (team, bot, key) =
            (random("ABCDEFGH123", 9), random("ABCDEFGH123", 11), random(ALNUM, 24));
        let path = format!("hooks.slack.com/services/T{team}/B{bot}/{key}");
        let shown = judged(std::slice::from_ref(&path));
        let text = shown.text(&path);
        assert!(![team, bot, key].iter().any(|part| text.contains(part.as_str())), "{text}");
        assert_eq!(shown.found.secrets.len(), 1);
    }

    /// Two names that differed still differ, whatever the project calls its files.
    #[test]
    fn shown_paths_are_as_many_as_paths() {
        let (one, two) = (canary(), canary());
        let paths = [
            format!("{one}/f"),
            format!("{two}/f"),
            format!("{one}2/f"),
            "[REDACTED:secret:github-pat](1)/f".to_owned(),
            "[REDACTED:secret:github-pat](x1)/f".to_owned(),
            "plain/f".to_owned(),
        ];
        let shown = judged(&paths);
        let texts: BTreeSet<String> = paths.iter().map(|path| shown.text(path)).collect();
        assert_eq!(texts.len(), paths.len(), "{texts:?}");
        let mut backwards = paths.clone();
        backwards.reverse();
        let again = judged(&backwards);
        assert!(paths.iter().all(|path| again.text(path) == shown.text(path)));
    }

    #[test]
    fn one_folder_is_one_finding_however_much_is_in_it() {
        let secret = canary();
        let paths: Vec<String> = (0..50).map(|n| format!("a/{secret}/{n}/f.rs")).collect();
        assert_eq!(judged(&paths).found.secrets.len(), 1);
    }

    #[test]
    fn ordinary_names_stay() {
        let digest = random("0123456789abcdef", 64);
        let paths = [
            "src/auth/token.rs",
            "api/keys,values/secret_key=example.md",
            "pages/[...slug](x)/index.tsx",
            "node_modules/@aws-sdk/client-secrets-manager/package.json",
            "docs/access-token.md",
            "tests/fixtures/api:v2=password",
        ]
        .map(str::to_owned);
        let paths = [&paths[..], &[format!("objects/{digest}"), format!("x.{digest}.js")]].concat();
        let shown = judged(&paths);
        assert_eq!(shown.found.secrets.len(), 0);
        assert!(paths.iter().all(|path| shown.text(path) == *path));
        assert_eq!(shown.found.judged, paths.len() as u64);
    }

    /// What is left out is shown without its secret and is no finding.
    #[test]
    fn what_is_only_mentioned_is_redacted() {
        let path = format!("target/{}", canary());
        let shown = judge(std::iter::once((path.as_bytes(), Standing::Mentioned, None)));
        assert_eq!(shown.text(&path), "target/[REDACTED:secret:github-pat](1)");
        assert!(shown.found.secrets.is_empty());
        assert_eq!(redacted(&path), shown.text(&path));
    }
}
