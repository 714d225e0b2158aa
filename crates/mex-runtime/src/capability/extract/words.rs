//! The words that make a declaration, a use, an example or a refusal of what stands beside them.
//! Owns the vocabulary (English; written down in `docs/registry-extraction.md`); never looks at an id.

/// What the words around a place make of the ids there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Context {
    /// Whether they speak of rights; null where they say nothing of it.
    pub(super) topic: Option<Topic>,
    /// They refuse what follows.
    pub(super) against: bool,
    /// They call it an example.
    pub(super) example: bool,
}

/// What a heading or a leading sentence is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// Rights or engines themselves.
    Rights,
    /// Who has or asks for rights.
    Use,
}

impl Context {
    /// This context with an outer one around it: the nearer topic counts, a refusal always.
    pub(super) fn within(self, outer: Self) -> Self {
        Self {
            topic: self.topic.or(outer.topic),
            against: self.against || outer.against,
            example: self.example || outer.example,
        }
    }
}

/// Nouns of rights.
const RIGHTS: &[&str] = &[
    "capability",
    "capabilities",
    "permission",
    "permissions",
    "right",
    "rights",
    "privilege",
    "privileges",
    "entitlement",
    "entitlements",
    "axis",
    "axes",
    "engine",
    "engines",
];

/// Nouns of rights that also mean other things; they count beside one of the others alone.
const SOFT_RIGHTS: &[&str] = &["scope", "scopes", "authority", "authorities", "grant", "grants"];

/// Words of a heading that make it one about who has rights.
const USE_HEADINGS: &[&str] =
    &["profile", "profiles", "role", "roles", "consent", "consents", "usage", "users", "matrix"];

/// Words of a leading sentence that make a list one of what somebody needs or has.
const USE_WORDS: &[&str] = &[
    "need",
    "needs",
    "require",
    "requires",
    "required",
    "request",
    "requests",
    "requested",
    "use",
    "uses",
    "ask",
    "asks",
    "hold",
    "holds",
    "has",
    "have",
    "having",
    "grant",
    "grants",
    "granted",
    "profile",
    "profiles",
    "role",
    "roles",
    "consent",
    "consents",
    "check",
    "checks",
    "depends",
];

const EXAMPLE: &[&str] = &[
    "example",
    "examples",
    "sample",
    "samples",
    "illustration",
    "illustrates",
    "illustrate",
    "hypothetical",
    "imagine",
    "imaginary",
    "fictional",
    "suppose",
    "tutorial",
    "walkthrough",
    "changelog",
    "e.g",
    "placeholder",
];

/// Words that refuse wherever they stand in a heading or a leading sentence.
const REFUSAL: &[&str] = &[
    "forbidden",
    "forbid",
    "forbids",
    "prohibited",
    "prohibits",
    "disallowed",
    "disallow",
    "banned",
    "illegal",
    "invalid",
    "rejected",
    "rejects",
    "reject",
    "refused",
    "refuses",
    "refuse",
    "removed",
    "reserved",
    "deprecated",
    "obsolete",
    "withdrawn",
    "retired",
    "anti-pattern",
    "anti-patterns",
    "antipattern",
    "antipatterns",
    "non-goals",
    "non-goal",
    "counterexample",
    "counterexamples",
    "counter-example",
    "counter-examples",
    "wrong",
    "bad",
    "incorrect",
    "mistake",
    "mistakes",
    "misspelled",
    "misspelling",
    "never",
    "nobody",
    "don't",
    "cannot",
    "can't",
    "mustn't",
    "avoid",
    "denied",
    "deny",
    "denies",
    "unsupported",
    "abolished",
    "dropped",
];

/// Words that negate where they stand beside an id.
const NEGATION: &[&str] = &[
    "not",
    "no",
    "never",
    "neither",
    "nor",
    "cannot",
    "can't",
    "don't",
    "doesn't",
    "isn't",
    "aren't",
    "mustn't",
    "won't",
    "wasn't",
    "nobody",
    "none",
    "nothing",
    "without",
    "instead",
    "unlike",
    "except",
    "forbidden",
    "forbid",
    "forbids",
    "prohibited",
    "prohibit",
    "prohibits",
    "disallowed",
    "banned",
    "bans",
    "illegal",
    "invalid",
    "rejected",
    "rejects",
    "reject",
    "refused",
    "refuses",
    "refuse",
    "removed",
    "removes",
    "remove",
    "reserved",
    "deprecated",
    "obsolete",
    "withdrawn",
    "retired",
    "dropped",
    "drops",
    "abolished",
    "avoid",
    "wrong",
    "unknown",
    "deny",
    "denies",
    "denied",
    "misspelled",
    "typo",
    "gone",
    "unsupported",
];

/// Of those, the ones that say of an id that it is none.
const ABOLISH: &[&str] = &[
    "removed",
    "reserved",
    "withdrawn",
    "retired",
    "dropped",
    "abolished",
    "forbidden",
    "prohibited",
    "disallowed",
    "banned",
    "illegal",
    "invalid",
    "unknown",
    "obsolete",
    "gone",
    "unsupported",
];

fn any(words: &[&str], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(word))
}

pub(super) fn is_negation(word: &str) -> bool {
    NEGATION.contains(&word) || word.ends_with("n't")
}

pub(super) fn abolishes(word: &str) -> bool {
    ABOLISH.contains(&word)
}

pub(super) fn is_example(word: &str) -> bool {
    EXAMPLE.contains(&word)
}

pub(super) fn names_right(word: &str) -> bool {
    RIGHTS.contains(&word)
}

pub(super) fn names_soft_right(word: &str) -> bool {
    RIGHTS.contains(&word) || SOFT_RIGHTS.contains(&word)
}

fn lower_words(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '’' || c == '-'))
        .filter(|word| !word.is_empty())
        .map(|word| word.replace('’', "'").to_lowercase())
        .collect()
}

/// What a heading says of everything below it.
pub(super) fn heading(title: &str) -> Context {
    let owned = lower_words(title);
    let words: Vec<&str> = owned.iter().map(String::as_str).collect();
    let against = any(&words, REFUSAL)
        || pair(&words, "must", "not")
        || pair(&words, "do", "not")
        || pair(&words, "not", "allowed")
        || pair(&words, "not", "permitted")
        || pair(&words, "not", "registered")
        || pair(&words, "not", "granted")
        || pair(&words, "out", "of") && words.contains(&"scope");
    let topic = if any(&words, USE_HEADINGS) {
        Some(Topic::Use)
    } else if any(&words, RIGHTS) {
        Some(Topic::Rights)
    } else {
        None
    };
    Context { topic, against, example: any(&words, EXAMPLE) || words == ["history"] }
}

/// What the paragraph before a list, a table or a block says of it: its last sentence.
pub(super) fn lead(paragraph: &str) -> Context {
    let text = paragraph.trim_end();
    let body = text.trim_end_matches([':', '.', '!', '?']);
    let last = body
        .rmatch_indices(['.', '!', '?'])
        .find(|(at, _)| body[at + 1..].starts_with(char::is_whitespace))
        .map_or(body, |(at, _)| &body[at + 1..]);
    let owned = lower_words(last);
    let words: Vec<&str> = owned.iter().map(String::as_str).collect();
    let modal_not = words.windows(2).any(|pair| {
        matches!(
            pair,
            ["must" | "may" | "do" | "does" | "can" | "should" | "are" | "is" | "shall", "not"]
                | ["not", "allowed" | "permitted" | "registered" | "granted" | "valid"]
        )
    });
    let merely = words.windows(3).any(|three| {
        matches!(three, [_, "not", "need" | "needs" | "require" | "only" | "limited" | "just"])
    });
    let no_one = words.windows(2).any(|pair| {
        matches!(
            pair,
            ["no" | "not", "one" | "longer" | "such" | "capability" | "right" | "engine"]
        )
    }) || words.first() == Some(&"not");
    let against = any(&words, REFUSAL) || (modal_not && !merely) || no_one;
    // What introduces a list ends with a colon; another paragraph before it says little of it.
    let introduces = text.ends_with(':');
    let near = introduces || words.len() <= 6;
    let topic = if introduces && any(&words, USE_WORDS) {
        Some(Topic::Use)
    } else if any(&words, RIGHTS) {
        Some(Topic::Rights)
    } else {
        None
    };
    Context { topic, against: against && near, example: any(&words, EXAMPLE) && near }
}

fn pair(words: &[&str], first: &str, second: &str) -> bool {
    words.windows(2).any(|two| two == [first, second])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reg_2_headings_and_leading_sentences_say_what_follows_is() {
        assert_eq!(heading("4.2 Capabilities").topic, Some(Topic::Rights));
        assert_eq!(heading("Capability profiles").topic, Some(Topic::Use));
        assert_eq!(heading("Files").topic, None);
        for refused in
            ["Forbidden capabilities", "Removed rights", "What you must not grant", "Out of scope"]
        {
            assert!(heading(refused).against, "{refused}");
        }
        assert!(heading("Examples").example);
        assert_eq!(lead("These are the capabilities:").topic, Some(Topic::Rights));
        assert_eq!(lead("The engine needs:").topic, Some(Topic::Use));
        assert!(lead("Never grant any of these:").against);
        assert!(lead("The following ids do not exist:").against);
        assert!(!lead("Nothing is granted by default. The rights are:").against);
        assert!(!lead("The rights below do not need a consent:").against);
        assert!(lead("For example:").example);
    }
}
