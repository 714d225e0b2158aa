//! The machine's clock and fresh ids: the one place that asks for either.
//! Never used to order anything: order is the recorder's sequence (promise P38).

use jiff::Timestamp;
use mex_runtime::port::Clock;
use uuid::Uuid;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everything else is given"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}
