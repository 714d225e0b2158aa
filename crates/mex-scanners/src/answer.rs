//! How a tool ended and what it left in its pipes, and the errors that follow from that alone.
//! Owns what every adapter must refuse before it reads a byte (promise P2); never knows a format.

use mex_runtime::budget::Limit;
use mex_runtime::code::Code;
use mex_runtime::result::{Status, TypedError};

/// How a tool ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By itself.
    Code(i32),
    /// By a signal nobody here sent.
    Signal(i32),
    /// Killed at a limit.
    Limit(Limit),
    /// Killed because somebody asked.
    Cancelled,
}

/// What a tool left.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// How it ended.
    pub ending: Ending,
    /// What it wrote to stdout.
    pub stdout: &'a [u8],
    /// How many bytes of stdout there were before a cut.
    pub stdout_bytes: u64,
    /// What it wrote to stderr.
    pub stderr: &'a [u8],
    /// How many bytes of stderr there were before a cut.
    pub stderr_bytes: u64,
}

impl<'a> Answer<'a> {
    /// A whole answer with an exit code.
    pub fn whole(code: i32, stdout: &'a [u8], stderr: &'a [u8]) -> Self {
        Self {
            ending: Ending::Code(code),
            stdout,
            stdout_bytes: stdout.len() as u64,
            stderr,
            stderr_bytes: stderr.len() as u64,
        }
    }

    /// The exit code of an answer that may be read at all.
    ///
    /// # Errors
    /// For a signal, a limit, a cancel, or output that was cut (contract GATE-5).
    pub fn code(&self, tool: &str) -> Result<i32, TypedError> {
        let code = match self.ending {
            Ending::Code(code) => code,
            Ending::Signal(signal) => {
                return Err(error(
                    Code::ToolCrashed,
                    format!("`{tool}` was ended by signal {signal}"),
                ));
            }
            Ending::Limit(limit @ (Limit::WallTime | Limit::CpuTime)) => {
                return Err(error(
                    Code::ToolTimeout,
                    format!("`{tool}` reached `{}` and was killed", limit.field()),
                ));
            }
            Ending::Limit(Limit::Output) => return Err(self.cut(tool)),
            Ending::Limit(limit) => {
                return Err(error(
                    Code::BudgetOverrun,
                    format!("`{tool}` reached `{}` and was killed", limit.field()),
                ));
            }
            Ending::Cancelled => {
                return Err(error(Code::Cancelled, format!("`{tool}` was stopped on request")));
            }
        };
        if self.stdout_bytes != self.stdout.len() as u64
            || self.stderr_bytes != self.stderr.len() as u64
        {
            return Err(self.cut(tool));
        }
        Ok(code)
    }

    fn cut(&self, tool: &str) -> TypedError {
        let total = self.stdout_bytes.saturating_add(self.stderr_bytes);
        error(
            Code::ToolTruncated,
            format!(
                "`{tool}` wrote {total} bytes, more than `output_bytes` allows; nothing of it was read"
            ),
        )
    }
}

/// A typed error with the hint its code carries.
pub fn error(code: Code, message: String) -> TypedError {
    TypedError { code, message, hint: code.hint().to_owned(), details_ref: None }
}

/// The status that a list of errors asks for.
pub fn status(errors: &[TypedError]) -> Status {
    let has = |code| errors.iter().any(|error| error.code == code);
    if errors.is_empty() {
        Status::Succeeded
    } else if has(Code::Cancelled) {
        Status::Cancelled
    } else if has(Code::ToolTimeout) {
        Status::TimedOut
    } else {
        Status::Failed
    }
}

/// One line of somebody else's text, for people: no control characters, at most 200 characters.
pub fn line(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() || is_bidi(c) { ' ' } else { c })
        .take(200)
        .collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Characters that reorder what a reader sees.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise P2, contract GATE-5.
    #[test]
    fn signals_limits_cancels_and_cuts_are_errors_of_their_own_code() {
        let check = |ending, expect| {
            let answer = Answer { ending, ..Answer::whole(0, b"[]", b"") };
            assert_eq!(answer.code("t").map_err(|error| error.code), expect);
        };
        check(Ending::Code(7), Ok(7));
        for signal in 1..=15 {
            check(Ending::Signal(signal), Err(Code::ToolCrashed));
        }
        check(Ending::Limit(Limit::WallTime), Err(Code::ToolTimeout));
        check(Ending::Limit(Limit::CpuTime), Err(Code::ToolTimeout));
        check(Ending::Limit(Limit::Output), Err(Code::ToolTruncated));
        check(Ending::Limit(Limit::Memory), Err(Code::BudgetOverrun));
        check(Ending::Limit(Limit::Processes), Err(Code::BudgetOverrun));
        check(Ending::Cancelled, Err(Code::Cancelled));
        let cut = Answer { stdout_bytes: 2_000_000_000, ..Answer::whole(0, b"[]", b"") };
        assert_eq!(cut.code("t").map_err(|error| error.code), Err(Code::ToolTruncated));
    }

    #[test]
    fn the_worst_error_gives_the_status() {
        let of = |codes: &[Code]| {
            status(&codes.iter().map(|code| error(*code, String::new())).collect::<Vec<_>>())
        };
        assert_eq!(of(&[]), Status::Succeeded);
        assert_eq!(of(&[Code::ToolExit]), Status::Failed);
        assert_eq!(of(&[Code::ToolExit, Code::ToolTimeout]), Status::TimedOut);
        assert_eq!(of(&[Code::ToolTimeout, Code::Cancelled]), Status::Cancelled);
    }

    #[test]
    fn other_peoples_text_stays_one_harmless_line() {
        assert_eq!(line("a\u{1b}[31m\n b\u{202e}c"), "a [31m b c");
        assert_eq!(line(&"x".repeat(500)).len(), 200);
    }
}
