//! From an archive to its records: which form it has, every record read, the ecosystem settled.
//! Never writes; what a tree unpacks to is handed on as bytes.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use jiff::{SignedDuration, Timestamp};
use mex_runtime::code::Code;

use super::Form;
use super::archive::{visit_tar_gz, visit_zip};
use super::error::DatabaseRefused;
use super::index::{Index, IndexRecord};
use super::osv::{ECOSYSTEMS, OsvRecord};
use super::rustsec;

/// Clocks of two machines may differ by this much before a date counts as one of the future.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_hours(24);

/// A database read whole.
#[derive(Debug)]
pub(super) struct Parsed {
    /// Every record.
    pub(super) index: Index,
    /// The day it speaks for, as far as its own content tells; never after now.
    pub(super) date: Timestamp,
    /// The files of a tree, relative; empty for a zip, which tools read as it is.
    pub(super) tree: Vec<(String, Vec<u8>)>,
}

/// Reads a database.
///
/// # Errors
/// `MEX-DB-*` with the record or file named (contract SC-6).
pub(super) fn parse(
    mut file: File,
    size: u64,
    ecosystem: Option<&str>,
    now: Timestamp,
) -> Result<Parsed, DatabaseRefused> {
    if let Some(name) = ecosystem {
        known(name)?;
    }
    let mut head = Vec::new();
    let unreadable = |error: std::io::Error| {
        DatabaseRefused::new(Code::InputUnreadable, format!("the file cannot be read: {error}"))
    };
    file.by_ref().take(4).read_to_end(&mut head).map_err(unreadable)?;
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    match head.as_slice() {
        [] => Err(DatabaseRefused::new(
            Code::DbEmpty,
            "the file is empty; an empty database would look clean",
        )),
        [b'P', b'K', 3, 4] => parse_osv(file, size, ecosystem, now),
        // A zip without entries starts with its own end.
        [b'P', b'K', 5, 6] => Err(no_records("the zip")),
        [0x1f, 0x8b, ..] => parse_tree(file, size, ecosystem, now),
        [b'<', ..] => Err(DatabaseRefused::new(
            Code::DbUnparsable,
            "this is a web page and no database: the source answered with a login or error page",
        )),
        [b'P'] | [b'P', b'K'] | [b'P', b'K', _] | [0x1f] => Err(DatabaseRefused::new(
            Code::DbTruncated,
            "the file ends within its first four bytes; fetch it again",
        )),
        _ => Err(DatabaseRefused::new(
            Code::DbUnparsable,
            "the file is neither a zip of OSV records nor a gzip-compressed tar of an advisory-db tree",
        )),
    }
}

/// Whether OSV has an ecosystem of this name.
fn known(name: &str) -> Result<(), DatabaseRefused> {
    if ECOSYSTEMS.contains(&name) {
        return Ok(());
    }
    let near = ECOSYSTEMS.iter().find(|known| known.eq_ignore_ascii_case(name));
    let hint = near.map_or_else(
        || "name it as OSV spells it, such as `crates.io`, `npm`, `PyPI`, `Go`".to_owned(),
        |known| format!("OSV spells it `{known}`"),
    );
    let name: String = name.chars().take(40).collect();
    Err(DatabaseRefused::new(Code::DbEcosystem, format!("{name:?} is no ecosystem: {hint}")))
}

fn no_records(what: &str) -> DatabaseRefused {
    DatabaseRefused::new(
        Code::DbEmpty,
        format!("{what} holds no advisory; an empty database would look clean"),
    )
}

fn parse_osv(
    file: File,
    size: u64,
    ecosystem: Option<&str>,
    now: Timestamp,
) -> Result<Parsed, DatabaseRefused> {
    let mut newest: Option<(Timestamp, String)> = None;
    // With a name given, every record must be of it, and only the index entry is kept. Without one,
    // the ecosystem is what all records share, so they wait.
    let mut shared: Option<BTreeSet<String>> = None;
    let mut records: Vec<IndexRecord> = Vec::new();
    let mut waiting: Vec<OsvRecord> = Vec::new();
    visit_zip(file, size, &mut |name, bytes| {
        let refused = |why: String| {
            DatabaseRefused::new(Code::DbUnparsable, format!("record {name:?}: {why}"))
        };
        let base = name.rsplit('/').next().unwrap_or(name);
        let Some(stem) = base.strip_suffix(".json") else {
            return Err(refused("it is no `.json` file, and an export holds nothing else".into()));
        };
        let record = OsvRecord::parse(&bytes).map_err(|fault| refused(fault.to_string()))?;
        if record.id() != stem {
            return Err(refused(format!("its `id` is {:?}", record.id())));
        }
        let its = record.ecosystems();
        match ecosystem {
            Some(wanted) if its.contains(wanted) => records.push(record.index(wanted)),
            // Some withdrawn records no longer say what they were about.
            Some(wanted) if its.is_empty() => records.push(record.index(wanted)),
            Some(wanted) => {
                return Err(DatabaseRefused::new(
                    Code::DbEcosystem,
                    format!("record {name:?} is of {}, not of `{wanted}`", listed(&its)),
                ));
            }
            None => {
                let left = match shared.take() {
                    None => its.clone(),
                    Some(before) => {
                        let left: BTreeSet<_> = before.intersection(&its).cloned().collect();
                        if left.is_empty() && !its.is_empty() {
                            return Err(DatabaseRefused::new(
                                Code::DbEcosystem,
                                format!(
                                    "ecosystems are mixed: record {name:?} is of {}, those before \
                                     it of {}; import one ecosystem a file",
                                    listed(&its),
                                    listed(&before)
                                ),
                            ));
                        }
                        if its.is_empty() { before } else { left }
                    }
                };
                shared = Some(left);
            }
        }
        if newest.as_ref().is_none_or(|(at, _)| *at < record.modified()) {
            newest = Some((record.modified(), name.to_owned()));
        }
        if ecosystem.is_none() {
            waiting.push(record);
        }
        Ok(())
    })?;
    let Some((newest, newest_name)) = newest else { return Err(no_records("the zip")) };
    let ecosystem = match (ecosystem, shared) {
        (Some(wanted), _) => wanted.to_owned(),
        (None, Some(left)) if left.len() == 1 => left.into_iter().next().unwrap_or_default(),
        (None, left) => {
            return Err(DatabaseRefused::new(
                Code::DbEcosystem,
                format!(
                    "the records do not say which one ecosystem they are of ({}); name it with \
                     `--ecosystem`",
                    listed(&left.unwrap_or_default())
                ),
            ));
        }
    };
    known(&ecosystem)?;
    records.extend(waiting.iter().map(|record| record.index(&ecosystem)));
    finish(ecosystem, Form::Osv, records, Vec::new(), (newest, &newest_name), now)
}

fn parse_tree(
    file: File,
    size: u64,
    ecosystem: Option<&str>,
    now: Timestamp,
) -> Result<Parsed, DatabaseRefused> {
    if let Some(other) = ecosystem.filter(|name| *name != "crates.io") {
        return Err(DatabaseRefused::new(
            Code::DbEcosystem,
            format!("an advisory-db tree is of `crates.io`, not of `{other}`"),
        ));
    }
    let mut tree = Vec::new();
    let mut seen = BTreeSet::new();
    let mut records: Vec<IndexRecord> = Vec::new();
    let mut of_crates = 0_usize;
    let origin = visit_tar_gz(file, size, &mut |name, bytes| {
        let refused = |why: String| {
            DatabaseRefused::new(Code::DbUnparsable, format!("advisory {name:?}: {why}"))
        };
        let Some(place) = place_in_tree(name) else { return Ok(()) };
        if !seen.insert(place.to_lowercase()) {
            return Err(refused("it is in the archive twice".to_owned()));
        }
        let parts: Vec<&str> = place.split('/').collect();
        match parts.as_slice() {
            ["support.toml"] => {}
            [collection, folder, file] if file.ends_with(".md") => {
                let stem = file.trim_end_matches(".md");
                let record = rustsec::parse(&bytes, folder, stem)
                    .map_err(|fault| refused(fault.to_string()))?;
                of_crates += usize::from(*collection == "crates");
                records.push(record);
            }
            _ if place.ends_with(".md") => {
                return Err(refused("an advisory stands at `crates/NAME/ID.md`".to_owned()));
            }
            _ => return Ok(()),
        }
        tree.push((place.to_owned(), bytes));
        Ok(())
    })?;
    if of_crates == 0 {
        return Err(no_records("the tree's `crates` folder"));
    }
    let newest = records.iter().max_by_key(|record| record.modified).map(|r| (r.modified, &r.id));
    let (mut newest, name) = newest.map_or((now, String::new()), |(at, id)| (at, id.clone()));
    // An archive git made of a commit carries the commit's time, which also counts days on which
    // nothing was published. Times of any other tar are those of somebody's copy.
    if let Some(committed_at) = origin.committed_at {
        newest = newest.max(committed_at);
    }
    finish("crates.io".to_owned(), Form::Rustsec, records, tree, (newest, &name), now)
}

/// The place of a file that an unpacked tree keeps; `None` for one it leaves out.
pub(super) fn tree_file(name: &str) -> Option<&str> {
    place_in_tree(name).filter(|place| *place == "support.toml" || place.ends_with(".md"))
}

/// The place of a file inside the tree, without the one folder a source archive wraps it in.
fn place_in_tree(name: &str) -> Option<&str> {
    let belongs = |place: &str| {
        place == "support.toml" || place.starts_with("crates/") || place.starts_with("rust/")
    };
    if belongs(name) {
        return Some(name);
    }
    name.split_once('/').map(|(_, rest)| rest).filter(|rest| belongs(rest))
}

fn finish(
    ecosystem: String,
    form: Form,
    mut records: Vec<IndexRecord>,
    tree: Vec<(String, Vec<u8>)>,
    (newest, newest_name): (Timestamp, &str),
    now: Timestamp,
) -> Result<Parsed, DatabaseRefused> {
    if now.checked_add(CLOCK_SKEW).is_ok_and(|latest| newest > latest) {
        return Err(DatabaseRefused::new(
            Code::DbUnparsable,
            format!(
                "the database is dated {newest}, which lies in the future (newest record \
                 {newest_name:?}); check this machine's clock"
            ),
        ));
    }
    records.sort();
    if let Some(pair) = records.windows(2).find(|pair| pair[0].id == pair[1].id) {
        return Err(DatabaseRefused::new(
            Code::DbUnparsable,
            format!("record {:?} is in the database twice", pair[0].id),
        ));
    }
    let index = Index { schema_version: "ai-1.0".to_owned(), ecosystem, form, records };
    Ok(Parsed { index, date: newest.min(now), tree })
}

fn listed(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        return "no ecosystem at all".to_owned();
    }
    let shown = names.iter().take(5).map(|name| format!("`{name}`")).collect::<Vec<_>>();
    shown.join(", ")
}
