//! The proof of admission cannot be written down.
use mex_runtime::gate::Admitted;

fn forge(honest: Admitted) -> Admitted {
    Admitted { tools: Vec::new(), ..honest }
}

fn main() {
    let _ = forge;
}
