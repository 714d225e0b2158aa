//! The few records of a snapshot that a project can be hit by, found through the index made at
//! import. Owns the small database that a tool is handed instead of the whole; the same records
//! always make the same bytes. Never leaves a record out that names a package asked for.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Cursor, Read as _, Write as _};

use mex_runtime::code::Code;
use zip::write::SimpleFileOptions;

use super::archive::LIMITS;
use super::{DatabaseRefused, Form, Snapshot};

/// One record as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Its id.
    pub id: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Snapshot {
    /// The records of a zip snapshot that hit a package whose name `wanted` takes, by id; the first
    /// of all where there is none, because a database without a record looks like no database.
    ///
    /// # Errors
    /// `MEX-DB-UNPARSABLE` where index and records do not belong together, or one is damaged.
    pub fn select(&self, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Selected>, DatabaseRefused> {
        let damaged = |why: String| {
            DatabaseRefused::new(
                Code::DbUnparsable,
                format!("`{}` {why}; import the database again", self.path.display()),
            )
        };
        if self.form != Form::Osv {
            return Err(damaged("is no zip of records".to_owned()));
        }
        let index = self.index()?;
        if index.records.len() as u64 != self.identity.record_count {
            return Err(damaged("has an index of another size".to_owned()));
        }
        let mut missing: BTreeMap<&str, ()> = index
            .records
            .iter()
            .filter(|record| record.packages.iter().any(|package| wanted(&package.name)))
            .map(|record| (record.id.as_str(), ()))
            .collect();
        if missing.is_empty()
            && let Some(first) = index.records.first()
        {
            missing.insert(&first.id, ());
        }
        let file = File::open(&self.path).map_err(|error| damaged(error.to_string()))?;
        let mut zip = zip::ZipArchive::new(BufReader::new(file))
            .map_err(|error| damaged(format!("is no zip: {error}")))?;
        let mut places = BTreeMap::new();
        for place in 0..zip.len() {
            let Some(Ok(name)) = zip.name_for_index(place) else { continue };
            let stem = name.rsplit('/').next().and_then(|base| base.strip_suffix(".json"));
            if let Some(stem) = stem
                && missing.remove(stem).is_some()
            {
                places.insert(stem.to_owned(), place);
            }
        }
        if let Some((id, ())) = missing.first_key_value() {
            return Err(damaged(format!("lacks the record `{id}` of its index")));
        }
        let mut selected = Vec::with_capacity(places.len());
        for (id, place) in places {
            let mut bytes = Vec::new();
            zip.by_index(place)
                .map_err(|error| damaged(format!("has a damaged record `{id}`: {error}")))?
                .take(LIMITS.entry_bytes)
                .read_to_end(&mut bytes)
                .map_err(|error| damaged(format!("has a damaged record `{id}`: {error}")))?;
            selected.push(Selected { id, bytes });
        }
        Ok(selected)
    }
}

/// A database of these records, laid out as osv-scanner reads one.
///
/// # Errors
/// `MEX-INTERNAL`: writing to memory does not fail.
pub fn small_zip(records: &[Selected]) -> Result<Vec<u8>, DatabaseRefused> {
    let internal =
        |error: &dyn std::fmt::Display| DatabaseRefused::new(Code::Internal, error.to_string());
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    // No clock: the same records are the same artifact.
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644);
    for record in records {
        zip.start_file(format!("{}.json", record.id), options).map_err(|error| internal(&error))?;
        zip.write_all(&record.bytes).map_err(|error| internal(&error))?;
    }
    Ok(zip.finish().map_err(|error| internal(&error))?.into_inner())
}
