//! `mex registry`: from a draft to the registry in force.

use mex_app::error::AppResult;
use mex_app::publish::{
    DiffRequest, PublishOutcome, PublishRequest, ReviewRequest, RollbackRequest, SignedReview,
    TakeoverRequest,
};
use mex_app::runtime::capability::diff::RegistryDiff;
use mex_app::runtime::capability::review::{NAMESPACE, ReviewDecision};
use serde::Serialize;

use crate::args::{RegistryCommand, RegistryReviewArgs};
use crate::commands::{Session, create, written};
use crate::text;

/// A takeover with what it changed, as one document.
#[derive(Serialize)]
struct TakenOver<'a> {
    published: &'a PublishOutcome,
    diff: &'a RegistryDiff,
}

pub fn run(session: &Session, command: RegistryCommand) -> AppResult<u8> {
    let (app, out) = (&session.app, session.out);
    match command {
        RegistryCommand::Show { version, file } => {
            let view = match version {
                Some(version) => app.registry_version(&version)?,
                None => app.registry_view(file.as_deref())?,
            };
            written(out.data(&view, |out| text::registry::view(out, &view)))?;
        }
        RegistryCommand::Diff { draft, version, profiles, out: folder } => {
            let request = DiffRequest { draft, version, profiles, out: folder };
            let outcome = app.diff_registry(&request)?;
            written(out.data(&outcome, |out| text::registry::diffed(out, &outcome)))?;
        }
        RegistryCommand::Impact { diff, days } => {
            let impact = app.registry_impact(diff.as_deref(), days)?;
            written(out.data(&impact, |out| text::registry::impact(out, &impact)))?;
        }
        RegistryCommand::Review(args) => review(session, args)?,
        RegistryCommand::Publish { review, rules, signers, out: folder } => {
            let request = PublishRequest { review, policy: rules.policy, signers, out: folder };
            let outcome = app.publish_registry(&request)?;
            written(out.data(&outcome, |out| text::registry::published(out, &outcome)))?;
        }
        RegistryCommand::Rollback { version, reason, ticked, rules, out: folder } => {
            let request =
                RollbackRequest { version, reason, ticked, policy: rules.policy, out: folder };
            let outcome = app.rollback_registry(&request)?;
            written(out.data(&outcome, |out| text::registry::published(out, &outcome)))?;
        }
        RegistryCommand::Versions => {
            let all = app.registry_versions()?;
            written(out.data(&all, |out| text::registry::versions(out, &all)))?;
        }
        RegistryCommand::Takeover { file, signer } => {
            let (published, diff) = app.takeover_registry(&TakeoverRequest { file, signer })?;
            let document = TakenOver { published: &published, diff: &diff };
            written(out.data(&document, |out| text::registry::taken_over(out, &published, &diff)))?;
        }
    }
    Ok(0)
}

fn review(session: &Session, args: RegistryReviewArgs) -> AppResult<()> {
    let (app, out) = (&session.app, session.out);
    let decision = if args.approve { ReviewDecision::Approve } else { ReviewDecision::Reject };
    let signed = match (&args.reviewer, args.signature, args.signers) {
        (Some(reviewer), Some(signature), Some(signers)) => {
            Some(SignedReview { reviewer: reviewer.clone(), signature, signers })
        }
        _ => None,
    };
    let request = ReviewRequest {
        diff: args.diff,
        decision,
        comment: args.comment,
        ticked: args.ticked,
        policy: args.rules.policy,
        signed,
        out: args.out,
    };
    if let (Some(path), Some(reviewer)) = (&args.payload, &args.reviewer) {
        create(path, &app.review_payload(&request, reviewer)?)?;
        out.note(&format!("sign it: ssh-keygen -Y sign -n {NAMESPACE} -f KEY {}", path.display()));
        return Ok(());
    }
    let outcome = app.review_registry(&request)?;
    written(out.data(&outcome, |out| text::registry::reviewed(out, &outcome)))
}
