//! `mex capability`, `mex consent`.

use mex_app::consent::ConsentRequest;
use mex_app::error::AppResult;
use mex_app::runtime::event::DecisionOutcome;
use mex_app::simulate::Simulation;

use crate::args::{CapabilityCommand, ConsentCommand};
use crate::commands::{Session, written};
use crate::text;

pub fn capability(session: &Session, command: CapabilityCommand) -> AppResult<u8> {
    let CapabilityCommand::Simulate { profile, engine, operation, capability } = command;
    let simulated = session.app.simulate(&Simulation { profile, engine, operation, capability })?;
    written(session.out.data(&simulated, |out| text::govern::simulated(out, &simulated)))?;
    Ok(match simulated.outcome {
        DecisionOutcome::Allow => 0,
        DecisionOutcome::Deny => 3,
    })
}

pub fn consent(session: &Session, command: ConsentCommand) -> AppResult<u8> {
    let (app, out) = (&session.app, session.out);
    let entries = match command {
        ConsentCommand::Grant { capability, profile, hours, reason } => {
            vec![app.grant_consent(&ConsentRequest { capability, profile, hours, reason })?]
        }
        ConsentCommand::Revoke { id, reason } => vec![app.revoke_consent(&id, &reason)?],
        ConsentCommand::List => app.list_consents()?,
    };
    written(out.data(&entries, |out| text::govern::consents(out, &entries)))?;
    Ok(0)
}
