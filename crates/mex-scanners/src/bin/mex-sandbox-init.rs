//! The sandbox's init as a program of its own, for tests of this crate: the product's hosts carry
//! it as a hidden subcommand. Never shipped.

use std::process::ExitCode;

fn main() -> ExitCode {
    mex_scanners::sandbox::init_main(std::env::args_os().skip(1))
}
