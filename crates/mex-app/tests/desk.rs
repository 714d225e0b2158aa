//! What the screens of a window ask, over a real recorder on disk: query lines, pages, values,
//! neighbours, triage, projects, preferences, links, the live tail. Needs no tool and no network.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]

#[path = "desk/outside.rs"]
mod outside;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use mex_app::app::App;
use mex_app::desk::links::{LinkKind, LinkQuestion};
use mex_app::desk::preferences::{PreferencesPatch, SavedView, Theme};
use mex_app::desk::problems::{
    NeighboursQuestion, ProblemCountsQuestion, ProblemFacetsQuestion, ProblemField, ProblemRow,
    ProblemSort, ProblemStanding, ProblemsQuestion,
};
use mex_app::desk::projects::FolderQuestion;
use mex_app::desk::recorder::{EventNarrowing, EventsQuestion, TailQuestion};
use mex_app::desk::scans::ScansQuestion;
use mex_app::desk::triage::{
    ProblemTextForm, ProblemTextQuestion, TriageRequest, UndoTriageRequest,
};
use mex_app::desk::{ById, Cursor, Screens};
use mex_app::place::Places;
use mex_recorder::FlightRecorder;
use mex_runtime::code::Code;
use mex_runtime::diagnostic::{
    Diagnostic, EvidenceRefs, LinkConfidence, Location, ProblemStatus, Range, Source, Surface,
};
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, EventContext, SystemEvent};
use mex_runtime::id::{DiagnosticId, EventId, RunId, WorkspaceId};
use mex_runtime::operation::Actor;
use mex_runtime::port::{Clock, Record, Recorder as _};
use mex_runtime::severity::Severity;
use uuid::Uuid;

struct TestClock;

impl Clock for TestClock {
    #[expect(clippy::disallowed_methods, reason = "a test has the real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// A data folder that scans are written into from beside, as another process would.
struct Desk {
    folder: tempfile::TempDir,
    recorder: FlightRecorder,
    screens: Screens,
}

impl Desk {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        let recorder = FlightRecorder::open(&data_dir, Arc::new(TestClock)).unwrap();
        let places = Places { data_dir, tools_dir: folder.path().join("tools") };
        let app = App::open(places, ("/nowhere".into(), Vec::new())).unwrap();
        Self { folder, recorder, screens: Screens::new(Arc::new(app)) }
    }

    /// A project folder with its workspace.
    fn project(&self, name: &str) -> (String, WorkspaceId) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        let path = path.canonicalize().unwrap();
        let digest = Digest::of(path.as_os_str().as_encoded_bytes()).to_string();
        (path.display().to_string(), digest[..32].parse().unwrap())
    }

    /// Records a scan of a project that saw some diagnostics.
    fn scan(&self, project: &(String, WorkspaceId), verdict: &str, seen: Vec<Diagnostic>) -> RunId {
        let run_id = RunId::new(Uuid::now_v7());
        let context = EventContext {
            actor: Actor::Human,
            actor_id: "tester".parse().unwrap(),
            job_id: None,
            workflow_run_id: Some(run_id),
            wsid: Some(project.1.clone()),
        };
        let event = |body| {
            let event = context.event(
                EventId::new(Uuid::now_v7()),
                TestClock.now(),
                EventBody::System(body),
            );
            Record::from(event)
        };
        let begun = event(SystemEvent::ScanBegun {
            project: project.0.clone(),
            mode: "normal".to_owned(),
            policy_ref: None,
            allowlist_ref: None,
            signers_ref: None,
            session_id: self.recorder.session_id().to_owned(),
        });
        self.recorder.record(vec![begun]).unwrap();
        let records = seen.into_iter().map(|mut one| {
            one.wsid = Some(project.1.clone());
            Record::Diagnostic(Box::new(one), context.clone())
        });
        self.recorder.record(records.collect()).unwrap();
        let ended = event(SystemEvent::ScanEnded {
            verdict: verdict.to_owned(),
            verdict_ref: None,
            coverage_ref: None,
            rules: Vec::new(),
            capability_registry_version: "1".to_owned(),
        });
        self.recorder.record(vec![ended]).unwrap();
        run_id
    }

    fn rows(&self, query: &str) -> Vec<ProblemRow> {
        let asked =
            ProblemsQuestion { query: query.to_owned(), limit: Some(500), ..Default::default() };
        self.screens.problems(&asked).unwrap().items
    }

    fn titles(&self, query: &str) -> Vec<String> {
        let mut titles: Vec<String> =
            self.rows(query).into_iter().map(|row| row.problem.title).collect();
        titles.sort();
        titles
    }

    fn refused(&self, query: &str) -> mex_app::error::AppError {
        let asked = ProblemsQuestion { query: query.to_owned(), ..Default::default() };
        self.screens.problems(&asked).unwrap_err()
    }
}

fn diagnostic(title: &str) -> Diagnostic {
    Diagnostic {
        id: DiagnosticId::new(Uuid::now_v7()),
        title: title.to_owned(),
        message: "what happened. To do: mend it.".to_owned(),
        severity: Severity::Error,
        own_severity: Severity::Error,
        source: Source::Engine,
        surface: Surface::System,
        tool: Some("osv-scanner".to_owned()),
        fingerprint_tool: None,
        code: Some("CVE-2021-23337".to_owned()),
        tags: vec!["vuln".to_owned(), "severity:high".to_owned()],
        wsid: None,
        job_id: None,
        model_id: None,
        actor: Actor::System,
        capability_id: None,
        policy_decision_id: None,
        decision_in_fingerprint: false,
        locations: vec![Location::uri("pkg:npm/lodash@4.17.20")],
        evidence_refs: EvidenceRefs::default(),
        link_confidence: LinkConfidence::Unlinked,
        timestamp: TestClock.now(),
    }
}

fn secret(path: &str, line: u64) -> Diagnostic {
    let mut one = diagnostic(&format!("github-pat in {path}"));
    one.code = Some("github-pat".to_owned());
    one.tool = Some("gitleaks".to_owned());
    one.tags = vec!["secret".to_owned(), "block".to_owned()];
    one.severity = Severity::Fatal;
    one.locations = vec![Location {
        path: Some(path.to_owned()),
        uri: Some(format!("secret:{}", "0".repeat(64))),
        range: Some(Range { start_line: line, end_line: line }),
        ..Location::default()
    }];
    one
}

/// Every term of the query line finds what it says, over two projects and three scans.
#[test]
fn a_query_line_finds_what_it_says() {
    let desk = Desk::open();
    let (shop, tool) = (desk.project("shop"), desk.project("tool"));
    let lodash = || diagnostic("CVE-2021-23337 in pkg:npm/lodash@4.17.20");
    let mut minor = diagnostic("CVE-2020-0001 in pkg:cargo/time@0.1.45");
    minor.severity = Severity::Warning;
    minor.own_severity = Severity::Warning;
    minor.code = Some("CVE-2020-0001".to_owned());
    minor.tool = Some("cargo-audit, osv-scanner".to_owned());
    minor.tags = vec!["vuln".to_owned(), "severity:medium".to_owned()];
    minor.locations = vec![Location::uri("pkg:cargo/time@0.1.45")];
    let mut gone = diagnostic("CVE-2019-1 in pkg:npm/lodash@4.17.20");
    gone.code = Some("CVE-2019-1".to_owned());
    let first = desk.scan(&shop, "block", vec![lodash(), gone]);
    desk.scan(&tool, "pass", vec![minor]);
    let latest = desk.scan(&shop, "block", vec![lodash(), secret("src/conf/keys.env", 3)]);

    let (l, t, g, s) = (
        "CVE-2021-23337 in pkg:npm/lodash@4.17.20",
        "CVE-2020-0001 in pkg:cargo/time@0.1.45",
        "CVE-2019-1 in pkg:npm/lodash@4.17.20",
        "github-pat in src/conf/keys.env",
    );
    let cases: Vec<(String, Vec<&str>)> = vec![
        (String::new(), vec![g, t, l, s]),
        ("is:open".into(), vec![g, t, l, s]),
        ("is:muted".into(), vec![]),
        ("severity:fatal".into(), vec![s]),
        ("severity:high".into(), vec![g, l]),
        ("severity:medium,fatal".into(), vec![t, s]),
        ("-severity:high".into(), vec![t, s]),
        ("tool:gitleaks".into(), vec![s]),
        ("tool:cargo-audit".into(), vec![t]),
        ("tool:gitleaks,cargo-audit".into(), vec![t, s]),
        ("job:vuln -package:time".into(), vec![g, l]),
        ("rule:SC-2/secret".into(), vec![s]),
        ("package:lodash is:new".into(), vec![]),
        ("package:lod*".into(), vec![g, l]),
        ("file:src/**".into(), vec![s]),
        ("file:*.env".into(), vec![s]),
        ("no:file".into(), vec![g, t, l]),
        ("scan:latest".into(), vec![t, l, s]),
        (format!("scan:{first}"), vec![g, l]),
        (format!("scan:{latest}"), vec![l, s]),
        ("is:new".into(), vec![t, s]),
        ("new:no".into(), vec![g, l]),
        ("project:shop".into(), vec![g, l, s]),
        ("project:sh*".into(), vec![g, l, s]),
        ("project:nothing".into(), vec![]),
        ("is:blocking".into(), vec![s]),
        ("LODASH 2333".into(), vec![l]),
        ("lodash -cve-2019-1".into(), vec![l]),
        ("-lodash -keys".into(), vec![t]),
        ("keys".into(), vec![s]),
        ("source:engine tag:secret code:github-pat".into(), vec![s]),
    ];
    for (query, mut expected) in cases {
        expected.sort_unstable();
        assert_eq!(desk.titles(&query), expected, "{query}");
        let counts = ProblemCountsQuestion { query: query.clone() };
        let counts = desk.screens.problem_counts(&counts).unwrap();
        assert_eq!((counts.filtered, counts.total), (expected.len() as u64, 4), "{query}");
    }
    let standing = |query: &str| desk.rows(query)[0].standing;
    assert_eq!(standing("tool:gitleaks"), ProblemStanding::New);
    assert_eq!(standing("code:CVE-2021-23337 scan:latest"), ProblemStanding::Unchanged);
    assert_eq!(standing("2019"), ProblemStanding::NotSeen);
    let row = desk.rows("tool:gitleaks").remove(0);
    assert_eq!((row.file.as_deref(), row.line), (Some("src/conf/keys.env"), Some(3)));
    assert_eq!(row.job.unwrap().as_str(), "secret");

    let error = desk.refused("is:open colour:red");
    assert_eq!(error.code, Code::QueryInvalid);
    assert_eq!(error.details["word"], "colour:red");
    assert_eq!((&error.details["start"], &error.details["end"]), (&8.into(), &18.into()));
    assert_eq!(desk.refused("scan:ffff").code, Code::NotFound);
}

/// What is suggested has results, and its term finds exactly as many.
#[test]
fn every_value_suggested_has_its_results() {
    let desk = Desk::open();
    let project = desk.project("a \"quoted\", shop*");
    let mut odd = secret("a b,\"c\"*.env", 1);
    odd.tags.push("tag with, comma".to_owned());
    let seen = vec![odd, secret("src/a", 2), secret("src/b", 2), diagnostic("CVE in lodash")];
    desk.scan(&project, "block", seen);
    for field in [
        ProblemField::Severity,
        ProblemField::Status,
        ProblemField::Job,
        ProblemField::Tool,
        ProblemField::Code,
        ProblemField::Rule,
        ProblemField::Package,
        ProblemField::File,
        ProblemField::Tag,
        ProblemField::Source,
        ProblemField::Project,
    ] {
        for query in ["", "is:open", "job:secret", "-tool:gitleaks"] {
            let asked = ProblemFacetsQuestion {
                query: query.to_owned(),
                field,
                starts_with: String::new(),
                limit: None,
            };
            let facets = desk.screens.problem_facets(&asked).unwrap();
            assert!(!facets.more);
            for value in &facets.values {
                let found = desk.rows(&format!("{query} {}", value.term));
                assert_eq!(found.len() as u64, value.count, "{query} {}", value.term);
                let worst = found.iter().map(|row| row.problem.severity).max();
                assert_eq!(worst, Some(value.worst), "{query} {}", value.term);
            }
            if field == ProblemField::File {
                assert_eq!(desk.rows(&format!("{query} no:file")).len() as u64, facets.without);
            }
        }
    }
    let starts = ProblemFacetsQuestion {
        query: String::new(),
        field: ProblemField::File,
        starts_with: "src/".to_owned(),
        limit: Some(1),
    };
    let facets = desk.screens.problem_facets(&starts).unwrap();
    assert_eq!((facets.values.len(), facets.more), (1, true));
}

/// F8 and Shift+F8 walk the list exactly as its pages show it.
#[test]
fn neighbours_walk_the_list_as_its_pages_show_it() {
    let desk = Desk::open();
    let project = desk.project("shop");
    let seen = (0..25).map(|at| secret(&format!("src/{at}"), at)).collect();
    desk.scan(&project, "block", seen);
    for sort in [ProblemSort::Gravest, ProblemSort::Title, ProblemSort::Oldest] {
        let mut shown: Vec<Digest> = Vec::new();
        let mut after: Option<Cursor> = None;
        loop {
            let asked =
                ProblemsQuestion { query: "is:open src".to_owned(), sort, after, limit: Some(4) };
            let page = desk.screens.problems(&asked).unwrap();
            shown.extend(page.items.iter().map(|row| row.problem.fingerprint));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(shown.len(), 25);
        for (at, one) in shown.iter().enumerate() {
            let asked =
                NeighboursQuestion { query: "is:open src".to_owned(), sort, id: one.to_string() };
            let found = desk.screens.neighbours(&asked).unwrap();
            assert_eq!(found.previous, at.checked_sub(1).map(|at| shown[at]), "{sort:?} {at}");
            assert_eq!(found.next, shown.get(at + 1).copied(), "{sort:?} {at}");
        }
    }
    let foreign: Cursor = serde_json::from_str("\"nonsense\"").unwrap();
    let asked = ProblemsQuestion { after: Some(foreign), ..Default::default() };
    assert_eq!(desk.screens.problems(&asked).unwrap_err().code, Code::Usage);
}

/// Triage of several for one reason, taken back once; what is refused changes nothing.
#[test]
fn triage_is_for_a_reason_and_is_taken_back_once() {
    let desk = Desk::open();
    let project = desk.project("shop");
    desk.scan(&project, "block", (0..3).map(|at| secret(&format!("src/{at}"), at)).collect());
    let ids: Vec<String> =
        desk.rows("").iter().map(|row| row.problem.fingerprint.to_string()).collect();
    let request = |ids: &[String], reason: &str| TriageRequest {
        ids: ids.to_vec(),
        to: ProblemStatus::Muted,
        reason: reason.to_owned(),
    };
    let before = desk.recorder.last_seq().unwrap();
    for (ids, reason) in [
        (&ids[..], "  "),
        (&[][..], "r"),
        (&["ffff".to_owned()][..], "r"),
        (&vec![ids[0].clone(); 501][..], "r"),
        (&ids[..1], &"x".repeat(1_001)),
    ] {
        assert!(desk.screens.triage(&request(ids, reason)).is_err(), "{reason}");
    }
    assert_eq!(desk.recorder.last_seq().unwrap(), before, "a refused triage wrote something");

    let done = desk.screens.triage(&request(&ids[..2], "noise")).unwrap();
    assert_eq!((done.problems.len(), done.undo_ms), (2, 10_000));
    assert_eq!(desk.rows("is:muted").len(), 2);
    let undo = UndoTriageRequest { undo_token: done.undo_token };
    let undone = desk.screens.undo_triage(&undo).unwrap();
    assert_eq!((undone.problems.len(), undone.left), (2, 0));
    assert_eq!(desk.rows("is:open").len(), 3);
    assert_eq!(desk.screens.undo_triage(&undo).unwrap_err().code, Code::UndoExpired);
    let events = EventsQuestion {
        filter: EventNarrowing { kind: Some("problem_status_undone".into()), ..Default::default() },
        ..Default::default()
    };
    assert_eq!(desk.screens.events(&events).unwrap().items.len(), 2);
    assert!(desk.recorder.verify(None).unwrap().is_intact());
}

/// P28: whatever a title, path or advisory holds comes back as the text it is, and leaves as text.
#[test]
fn p28_hostile_text_comes_back_as_text() {
    let desk = Desk::open();
    let project = desk.project("shop");
    let mut hostile: Vec<String> = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "\u{1b}[31mred\u{1b}[0m\u{7}",
        "\u{202e}gnp.exe\u{202c}",
        "раypal.com",
        "'; DROP TABLE problems; --",
        "| a | b |\n[x](http://evil)",
        "```\n# x",
        "{{constructor}}",
        "%00%0d%0a",
        "\u{feff}\u{200b}\u{2028}",
        "* ? [a-z] \" \\ ,",
    ]
    .map(str::to_owned)
    .to_vec();
    hostile.push("A".repeat(4_096));
    hostile.push("\u{1f600}".repeat(4_096));
    for at in 0..200 {
        let base = &hostile[at % 15];
        hostile.push(format!("{at} {base}"));
    }
    let seen = hostile.iter().map(|text| {
        let mut one = secret(text, 1);
        one.title = format!("t{text}");
        one.message.clone_from(text);
        one
    });
    desk.scan(&project, "block", seen.collect());
    let rows = desk.rows("");
    assert_eq!(rows.len(), hostile.len());
    for text in &hostile {
        // The fingerprint trims; a title is kept as it was made.
        let row = rows.iter().find(|row| row.problem.title == format!("t{text}"));
        let row = row.unwrap_or_else(|| panic!("{text:?} did not come back"));
        assert_eq!(row.file.as_deref(), Some(text.as_str()));
        let id = row.problem.fingerprint.to_string();
        let detail = desk.screens.problem(&ById { id: id.clone() }).unwrap();
        assert_eq!(detail.message.as_deref(), Some(text.as_str()));
        let wire = serde_json::to_string(&detail).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(&wire).is_ok());
        for form in [ProblemTextForm::Text, ProblemTextForm::Markdown] {
            let asked = ProblemTextQuestion { ids: vec![id.clone()], form };
            let copied = desk.screens.problem_text(&asked).unwrap().text;
            let bad =
                copied.chars().filter(|c| *c != '\n').any(|c| c.is_control() || c == '\u{202e}');
            assert!(!bad, "{copied:?}");
            let lines = if form == ProblemTextForm::Text { 1 } else { 3 };
            assert_eq!(copied.lines().count(), lines, "{copied:?}");
            if form == ProblemTextForm::Markdown {
                assert!(!copied.replace("\\<", "").contains('<'), "{copied:?}");
                assert!(!copied.contains("[x](http"), "{copied:?}");
            }
        }
    }
}

/// A project stands on the list once, by its newest scan; one that is gone is marked; one that was
/// forgotten comes back when it is asked for.
#[test]
fn recent_projects_are_listed_once_and_marked_when_gone() {
    let desk = Desk::open();
    let (shop, tool) = (desk.project("shop"), desk.project("tool"));
    std::fs::write(Path::new(&shop.0).join("Cargo.lock"), "").unwrap();
    desk.scan(&shop, "block", vec![]);
    desk.scan(&tool, "pass", vec![]);
    let newest = desk.scan(&shop, "pass", vec![]);
    let found = desk.screens.recent_projects().unwrap();
    let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["shop", "tool"]);
    assert_eq!((found[0].last_scan.run_id, found[0].missing), (newest, false));
    assert_eq!(found[0].last_scan.verdict.as_deref(), Some("pass"));
    let scans = ScansQuestion { wsid: Some(shop.1.clone()), limit: Some(1), after: None };
    let page = desk.screens.scans(&scans).unwrap();
    assert_eq!(page.items[0].run_id, newest);
    let page = desk.screens.scans(&ScansQuestion { after: page.next, ..scans }).unwrap();
    assert_eq!((page.items.len(), page.next), (1, None));

    let folder = desk.screens.inspect_folder(&FolderQuestion { path: shop.0.clone() }).unwrap();
    assert_eq!((folder.exists, folder.lockfiles), (true, vec!["Cargo.lock".to_owned()]));
    assert_eq!(folder.wsid, Some(shop.1.clone()));
    let none = FolderQuestion { path: format!("{}/none", shop.0) };
    let folder = desk.screens.inspect_folder(&none).unwrap();
    assert!(!folder.exists && folder.problem.contains("does not exist"));

    std::fs::remove_dir_all(&shop.0).unwrap();
    assert!(desk.screens.recent_projects().unwrap()[0].missing);
    let left = desk.screens.forget_project(&FolderQuestion { path: shop.0.clone() }).unwrap();
    assert_eq!(left.len(), 1);
    desk.screens.remember_project(&shop.0).unwrap();
    assert_eq!(desk.screens.recent_projects().unwrap().len(), 2);
}

/// Preferences survive, are refused whole, and a damaged file is told, kept and no reason to fail.
#[test]
fn preferences_are_written_whole_and_damage_is_told() {
    let desk = Desk::open();
    let fresh = desk.screens.preferences().unwrap();
    assert_eq!((fresh.damage, fresh.retention_days), (None, 30));
    let view = SavedView {
        query: "is:open severity:high".to_owned(),
        sort: ProblemSort::Newest,
        group_by: Some(ProblemField::Package),
    };
    let patch = PreferencesPatch {
        theme: Some(Theme::Dark),
        saved_views: Some([("mine".to_owned(), view)].into()),
        window: Some("{\"tab\":1}".to_owned()),
        retention_days: Some(60),
        ..Default::default()
    };
    let saved = desk.screens.save_preferences(&patch).unwrap();
    assert_eq!((saved.preferences.theme, saved.retention_days), (Theme::Dark, 60));
    let file = desk.folder.path().join("data/preferences.json");
    let text = std::fs::read_to_string(&file).unwrap();
    for bad in [
        PreferencesPatch { window: Some("x".repeat(256 * 1024 + 1)), ..Default::default() },
        PreferencesPatch {
            theme: Some(Theme::Light),
            retention_days: Some(0),
            ..Default::default()
        },
        PreferencesPatch {
            last_filters: Some((0..201).map(|at| (at.to_string(), String::new())).collect()),
            ..Default::default()
        },
    ] {
        let error = desk.screens.save_preferences(&bad).unwrap_err();
        assert_eq!(error.code, Code::PreferencesInvalid);
        assert_eq!(
            std::fs::read_to_string(&file).unwrap(),
            text,
            "a refused patch wrote something"
        );
    }
    // No page can name a program: the field is not in what a window may send.
    let program = serde_json::json!({ "own_editor": ["sh", "-c", "id"] });
    assert!(serde_json::from_value::<PreferencesPatch>(program).is_err());

    for damaged in ["{", "[]", "{\"schema_version\":\"pr-9.0\"}", "{\"surprise\":1}", "\u{0}"] {
        std::fs::write(&file, damaged).unwrap();
        let state = desk.screens.preferences().unwrap();
        assert!(state.damage.is_some(), "{damaged}");
        assert_eq!(state.preferences.theme, Theme::System);
        let patch = PreferencesPatch { theme: Some(Theme::Contrast), ..Default::default() };
        let state = desk.screens.save_preferences(&patch).unwrap();
        assert_eq!((state.damage, state.preferences.theme), (None, Theme::Contrast));
        let kept = std::fs::read_to_string(file.with_extension("json.damaged")).unwrap();
        assert_eq!(kept, damaged, "what was damaged is kept for a person to look at");
    }
}

/// UI-3: each link leads to its thing, by its whole id or the unique start; one that leads nowhere says so.
#[test]
fn ui_3_links_resolve_or_say_that_they_do_not() {
    let desk = Desk::open();
    let project = desk.project("shop");
    let run_id = desk.scan(&project, "block", vec![secret("src/a", 1)]);
    let row = desk.rows("").remove(0);
    let event = desk.screens.events(&EventsQuestion::default()).unwrap().items.remove(0);
    let resolve = |uri: String| desk.screens.resolve_link(&LinkQuestion { uri });
    let fingerprint = row.problem.fingerprint.to_string();
    let version = desk.screens.open_state(Vec::new()).unwrap().registry_version;
    for (uri, kind, id) in [
        (format!("mex://problem/{}", &fingerprint[..12]), LinkKind::Problem, fingerprint.clone()),
        (
            format!("mex://problem/{}", row.problem.last_diagnostic_id),
            LinkKind::Problem,
            fingerprint.clone(),
        ),
        (format!("mex://scan/{run_id}"), LinkKind::Scan, run_id.to_string()),
        (
            format!("mex://event/{}", event.event.event_id),
            LinkKind::Event,
            event.event.event_id.to_string(),
        ),
        ("mex://registry".to_owned(), LinkKind::Registry, String::new()),
        (format!("mex://registry/{version}"), LinkKind::Registry, version.clone()),
    ] {
        let target = resolve(uri.clone()).unwrap();
        assert_eq!((target.kind, &target.id), (kind, &id), "{uri}");
        assert_eq!(resolve(target.uri.clone()).unwrap(), target);
    }
    for (uri, code) in [
        ("mex://problem/ffffffffffff", Code::NotFound),
        ("mex://job/0194d6a0-0000-7000-8000-000000000001", Code::NotFound),
        ("mex://artifact/00", Code::NotFound),
        ("mex://registry/99.9.9", Code::NotFound),
        ("mex://problem/", Code::LinkInvalid),
        ("mex://shell/rm", Code::LinkInvalid),
        ("file:///etc/passwd", Code::LinkInvalid),
    ] {
        assert_eq!(resolve(uri.to_owned()).unwrap_err().code, code, "{uri}");
    }
    let editor = desk.screens.open_in_editor(&ById { id: fingerprint }).unwrap_err();
    assert_eq!(editor.code, Code::EditorInvalid);
}

/// Following loses nothing: what is recorded between two looks comes with the next, in order, and a
/// filter does not make it look at the same events again.
#[test]
fn the_live_tail_loses_nothing() {
    let desk = Desk::open();
    let project = desk.project("shop");
    let start = TailQuestion { after_seq: None, filter: EventNarrowing::default(), limit: None };
    let mut at = desk.screens.tail(&start).unwrap().through_seq;
    let mut seen = Vec::new();
    for round in 0..5 {
        desk.scan(
            &project,
            "pass",
            (0..round * 3).map(|at| secret(&format!("{round}-{at}"), 1)).collect(),
        );
        loop {
            let asked = TailQuestion {
                after_seq: Some(at),
                filter: EventNarrowing {
                    event_type: Some("diagnostic".into()),
                    ..Default::default()
                },
                limit: Some(4),
            };
            let tail = desk.screens.tail(&asked).unwrap();
            assert!(tail.through_seq >= at);
            at = tail.through_seq;
            seen.extend(tail.events.into_iter().map(|event| event.seq));
            if !tail.more {
                break;
            }
        }
        assert_eq!(at, desk.recorder.last_seq().unwrap(), "everything was looked at");
    }
    assert_eq!(seen.len(), 30);
    assert!(seen.is_sorted());
    let unknown = EventsQuestion {
        filter: EventNarrowing { event_type: Some("nonsense".into()), ..Default::default() },
        ..Default::default()
    };
    assert_eq!(desk.screens.events(&unknown).unwrap_err().code, Code::Usage);
}
