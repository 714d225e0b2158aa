//! What cargo-deny says: one JSON object on stdout, a crate a key.
//! Owns the shapes; lenient to fields we do not use, strict about those we do.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Each crate under `name version source`.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Output(pub BTreeMap<String, Crate>);

/// The licences its expression names, without the words that join them; none where there is none.
#[derive(Debug, Deserialize)]
pub struct Crate {
    pub licenses: Vec<String>,
}
