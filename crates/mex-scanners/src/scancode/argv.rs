//! What we ask scancode. Owns its arguments and its environment; reads and runs nothing.
//!
//! It sees a folder of ours that holds copies of the files to read, so nothing of the project
//! configures it (contract SC-10), and writes nowhere but to its scratch folder.

/// Where the files to read are inside the sandbox.
pub const INPUT: &str = "/project";

/// Where the answer is, relative to the scratch folder.
pub const ANSWER: &str = "answer.json";

/// How long one file may take, in seconds; past it the file is a gap. A list of a thousand licences
/// takes half a minute on a quiet machine and minutes on a busy one.
pub const TIMEOUT_S: u32 = 300;

/// The part of its package folder that python starts.
const LAUNCH: &str = "launch.py";

/// The arguments; `home` is the tool's folder of packages.
pub fn args(home: &str, processes: u32) -> Vec<String> {
    let processes = processes.to_string();
    let timeout = TIMEOUT_S.to_string();
    let answer = format!("/scratch/{ANSWER}");
    let mut all = python(home);
    let own = [
        "--license",
        "--quiet",
        "--strip-root",
        "--max-in-memory",
        "0",
        "--processes",
        &processes,
        "--timeout",
        &timeout,
        "--json",
        &answer,
        INPUT,
    ];
    all.extend(own.map(str::to_owned));
    all
}

/// What python is told before scancode's own arguments.
pub fn python(home: &str) -> Vec<String> {
    // No bytecode written, no packages of a user, no `site` of the machine.
    ["-B", "-s", "-S", &format!("{home}/{LAUNCH}")].map(str::to_owned).to_vec()
}

/// The environment: python from the tool's folder alone, every cache in the scratch folder.
pub fn env(home: &str) -> Vec<(String, String)> {
    let packages = format!("{home}/packages");
    // For a python that is a shared library; it stands there.
    let library = format!("{home}/lib");
    [
        ("LD_LIBRARY_PATH", library.as_str()),
        ("PYTHONHOME", home),
        ("PYTHONPATH", &packages),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("PYTHONNOUSERSITE", "1"),
        ("PYTHONHASHSEED", "0"),
        ("PYTHONWARNINGS", "ignore"),
        ("SCANCODE_CACHE", "/scratch/cache"),
        ("SCANCODE_PACKAGE_INDEX_CACHE", "/scratch/package-cache"),
        ("SCANCODE_TEMP", "/scratch"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract SC-6, SC-10.
    #[test]
    fn a_run_reads_our_folder_alone_and_writes_to_its_scratch() {
        let args = args("/tools/scancode", 2);
        assert_eq!(args.last().map(String::as_str), Some(INPUT));
        assert!(args.contains(&"/scratch/answer.json".to_owned()));
        for (name, value) in env("/tools/scancode") {
            if name.starts_with("SCANCODE_") {
                assert!(value.starts_with("/scratch"), "{name}={value}");
            }
        }
    }
}
