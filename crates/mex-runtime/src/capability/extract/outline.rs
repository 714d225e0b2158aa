//! The headings of a file as a tree, with their numbers and anchors.
//! Owns slugs as GitHub makes them; a level that jumps is no error: a heading's parent is the
//! nearest one before it of a smaller level.

use std::collections::HashMap;

/// One heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    /// The number it begins with, such as `3.1`, without a final dot.
    pub number: Option<String>,
    /// Its text, without markup.
    pub title: String,
    /// Its anchor; unique in the file.
    pub anchor: String,
    /// The heading above it, by place in the outline.
    pub parent: Option<usize>,
    /// Its first line, counted from 1.
    pub line: u64,
}

/// The outline of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// In the order of the file.
    pub headings: Vec<Heading>,
    /// Anchors that stand in the text as HTML or attributes.
    pub anchors: Vec<String>,
    taken: HashMap<String, usize>,
    open: Vec<usize>,
}

impl Outline {
    /// Adds the next heading and gives its place.
    pub(super) fn push(
        &mut self,
        level: u8,
        title: &str,
        explicit: Option<&str>,
        line: u64,
    ) -> usize {
        if let Some(explicit) = explicit {
            self.anchors.push(explicit.to_owned());
        }
        let at = self.headings.len();
        while self.open.last().is_some_and(|open| self.headings[*open].level >= level) {
            self.open.pop();
        }
        let parent = self.open.last().copied();
        self.open.push(at);
        let title = title.trim().to_owned();
        let anchor = self.unique(&slug(&title));
        self.headings.push(Heading { level, number: number(&title), title, anchor, parent, line });
        at
    }

    fn unique(&mut self, slug: &str) -> String {
        let mut next = match self.taken.get(slug) {
            None => {
                self.taken.insert(slug.to_owned(), 0);
                return slug.to_owned();
            }
            Some(last) => last + 1,
        };
        loop {
            let candidate = format!("{slug}-{next}");
            if !self.taken.contains_key(&candidate) {
                self.taken.insert(slug.to_owned(), next);
                self.taken.insert(candidate.clone(), 0);
                return candidate;
            }
            next += 1;
        }
    }

    /// Whether `anchor` names a place in the file.
    pub fn has_anchor(&self, anchor: &str) -> bool {
        self.taken.contains_key(anchor) || self.anchors.iter().any(|own| own == anchor)
    }

    /// A heading and those above it, from the inside outwards.
    pub fn path(&self, at: Option<usize>) -> impl Iterator<Item = &Heading> {
        let mut next = at;
        std::iter::from_fn(move || {
            let heading = self.headings.get(next?)?;
            next = heading.parent;
            Some(heading)
        })
    }
}

/// The anchor GitHub gives a heading: lower case, spaces as `-`, of the rest only letters, digits,
/// `-` and `_`.
pub fn slug(title: &str) -> String {
    title
        .trim()
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_alphanumeric() => Some(c),
            _ => None,
        })
        .collect()
}

/// The number a heading begins with: `3`, `3.1.`, `§ 4`, `A.2`, `Section 5`.
fn number(title: &str) -> Option<String> {
    let rest = title.trim_start_matches('§').trim_start();
    let rest = ["Section ", "Chapter ", "Part ", "Appendix "]
        .iter()
        .find_map(|word| rest.strip_prefix(word))
        .unwrap_or(rest);
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(rest.len());
    let word = rest[..end].trim_end_matches('.');
    let part = |part: &str| {
        let digits = part.bytes().all(|c| c.is_ascii_digit());
        !part.is_empty() && part.len() <= 6 && (digits || part.len() == 1)
    };
    let letters_only = word.bytes().all(|c| c.is_ascii_alphabetic());
    let led = title.starts_with("Appendix ") || title.starts_with("Part ");
    (word.split('.').all(part) && (!letters_only || led)).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reg_2_anchors_are_those_github_gives() {
        for (title, anchor) in [
            ("Files", "files"),
            ("3.1 `fs.read`: Read files!", "31-fsread-read-files"),
            ("Über  uns", "über--uns"),
            ("a_b-c", "a_b-c"),
            ("日本語 の", "日本語-の"),
            ("!!!", ""),
        ] {
            assert_eq!(slug(title), anchor, "{title}");
        }
        let mut outline = Outline::default();
        for (title, anchor) in
            [("A", "a"), ("a", "a-1"), ("A-1", "a-1-1"), ("A", "a-2"), ("A", "a-3")]
        {
            let at = outline.push(2, title, None, 1);
            assert_eq!(outline.headings[at].anchor, anchor);
        }
    }

    #[test]
    fn reg_2_headings_out_of_order_have_a_parent_of_a_smaller_level() {
        let mut outline = Outline::default();
        for level in [3, 1, 4, 2, 6, 2] {
            outline.push(level, "x", None, 1);
        }
        let parents: Vec<_> = outline.headings.iter().map(|heading| heading.parent).collect();
        assert_eq!(parents, [None, None, Some(1), Some(1), Some(3), Some(1)]);
        assert_eq!(outline.path(Some(4)).count(), 3);
    }

    #[test]
    fn reg_2_a_heading_carries_its_number() {
        for (title, expected) in [
            ("3 Files", Some("3")),
            ("3.1. Files", Some("3.1")),
            ("§ 4.2 Rules", Some("4.2")),
            ("A.2 More", Some("A.2")),
            ("Section 5: x", Some("5")),
            ("Appendix B", Some("B")),
            ("A file", None),
            ("Files", None),
            ("", None),
        ] {
            assert_eq!(number(title).as_deref(), expected, "{title}");
        }
    }
}
