//! Whole-process figures, as ratios against a baseline of the same run: one tool governed against
//! the tool bare, and the memory of `mex` itself. Not part of any test.

#![expect(clippy::disallowed_methods, reason = "a benchmark starts processes and reads the clock")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run says so by its panic")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod project;
mod registry;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use project::{make_npm_project, make_project};

const RUNS: usize = 7;

fn main() {
    let Some(mex) = std::env::var_os("MEX_BENCH_BINARY").map(PathBuf::from) else {
        println!("whole: run this through `./dev bench`, which names the release binary");
        return;
    };
    let bare_tools = PathBuf::from(std::env::var_os("MEX_TEST_TOOLS_DIR").unwrap_or_default());
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("project");
    make_project(&project);
    let data = folder.path().join("data");
    let mut conformance = command(&mex, &data, &["conformance"]);
    assert!(
        conformance.status().unwrap().success(),
        "the engines must conform before they are measured"
    );

    let mut bare = Vec::new();
    let mut governed = Vec::new();
    let mut whole = Vec::new();
    let mut peak = 0;
    for round in 0..=RUNS {
        let one = timed(
            Command::new(bare_tools.join("gitleaks"))
                .args([
                    "dir",
                    "--no-banner",
                    "--exit-code",
                    "0",
                    "--report-format",
                    "json",
                    "--report-path",
                ])
                .arg(folder.path().join("bare.json"))
                .arg(&project),
        );
        let begin = Instant::now();
        let output = command(
            &mex,
            &data,
            &["scan", project.to_str().unwrap(), "--jobs", "secret", "--fresh", "--format", "json"],
        )
        .stdout(Stdio::piped())
        .output()
        .unwrap();
        let two = begin.elapsed();
        let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let spawn =
            Duration::from_millis(terminal_ms(&mex, &data, outcome["run_id"].as_str().unwrap()));
        peak = peak.max(peak_kib(&mex, &data, &project));
        if round > 0 {
            bare.push(one);
            governed.push(spawn);
            whole.push(two);
        }
    }
    let (bare, governed, whole) = (median(bare), median(governed), median(whole));
    let extra = governed.saturating_sub(bare.mul_f64(1.03));
    println!("gitleaks bare                        {:>8.3} s", bare.as_secs_f64());
    println!(
        "gitleaks governed (gates, sandbox)   {:>8.3} s  {:.3} of bare; over 1.03 of bare by {} ms (bound 60)",
        governed.as_secs_f64(),
        governed.as_secs_f64() / bare.as_secs_f64(),
        extra.as_millis()
    );
    println!(
        "whole `mex scan --jobs secret`       {:>8.3} s  {:.3} of bare, with staging, recording and verdict",
        whole.as_secs_f64(),
        whole.as_secs_f64() / bare.as_secs_f64()
    );
    println!("peak memory of mex itself            {:>8.1} MB (bound 150)", peak as f64 / 1024.0);
    again(&mex, folder.path());
    registry::extract(&mex, folder.path());
    registry::publish(&mex, folder.path());
    tools::whole_scan(&mex, folder.path());
    tools::licences(&mex, &bare_tools, folder.path());
    tools::advisories(&mex, &bare_tools, folder.path());
}

/// What a second scan costs, and one after a single changed file (contract SC-12): the four jobs on a
/// project of 1,000 npm packages and 2,000 files, every tenth with a licence in it.
fn again(mex: &Path, folder: &Path) {
    let (project, data) = (folder.join("unchanged"), folder.join("data"));
    make_npm_project(&project);
    let scan = |more: &[&str]| {
        let arguments = [&["scan", project.to_str().unwrap(), "--format", "json"], more].concat();
        let begin = Instant::now();
        let output = command(mex, &data, &arguments).stdout(Stdio::piped()).output().unwrap();
        (begin.elapsed(), serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap())
    };
    let job = |outcome: &serde_json::Value, name: &str| {
        let jobs = outcome["jobs"].as_array().unwrap();
        let job = jobs.iter().find(|job| job["job"] == name).unwrap();
        Duration::from_millis(job["duration_ms"].as_u64().unwrap())
    };
    let ran = |outcome: &serde_json::Value| {
        let jobs = outcome["jobs"].as_array().unwrap().iter();
        jobs.filter(|job| job["reused"].as_array().unwrap().is_empty()).count()
    };
    let (first, outcome) = scan(&[]);
    assert_eq!(ran(&outcome), 4, "the first scan runs every job");
    let again = median(
        (0..RUNS)
            .map(|_| {
                let (time, outcome) = scan(&[]);
                assert_eq!(ran(&outcome), 0, "nothing changed");
                time
            })
            .collect(),
    );
    println!("first scan, four jobs                {:>8.3} s", first.as_secs_f64());
    println!(
        "again, nothing changed               {:>8.3} s  {:.4} of the first (bound 0.02 and 0.5 s)",
        again.as_secs_f64(),
        again.as_secs_f64() / first.as_secs_f64()
    );
    let mut changed: [Vec<Duration>; 2] = Default::default();
    for round in 0..RUNS {
        fs::write(project.join("src/7/f7.rs"), format!("fn changed() -> u32 {{ {round} }}\n"))
            .unwrap();
        let (_, outcome) = scan(&[]);
        for (times, name) in changed.iter_mut().zip(["secret", "license"]) {
            times.push(job(&outcome, name));
        }
    }
    for (times, name) in changed.into_iter().zip(["secret", "license"]) {
        let (one, whole) = (median(times), job(&outcome, name));
        println!(
            "after one changed file, {name:<12} {:>8.3} s  {:.3} of the first's {:.3} s (bound 0.1)",
            one.as_secs_f64(),
            one.as_secs_f64() / whole.as_secs_f64(),
            whole.as_secs_f64()
        );
    }
}

/// From the operation's begin to its end, staging left out: the events say when.
fn terminal_ms(mex: &Path, data: &Path, run: &str) -> u64 {
    let output = command(mex, data, &["jobs", "show", run, "--format", "json"])
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    let view: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let operation = &view["operations"][0];
    let moment = |name: &str| operation[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    u64::try_from(moment("ended_at").duration_since(moment("begun_at")).as_millis()).unwrap()
}

/// The high-water mark of a scan.
fn peak_kib(mex: &Path, data: &Path, project: &Path) -> u64 {
    peak_of(&mut command(mex, data, &["scan", project.to_str().unwrap(), "--fresh", "--quiet"]))
}

/// The high-water mark of the process itself, not of the tools it starts.
fn peak_of(command: &mut Command) -> u64 {
    let mut child = command.spawn().unwrap();
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib =
            line.and_then(|line| line.split_whitespace().next()).and_then(|word| word.parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    peak
}

fn command(mex: &Path, data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(mex);
    command.args(arguments).env("MEX_DATA_DIR", data).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn timed(command: &mut Command) -> Duration {
    let begin = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success());
    begin.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
