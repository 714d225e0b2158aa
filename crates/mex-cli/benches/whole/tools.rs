//! What running the tools side by side, choosing what scancode reads and choosing what osv-scanner is
//! handed are worth (issue B): each against the tool bare in the same run.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::project::make_npm_project;
use crate::{command, median, timed};

const RUNS: usize = 3;
const RECORDS: u32 = 200_000;

/// One tool's runs in one scan.
#[derive(Default)]
struct Used {
    wall: Duration,
    cpu: Duration,
}

fn scan(mex: &Path, data: &Path, project: &Path, more: &[&str]) -> (Duration, Value) {
    let fixed = ["scan", project.to_str().unwrap(), "--fresh", "--format", "json"];
    let begin = Instant::now();
    let arguments = [fixed.as_slice(), more].concat();
    let output = command(mex, data, &arguments).stdout(Stdio::piped()).output().unwrap();
    (begin.elapsed(), serde_json::from_slice(&output.stdout).unwrap())
}

/// What the tools of one scan used, as its events say.
fn used(mex: &Path, data: &Path, outcome: &Value) -> BTreeMap<String, Used> {
    let run = outcome["run_id"].as_str().unwrap();
    let arguments = ["recorder", "query", "--run", run, "--type", "terminal_command"];
    let arguments = [arguments.as_slice(), &["--limit", "500", "--format", "json"]].concat();
    let output = command(mex, data, &arguments).stdout(Stdio::piped()).output().unwrap();
    let page: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut all: BTreeMap<String, Used> = BTreeMap::new();
    for item in page["items"].as_array().unwrap() {
        let payload = &item["event"]["payload"];
        let Some(tool) = payload["tool"]["name"].as_str() else { continue };
        let ms = |name: &str| Duration::from_millis(payload["usage"][name].as_u64().unwrap());
        let one = all.entry(tool.to_owned()).or_default();
        one.wall += ms("wall_time_ms");
        one.cpu += ms("cpu_time_ms");
    }
    all
}

/// The four jobs at once against the slowest tool alone, or all tools' work over all cores.
pub fn whole_scan(mex: &Path, folder: &Path) {
    let (project, data) = (folder.join("side-by-side"), folder.join("data"));
    make_npm_project(&project);
    let mut alone = Duration::ZERO;
    for job in ["secret", "vuln", "sbom", "license"] {
        let (_, outcome) = scan(mex, &data, &project, &["--jobs", job]);
        let slowest = used(mex, &data, &outcome).into_values().map(|one| one.wall).max();
        alone = alone.max(slowest.unwrap_or_default());
    }
    let cores = u32::try_from(std::thread::available_parallelism().unwrap().get()).unwrap();
    let mut times = Vec::new();
    let mut work = Vec::new();
    for _ in 0..RUNS {
        let (time, outcome) = scan(mex, &data, &project, &[]);
        times.push(time);
        work.push(used(mex, &data, &outcome).into_values().map(|one| one.cpu).sum::<Duration>());
    }
    let (time, work) = (median(times), median(work) / cores);
    let floor = alone.max(work);
    println!(
        "whole scan, four jobs                {:>8.3} s  slowest tool alone {:.3} s, all tools' work over {cores} cores {:.3} s; over 1.10 of the greater by {} ms (bound 500)",
        time.as_secs_f64(),
        alone.as_secs_f64(),
        work.as_secs_f64(),
        time.saturating_sub(floor.mul_f64(1.10)).as_millis()
    );
}

/// The licence job against scancode on every file.
pub fn licences(mex: &Path, tools: &Path, folder: &Path) {
    let (project, data) = (folder.join("side-by-side"), folder.join("data"));
    let (_, outcome) = scan(mex, &data, &project, &["--jobs", "license"]);
    let job = Duration::from_millis(outcome["jobs"][0]["duration_ms"].as_u64().unwrap());
    let home = fs::canonicalize(tools.join("scancode")).unwrap();
    let scratch = folder.join("scancode");
    fs::create_dir_all(&scratch).unwrap();
    let cores = std::thread::available_parallelism().unwrap().to_string();
    let mut bare = Command::new(home.join("scancode"));
    bare.args(["-B", "-s", "-S", "-c", "from scancode.cli import scancode; scancode()"])
        .args(["--license", "--quiet", "--strip-root", "--max-in-memory", "0", "--processes"])
        .args([&cores, "--json"])
        .arg(scratch.join("answer.json"))
        .arg(&project)
        .env("LD_LIBRARY_PATH", home.join("lib"))
        .env("PYTHONHOME", &home)
        .env("PYTHONPATH", home.join("packages"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SCANCODE_CACHE", scratch.join("cache"))
        .env("SCANCODE_TEMP", &scratch);
    let bare = timed(&mut bare);
    println!(
        "licence job, nothing kept            {:>8.3} s  {:.3} of scancode on every file, {:.3} s (bound 0.2)",
        job.as_secs_f64(),
        job.as_secs_f64() / bare.as_secs_f64(),
        bare.as_secs_f64()
    );
}

/// osv-scanner with the records that matter against osv-scanner with all of them.
pub fn advisories(mex: &Path, tools: &Path, folder: &Path) {
    let (project, data) = (folder.join("side-by-side"), folder.join("data-of-records"));
    let database = folder.join("osv/osv-scalibr/npm/all.zip");
    make_database(&database);
    // The same tools beside databases of their own.
    let own = folder.join("tools");
    fs::create_dir_all(&own).unwrap();
    let installed = Path::new(&std::env::var_os("MEX_TOOLS_DIR").unwrap()).join("tools");
    std::os::unix::fs::symlink(installed, own.join("tools")).unwrap();
    let mex_of = |arguments: &[&str]| {
        let mut one = command(mex, &data, arguments);
        one.env("MEX_TOOLS_DIR", &own).stdout(Stdio::piped());
        one.output().unwrap()
    };
    let file = database.to_str().unwrap();
    for arguments in [&["db", "import", file, "--ecosystem", "npm"][..], &["conformance"]] {
        assert!(mex_of(arguments).status.success(), "{arguments:?}");
    }
    let path = project.to_str().unwrap();
    let mut chosen = Vec::new();
    let mut job = Vec::new();
    for _ in 0..RUNS {
        let arguments = ["scan", path, "--jobs", "vuln", "--fresh", "--format", "json"];
        let outcome: Value = serde_json::from_slice(&mex_of(&arguments).stdout).unwrap();
        chosen.push(used(mex, &data, &outcome).remove("osv-scanner").unwrap().wall);
        job.push(Duration::from_millis(outcome["jobs"][0]["duration_ms"].as_u64().unwrap()));
    }
    let whole = (0..RUNS)
        .map(|_| {
            let mut bare = Command::new(tools.join("osv-scanner"));
            bare.args(["scan", "source", "--offline", "--local-db-path"])
                .arg(folder.join("osv"))
                .args(["--no-resolve", "--all-vulns", "--format", "json", "--lockfile"])
                .arg(format!("package-lock.json:{path}/package-lock.json"));
            let begin = Instant::now();
            // 1 where it found something, which it does.
            let status = bare.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
            assert_eq!(status.code(), Some(1));
            begin.elapsed()
        })
        .collect();
    let (chosen, job, whole) = (median(chosen), median(job), median(whole));
    println!(
        "osv-scanner, the records that matter {:>8.3} s  {:.3} of its {:.3} s with all {RECORDS} (bound 0.3); the whole job {:.3} s",
        chosen.as_secs_f64(),
        chosen.as_secs_f64() / whole.as_secs_f64(),
        whole.as_secs_f64(),
        job.as_secs_f64()
    );
}

/// As large as the real one of npm: records of ordinary length, one in a thousand on a package that
/// the project has.
fn make_database(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut archive = zip::ZipWriter::new(fs::File::create(path).unwrap());
    for number in 0..RECORDS {
        let name = match number % 1000 {
            0 => format!("package-{}", number / 1000),
            _ => format!("somebody-elses-{number}"),
        };
        let id = format!("GHSA-{:04}-{:04}-{:04}", number / 10_000, number % 10_000, 2222);
        let record = json!({
            "schema_version": "1.7.0", "id": id,
            "modified": "2026-01-02T03:04:05Z", "published": "2026-01-02T03:04:05Z",
            "summary": "A record as long as most, made to be measured",
            "details": "What goes wrong, for whom and since when. ".repeat(20),
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L"}],
            "affected": [{
                "package": {"ecosystem": "npm", "name": name},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "9.0.0"}]}],
            }],
        });
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(format!("{id}.json"), options).unwrap();
        archive.write_all(record.to_string().as_bytes()).unwrap();
    }
    archive.finish().unwrap();
}
