//! `mex registry`: from a draft to the registry in force.

use mex_app::draft::{BuildRequest, ExtractRequest, ModelRequest, Sending, ValidateRequest};
use mex_app::error::AppResult;
use mex_app::publish::{
    DiffRequest, PublishOutcome, PublishRequest, ReviewRequest, RollbackRequest, SignedReview,
    TakeoverRequest,
};
use mex_app::runtime::capability::diff::RegistryDiff;
use mex_app::runtime::capability::review::{NAMESPACE, ReviewDecision};
use serde::Serialize;

use crate::args::{RegistryCommand, RegistryExtractArgs, RegistryReviewArgs};
use crate::commands::{Session, create, written};
use crate::text;

/// The exit code of a draft that breaks rules: bad input.
const BROKEN: u8 = 2;

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
        RegistryCommand::Extract(args) => {
            let outcome = app.extract_registry(&extraction(args), &session.cancel)?;
            written(out.data(&outcome, |out| text::draft::extracted(out, &outcome)))?;
        }
        RegistryCommand::Validate { draft, spec, engines, profiles, out: folder } => {
            let request = ValidateRequest { file: draft, spec, engines, profiles, out: folder };
            let outcome = app.validate_registry(&request)?;
            written(out.data(&outcome, |out| text::draft::validated(out, &outcome)))?;
            return Ok(if outcome.validation.valid { 0 } else { BROKEN });
        }
        RegistryCommand::Build { extract, profiles } => {
            let request = BuildRequest { extract: extraction(extract), profiles };
            let outcome = app.build_registry(&request, &session.cancel)?;
            written(out.data(&outcome, |out| text::draft::built(out, &outcome)))?;
            let broken = outcome.validated.is_some_and(|one| !one.validation.valid);
            return Ok(if broken { BROKEN } else { 0 });
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

fn extraction(args: RegistryExtractArgs) -> ExtractRequest {
    let sending = if args.show_request { Sending::ShowOnly } else { Sending::Send };
    let model = match (args.model, args.model_url) {
        (Some(model_id), Some(url)) => {
            // In the environment alone: an argument would be in the history of the shell.
            let key = std::env::var("MEX_MODEL_KEY").ok().filter(|key| !key.is_empty());
            Some(ModelRequest { url, model_id, key, sending })
        }
        _ => None,
    };
    ExtractRequest {
        spec: args.spec,
        engines: args.engines,
        previous: args.previous,
        model,
        out: args.out,
    }
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
