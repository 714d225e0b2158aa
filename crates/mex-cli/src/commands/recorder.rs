//! `mex recorder`, `mex jobs`, `mex gates`.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use mex_app::error::{AppError, AppResult};
use mex_app::history::{self, EventQuestion};
use mex_app::input;
use mex_app::record::VerifyReport;
use mex_app::runtime::code::Code;

use crate::args::{EventFilterArgs, Format, GatesCommand, JobsCommand, RecorderCommand};
use crate::commands::{Session, unwritable, written};
use crate::out::Out;
use crate::text;

/// A head is a few hundred bytes.
const MAX_HEAD: usize = 64 * 1024;

pub fn run(session: &Session, command: RecorderCommand) -> AppResult<u8> {
    let (app, out) = (&session.app, session.out);
    match command {
        RecorderCommand::Query(args) => query(session, &args),
        RecorderCommand::Tail => tail(session),
        RecorderCommand::Verify { against } => {
            let head = against.map(|path| input::text(&path, MAX_HEAD, "head")).transpose()?;
            verified(out, &app.verify_recorder(head.as_deref())?)
        }
        RecorderCommand::Head { out: file } => {
            let head = app.export_head()?;
            let mut page = serde_json::to_vec_pretty(&head)
                .map_err(|error| AppError::new(Code::Internal, error.to_string()))?;
            page.push(b'\n');
            match file {
                Some(path) => {
                    fs::write(&path, &page).map_err(|error| unwritable(&path, &error))?;
                    out.note(&format!(
                        "head at event {} written; keep it where this machine cannot change it",
                        head.seq
                    ));
                }
                None => written(out.stdout(&page))?,
            }
            Ok(0)
        }
        RecorderCommand::Purge { keep_days } => {
            let report = app.purge(keep_days)?;
            written(out.data(&report, |out| text::recorder::purged(out, &report)))?;
            Ok(0)
        }
    }
}

/// [`run`] for a data folder that will not open: it can still be verified, without a change.
pub fn verify_closed(data_dir: &Path, against: Option<&Path>, out: Out) -> AppResult<u8> {
    let head = against.map(|path| input::text(path, MAX_HEAD, "head")).transpose()?;
    verified(out, &history::verify_closed(data_dir, head.as_deref())?)
}

fn verified(out: Out, report: &VerifyReport) -> AppResult<u8> {
    written(out.data(report, |out| text::recorder::verified(out, report)))?;
    Ok(if report.is_intact() { 0 } else { 1 })
}

fn question(args: &EventFilterArgs) -> EventQuestion {
    EventQuestion {
        event_type: args.event_type.clone(),
        job: args.job.clone(),
        run: args.run.clone(),
        op: args.op.clone(),
        after: args.after,
        limit: args.page.limit,
    }
}

fn query(session: &Session, args: &EventFilterArgs) -> AppResult<u8> {
    let page = session.app.events(&question(args))?;
    written(session.out.data(&page, |out| text::recorder::events(out, &page.items)))?;
    Ok(0)
}

/// Follows until Ctrl-C. One event a line, from now on.
fn tail(session: &Session) -> AppResult<u8> {
    let newest = session.app.events(&EventQuestion { limit: 1, ..EventQuestion::default() })?;
    let mut after = newest.items.first().map_or(0, |event| event.seq);
    while !session.cancel.is_cancelled() {
        let page = session.app.events(&EventQuestion {
            after: Some(after),
            limit: 1000,
            ..EventQuestion::default()
        })?;
        for event in &page.items {
            after = event.seq;
            let line = match session.out.format {
                Format::Json => session.out.json_line(event),
                Format::Text => {
                    session.out.stdout(text::recorder::line(&session.out, event).as_bytes())
                }
            };
            written(line)?;
        }
        if page.items.is_empty() {
            thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(0)
}

pub fn jobs(session: &Session, command: JobsCommand) -> AppResult<u8> {
    match command {
        JobsCommand::List(page) => {
            let list = session.app.jobs(page.limit)?;
            written(session.out.data(&list, |out| text::jobs::list(out, &list)))?;
        }
        JobsCommand::Show { id } => {
            let view = session.app.job(&id)?;
            written(session.out.data(&view, |out| text::jobs::one(out, &view)))?;
        }
    }
    Ok(0)
}

pub fn gates(session: &Session, command: GatesCommand) -> AppResult<u8> {
    let GatesCommand::Show { op_id } = command;
    let view = session.app.gates(&op_id)?;
    written(session.out.data(&view, |out| text::jobs::gates(out, &view)))?;
    Ok(0)
}
