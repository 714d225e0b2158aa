//! The few places outside that a window can lead to: descriptions of advisories, by their ids.
//! Owns the list of hosts. No address ever comes from a page or a report.

use mex_app::error::{AppError, AppResult};
use mex_app::runtime::code::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An advisory somebody wants to read about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Advisory {
    /// Its id, such as `GHSA-…`, `CVE-…` or `RUSTSEC-…`.
    pub id: String,
}

/// Where it is described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OutsidePage {
    /// The host, to be shown before it is opened.
    pub host: String,
    /// The whole address.
    pub address: String,
}

/// Which prefix is described where. Ids of every other kind are found at osv.dev.
const HOSTS: &[(&str, &str, &str)] = &[
    ("GHSA-", "github.com", "advisories"),
    ("CVE-", "nvd.nist.gov", "vuln/detail"),
    ("RUSTSEC-", "rustsec.org", "advisories"),
];

/// The page of an advisory.
///
/// # Errors
/// For what is no id of an advisory.
pub fn page(asked: &Advisory) -> AppResult<OutsidePage> {
    let id = asked.id.as_str();
    let plain = (3..=64).contains(&id.len())
        && id.contains('-')
        && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b':');
    if !plain {
        return Err(AppError::new(Code::Usage, "this is no id of an advisory"));
    }
    let known = HOSTS.iter().find(|(prefix, _, _)| id.starts_with(prefix));
    let (host, folder) =
        known.map_or(("osv.dev", "vulnerability"), |(_, host, folder)| (*host, *folder));
    Ok(OutsidePage { host: host.to_owned(), address: format!("https://{host}/{folder}/{id}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(id: &str) -> Option<String> {
        page(&Advisory { id: id.to_owned() }).ok().map(|page| page.address)
    }

    #[test]
    fn only_ids_lead_anywhere_and_only_to_known_hosts() {
        for (id, expect) in [
            ("GHSA-35jh-r3h4-6jhm", "https://github.com/advisories/GHSA-35jh-r3h4-6jhm"),
            ("CVE-2024-0001", "https://nvd.nist.gov/vuln/detail/CVE-2024-0001"),
            ("RUSTSEC-2024-0370", "https://rustsec.org/advisories/RUSTSEC-2024-0370"),
            ("PYSEC-2021-1", "https://osv.dev/vulnerability/PYSEC-2021-1"),
        ] {
            assert_eq!(address(id).as_deref(), Some(expect));
        }
        for id in [
            "",
            "a",
            "https://example.org/",
            "GHSA-../..",
            "CVE-1 x",
            "CVE-1?x=1",
            "CVE-1#x",
            "file:///etc",
        ] {
            assert_eq!(address(id), None, "{id}");
        }
        assert_eq!(address(&format!("CVE-{}", "1".repeat(100))), None);
    }
}
