//! Artifacts for people.

use mex_app::artifact::{ArtifactCheck, ArtifactView};

use crate::out::Out;
use crate::text::moment;
use crate::text::table::pairs;

/// What an artifact is and where it comes from.
pub fn one(out: &Out, view: &ArtifactView) -> String {
    let mut page = format!("{}  {}\n", out.bold(&view.state.to_uppercase()), view.sha256);
    for sidecar in &view.sidecars {
        let artifact = &sidecar.artifact;
        let mut lines = vec![
            ("role", artifact.role.clone()),
            ("media type", artifact.media_type.clone()),
            ("size", format!("{} bytes", artifact.size_bytes)),
            ("stored", moment(sidecar.stored_at)),
        ];
        if sidecar.truncated {
            lines.push(("truncated", format!("of {} bytes", sidecar.original_bytes)));
        }
        if let Some(origin) = &sidecar.provenance {
            lines.push((
                "made by",
                format!(
                    "{}.{}, adapter {}",
                    origin.engine_id, origin.operation, origin.adapter_version
                ),
            ));
            lines.push(("operation", origin.op_id.to_string()));
            for tool in &origin.tools {
                lines.push(("tool", format!("{} {} {}", tool.name, tool.version, tool.sha256)));
            }
            for database in &origin.databases {
                lines.push((
                    "database",
                    format!("{} {} {}", database.ecosystem, database.form, database.sha256),
                ));
            }
            lines.push(("determinism", format!("{:?}", origin.determinism)));
        }
        // Such as where an imported report comes from.
        for (name, value) in &sidecar.annotations {
            lines.push((name, crate::out::plain(value)));
        }
        page.push_str(&pairs(out, &lines));
    }
    page
}

/// What a check of the store found.
pub fn checked(out: &Out, check: &ArtifactCheck) -> String {
    let mut page = format!("{} artifacts are intact\n", check.intact);
    for (sha256, why) in &check.damaged {
        page.push_str(&format!("{}  {sha256}  {}\n", out.bad("DAMAGED"), crate::out::plain(why)));
    }
    page
}
