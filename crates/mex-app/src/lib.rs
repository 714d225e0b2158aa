//! Empty for now.

pub mod schemas;
