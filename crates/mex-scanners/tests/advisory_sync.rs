//! The real client against a server on loopback that is honest, slow, broken or lying
//! (contract SC-6). Each failure is a sentence, and nothing is left behind.
#![expect(clippy::unwrap_used, reason = "a panic in a test is its failure report")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use mex_runtime::code::Code;
use mex_runtime::port::{Cancel, Clock};
use mex_scanners::advisory::{
    DatabaseRefused, Databases, FetchLimits, Form, Imported, default_source,
};
use uuid::Uuid;

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        "2026-08-25T12:00:00Z".parse().unwrap()
    }
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

fn database(records: usize) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for number in 0..records {
        let text = serde_json::json!({
            "id": format!("A-{number}"), "modified": "2026-08-20T00:00:00Z",
            "affected": [{"package": {"ecosystem": "npm", "name": "left"}, "versions": ["1.0.0"]}]
        });
        zip.start_file(format!("A-{number}.json"), zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.to_string().as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Serves connections one after the other; gives the address.
fn serve(mut answer: impl FnMut(&str, &mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                request.push(byte[0]);
            }
            let text = String::from_utf8_lossy(&request).into_owned();
            answer(text.split(' ').nth(1).unwrap_or_default(), &mut stream);
        }
    });
    address
}

fn whole(head: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{head}\r\nconnection: close\r\n").into_bytes();
    bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
    bytes.extend(body);
    bytes
}

const LIMITS: FetchLimits = FetchLimits {
    connect: Duration::from_secs(2),
    stall: Duration::from_millis(700),
    total: Duration::from_secs(2),
    bytes: 4 << 20,
};

fn sync(databases: &Databases, url: &str) -> Result<Imported, DatabaseRefused> {
    databases.sync(("npm", Form::Osv), url, &LIMITS, &Cancel::default(), &Fixed)
}

#[track_caller]
fn refused(answer: impl FnMut(&str, &mut TcpStream) + Send + 'static, code: Code, says: &str) {
    let folder = tempfile::tempdir().unwrap();
    let databases = Databases::open_bare(folder.path()).unwrap();
    let url = format!("{}/npm/all.zip", serve(answer));
    let begun = Instant::now();
    let error = sync(&databases, &url).unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(8), "took {:?}", begun.elapsed());
    assert_eq!(error.code, code, "{error}");
    assert!(error.message.contains(says), "{says:?} is not in: {error}");
    assert!(error.message.contains("http://127.0.0.1"), "the source is not named: {error}");
    assert!(databases.list().is_empty());
    let left: Vec<_> = std::fs::read_dir(folder.path().join("advisories"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name != ".lock")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_honest_source_is_taken_in_with_its_date() {
    let folder = tempfile::tempdir().unwrap();
    let databases = Databases::open_bare(folder.path()).unwrap();
    let head = "HTTP/1.1 200 OK\r\nlast-modified: Mon, 24 Aug 2026 06:00:00 GMT";
    let base = serve(move |path, stream| {
        let answer = match path {
            "/moved" => whole("HTTP/1.1 302 Found\r\nlocation: /npm/all.zip", b""),
            _ => whole(head, &database(3)),
        };
        stream.write_all(&answer).unwrap();
    });
    let imported = sync(&databases, &format!("{base}/moved")).unwrap();
    assert_eq!(imported.snapshot.identity.record_count, 3);
    assert_eq!(imported.snapshot.identity.date.to_string(), "2026-08-24T06:00:00Z");
    assert_eq!(imported.snapshot.method, "sync");
    imported.snapshot.verify().unwrap();
}

#[test]
fn a_source_that_lies_about_its_day_never_dates_past_now() {
    let folder = tempfile::tempdir().unwrap();
    let databases = Databases::open_bare(folder.path()).unwrap();
    let head = "HTTP/1.1 200 OK\r\nlast-modified: Mon, 24 Aug 2099 06:00:00 GMT";
    let base = serve(move |_, stream| stream.write_all(&whole(head, &database(1))).unwrap());
    let imported = sync(&databases, &base).unwrap();
    assert_eq!(imported.snapshot.identity.date, Fixed.now());
}

#[test]
fn statuses_other_than_200_are_refused() {
    for status in ["404 Not Found", "403 Forbidden", "500 Oops", "204 No Content", "206 Partial"] {
        let head = format!("HTTP/1.1 {status}");
        let says = format!("status {}", &status[..3]);
        refused(move |_, stream| drop(stream.write_all(&whole(&head, b""))), Code::DbFetch, &says);
    }
}

#[test]
fn lies_in_the_body_are_refused() {
    let ok = "HTTP/1.1 200 OK";
    let send =
        |body: Vec<u8>| move |_: &str, s: &mut TcpStream| drop(s.write_all(&whole(ok, &body)));
    refused(send(Vec::new()), Code::DbEmpty, "empty");
    refused(send(b"<html>sign in</html>".to_vec()), Code::DbUnparsable, "web page");
    refused(send(b"{}".to_vec()), Code::DbUnparsable, "neither");
    refused(send(vec![b'x'; 5 << 20]), Code::DbFetch, "sent more than");
    let mut cut = database(3);
    cut.truncate(cut.len() / 2);
    refused(send(cut), Code::DbTruncated, "cut off");
}

#[test]
fn a_bomb_behind_content_encoding_is_bounded() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gz.write_all(&vec![0; 64 << 20]).unwrap();
    let bomb = gz.finish().unwrap();
    let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip";
    refused(
        move |_, stream| drop(stream.write_all(&whole(head, &bomb))),
        Code::DbFetch,
        "sent more than",
    );
}

#[test]
fn lengths_that_lie_are_refused() {
    let body = database(2);
    refused(
        move |_, stream| {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len() + 100);
            drop(stream.write_all(&[head.as_bytes(), &body].concat()));
        },
        Code::DbFetch,
        "broke off",
    );
    let body = database(2);
    refused(
        move |_, stream| {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len() - 10);
            drop(stream.write_all(&[head.as_bytes(), &body].concat()));
        },
        Code::DbTruncated,
        "cut off",
    );
}

#[test]
fn slow_and_silent_sources_are_given_up() {
    refused(|_, _stream| std::thread::sleep(Duration::from_secs(3)), Code::DbFetch, "in time");
    refused(
        |_, stream| {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nPK"));
            std::thread::sleep(Duration::from_secs(3));
        },
        Code::DbFetch,
        "127.0.0.1",
    );
    // One byte at a time never stalls, and never ends.
    refused(
        |_, stream| {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"));
            for _ in 0..40 {
                if stream.write_all(b"P").is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        },
        Code::DbFetch,
        "127.0.0.1",
    );
}

#[test]
fn broken_connections_are_refused() {
    refused(
        |_, stream| drop(stream.shutdown(std::net::Shutdown::Both)),
        Code::DbFetch,
        "127.0.0.1",
    );
    refused(|_, stream| drop(stream.write_all(b"what?\r\n\r\n")), Code::DbFetch, "127.0.0.1");
    let folder = tempfile::tempdir().unwrap();
    let databases = Databases::open_bare(folder.path()).unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = sync(&databases, &format!("http://{closed}/x")).unwrap_err();
    assert_eq!(error.code, Code::DbFetch, "{error}");
}

#[test]
fn redirects_are_judged_one_by_one() {
    for (location, says) in [
        ("file:///etc/passwd", "not a source"),
        ("http://example.invalid/all.zip", "only `https`"),
        ("ftp://127.0.0.1/x", "only `https`"),
        ("", "not a source"),
        ("/again", "redirects more than"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let databases = Databases::open_bare(folder.path()).unwrap();
        let head = format!("HTTP/1.1 302 Found\r\nlocation: {location}");
        let base = serve(move |_, stream| drop(stream.write_all(&whole(&head, b""))));
        let error = sync(&databases, &base).unwrap_err();
        assert_eq!(error.code, Code::DbFetch, "{location:?}: {error}");
        assert!(error.message.contains(says), "{location:?}: {error}");
    }
}

#[test]
fn sources_that_are_not_https_are_refused_before_a_packet_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let databases = Databases::open_bare(folder.path()).unwrap();
    for url in [
        "http://example.invalid/x",
        "file:///etc/passwd",
        "all.zip",
        "",
        "https://",
        "https://user:word@example.invalid/x",
        "http://127.0.0.1.example.invalid/x",
    ] {
        let error = sync(&databases, url).unwrap_err();
        assert_eq!(error.code, Code::DbFetch, "{url:?}: {error}");
        assert!(error.message.contains("not a source"), "{url:?}: {error}");
    }
    for (ecosystem, form) in [("npm", Form::Osv), ("crates.io", Form::Rustsec)] {
        assert!(default_source(ecosystem, form).starts_with("https://"));
    }
}

#[test]
fn a_snapshot_that_lost_half_its_records_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let databases = Databases::open_bare(folder.path()).unwrap();
    let mut records = 10;
    let base = serve(move |_, stream| {
        drop(stream.write_all(&whole("HTTP/1.1 200 OK", &database(records))));
        records = 3;
    });
    sync(&databases, &base).unwrap();
    let error = sync(&databases, &base).unwrap_err();
    assert_eq!(error.code, Code::DbTruncated, "{error}");
    assert_eq!(databases.current("npm", Form::Osv).unwrap().identity.record_count, 10);
}

#[test]
fn a_fetch_is_cancelled_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let databases = Databases::open_bare(folder.path()).unwrap();
    let base = serve(|_, stream| {
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"));
        for _ in 0..40 {
            if stream.write_all(b"P").is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let cancel = Cancel::default();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(300));
            cancel.cancel();
        });
        let begun = Instant::now();
        let error =
            databases.sync(("npm", Form::Osv), &base, &LIMITS, &cancel, &Fixed).unwrap_err();
        assert_eq!(error.code, Code::Cancelled, "{error}");
        assert!(begun.elapsed() < Duration::from_millis(1500));
    });
}
