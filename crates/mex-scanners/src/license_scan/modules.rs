//! The modules of a `go.mod` in the licence job: what scancode says of the texts that were found for
//! them. Owns the asking about texts, each once, and the ledger of it; never where a module lies.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use mex_runtime::code::Code;
use mex_runtime::coverage::CoverageState;
use mex_runtime::digest::Digest;
use mex_runtime::finding::{Component, LicenseStatement, LicenseText};
use mex_runtime::port::Progress;

use super::go::{Around, Found, GoHere, Module, Texts};
use super::manifest::Speech;
use super::others::{Open, say};
use super::{Share, asked_for, drop_kept, own};
use crate::errand::{Errand, weaker};
use crate::lockfile::packages::Named;
use crate::lockfile::{Lockfile, purl};
use crate::scancode::{self, Kept, Licences};

/// The modules of one `go.mod`: their texts, and what scancode says these are.
pub(super) fn all(
    errand: &Errand<'_>,
    root: &Path,
    lock: &Lockfile,
    named: &Named,
    (go, kept): (&GoHere, &Kept),
    total: &mut Share,
) {
    let folder = lock.path.strip_suffix("go.mod").unwrap_or_default();
    let around = Around::read(root, folder, go);
    let components: Vec<&Component> = named.packages.values().collect();
    let cancel = errand.context.cancel;
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while !cancel.is_cancelled() {
            let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(component) = components.get(at) else { break };
            let version = match component.version.strip_prefix('v') {
                Some(_) => component.version.clone(),
                None => format!("v{}", component.version),
            };
            let module = Module { name: component.name.clone(), version };
            done.push((*component, around.look_up(&module)));
        }
        done
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut found: Vec<(&Component, Found)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        done.extend(others.into_iter().flat_map(|other| other.join().unwrap_or_default()));
        done
    });
    found.sort_by_key(|(component, _)| &component.purl);
    let mut texts: BTreeMap<Digest, (String, &[u8])> = BTreeMap::new();
    for (component, one) in &found {
        if let Found::Here { texts: own, .. } = one {
            for (name, content) in own {
                let place = format!("{} {name}", component.purl);
                texts.entry(Digest::of(content)).or_insert((place, content));
            }
        }
    }
    let read = read_texts(errand, lock, &texts, kept, total);
    let mut open = Open::default();
    let mut answered = 0;
    for (component, one) in &found {
        match (one, &read) {
            (Found::Not(why), _) => open.add(why, component),
            (Found::Here { texts, .. }, Err(why)) if !texts.is_empty() => open.add(why, component),
            (Found::Here { from, texts }, _) => {
                answered += 1;
                let list = texts
                    .iter()
                    .map(|(path, content)| LicenseText {
                        path: path.clone(),
                        sha256: Digest::of(content),
                    })
                    .collect();
                let speech = Speech { from: from.clone(), texts: list, ..Speech::default() };
                let empty = BTreeMap::new();
                let detected = detected(texts, read.as_ref().unwrap_or(&empty));
                say(lock, component, speech, detected, total);
            }
        }
    }
    let missed = (components.len() - found.len()) as u64;
    total.read(&lock.path, answered);
    if missed > 0 {
        let reason = "the scan was stopped before these modules were looked for";
        total.gap(&lock.path, None, CoverageState::NotScanned, reason, missed);
    }
    for name in &named.elsewhere {
        let why = "it is replaced by a folder, whose texts are read as the project's own where it is part of it: have the gap accepted by an exception";
        open.add(why, &purl::component("Go", name, ""));
    }
    open.leave(lock, total);
}

/// What one module's texts say, together: all of it holds.
fn detected(
    texts: &Texts,
    read: &BTreeMap<Digest, Vec<LicenseStatement>>,
) -> Vec<LicenseStatement> {
    let mut all = Vec::new();
    for (name, content) in texts {
        let said = read.get(&Digest::of(content)).map_or(&[][..], Vec::as_slice);
        let upper = name.to_ascii_uppercase();
        let must = ["LICEN", "COPYING", "UNLICENSE"].iter().any(|stem| upper.starts_with(stem));
        if said.is_empty() && must {
            all.push(LicenseStatement {
                text: "no licence was recognised".to_owned(),
                spdx: None,
                source: name.clone(),
            });
        }
        // A notice may mention what it does not grant.
        all.extend(
            said.iter()
                .filter(|one| must || one.spdx.is_some())
                .map(|one| LicenseStatement { source: name.clone(), ..one.clone() }),
        );
    }
    all.sort();
    all.dedup_by(|a, b| a.text == b.text);
    all
}

/// Asks scancode what texts say, each once. The error is a sentence for the ledger.
fn read_texts(
    errand: &Errand<'_>,
    lock: &Lockfile,
    texts: &BTreeMap<Digest, (String, &[u8])>,
    kept: &Kept,
    total: &mut Share,
) -> Result<BTreeMap<Digest, Vec<LicenseStatement>>, String> {
    if texts.is_empty() {
        return Ok(BTreeMap::new());
    }
    let unread = |why: &str| format!("{why}; nobody read its licence texts");
    (errand.context.progress)(Progress::Phase("reading licence texts of modules".to_owned()));
    let folder = written(errand, texts).map_err(|fault| unread(&fault.to_string()))?;
    let files: Vec<String> = texts.keys().map(|digest| format!("{digest}/LICENSE")).collect();
    let mut budget = total.budget.unwrap_or(*errand.admitted.budget());
    let asked = asked_for(errand, scancode::NAME).and_then(|()| {
        let options = own::options(errand);
        scancode::detect(errand, folder.path(), &files, &options, kept, &mut budget)
    });
    let (tool, mut found) = match asked {
        Ok(found) => found,
        Err(fault) => {
            let why = unread(&fault.message);
            if fault.code != Code::CapNotGranted {
                total.errors.push(fault);
            }
            return Err(why);
        }
    };
    total.budget = Some(budget);
    total.tools.push(tool.identity);
    total.scope = Some(own::options(errand).scope);
    Ok(taken(lock, texts, &mut found, total))
}

/// A folder with each text under its digest, and nothing else.
fn written(
    errand: &Errand<'_>,
    texts: &BTreeMap<Digest, (String, &[u8])>,
) -> std::io::Result<tempfile::TempDir> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = errand.open_folder(0o755)?;
    for (digest, (_, content)) in texts {
        let own = folder.path().join(digest.to_string());
        fs::create_dir(&own)?;
        fs::set_permissions(&own, fs::Permissions::from_mode(0o755))?;
        fs::write(own.join("LICENSE"), content)?;
        fs::set_permissions(own.join("LICENSE"), fs::Permissions::from_mode(0o444))?;
    }
    Ok(folder)
}

/// Takes an answer about texts into the whole, every line of its ledger under the module it is of.
fn taken(
    lock: &Lockfile,
    texts: &BTreeMap<Digest, (String, &[u8])>,
    found: &mut Licences,
    total: &mut Share,
) -> BTreeMap<Digest, Vec<LicenseStatement>> {
    let digest = |path: &str| path.strip_suffix("/LICENSE")?.parse::<Digest>().ok();
    let mut read = BTreeMap::new();
    let mut mentions = Vec::new();
    for (path, file) in std::mem::take(&mut found.files) {
        let Some(digest) = digest(&path) else { continue };
        let (known, unknown): (Vec<_>, Vec<_>) =
            file.statements.into_iter().partition(|one| one.spdx.is_some());
        let name = texts.get(&digest).map_or("", |(place, _)| place);
        let notice = name.rsplit(' ').next().is_some_and(|name| {
            let upper = name.to_ascii_uppercase();
            upper.starts_with("NOTICE") || upper.starts_with("COPYRIGHT")
        });
        if notice {
            mentions.extend(unknown.iter().map(|one| format!("{name} {}", one.text)));
            read.insert(digest, known);
        } else {
            read.insert(digest, [known, unknown].concat());
        }
    }
    let subject = format!("{}: licence texts of modules", lock.path);
    if let Some(count) = found.counts.first_mut() {
        count.subject.clone_from(&subject);
        drop_kept(count, "a mention that names no licence", mentions);
    }
    for entry in &mut found.entries {
        entry.subject = match digest(&entry.subject).and_then(|digest| texts.get(&digest)) {
            Some((place, _)) => place.clone(),
            None => subject.clone(),
        };
    }
    total.entries.append(&mut found.entries);
    total.counts.append(&mut found.counts);
    total.evidence.append(&mut found.evidence);
    total.errors.append(&mut found.errors);
    if let Some(level) = found.level {
        total.level = Some(weaker(total.level, level));
    }
    read
}

#[cfg(test)]
mod tests {
    use mex_runtime::license::statement;

    use super::*;

    #[test]
    fn texts_that_nobody_knows_leave_a_module_unknown_and_a_notice_does_not() {
        let texts = |names: &[&str]| -> Texts {
            names.iter().map(|name| ((*name).to_owned(), name.as_bytes().to_vec())).collect()
        };
        let read: BTreeMap<Digest, Vec<LicenseStatement>> = [
            ("LICENSE", vec![statement("MIT", "x")]),
            ("COPYING", vec![]),
            ("NOTICE", vec![statement("LicenseRef-scancode-unknown", "x"), statement("ISC", "x")]),
        ]
        .into_iter()
        .map(|(name, said)| (Digest::of(name.as_bytes()), said))
        .collect();
        let found = |names: &[&str]| -> Vec<(String, bool)> {
            let all = detected(&texts(names), &read);
            all.into_iter().map(|one| (one.text, one.spdx.is_some())).collect()
        };
        assert_eq!(found(&["LICENSE"]), [("MIT".to_owned(), true)]);
        assert_eq!(
            found(&["LICENSE", "NOTICE"]),
            [("ISC".to_owned(), true), ("MIT".to_owned(), true)]
        );
        assert!(
            found(&["COPYING", "LICENSE"])
                .contains(&("no licence was recognised".to_owned(), false))
        );
        assert_eq!(found(&[]), []);
    }
}
