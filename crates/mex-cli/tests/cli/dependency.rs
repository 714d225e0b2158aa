//! `dependency_fetch` through the built binary: denied without a consent, and against registries of
//! ours on loopback that are honest, lying, broken or elsewhere (contract section 8, SC-2, SC-10).

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mex_app::runtime::digest::Digest;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

use crate::fault::{Deed, inject};
use crate::harness::{Answer, Mex, answer, cargo_lock};

/// A registry on loopback; every connection is answered on a thread of its own.
struct Registry {
    base: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Registry {
    fn serve(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, heard) = (Arc::new(answer), asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, heard) = (answer.clone(), heard.clone());
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let mut request = Vec::new();
                    let mut byte = [0];
                    while !request.ends_with(b"\r\n\r\n")
                        && stream.read(&mut byte).unwrap_or(0) == 1
                    {
                        request.push(byte[0]);
                    }
                    let text = String::from_utf8_lossy(&request).into_owned();
                    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
                    heard.lock().unwrap().push(path.clone());
                    answer(&path, &mut stream);
                });
            }
        });
        Self { base, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn send(stream: &mut TcpStream, status: &str, body: &[u8]) {
    let head =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    // Who does not like it hangs up.
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
}

/// An archive as a registry serves it.
fn archive(top: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("{top}/{name}"), text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn krate(name: &str, license: &str) -> Vec<u8> {
    let manifest =
        format!("[package]\nname='{name}'\nversion='1.0.0'\nlicense='{license}'\nedition='2021'\n");
    let top = format!("{name}-1.0.0");
    archive(&top, &[("Cargo.toml", &manifest), ("LICENSE", "text"), ("src/lib.rs", "")])
}

fn digest(bytes: &[u8]) -> String {
    Digest::of(bytes).to_string()
}

/// A `Cargo.lock` of packages of version 1.0.0, by name, source and checksum.
fn lock(packages: &[(&str, &str, &str)]) -> String {
    let mut text = cargo_lock(&[]);
    for (name, source, checksum) in packages {
        text.push_str(&format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"{source}\"\n"
        ));
        if !checksum.is_empty() {
            text.push_str(&format!("checksum = \"{checksum}\"\n"));
        }
    }
    text
}

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A project with a tools folder and a cargo home of its own, and a consent where one is asked for.
struct Ready {
    mex: Mex,
}

impl Ready {
    fn new(consent: bool) -> Self {
        let mex = Mex::ready().with_databases_of_its_own();
        if consent {
            mex.run(["consent", "grant", "net.http", "--reason", "sources are missing"]).expect(0);
        }
        Self { mex }
    }

    fn home(&self) -> std::path::PathBuf {
        self.mex.folder.path().join("cargo-home")
    }

    fn plan(&self, params: Value) -> Value {
        let project = self.mex.project();
        let arguments =
            ["op", "plan", "dependency_fetch", "--workspace", project.to_str().unwrap()];
        let mut planned = self.mex.run(arguments).expect(0).json();
        planned["params"] = params;
        planned
    }

    fn command(&self) -> std::process::Command {
        let project = self.mex.project();
        let project = project.to_str().unwrap();
        let mut command = self.mex.command([
            "op",
            "run",
            "-",
            "--workspace",
            project,
            "--format",
            "json",
            "--quiet",
        ]);
        command.env("CARGO_HOME", self.home()).stdin(std::process::Stdio::piped());
        command
    }

    fn start(&self, mut command: std::process::Command, operation: &Value) -> std::process::Child {
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(operation.to_string().as_bytes()).unwrap();
        child
    }

    fn fetch(&self, params: Value) -> Answer {
        answer(self.start(self.command(), &self.plan(params)))
    }

    /// What was asked and what came, as the evidence of a result says it.
    fn evidence(&self, result: &Value) -> String {
        let handle = result["evidence"][0]["sha256"].as_str().unwrap();
        self.mex.run(["artifact", "export", handle]).expect(0).stdout
    }

    fn scan(&self) -> Value {
        let project = self.mex.project();
        let arguments =
            ["scan", project.to_str().unwrap(), "--jobs", "license", "--format", "json"];
        let mut command = self.mex.command(arguments);
        command.env("CARGO_HOME", self.home());
        answer(command.spawn().unwrap()).json()
    }

    /// What lies among the fetched archives.
    fn kept(&self) -> Vec<String> {
        fn walk(folder: &std::path::Path, found: &mut Vec<String>) {
            for item in fs::read_dir(folder).into_iter().flatten().flatten() {
                if item.file_type().unwrap().is_dir() {
                    walk(&item.path(), found);
                } else {
                    found.push(item.path().display().to_string());
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.mex.tools.join("archives"), &mut found);
        found
    }
}

fn messages(result: &Value) -> Vec<(String, String)> {
    let word = |error: &Value, field: &str| error[field].as_str().unwrap().to_owned();
    result["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (word(error, "code"), word(error, "message")))
        .collect()
}

fn license_of<'a>(outcome: &'a Value, purl: &str) -> Option<&'a Value> {
    let list = outcome["findings"].as_array().unwrap();
    list.iter().find(|finding| finding["unit"]["component"]["purl"] == purl)
}

/// Contract section 8: the network needs a person's word; the refusal says how it is given.
#[test]
fn without_a_live_consent_nothing_is_asked_and_the_next_step_is_named() {
    let ready = Ready::new(false);
    let registry = Registry::serve(|_, stream| send(stream, "200 OK", b""));
    ready.mex.write("Cargo.lock", lock(&[("a", CRATES_IO, &"0".repeat(64))]));
    let denied = ready.fetch(json!({"crates_registry": registry.base})).expect(3).json();
    assert_eq!(denied["status"], "denied");
    let error = &denied["errors"][0];
    assert_eq!(error["code"], "MEX-CAP-CONSENT", "{denied}");
    assert!(error["hint"].as_str().unwrap().contains("mex consent grant"), "{denied}");
    assert_eq!(registry.asked(), Vec::<String>::new());
    assert_eq!(ready.kept(), Vec::<String>::new());
}

/// Contract SC-2: what a scan could not read it names with the command to run; after that the archives
/// speak, and a second run asks for nothing.
#[test]
fn what_is_missing_is_fetched_once_and_then_its_licence_is_known() {
    let ready = Ready::new(true);
    let (one, two) = (krate("one", "MIT OR Apache-2.0"), krate("two", "ISC"));
    let package = archive(
        "package",
        &[("package.json", r#"{"name":"@s/p","version":"1.0.0","license":"BSD-3-Clause"}"#)],
    );
    let integrity = format!("sha512-{}", STANDARD.encode(Sha512::digest(&package)));
    ready
        .mex
        .write(
            "Cargo.lock",
            lock(&[
                ("one", CRATES_IO, &digest(&one)),
                ("two", "sparse+https://index.crates.io/", &digest(&two)),
            ]),
        )
        .write(
            "web/package-lock.json",
            json!({"lockfileVersion": 3, "packages": {
                "": {"name": "w", "version": "1.0.0"},
                "node_modules/@s/p": {"version": "1.0.0", "integrity": integrity,
                    "resolved": "https://registry.npmjs.org/@s/p/-/p-1.0.0.tgz"},
                "node_modules/said": {"version": "1.0.0", "license": "MIT", "integrity": integrity},
            }})
            .to_string(),
        );
    let before = ready.scan();
    let reasons = before["verdict"]["reasons"].to_string();
    assert!(reasons.contains("mex op plan dependency_fetch | mex op run -"), "{reasons}");
    let registry = Registry::serve(move |path, stream| match path {
        "/one/1.0.0/download" => {
            let head = "302 Found\r\nlocation: /elsewhere/one.crate";
            send(stream, head, b"");
        }
        "/elsewhere/one.crate" => send(stream, "200 OK", &one),
        "/two/1.0.0/download" => send(stream, "200 OK", &two),
        "/@s/p/-/p-1.0.0.tgz" => send(stream, "200 OK", &package),
        _ => send(stream, "404 Not Found", b""),
    });
    let params = json!({"crates_registry": registry.base, "npm_registry": registry.base});
    let result = ready.fetch(params.clone()).expect(0).json();
    assert_eq!(result["status"], "succeeded", "{result}");
    let provenance = &result["provenance"];
    assert!(provenance["capabilities_granted"].to_string().contains("net.http"), "{provenance}");
    let evidence = ready.evidence(&result);
    for word in ["pkg:cargo/one@1.0.0", "pkg:npm/%40s/p@1.0.0", "/two/1.0.0/download", "sha256:"] {
        assert!(evidence.contains(word), "{word} is not in {evidence}");
    }
    let mut asked = registry.asked();
    asked.sort();
    assert_eq!(
        asked,
        [
            "/@s/p/-/p-1.0.0.tgz",
            "/elsewhere/one.crate",
            "/one/1.0.0/download",
            "/two/1.0.0/download"
        ]
    );
    assert_eq!(ready.kept().len(), 3);
    let after = ready.scan();
    for (purl, license) in [
        ("pkg:cargo/one@1.0.0", "Apache-2.0 OR MIT"),
        ("pkg:cargo/two@1.0.0", "ISC"),
        ("pkg:npm/%40s/p@1.0.0", "BSD-3-Clause"),
        ("pkg:npm/said@1.0.0", "MIT"),
    ] {
        let found = license_of(&after, purl).unwrap_or_else(|| panic!("{purl}: {after}"));
        assert_eq!(found["concluded"], license, "{found}");
    }
    assert!(!after["verdict"]["reasons"].to_string().contains("dependency_fetch"), "{after}");
    ready.fetch(params).expect(0);
    assert_eq!(registry.asked().len(), 4, "a second run asks for nothing");
    // An archive that was changed later speaks no more, and is fetched again.
    for path in ready.kept() {
        fs::write(path, "changed").unwrap();
    }
    let spoilt = ready.scan();
    assert!(license_of(&spoilt, "pkg:cargo/two@1.0.0").is_none(), "{spoilt}");
    let params = json!({"crates_registry": registry.base, "lockfiles": ["Cargo.lock"]});
    ready.fetch(params).expect(0);
    assert!(license_of(&ready.scan(), "pkg:cargo/two@1.0.0").is_some());
}

/// Contract SC-2: cargo-deny reads what was fetched where the cargo home has nothing, so that a crate
/// that declares no expression is known by its text, and the step that was named is enough.
#[test]
fn a_crate_known_by_its_text_alone_is_read_by_cargo_deny_once_it_is_fetched() {
    let ready = Ready::new(true);
    let manifest =
        "[package]\nname='texts'\nversion='1.0.0'\nedition='2021'\nlicense-file='docs/TERMS'\n";
    let terms = include_str!("../../../../LICENSE");
    let files = [("Cargo.toml", manifest), ("docs/TERMS", terms), ("src/lib.rs", "not rust")];
    let texts = archive("texts-1.0.0", &files);
    let own = "\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\"texts\"]\n";
    let lockfile = lock(&[("texts", CRATES_IO, &digest(&texts))]);
    let (head, packages) = lockfile.split_at(lockfile.find("\n[[package]]").unwrap());
    ready
        .mex
        .write("Cargo.lock", format!("{head}{own}{packages}"))
        .write("src/lib.rs", "//! Own.\n")
        .write(
            "Cargo.toml",
            "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\nlicense = \"MIT\"\n[dependencies]\ntexts = \"1\"\n",
        );
    let read = |outcome: &Value| {
        let entries = outcome["coverage"]["entries"].as_array().unwrap().clone();
        let of_lock =
            |entry: &&Value| entry["subject"] == "Cargo.lock" && entry["tool"] == "cargo-deny";
        entries.iter().find(of_lock).map(|entry| entry["state"].as_str().unwrap().to_owned())
    };
    assert_eq!(read(&ready.scan()).as_deref(), Some("failed"));
    let registry = Registry::serve(move |path, stream| match path {
        "/texts/1.0.0/download" => send(stream, "200 OK", &texts),
        _ => send(stream, "404 Not Found", b""),
    });
    ready.fetch(json!({"crates_registry": registry.base})).expect(0);
    let after = ready.scan();
    assert_eq!(read(&after).as_deref(), Some("scanned"), "{after}");
    let found = license_of(&after, "pkg:cargo/texts@1.0.0").unwrap();
    assert_eq!(found["concluded"], "Apache-2.0", "{found}");
    assert_eq!(after["jobs"][0]["status"], "succeeded", "{}", after["jobs"][0]);
}

/// Contract SC-10, SC-2: a source that lies, breaks, promises too much or sends elsewhere gives nothing,
/// each with its sentence; what is honest beside it is kept.
#[test]
fn a_registry_that_lies_or_breaks_gives_nothing_and_the_rest_is_kept() {
    let ready = Ready::new(true);
    let good = krate("good", "MIT");
    let sum = digest(&good);
    let names = ["lying", "absent", "cut", "huge", "astray", "endless"];
    let sums: Vec<String> = names.iter().map(|name| digest(name.as_bytes())).collect();
    let mut list = vec![("good", CRATES_IO, sum.as_str())];
    list.extend(names.iter().zip(&sums).map(|(name, sum)| (*name, CRATES_IO, sum.as_str())));
    ready.mex.write("Cargo.lock", lock(&list));
    let registry =
        Registry::serve(move |path, stream| match path.split('/').nth(1).unwrap_or_default() {
            "good" => send(stream, "200 OK", &good),
            "lying" => send(stream, "200 OK", &good),
            "absent" => send(stream, "404 Not Found", b""),
            "cut" => {
                let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
                let _ = stream.write_all(&[head.as_bytes(), &good[..20]].concat());
            }
            "huge" => {
                let head = "HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n";
                let _ = stream.write_all(head.as_bytes());
            }
            "astray" => send(stream, "302 Found\r\nlocation: http://example.invalid/x", b""),
            _ => send(stream, "302 Found\r\nlocation: /endless/again", b""),
        });
    let result = ready.fetch(json!({"crates_registry": registry.base})).expect(4).json();
    assert_eq!(result["status"], "failed", "{result}");
    let evidence = ready.evidence(&result);
    for words in [
        "is not the archive the lockfile names",
        "answered with HTTP status 404",
        "broke off after 20 bytes",
        "promises 10737418240 bytes",
        "only `https` is used",
        "redirects more than 5 times",
    ] {
        assert!(evidence.contains(words), "{words}: {evidence}");
    }
    let said = messages(&result);
    let has = |code: &str| said.iter().any(|(own, _)| own == code);
    assert!(has("MEX-DEPENDENCY-CHECKSUM") && has("MEX-DEPENDENCY-FETCH"), "{said:?}");
    let kept = ready.kept();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(kept[0].contains(&sum[2..]), "{kept:?}");
    let outcome = ready.scan();
    assert_eq!(license_of(&outcome, "pkg:cargo/good@1.0.0").unwrap()["concluded"], "MIT");
    for name in names {
        assert!(license_of(&outcome, &format!("pkg:cargo/{name}@1.0.0")).is_none(), "{name}");
    }
}

/// A source that answers nothing well is not asked a thousand times.
#[test]
fn a_registry_that_is_not_there_is_given_up() {
    let ready = Ready::new(true);
    let names: Vec<String> = (0..200).map(|number| format!("gone{number}")).collect();
    let sums: Vec<String> = names.iter().map(|name| digest(name.as_bytes())).collect();
    let list: Vec<_> = names
        .iter()
        .zip(&sums)
        .map(|(name, sum)| (name.as_str(), CRATES_IO, sum.as_str()))
        .collect();
    ready.mex.write("Cargo.lock", lock(&list));
    let registry = Registry::serve(|_, stream| {
        std::thread::sleep(Duration::from_millis(20));
        send(stream, "503 Service Unavailable", b"");
    });
    let result = ready.fetch(json!({"crates_registry": registry.base})).expect(4).json();
    let said = messages(&result);
    assert!(said.iter().any(|(_, one)| one.contains("so the rest was not tried")), "{said:?}");
    assert!(registry.asked().len() < 100, "{}", registry.asked().len());
    assert_eq!(ready.kept(), Vec::<String>::new());
}

/// Contract SC-10: a registry or repository that the project names is never asked.
#[test]
fn a_registry_the_project_names_is_a_gap_and_never_asked() {
    let ready = Ready::new(true);
    let own = Registry::serve(|_, stream| send(stream, "200 OK", b"mine"));
    let theirs = Registry::serve(|_, stream| send(stream, "200 OK", b"mine"));
    let sum = digest(b"mine");
    ready
        .mex
        .write(
            "Cargo.lock",
            lock(&[
                ("custom", &format!("sparse+{}/", theirs.base), &sum),
                ("fromgit", &format!("git+{}/r#{}", theirs.base, "1".repeat(40)), ""),
                ("sumless", CRATES_IO, ""),
                ("..%2f", CRATES_IO, &sum),
            ]),
        )
        .write(
            ".cargo/config.toml",
            format!("[source.crates-io]\nreplace-with='x'\n[source.x]\nregistry='{}'\n", theirs.base),
        )
        .write(".npmrc", format!("registry={}\n", theirs.base))
        .write(
            "package-lock.json",
            json!({"lockfileVersion": 3, "packages": {
                "node_modules/p": {"version": "1.0.0", "integrity": "sha512-x",
                    "resolved": format!("{}/p.tgz", theirs.base)},
                "node_modules/weak": {"version": "1.0.0", "integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
            }})
            .to_string(),
        );
    let params = json!({"crates_registry": own.base, "npm_registry": own.base});
    let result = ready.fetch(params).expect(4).json();
    let said: Vec<String> = messages(&result).into_iter().map(|(_, message)| message).collect();
    for words in [
        "`custom 1.0.0`: it comes from",
        "`fromgit 1.0.0`: it comes from git",
        "`sumless 1.0.0`: the lockfile names no checksum",
        "its name or version is none a registry has",
        "`p 1.0.0`: it comes from",
        "`weak 1.0.0`: the lockfile names no SHA-512",
    ] {
        assert!(said.iter().any(|one| one.contains(words)), "{words}: {said:?}");
    }
    assert_eq!((own.asked(), theirs.asked()), (Vec::<String>::new(), Vec::new()));
    for registry in ["http://example.invalid", "file:///etc", "https://u:p@example.invalid"] {
        let result = ready.fetch(json!({"crates_registry": registry})).expect(4).json();
        assert_eq!(messages(&result)[0].0, "MEX-SCHEMA-PARAMS", "{result}");
    }
}

/// P19: an interrupt ends it, however slow the source is; budgets end it too, and nothing half is kept.
#[test]
fn an_interrupt_and_a_budget_end_a_fetch_and_leave_nothing_half() {
    let ready = Ready::new(true);
    let sums: Vec<String> = (0..20_u8).map(|number| digest(&[number])).collect();
    let names: Vec<String> = (0..20).map(|number| format!("slow{number}")).collect();
    let list: Vec<_> = names
        .iter()
        .zip(&sums)
        .map(|(name, sum)| (name.as_str(), CRATES_IO, sum.as_str()))
        .collect();
    ready.mex.write("Cargo.lock", lock(&list));
    let begun = Arc::new(AtomicUsize::new(0));
    let heard = begun.clone();
    let registry = Registry::serve(move |path, stream| {
        heard.fetch_add(1, Ordering::SeqCst);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n");
        // One sends for as long as anybody listens, the others stay silent.
        let silent = path.contains("slow1");
        for _ in 0..1200 {
            if !silent && stream.write_all(&[0; 4096]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
    });
    let planned = ready.plan(json!({"crates_registry": registry.base}));
    let child = ready.start(ready.command(), &planned);
    while begun.load(Ordering::SeqCst) < 6 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let interrupted = Instant::now();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(),
        rustix::process::Signal::INT,
    )
    .unwrap();
    let stopped = answer(child);
    assert!(interrupted.elapsed() < Duration::from_secs(20), "{:?}", interrupted.elapsed());
    assert_eq!(stopped.json()["status"], "cancelled", "{stopped:?}");
    assert_eq!(
        ready.kept().len(),
        ready.kept().iter().filter(|one| one.contains(".part-")).count()
    );
    let bounded = |field: &str, value: u64| {
        let mut planned = ready.plan(json!({"crates_registry": registry.base}));
        planned["budget"][field] = json!(value);
        answer(ready.start(ready.command(), &planned)).expect(4).json()
    };
    let slow = bounded("wall_time_ms", 700);
    assert_eq!(slow["status"], "timed_out", "{slow}");
    assert!(messages(&slow).iter().any(|(_, one)| one.contains("`wall_time_ms`")), "{slow}");
    let large = bounded("output_bytes", 65_536);
    assert!(messages(&large).iter().any(|(code, _)| code == "MEX-BUDGET-OVERRUN"), "{large}");
    assert!(ready.kept().iter().all(|one| one.contains(".part-")));
}

/// CAP-5: a consent that is revoked ends what rests on it while it runs, in another process too.
#[test]
fn a_consent_that_is_revoked_ends_the_fetch_that_rests_on_it() {
    let ready = Ready::new(true);
    ready.mex.write("Cargo.lock", lock(&[("slow", CRATES_IO, &digest(b"never whole"))]));
    let begun = Arc::new(AtomicUsize::new(0));
    let heard = begun.clone();
    let registry = Registry::serve(move |_, stream| {
        heard.fetch_add(1, Ordering::SeqCst);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n");
        // Sends for as long as anybody listens: the fetch ends for no other reason.
        while stream.write_all(&[0; 64]).is_ok() {
            std::thread::sleep(Duration::from_millis(25));
        }
    });
    let planned = ready.plan(json!({"crates_registry": registry.base}));
    let child = ready.start(ready.command(), &planned);
    while begun.load(Ordering::SeqCst) < 1 {
        std::thread::sleep(Duration::from_millis(20));
    }
    // Another consent, for something else, is no reason to stop.
    let other = ready.mex.run(["consent", "grant", "device", "--reason", "x", "--format", "json"]);
    let other = other.expect(0).json()[0]["consent_id"].as_str().unwrap().to_owned();
    ready.mex.run(["consent", "revoke", &other, "--reason", "not needed"]).expect(0);
    let consents = ready.mex.run(["consent", "list", "--format", "json"]).expect(0).json();
    let live = consents.as_array().unwrap().iter().find(|one| one["state"] == "live").unwrap();
    let id = live["consent_id"].as_str().unwrap();
    ready.mex.run(["consent", "revoke", id, "--reason", "changed my mind"]).expect(0);
    let stopped = answer(child);
    assert_eq!(stopped.json()["status"], "cancelled", "{stopped:?}");
    let op_id = stopped.json()["op_id"].as_str().unwrap().to_owned();
    let events =
        ready.mex.run(["recorder", "query", "--op", &op_id, "--format", "json"]).expect(0).json();
    let told = events["items"].as_array().unwrap().iter().any(|stored| {
        let payload = &stored["event"]["payload"];
        payload["decision_outcome"] == "deny"
            && payload["code"] == "MEX-CAP-CONSENT"
            && payload["reason"].as_str().unwrap().contains("while it was used")
    });
    assert!(told, "{events:#}");
    assert!(ready.kept().iter().all(|one| one.contains(".part-")));
}

/// A full disk under the tools folder is an error with a sentence; with space again the fetch is whole.
#[test]
fn a_full_disk_keeps_nothing_and_the_next_run_is_whole() {
    let ready = Ready::new(true);
    let good = krate("good", "MIT");
    ready.mex.write("Cargo.lock", lock(&[("good", CRATES_IO, &digest(&good))]));
    let registry = Registry::serve(move |_, stream| send(stream, "200 OK", &good));
    let params = json!({"crates_registry": registry.base});
    let under = ready.mex.tools.join("archives");
    for deed in [Deed::Full, Deed::Torn, Deed::Error] {
        let planned = ready.plan(params.clone());
        let mut command = ready.command();
        inject(&mut command, &under, deed, 1);
        let result = answer(ready.start(command, &planned)).expect(4).json();
        assert_eq!(messages(&result)[0].0, "MEX-STORE-IO", "{deed:?}: {result}");
        assert_eq!(ready.kept(), Vec::<String>::new(), "{deed:?}");
    }
    ready.fetch(params).expect(0);
    assert_eq!(ready.kept().len(), 1);
}
