//! Files a caller names on the command line or in a dialog: read whole, bounded, as UTF-8.
//! Never a file of the scanned tree by itself (contract SC-4).

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use mex_runtime::code::Code;

use crate::error::{AppError, AppResult};

/// Reads a text file of at most `limit` bytes.
///
/// # Errors
/// Missing, a folder, unreadable, too big, not UTF-8: each names the file.
pub fn text(path: &Path, limit: usize, what: &str) -> AppResult<String> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| {
        AppError::new(
            Code::InputUnreadable,
            format!("the {what} `{shown}` cannot be read: {error}"),
        )
    };
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(AppError::new(
            Code::InputUnreadable,
            format!("the {what} `{shown}` is a folder"),
        ));
    }
    bounded(file, limit, what, &shown.to_string())
}

/// Reads all of stdin, at most `limit` bytes.
///
/// # Errors
/// As [`text`].
pub fn stdin(limit: usize, what: &str) -> AppResult<String> {
    bounded(std::io::stdin().lock(), limit, what, "-")
}

fn bounded(reader: impl std::io::Read, limit: usize, what: &str, shown: &str) -> AppResult<String> {
    let mut bytes = Vec::new();
    let room = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(room).read_to_end(&mut bytes).map_err(|error| {
        AppError::new(
            Code::InputUnreadable,
            format!("the {what} `{shown}` cannot be read: {error}"),
        )
    })?;
    if bytes.len() > limit {
        return Err(AppError::new(
            Code::InputTooBig,
            format!("the {what} `{shown}` is over the limit of {limit} bytes"),
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        AppError::new(
            Code::InputUnreadable,
            format!("the {what} `{shown}` is not UTF-8 at byte {at}"),
        )
    })
}
