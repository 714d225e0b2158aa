//! Decision ids: a UUIDv8 made from the decision's content, never from time or chance, so that
//! identical decisions carry one id and their diagnostics are one Problem (contract DIAG-2).

use sha2::{Digest as _, Sha256};

use crate::id::PolicyDecisionId;

/// The id of a decision with this content. Every part is framed by its length, so no two
/// contents can run into one.
pub(crate) fn decision_id(about: &[&str], content: &[&str]) -> PolicyDecisionId {
    let mut hash = Sha256::new();
    hash.update(b"mex-decision-1\n");
    for part in about.iter().chain(content) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    PolicyDecisionId::new(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_content_same_id_and_parts_do_not_run_together() {
        let id = decision_id(&["G-CAP"], &["deny", "a"]);
        assert_eq!(id, decision_id(&["G-CAP"], &["deny", "a"]));
        assert_ne!(id, decision_id(&["G-CAP"], &["den", "ya"]));
        assert_eq!(id.uuid().get_version_num(), 8);
    }
}
