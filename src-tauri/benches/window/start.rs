//! Start, memory and idle time of the window, each against the empty window's.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::figures::{Figures, say};
use crate::opened::Program;
use crate::process::Tree;
use crate::stand::Stand;

const STARTS: usize = 5;
const ROUNDS: usize = 3;

/// One after the other in turns, so that what else the machine does meets both.
pub fn usable(stand: &Stand, ours: &Program, empty: &Program) {
    let (mut own, mut bare) = (Vec::new(), Vec::new());
    for round in 0..=STARTS {
        for (program, times) in [(empty, &mut bare), (ours, &mut own)] {
            let window = program.open(stand);
            let time = window.usable();
            window.leave();
            // The first reads the program from the disk.
            if round > 0 {
                times.push(time);
            }
        }
    }
    let (own, bare) = (Figures::of(own), Figures::of(bare));
    say("empty window usable", &format!("{:.0} ms", bare.median()), "");
    say(
        "window usable",
        &format!("{:.0} ms", own.median()),
        &format!("{:.2} of the empty window's (bound 1.3)", own.median() / bare.median()),
    );
}

/// A program in a group of its own, ended with everything it started.
struct Alone(Child);

impl Alone {
    fn start(stand: &Stand, program: &Path) -> Self {
        let mut command = Command::new(program);
        for (name, value) in stand.command(&[]).get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        Self(command.spawn().unwrap())
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        if let Some(group) = rustix::process::Pid::from_raw(self.0.id().cast_signed()) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

/// Nobody drives these: memory and processor of the window as a person has it.
pub fn at_rest(stand: &Stand, ours: &Program, empty: &Program) {
    const IDLE: Duration = Duration::from_secs(10);
    let mut memory = [Vec::new(), Vec::new()];
    let mut ticks = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (at, program) in [empty, ours].into_iter().enumerate() {
            let window = Alone::start(stand, program.script());
            let tree = Tree(window.0.id());
            // A desktop's bus that answers late holds up the page, and a window without one is small.
            let begun = Instant::now();
            while tree.page_ms() == 0.0 {
                assert!(begun.elapsed() < Duration::from_secs(60), "the page never began");
                std::thread::sleep(Duration::from_millis(100));
            }
            std::thread::sleep(Duration::from_secs(3));
            tree.settle();
            memory[at].push(tree.pss());
            let before = tree.ticks();
            std::thread::sleep(IDLE);
            ticks[at].push((tree.ticks() - before) as f64);
        }
    }
    let [bare, own] = memory.map(Figures::of);
    let [bare_ticks, own_ticks] = ticks.map(Figures::of);
    say("empty window, memory", &format!("{:.0} MB", bare.median()), "");
    say(
        "window, memory",
        &format!("{:.0} MB", own.median()),
        &format!("{:.2} of the empty window's (bound 1.5)", own.median() / bare.median()),
    );
    say(
        "window idle for 10 s",
        &format!("{:.0} ticks", own_ticks.median()),
        &format!("of 10 ms; the empty window {:.0} (bound about none)", bare_ticks.median()),
    );
}
