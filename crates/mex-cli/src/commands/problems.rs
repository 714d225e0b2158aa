//! `mex problems`.

use mex_app::error::AppResult;
use mex_app::record::ProblemFilter;
use mex_app::runtime::diagnostic::ProblemStatus;
use mex_app::runtime::severity::Severity;

use crate::args::{ProblemFilterArgs, ProblemsCommand, SeverityArg, StatusArg, TriageArgs};
use crate::commands::{Session, written};
use crate::text;

pub fn run(session: &Session, command: ProblemsCommand) -> AppResult<u8> {
    match command {
        ProblemsCommand::List(args) => list(session, &args),
        ProblemsCommand::Show { id } => {
            let view = session.app.problem(&id)?;
            written(session.out.data(&view, |out| text::problems::one(out, &view)))?;
            Ok(0)
        }
        ProblemsCommand::Ack(args) => triage(session, &args, ProblemStatus::Acknowledged),
        ProblemsCommand::Mute(args) => triage(session, &args, ProblemStatus::Muted),
        ProblemsCommand::Resolve(args) => triage(session, &args, ProblemStatus::Resolved),
        ProblemsCommand::Reopen(args) => triage(session, &args, ProblemStatus::Open),
    }
}

fn list(session: &Session, args: &ProblemFilterArgs) -> AppResult<u8> {
    // Muted and resolved ones are asked for by name.
    let statuses = match args.status {
        None => vec![ProblemStatus::Open, ProblemStatus::Acknowledged],
        Some(StatusArg::Open) => vec![ProblemStatus::Open],
        Some(StatusArg::Acknowledged) => vec![ProblemStatus::Acknowledged],
        Some(StatusArg::Muted) => vec![ProblemStatus::Muted],
        Some(StatusArg::Resolved) => vec![ProblemStatus::Resolved],
    };
    let all = [Severity::Hint, Severity::Info, Severity::Warning, Severity::Error, Severity::Fatal];
    let least = args.severity.map(|severity| match severity {
        SeverityArg::Hint => Severity::Hint,
        SeverityArg::Info => Severity::Info,
        SeverityArg::Warning => Severity::Warning,
        SeverityArg::Error => Severity::Error,
        SeverityArg::Fatal => Severity::Fatal,
    });
    let filter = ProblemFilter {
        statuses,
        severities: least
            .map(|least| all.into_iter().filter(|one| *one >= least).collect())
            .unwrap_or_default(),
        code: args.code.clone(),
        text: args.text.clone(),
        limit: args.page.limit,
        ..ProblemFilter::default()
    };
    let problems = session.app.problems(filter, args.run.as_deref())?;
    written(session.out.data(&problems, |out| text::problems::list(out, &problems)))?;
    Ok(0)
}

fn triage(session: &Session, args: &TriageArgs, to: ProblemStatus) -> AppResult<u8> {
    let changed = session.app.triage(&args.ids, to, &args.reason)?;
    written(session.out.data(&changed, |out| text::problems::changed(out, &changed)))?;
    Ok(0)
}
