//! Brings archives from where they are to [`Archives`], several at a time, within one budget of time
//! and bytes. Owns the workers; whoever waits looks at `cancel` twenty times a second. Never decides
//! what is fetched, and never keeps what is not the archive that was named.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use mex_runtime::code::Code;
use mex_runtime::port::Cancel;

use super::archives::{ARCHIVE_BYTES, Archives, NotKept, Sum};
use crate::http::{Client, Fault, FetchLimits};

/// How many connections at a time.
const WORKERS: usize = 6;
/// So many failures before anything came: the source is not there.
const HOPELESS: usize = 12;
/// How long the waiting one sleeps.
const LOOK: Duration = Duration::from_millis(50);

/// One archive to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The package, as findings name it.
    pub purl: String,
    /// Where it is asked for.
    pub url: String,
    /// What it must be.
    pub sum: Sum,
}

/// Bounds of one operation and of each fetch in it.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Of one archive.
    pub each: FetchLimits,
    /// Of all of them together.
    pub wall: Duration,
    /// Of all of them together.
    pub bytes: u64,
}

impl Bounds {
    /// Those of an operation's budget.
    pub fn new(wall: Duration, bytes: u64) -> Self {
        let each = FetchLimits {
            total: wall.min(Duration::from_secs(300)),
            bytes: ARCHIVE_BYTES,
            ..FetchLimits::default()
        };
        Self { each, wall, bytes }
    }
}

/// What became of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// It is kept; its size in bytes.
    Kept(u64),
    /// It is not, and why.
    Failed(Code, String),
    /// It was not asked for, because the whole ended before.
    Left,
}

/// What became of all, in the order they were given, and why it ended before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// One each.
    pub came: Vec<Came>,
    /// Null where every order was tried.
    pub ended: Option<(Code, String)>,
}

/// What the workers share.
struct Round {
    orders: Vec<Order>,
    archives: Archives,
    bounds: Bounds,
    begun: Instant,
    next: AtomicUsize,
    bytes: AtomicU64,
    stop: Cancel,
}

/// Fetches all of `orders`. `told` hears how many are done, from the calling thread.
pub fn fetch(
    orders: Vec<Order>,
    archives: &Archives,
    bounds: Bounds,
    cancel: &Cancel,
    told: &dyn Fn(usize),
) -> Fetched {
    let count = orders.len();
    let round = Arc::new(Round {
        orders,
        archives: archives.clone(),
        bounds,
        begun: Instant::now(),
        next: AtomicUsize::new(0),
        bytes: AtomicU64::new(0),
        stop: Cancel::default(),
    });
    let (say, hear) = mpsc::channel();
    // Not scoped: one that waits for a silent source is left behind and stores nothing any more.
    for _ in 0..WORKERS.min(count) {
        let (round, say) = (round.clone(), say.clone());
        std::thread::spawn(move || round.work(&say));
    }
    drop(say);
    let mut came = vec![Came::Left; count];
    let (mut done, mut kept, mut ended) = (0, 0, None);
    while done < count {
        ended = round.ended(cancel);
        if ended.is_none() && kept == 0 && done >= HOPELESS {
            let why = format!("the first {done} archives all failed, so the rest was not tried");
            ended = Some((Code::DependencyFetch, why));
        }
        if ended.is_some() {
            round.stop.cancel();
            break;
        }
        match hear.recv_timeout(LOOK) {
            Ok((at, one)) => {
                done += 1;
                kept += usize::from(matches!(one, Came::Kept(_)));
                if let Some(place) = came.get_mut(at) {
                    *place = one;
                }
                told(done);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    // What ended in the meantime counts as what it is.
    while let Ok((at, one)) = hear.try_recv() {
        if let (Some(place), Came::Kept(_)) = (came.get_mut(at), &one) {
            *place = one;
        }
    }
    if ended.is_none() && came.contains(&Came::Left) {
        ended = round.ended(cancel);
    }
    Fetched { came, ended }
}

impl Round {
    /// Why the whole has to end now.
    fn ended(&self, cancel: &Cancel) -> Option<(Code, String)> {
        let Bounds { wall, bytes, .. } = self.bounds;
        if cancel.is_cancelled() {
            Some((Code::Cancelled, "the fetch was stopped on request".to_owned()))
        } else if self.begun.elapsed() > wall {
            let why = format!("the fetch reached `wall_time_ms` ({})", wall.as_millis());
            Some((Code::ToolTimeout, why))
        } else if self.bytes.load(Ordering::Relaxed) > bytes {
            Some((Code::BudgetOverrun, format!("the fetch reached `output_bytes` ({bytes})")))
        } else {
            None
        }
    }

    fn work(&self, say: &Sender<(usize, Came)>) {
        let client = Client::new(self.bounds.each);
        while !self.stop.is_cancelled() {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(order) = self.orders.get(at) else { return };
            let one = self.one(&client, order);
            // Nobody listens any more once the whole has ended.
            if say.send((at, one)).is_err() {
                return;
            }
        }
    }

    fn one(&self, client: &Client, order: &Order) -> Came {
        let mut got = match client.get(&order.url, &self.stop) {
            Ok(got) => got,
            Err(fault) => return failed(fault),
        };
        let most = self.bounds.each.bytes;
        if let Some(promised) = got.body.expected.filter(|promised| *promised > most) {
            let why = format!("`{}` promises {promised} bytes, more than {most}", order.url);
            return Came::Failed(Code::DependencyFetch, why);
        }
        let mut counted =
            Counted { from: &mut got.body, all: &self.bytes, most: self.bounds.bytes };
        match self.archives.keep(&order.sum, &mut counted, &self.stop) {
            Ok(size) => Came::Kept(size),
            Err(NotKept::Source) => match got.body.fault.take() {
                Some(fault) => failed(fault),
                None => Came::Left,
            },
            Err(NotKept::OtherBytes(size)) => Came::Failed(
                Code::DependencyChecksum,
                format!(
                    "what `{}` sent ({size} bytes) is not the archive the lockfile names",
                    order.url
                ),
            ),
            Err(NotKept::Cancelled) => Came::Left,
            Err(NotKept::Disk(fault)) => {
                Came::Failed(Code::StoreIo, format!("the archive cannot be written: {fault}"))
            }
        }
    }
}

fn failed(fault: Fault) -> Came {
    match fault {
        Fault::Cancelled => Came::Left,
        Fault::Refused(why) | Fault::Network(why) => Came::Failed(Code::DependencyFetch, why),
    }
}

/// Counts towards the budget of all, and ends where that is spent.
struct Counted<'a> {
    from: &'a mut dyn std::io::Read,
    all: &'a AtomicU64,
    most: u64,
}

impl std::io::Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.from.read(buffer)?;
        let all = self.all.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
        if all > self.most {
            return Err(std::io::Error::other("the budget of bytes is spent"));
        }
        Ok(count)
    }
}
