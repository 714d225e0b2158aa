//! What is around the attempts of one job: facts, staged tree, environment, progress. Owns putting
//! them together; never plans an attempt and never runs one.

use mex_runtime::digest::Digest;
use mex_runtime::event::EventContext;
use mex_runtime::execute::Surroundings;
use mex_runtime::id::JobName;
use mex_runtime::port::{Progress, StagedTree};

use crate::error::AppResult;
use crate::facts::{Ground, Purpose};
use crate::job::Jobs;
use crate::scan::step_of;

/// What is around the attempts of one job and lives as long as each of them.
pub(crate) struct Around<'a> {
    jobs: &'a Jobs<'a>,
    /// Where the facts of an attempt come from.
    pub(crate) ground: Ground<'a>,
    tree: StagedTree,
    environment_id: Digest,
    progress: Box<dyn Fn(Progress) + Send + Sync + 'a>,
}

impl<'a> Around<'a> {
    /// For one job of a scan.
    ///
    /// # Errors
    /// When the consents or the sandbox cannot be read.
    pub(crate) fn of(jobs: &'a Jobs<'a>, job: &JobName) -> AppResult<Self> {
        let app = jobs.app;
        let line = job.to_string();
        Ok(Self {
            jobs,
            ground: Ground {
                app,
                rules: app.in_force()?,
                consents: app.consents()?,
                stage: Some((jobs.stage, jobs.manifest, jobs.wsid)),
                tools: Some(jobs.tools),
                purpose: Purpose::Use,
            },
            tree: StagedTree { root: jobs.stage.root(), manifest: jobs.manifest.clone() },
            environment_id: app.environment_id(app.sandbox()?.level)?,
            progress: Box::new(move |progress| (jobs.steps)(step_of(&line, progress))),
        })
    }

    /// For one attempt, with whom its events belong to.
    pub(crate) fn surroundings<'s>(&'s self, events: &'s EventContext) -> Surroundings<'s> {
        Surroundings {
            ports: self.jobs.app.ports(),
            events,
            stage: Some(&self.tree),
            allowlist: self.jobs.allowlist,
            environment_id: self.environment_id,
            cancel: self.jobs.cancel,
            progress: &*self.progress,
        }
    }
}
