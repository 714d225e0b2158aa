//! The files an extraction reads, whole and bounded, under names that are the same on every machine.
//! Owns reading and naming; never looks inside.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use mex_runtime::capability::extract::{ExtractInput, MAX_FILE_BYTES, MAX_FILES, SpecFile};
use mex_runtime::code::Code;

use super::ExtractRequest;
use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::{embedded, input};

/// The longest engines or registry file read, in bytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Everything that was read.
pub(super) struct Specification {
    files: Vec<(String, Vec<u8>)>,
    engines: (String, String),
    previous: (String, String),
}

impl Specification {
    pub(super) fn read(app: &App, request: &ExtractRequest) -> AppResult<Self> {
        let files = spec_files(&request.spec)?;
        let name = |path: &Path| {
            path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
        };
        let engines = match &request.engines {
            Some(path) => (name(path), input::text(path, MAX_BYTES, "engines file")?),
            None => ("mechanical_engines.json".to_owned(), embedded::ENGINES.to_owned()),
        };
        let previous = match &request.previous {
            Some(path) => (name(path), input::text(path, MAX_BYTES, "previous registry")?),
            None => ("capability_registry.json".to_owned(), app.in_force()?.registry_text.clone()),
        };
        Ok(Self { files, engines, previous })
    }

    pub(super) fn files(&self) -> Vec<SpecFile<'_>> {
        self.files.iter().map(|(name, bytes)| SpecFile { name, bytes }).collect()
    }

    pub(super) fn input<'a>(&'a self, files: &'a [SpecFile<'a>]) -> ExtractInput<'a> {
        ExtractInput {
            specification: files,
            engines: Some((&self.engines.0, &self.engines.1)),
            previous: Some((&self.previous.0, &self.previous.1)),
        }
    }

    /// What is stored of it: bytes, media type, role.
    pub(super) fn artifacts(&self) -> Vec<(&[u8], &'static str, &'static str)> {
        let mut all: Vec<(&[u8], &str, &str)> = self
            .files
            .iter()
            .map(|(_, bytes)| (bytes.as_slice(), "text/markdown", "specification"))
            .collect();
        all.push((self.engines.1.as_bytes(), "application/json", "engines"));
        all.push((self.previous.1.as_bytes(), "application/json", "previous_registry"));
        all
    }
}

/// Reads Markdown files; what is no text is the extractor's to refuse.
pub(super) fn spec_files(paths: &[PathBuf]) -> AppResult<Vec<(String, Vec<u8>)>> {
    if paths.len() > MAX_FILES {
        let message =
            format!("a specification of {} files is over the limit of {MAX_FILES}", paths.len());
        return Err(AppError::new(Code::InputTooBig, message));
    }
    let names = names(paths)?;
    let mut files = Vec::new();
    for (path, name) in paths.iter().zip(names) {
        let shown = path.display();
        let unreadable = |error: std::io::Error| {
            AppError::new(
                Code::InputUnreadable,
                format!("the specification `{shown}` cannot be read: {error}"),
            )
        };
        let file = File::open(path).map_err(unreadable)?;
        if !file.metadata().map_err(unreadable)?.is_file() {
            let message = format!("the specification `{shown}` is no file");
            return Err(AppError::new(Code::InputUnreadable, message));
        }
        let mut bytes = Vec::new();
        let room = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        file.take(room).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() > MAX_FILE_BYTES {
            let message =
                format!("the specification `{shown}` is over the limit of {MAX_FILE_BYTES} bytes");
            return Err(AppError::new(Code::InputTooBig, message));
        }
        files.push((name, bytes));
    }
    Ok(files)
}

/// Each file from the folder above the one they have in common: `spec/README.md`.
fn names(paths: &[PathBuf]) -> AppResult<Vec<String>> {
    let mut whole = Vec::new();
    for path in paths {
        let found = std::path::absolute(path).and_then(|path| path.canonicalize());
        whole.push(found.map_err(|error| {
            AppError::new(
                Code::InputUnreadable,
                format!("the specification `{}` cannot be read: {error}", path.display()),
            )
        })?);
    }
    let parent = |path: &Path| path.parent().map(Path::to_owned).unwrap_or_default();
    let mut common = whole.first().map(|path| parent(path)).unwrap_or_default();
    for path in &whole {
        while !path.starts_with(&common) && common.pop() {}
    }
    let base = parent(&common);
    Ok(whole
        .iter()
        .map(|path| {
            let own = path.strip_prefix(&base).unwrap_or(path);
            let parts = own.components().filter_map(|part| match part {
                std::path::Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
                _ => None,
            });
            parts.collect::<Vec<_>>().join("/")
        })
        .collect())
}
