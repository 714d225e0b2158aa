//! What runs behind a window: batches, a page that comes back, cancel, and nothing left running.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mex_app::desk::progress::{Finished, Progress};
use mex_app::error::AppError;
use mex_app::progress::Step;
use mex_app::runtime::code::Code;
use mex_app::runtime::result::Status;
use mex_desktop::command::Outlet;
use mex_desktop::running::{BETWEEN_BATCHES, Runs};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(30);

fn page() -> (Outlet<Progress>, Receiver<Value>) {
    let (send, receive): (Sender<Value>, _) = channel();
    let send = Mutex::new(send);
    let outlet = Outlet::to(Arc::new(move |text: String| {
        send.lock().unwrap().send(serde_json::from_str(&text).unwrap()).is_ok()
    }));
    (outlet, receive)
}

/// Every message up to the end.
fn to_the_end(receive: &Receiver<Value>) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        all.push(receive.recv_timeout(PATIENCE).unwrap());
        if all.last().unwrap()["news"] == "finished" {
            return all;
        }
    }
}

fn steps(messages: &[Value]) -> Vec<Value> {
    messages.iter().flat_map(|one| one["steps"].as_array().cloned().unwrap_or_default()).collect()
}

/// Ten thousand steps become few batches; what began, ended or was noted is all there, and the
/// newest reading too.
#[test]
fn ten_thousand_steps_are_few_batches_and_nothing_that_counts_is_lost() {
    let runs: Arc<Runs<u32, ()>> = Arc::default();
    let (outlet, receive) = page();
    let begun = Instant::now();
    let work = |_: &_, tell: &(dyn Fn(Step) + Send + Sync)| {
        for line in ["a", "b"] {
            tell(Step::Begun { line: line.to_owned() });
        }
        for number in 0..10_000 {
            let line = if number % 2 == 0 { "a" } else { "b" }.to_owned();
            match number % 100 {
                0 => tell(Step::Note { text: number.to_string() }),
                1 => tell(Step::Phase { line, phase: number.to_string() }),
                _ => tell(Step::Reading { line, subject: number.to_string() }),
            }
        }
        for line in ["a", "b"] {
            let line = line.to_owned();
            tell(Step::Ended { line, status: Status::Succeeded, summary: "done".to_owned() });
        }
        Ok(Finished::Done)
    };
    runs.start(1, (), outlet, work, |_| {}).unwrap();
    let messages = to_the_end(&receive);
    let elapsed = begun.elapsed();
    let most = 3 + elapsed.as_millis() / BETWEEN_BATCHES.as_millis();
    assert!(messages.len() as u128 <= most, "{} messages in {elapsed:?}", messages.len());
    let steps = steps(&messages);
    let of = |kind: &str| steps.iter().filter(|step| step["step"] == kind).count();
    assert_eq!((of("begun"), of("note"), of("ended")), (2, 100, 2));
    assert!(of("reading") < 1_000, "{} readings", of("reading"));
    let last = |line: &str| {
        steps
            .iter()
            .rfind(|step| step["step"] == "reading" && step["line"] == line)
            .cloned()
            .unwrap()
    };
    assert_eq!(last("a")["subject"], "9998");
    assert_eq!(last("b")["subject"], "9999");
    assert!(runs.running().is_empty());
}

/// A page that is loaded again gets everything so far, once, and then what comes.
#[test]
fn a_page_that_comes_back_sees_the_same_run() {
    let runs: Arc<Runs<u32, &str>> = Arc::default();
    let (first, heard_first) = page();
    let (go, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let work = move |_: &_, tell: &(dyn Fn(Step) + Send + Sync)| {
        let line = || "stage".to_owned();
        tell(Step::Begun { line: line() });
        tell(Step::Phase { line: line(), phase: "copying".to_owned() });
        tell(Step::Note { text: "a note".to_owned() });
        wait.lock().unwrap().recv().unwrap();
        tell(Step::Ended {
            line: line(),
            status: Status::Succeeded,
            summary: "3 files".to_owned(),
        });
        Ok(Finished::Done)
    };
    runs.start(7, "shop", first, work, |_| {}).unwrap();
    heard_first.recv_timeout(PATIENCE).unwrap();
    while steps(&[runs_so_far(&runs)]).len() < 3 {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(runs.running(), [(7, "shop")]);
    let (second, heard) = page();
    assert!(runs.attach(&7, second));
    assert!(!runs.attach(&8, page().0), "nothing of this id ever ran");
    go.send(()).unwrap();
    let messages = to_the_end(&heard);
    let kinds: Vec<Value> = steps(&messages).iter().map(|step| step["step"].clone()).collect();
    assert_eq!(kinds, ["begun", "phase", "note", "ended"]);
    // One that comes when all is over still learns how it ended.
    let (late, heard_late) = page();
    assert!(runs.attach(&7, late));
    assert_eq!(to_the_end(&heard_late).last().unwrap()["outcome"]["end"], "done");
}

fn runs_so_far(runs: &Arc<Runs<u32, &'static str>>) -> Value {
    let (outlet, heard) = page();
    assert!(runs.attach(&7, outlet));
    heard.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn a_cancel_reaches_the_work_and_leaving_waits_for_it() {
    let runs: Arc<Runs<u32, ()>> = Arc::default();
    let (outlet, heard) = page();
    let work = |cancel: &mex_app::runtime::port::Cancel, _: &(dyn Fn(Step) + Send + Sync)| {
        while !cancel.is_cancelled() {
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(AppError::new(Code::Cancelled, "cancelled"))
    };
    runs.start(1, (), outlet, work, |_| {}).unwrap();
    assert!(runs.cancel(&1));
    let end = to_the_end(&heard).pop().unwrap();
    assert_eq!(end["outcome"]["error"]["code"], Code::Cancelled.as_str());
    assert!(!runs.cancel(&1), "it ended");
    let (outlet, _) = page();
    runs.start(2, (), outlet, work, |_| {}).unwrap();
    assert!(runs.stop_all(PATIENCE));
    assert!(runs.running().is_empty());
}

/// Work that panics ends as an error; a page that is gone does not hold it up.
#[test]
fn a_panic_or_a_page_that_is_gone_ends_a_run_all_the_same() {
    let runs: Arc<Runs<u32, ()>> = Arc::default();
    let (outlet, heard) = page();
    let (said, hear_end) = channel();
    runs.start(
        1,
        (),
        outlet,
        |_, _| panic!("provoked"),
        move |end| {
            said.send(matches!(end, Finished::Failed { .. })).unwrap();
        },
    )
    .unwrap();
    assert!(hear_end.recv_timeout(PATIENCE).unwrap());
    assert_eq!(to_the_end(&heard).pop().unwrap()["outcome"]["error"]["code"], "MEX-INTERNAL");
    let gone = Outlet::to(Arc::new(|_| false));
    let work = |_: &_, tell: &(dyn Fn(Step) + Send + Sync)| {
        tell(Step::Note { text: "nobody hears this".to_owned() });
        Ok(Finished::Done)
    };
    runs.start(2, (), gone, work, |_| {}).unwrap();
    assert!(runs.stop_all(PATIENCE));
}
