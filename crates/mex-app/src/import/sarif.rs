//! SARIF 2.1.0 as it is read: a result is a Problem, whatever its makers suppressed; a result that
//! says that all is well is counted and dropped; a run that did not run to its end is a gap. Snippets
//! and contents of files are never kept, and are taken out of the messages.

use std::collections::BTreeMap;

use mex_runtime::diagnostic::Range;
use mex_runtime::digest::Digest;
use mex_runtime::severity::Severity;
use mex_scanners::redact::MARK;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::document::{ForeignProblem, Format, Import, message, name};
use super::format::{Refusal, bounded};

/// The shortest snippet that is taken out of a message, in characters.
const TELLING: usize = 6;

#[derive(Deserialize)]
struct Log {
    #[serde(default)]
    runs: Vec<Run>,
    #[serde(default, rename = "inlineExternalProperties")]
    inline: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    results: Option<Vec<Found>>,
    #[serde(default)]
    invocations: Option<Vec<Invocation>>,
    #[serde(default)]
    artifacts: Option<Vec<Artifact>>,
    #[serde(default)]
    external_property_file_references: Option<External>,
}

#[derive(Deserialize)]
struct External {
    #[serde(default)]
    results: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Driver,
    #[serde(default)]
    extensions: Option<Vec<Driver>>,
}

#[derive(Deserialize)]
struct Driver {
    name: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    rules: Option<Vec<Rule>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    #[serde(default)]
    short_description: Option<Message>,
    #[serde(default)]
    message_strings: Option<BTreeMap<String, Message>>,
    #[serde(default)]
    default_configuration: Option<Configuration>,
}

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    level: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    text: Option<String>,
    /// The name of a text of the rule.
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    arguments: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    #[serde(default)]
    rule_id: Option<String>,
    #[serde(default)]
    rule_index: Option<i64>,
    #[serde(default)]
    rule: Option<RuleReference>,
    #[serde(default)]
    level: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    message: Message,
    #[serde(default)]
    locations: Option<Vec<Location>>,
    #[serde(default)]
    partial_fingerprints: Option<BTreeMap<String, String>>,
    #[serde(default)]
    fingerprints: Option<BTreeMap<String, String>>,
    #[serde(default)]
    suppressions: Option<Vec<Suppression>>,
    #[serde(default)]
    baseline_state: Option<String>,
}

#[derive(Deserialize)]
struct RuleReference {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    index: Option<i64>,
}

#[derive(Deserialize)]
struct Suppression {
    #[serde(default)]
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(default)]
    physical_location: Option<Physical>,
    #[serde(default)]
    logical_locations: Option<Vec<Logical>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    #[serde(default)]
    artifact_location: Option<Address>,
    #[serde(default)]
    region: Option<Region>,
    #[serde(default)]
    context_region: Option<Region>,
}

#[derive(Deserialize)]
struct Address {
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    index: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    #[serde(default)]
    start_line: Option<i64>,
    #[serde(default)]
    end_line: Option<i64>,
    #[serde(default)]
    snippet: Option<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    #[serde(default)]
    fully_qualified_name: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Artifact {
    #[serde(default)]
    location: Option<Address>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    #[serde(default)]
    execution_successful: Option<bool>,
    #[serde(default)]
    tool_execution_notifications: Option<Vec<Notification>>,
}

#[derive(Deserialize)]
struct Notification {
    #[serde(default)]
    level: Option<String>,
    #[serde(default)]
    message: Option<Message>,
}

pub(super) fn read(text: &str, version: &str) -> Result<Import, Refusal> {
    let log: Log = serde_json::from_str(text).map_err(Refusal::shape)?;
    let mut import = Import::of(Format::Sarif, version, text);
    if log.runs.is_empty() {
        import.gap("it holds no run: nothing ran".to_owned());
    }
    if log.inline.is_some_and(|inline| !inline.is_empty()) {
        import
            .gaps
            .push("it keeps results in `inlineExternalProperties`, which are not read".into());
    }
    let results = log.runs.iter().filter_map(|run| run.results.as_ref()).map(Vec::len).sum();
    bounded("results", results)?;
    for run in &log.runs {
        read_run(run, &mut import);
    }
    Ok(import)
}

fn read_run(run: &Run, import: &mut Import) {
    let driver = &run.tool.driver;
    import.tool(&driver.name, driver.version.as_deref());
    for extension in run.tool.extensions.iter().flatten() {
        import.tool(&extension.name, extension.version.as_deref());
    }
    let who = name(&driver.name);
    if run.external_property_file_references.as_ref().is_some_and(|all| all.results.is_some()) {
        import.gap(format!("`{who}` keeps results in other files, which are not read"));
    }
    if run.results.is_none() {
        import.gap(format!("`{who}` gives no list of results: it did not scan"));
    }
    for invocation in run.invocations.iter().flatten() {
        if invocation.execution_successful == Some(false) {
            import.gap(format!("`{who}` says that its run was not successful"));
        }
        let errors = invocation.tool_execution_notifications.iter().flatten();
        for error in errors.filter(|one| one.level.as_deref() == Some("error")) {
            let said = error.message.as_ref().and_then(|said| said.text.as_deref());
            import.gap(format!("`{who}` says: {}", message(said.unwrap_or("an error"))));
        }
    }
    for result in run.results.iter().flatten() {
        import.said += 1;
        if let Some(kind @ ("pass" | "notApplicable" | "informational")) = result.kind.as_deref() {
            import.drop_one(&format!("of kind `{kind}`"));
            continue;
        }
        if result.baseline_state.as_deref() == Some("absent") {
            import.drop_one("gone since an older run");
            continue;
        }
        import.problems.push(problem(run, result));
    }
}

fn problem(run: &Run, result: &Found) -> ForeignProblem {
    let rule = rule(run, result);
    let code = result
        .rule_id
        .as_deref()
        .or_else(|| result.rule.as_ref().and_then(|rule| rule.id.as_deref()))
        .or_else(|| rule.map(|rule| rule.id.as_str()))
        .unwrap_or("no rule");
    let level = result
        .level
        .as_deref()
        .or_else(|| rule.and_then(|rule| rule.default_configuration.as_ref()?.level.as_deref()));
    let first = result.locations.iter().flatten().next();
    let physical = first.and_then(|place| place.physical_location.as_ref());
    let address = physical.and_then(|place| place.artifact_location.as_ref());
    let uri = address.and_then(|address| {
        address.uri.as_deref().or_else(|| {
            let at = usize::try_from(address.index?).ok()?;
            run.artifacts.as_ref()?.get(at)?.location.as_ref()?.uri.as_deref()
        })
    });
    let logical = first.and_then(|place| {
        let one = place.logical_locations.as_ref()?.first()?;
        one.fully_qualified_name.as_deref().or(one.name.as_deref())
    });
    let (path, uri) = match uri {
        Some(uri) => place(uri),
        None => (None, logical.map(name)),
    };
    let said = said(&result.message, rule);
    ForeignProblem {
        code: name(code),
        place: path.clone().or_else(|| uri.clone()).unwrap_or_default(),
        severity: match level {
            Some("error") => Severity::Error,
            Some("note") => Severity::Info,
            Some("none") => Severity::Hint,
            _ => Severity::Warning,
        },
        message: message(&without_snippets(&said, result)),
        path,
        uri,
        range: physical.and_then(|place| range(place.region.as_ref()?)),
        fingerprint: fingerprint(result),
        suppressed_there: result
            .suppressions
            .iter()
            .flatten()
            .any(|one| one.status.as_deref().is_none_or(|status| status == "accepted")),
    }
}

/// What a message says, with its arguments in their places and without the format's own escapes.
fn said(message: &Message, rule: Option<&Rule>) -> String {
    let by_name = || {
        let all = rule?.message_strings.as_ref()?;
        all.get(message.id.as_deref()?)?.text.as_deref()
    };
    let described = || rule?.short_description.as_ref()?.text.as_deref();
    let text = message.text.as_deref().or_else(by_name).or_else(described);
    let mut said = text.unwrap_or("it says nothing more").to_owned();
    for (at, argument) in message.arguments.iter().flatten().enumerate().take(20) {
        said = said.replace(&format!("{{{at}}}"), argument);
    }
    for (escaped, plain) in [("{{", "{"), ("}}", "}"), ("\\[", "["), ("\\]", "]")] {
        said = said.replace(escaped, plain);
    }
    said
}

fn rule<'a>(run: &'a Run, result: &Found) -> Option<&'a Rule> {
    let rules = run.tool.driver.rules.as_deref()?;
    let index = result.rule_index.or_else(|| result.rule.as_ref()?.index);
    let by_index = index.and_then(|index| rules.get(usize::try_from(index).ok()?));
    by_index.or_else(|| {
        let id = result.rule_id.as_deref()?;
        rules.iter().find(|rule| rule.id == id)
    })
}

/// A path of the project, or anything else.
fn place(uri: &str) -> (Option<String>, Option<String>) {
    let decoded = decoded(uri).replace('\\', "/");
    let path = decoded.strip_prefix("./").unwrap_or(&decoded);
    let outside = path.is_empty()
        || path.starts_with('/')
        || path.contains("://")
        || path.split('/').any(|part| part == "..")
        || path.get(1..2) == Some(":");
    if outside { (None, Some(name(uri))) } else { (Some(name(path)), None) }
}

/// A URI without percent signs; itself where what they stand for is no text.
fn decoded(uri: &str) -> String {
    let mut bytes = Vec::with_capacity(uri.len());
    let mut rest = uri.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        match hex {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| uri.to_owned())
}

fn range(region: &Region) -> Option<Range> {
    let start_line = u64::try_from(region.start_line?).ok().filter(|line| *line > 0)?;
    let end = region.end_line.and_then(|line| u64::try_from(line).ok()).unwrap_or(start_line);
    Some(Range { start_line, end_line: end.max(start_line) })
}

/// What a tool quotes of a file can be the secret itself, in a form no rule knows.
fn without_snippets(said: &str, result: &Found) -> String {
    let mut said = said.to_owned();
    let places = result.locations.iter().flatten().filter_map(|one| one.physical_location.as_ref());
    for region in places.flat_map(|place| [&place.region, &place.context_region]).flatten() {
        let snippet = region.snippet.as_ref().and_then(|snippet| snippet.text.as_deref());
        for line in snippet.unwrap_or_default().lines().map(str::trim) {
            if line.chars().count() >= TELLING {
                said = said.replace(line, MARK);
            }
        }
    }
    said
}

/// Its own fingerprints name a result across runs; some tools put names of people into them.
fn fingerprint(result: &Found) -> Option<Digest> {
    let known = [&result.fingerprints, &result.partial_fingerprints];
    let known: Vec<_> = known.into_iter().flatten().filter(|all| !all.is_empty()).collect();
    if known.is_empty() { None } else { Digest::of_canonical(&known).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_inside_is_a_path() {
        for inside in ["src/a.rs", "./src/a.rs", "a%20b.rs", "src\\a.rs"] {
            assert!(place(inside).0.is_some(), "{inside}");
        }
        for outside in ["/etc/passwd", "../x", "a/%2e%2e/b", "file:///a", "C:/a", "https://x/y", ""]
        {
            assert!(place(outside).0.is_none(), "{outside}");
        }
        assert_eq!(decoded("%zz%"), "%zz%");
        assert_eq!(decoded("%ff"), "%ff");
    }
}
