//! `mex exception`.

use mex_app::error::{AppError, AppResult};
use mex_app::exception::{
    Acceptance, AddRequest, BaselineGaps, BaselineRequest, Declined, Draft, RenewRequest, Subject,
    Target, Until,
};
use mex_app::runtime::code::Code;
use mex_app::runtime::policy::signature::NAMESPACE;

use crate::args::{
    AddArgs, BaselineArgs, ExceptionCommand, SaveArgs, SubjectArgs, TargetArgs, UntilArgs,
};
use crate::commands::{Session, create, written};
use crate::text;

pub fn run(session: &Session, command: ExceptionCommand) -> AppResult<u8> {
    let (app, out) = (&session.app, session.out);
    match command {
        ExceptionCommand::Add(args) => {
            let AddArgs { subject, reason, owner, until, id, file, save } = args;
            let acceptance = acceptance(reason, owner, until);
            let request = AddRequest { subject: wanted(subject)?, id, file, acceptance };
            save_draft(session, app.draft_exception(&request)?, &save)
        }
        ExceptionCommand::Baseline(args) => {
            let BaselineArgs { run, reason, owner, until, gaps, file, save } = args;
            let gaps = if gaps { BaselineGaps::Accept } else { BaselineGaps::Leave };
            let acceptance = acceptance(reason, owner, until);
            let request = BaselineRequest { run, gaps, file, acceptance };
            save_draft(session, app.draft_baseline(&request)?, &save)
        }
        ExceptionCommand::Renew { id, target: place, until, reason, save } => {
            let approver = until.approver.clone();
            let request =
                RenewRequest { id, target: target(place), until: end(until), reason, approver };
            save_draft(session, app.draft_renewal(&request)?, &save)
        }
        ExceptionCommand::Revoke { id, target: place, reason, out: file } => {
            let changed = app.revoke_exception(&id, &target(place), &reason, file.as_deref())?;
            written(out.data(&changed, |out| text::exception::changed(out, &changed)))?;
            Ok(0)
        }
        ExceptionCommand::List { run: Some(run), .. } => {
            let proposals = app.proposals(&run)?;
            written(out.data(&proposals, |out| text::exception::proposals(out, &proposals, &run)))?;
            Ok(0)
        }
        ExceptionCommand::List { target: place, out: file, .. } => {
            let place = target(place);
            if let Some(file) = &file {
                app.export_exceptions(&place, file)?;
            }
            let list = app.exceptions(&place)?;
            written(out.data(&list, |out| text::exception::list(out, &list)))?;
            Ok(0)
        }
        ExceptionCommand::Impact { problem: Some(id), run, target: place } => {
            let request = AddRequest {
                subject: Subject::Problem { id, run },
                id: None,
                file: place.file,
                acceptance: asked(),
            };
            let draft = app.draft_exception(&request)?;
            written(out.data(&draft.impact, |out| text::exception::impact(out, &draft.impact)))?;
            Ok(0)
        }
        ExceptionCommand::Impact { target: place, .. } => {
            let impacts = app.document_impact(&target(place))?;
            written(out.data(&impacts, |out| text::exception::impacts(out, &impacts)))?;
            Ok(0)
        }
        ExceptionCommand::Check { file, project, signers } => {
            let report = app.check_exceptions(&Target { project, file }, signers.as_deref())?;
            written(out.data(&report, |out| text::exception::check(out, &report)))?;
            Ok(0)
        }
        ExceptionCommand::Sign {
            id,
            target: place,
            approver,
            payload,
            signature,
            signers,
            out: file,
        } => {
            let place = target(place);
            match (payload, signature, signers) {
                (Some(payload), _, _) => {
                    let bytes = app.exception_payload(&id, &place, &approver)?;
                    create(&payload, &bytes)?;
                    out.note(&format!(
                        "Next: ssh-keygen -Y sign -f KEY -n {NAMESPACE} {}",
                        crate::out::plain(&payload.display().to_string())
                    ));
                    Ok(0)
                }
                (None, Some(signature), Some(signers)) => {
                    let changed = app.sign_exception(
                        &id,
                        &place,
                        &approver,
                        &signature,
                        &signers,
                        file.as_deref(),
                    )?;
                    written(out.data(&changed, |out| text::exception::changed(out, &changed)))?;
                    Ok(0)
                }
                (None, _, _) => Err(AppError::new(Code::Usage, "nothing to sign was named")
                    .hint("give `--payload FILE`, or `--signature FILE --signers FILE`")),
            }
        }
    }
}

/// Shows what a draft would hide, asks, and saves it.
fn save_draft(session: &Session, draft: Draft, save: &SaveArgs) -> AppResult<u8> {
    let out = session.out;
    if !save.yes {
        out.show(&text::exception::draft(&out, &draft));
        let answer = out
            .ask("Accept this?")
            .map_err(|error| AppError::new(Code::InputUnreadable, error.to_string()))?;
        let why = match answer {
            Some(true) => None,
            Some(false) => Some(Declined::ByPerson),
            None => Some(Declined::NobodyAsked),
        };
        if let Some(why) = why {
            return Err(session.app.decline_exceptions(draft, why)?);
        }
    }
    let changed = session.app.save_exceptions(draft, save.out.as_deref())?;
    written(out.data(&changed, |out| text::exception::changed(out, &changed)))?;
    Ok(0)
}

fn target(args: TargetArgs) -> Target {
    Target { project: args.project, file: args.file }
}

fn acceptance(reason: String, owner: String, until: UntilArgs) -> Acceptance {
    let approver = until.approver.clone();
    Acceptance { reason, owner, until: end(until), approver }
}

/// An impact is asked for, not accepted: the words are never kept.
fn asked() -> Acceptance {
    Acceptance {
        reason: "to see what it would hide".to_owned(),
        owner: "nobody".to_owned(),
        until: Until::Days(1),
        approver: None,
    }
}

fn end(until: UntilArgs) -> Until {
    until.expires.map_or(Until::Days(until.days), Until::Named)
}

fn wanted(args: SubjectArgs) -> AppResult<Subject> {
    match args {
        SubjectArgs { problem: Some(id), run, .. } => Ok(Subject::Problem { id, run }),
        SubjectArgs { proposal: Some(number), run: Some(run), .. } => {
            Ok(Subject::Proposal { number, run })
        }
        _ => Err(AppError::new(Code::Usage, "nothing to accept was named")
            .hint("give `--problem ID`, or `--proposal N --run SCAN`")),
    }
}
