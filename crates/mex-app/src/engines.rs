//! The adapters this version is built with, by engine and operation.
//! Never calls one: only [`mex_runtime::execute`] does, with a proof of admission.

use mex_runtime::adapter::Adapter;
use mex_runtime::id::{EngineId, OperationName};
use mex_runtime::policy::allowlist::FingerprintKey;
use mex_scanners::dependency::DependencyFetch;
use mex_scanners::dependency::archives::Archives;
use mex_scanners::license_scan::{Here, LicenseScan};
use mex_scanners::npm_audit::live::NpmAuditLive;
use mex_scanners::process::{Mount, MountMode};
use mex_scanners::sbom_scan::SbomScan;
use mex_scanners::scancode::Kept;
use mex_scanners::secret_scan::{History, KeptFiles, SecretScan};
use mex_scanners::stage::{HistoryView, Stage};
use mex_scanners::vuln_scan::VulnScan;

use crate::app::App;
use crate::error::AppResult;
use crate::fetch::{ENGINE, InstallAdapter, SyncAdapter};
use crate::reuse::Freshness;

/// The adapters of one scan or operation.
pub struct Engines {
    secret: SecretScan,
    vuln: VulnScan,
    license: LicenseScan,
    sbom: SbomScan,
    npm_live: NpmAuditLive,
    sync: SyncAdapter,
    dependencies: DependencyFetch,
    install: InstallAdapter,
}

impl Engines {
    /// Builds them; secrets are fingerprinted with the data folder's own key and with those of the
    /// allowlists in force.
    ///
    /// # Errors
    /// When the tools folder or the snapshots cannot be opened.
    pub fn new(
        app: &App,
        documents: Vec<FingerprintKey>,
        stage: Option<&Stage>,
        freshness: Freshness,
    ) -> AppResult<Self> {
        let (toolchain, databases, sandbox) = (app.toolchain()?, app.databases()?, app.sandbox()?);
        let mut secret = SecretScan::new(
            toolchain.clone(),
            sandbox.clone(),
            app.fingerprint_key()?.clone(),
            documents,
        );
        if let Some(history) = stage.and_then(|stage| stage.ledger().history.as_ref()) {
            secret = secret.with_history(readable(history));
        }
        let (folder, seal) = (app.places.data_dir.join("kept"), app.seal()?);
        let mut texts = Kept::new(&folder.join("scancode"), seal.clone());
        let mut clean = KeptFiles::new(&folder.join("gitleaks"), seal.clone());
        if freshness == Freshness::Fresh {
            (texts, clean) = (texts.write_only(), clean.write_only());
        }
        let secret = secret.with_kept(clean);
        Ok(Self {
            secret,
            vuln: VulnScan::new(toolchain.clone(), databases.clone(), sandbox.clone()),
            license: LicenseScan::new(
                toolchain.clone(),
                sandbox.clone(),
                Here {
                    rust: crate::place::rust_here(),
                    go: crate::place::go_here(),
                    fetched: Archives::of(&app.places.tools_dir),
                },
                texts,
            ),
            sbom: SbomScan::new(toolchain.clone(), sandbox.clone()),
            npm_live: NpmAuditLive::new(toolchain.clone(), sandbox.clone()),
            sync: SyncAdapter {
                databases: databases.clone(),
                version: app.adapter_version(ENGINE)?,
            },
            dependencies: DependencyFetch::new(
                Archives::of(&app.places.tools_dir),
                crate::place::rust_here(),
                app.adapter_version(ENGINE)?,
            ),
            install: InstallAdapter {
                toolchain: toolchain.clone(),
                version: app.adapter_version(ENGINE)?,
            },
        })
    }

    /// The adapter of an operation, where it is built in.
    pub fn find(&self, engine: &EngineId, operation: &OperationName) -> Option<&dyn Adapter> {
        let all: [&dyn Adapter; 8] = [
            &self.secret,
            &self.vuln,
            &self.npm_live,
            &self.sbom,
            &self.license,
            &self.sync,
            &self.dependencies,
            &self.install,
        ];
        all.into_iter()
            .find(|adapter| adapter.engine_id() == *engine && adapter.operation() == *operation)
    }
}

/// A history as the sandbox shows it: our bare repository, the project's objects, and git to read them.
fn readable(view: &HistoryView) -> History {
    let repository = "/history.git".to_owned();
    let mount = |host: &std::path::Path, inside: &str| Mount {
        host: host.to_owned(),
        inside: inside.to_owned(),
        mode: MountMode::ReadOnly,
    };
    History {
        mounts: vec![
            mount(&view.repository, &repository),
            mount(&view.objects, HistoryView::objects_inside()),
        ],
        repository,
        executables: vec![std::path::PathBuf::from("/usr/bin/git")],
        partial: view.partial.clone(),
    }
}
