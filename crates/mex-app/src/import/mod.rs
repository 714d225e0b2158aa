//! Foreign reports (placeholder).
