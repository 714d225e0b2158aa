//! Reads a query line: words apart, then each word for itself. Never guesses: what is no field, no
//! value of its field or not closed is told with its place.

use mex_runtime::diagnostic::ProblemStatus;
use mex_runtime::severity::{Severity, VulnSeverity};

use super::{
    Asked, Field, MOST_CHARS, MOST_TERMS, MOST_VALUES, QueryError, QueryLine, QueryTerm,
    SeverityWord, Value,
};

const STATUSES: [(&str, ProblemStatus); 4] = [
    ("open", ProblemStatus::Open),
    ("acknowledged", ProblemStatus::Acknowledged),
    ("muted", ProblemStatus::Muted),
    ("resolved", ProblemStatus::Resolved),
];

const SEVERITIES: [(&str, SeverityWord); 11] = [
    ("fatal", SeverityWord::Problem(Severity::Fatal)),
    ("error", SeverityWord::Problem(Severity::Error)),
    ("warning", SeverityWord::Problem(Severity::Warning)),
    ("info", SeverityWord::Problem(Severity::Info)),
    ("hint", SeverityWord::Problem(Severity::Hint)),
    ("critical", SeverityWord::Vulnerability(VulnSeverity::Critical)),
    ("high", SeverityWord::Vulnerability(VulnSeverity::High)),
    ("medium", SeverityWord::Vulnerability(VulnSeverity::Medium)),
    ("low", SeverityWord::Vulnerability(VulnSeverity::Low)),
    ("unscored", SeverityWord::Vulnerability(VulnSeverity::Unscored)),
    ("informational", SeverityWord::Vulnerability(VulnSeverity::Informational)),
];

/// Reads a query line.
///
/// # Errors
/// Names the first word that cannot be read, and its place.
pub fn parse(line: &str) -> Result<QueryLine, QueryError> {
    let characters = line.chars().count();
    if characters > MOST_CHARS {
        let why =
            format!("a query line has at most {MOST_CHARS} characters, this one {characters}");
        return Err(Place::of(line, 0, line.len()).wrong(why));
    }
    let mut terms = Vec::new();
    for (start, end) in split(line)? {
        let place = Place::of(line, start, end);
        if terms.len() == MOST_TERMS {
            return Err(place.wrong(format!("a query line has at most {MOST_TERMS} terms")));
        }
        terms.push(term(&place)?);
    }
    Ok(QueryLine { terms })
}

/// A word of a line and where it stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    line: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Place<'a> {
    const fn of(line: &'a str, start: usize, end: usize) -> Self {
        Self { line, start, end }
    }

    fn text(&self) -> &'a str {
        &self.line[self.start..self.end]
    }

    /// The part of it behind so many bytes.
    const fn from(&self, bytes: usize) -> Self {
        Self { line: self.line, start: self.start + bytes, end: self.end }
    }

    fn wrong(&self, why: impl Into<String>) -> QueryError {
        let units = |to: usize| self.line[..to].encode_utf16().count();
        QueryError {
            word: self.text().chars().take(80).collect(),
            start: units(self.start),
            end: units(self.end),
            why: why.into(),
        }
    }
}

/// The words of a line: runs without blanks, quotes hold blanks together.
fn split(line: &str) -> Result<Vec<(usize, usize)>, QueryError> {
    let mut found = Vec::new();
    let mut start: Option<usize> = None;
    let mut quote: Option<usize> = None;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        if quote.is_some() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quote = None,
                _ => {}
            }
        } else if c == '"' {
            quote = Some(at);
            start = start.or(Some(at));
        } else if c.is_whitespace() {
            found.extend(start.take().map(|start| (start, at)));
        } else {
            start = start.or(Some(at));
        }
    }
    if let Some(at) = quote {
        return Err(Place::of(line, at, line.len()).wrong("the quote is not closed"));
    }
    found.extend(start.map(|start| (start, line.len())));
    Ok(found)
}

fn term(place: &Place<'_>) -> Result<QueryTerm, QueryError> {
    let text = place.text();
    let negated = text.len() > 1 && text.starts_with('-');
    let body = place.from(usize::from(negated));
    let colon = body.text().find([':', '"']).filter(|at| body.text()[*at..].starts_with(':'));
    let what = match colon {
        None => Asked::Word(word(&body)?),
        Some(at) => field(&body, &body.text()[..at], &body.from(at + 1))?,
    };
    // `new:no` is said twice otherwise.
    Ok(match what {
        Asked::New if is_no(&body) => QueryTerm { negated: !negated, what: Asked::New },
        what => QueryTerm { negated, what },
    })
}

fn is_no(body: &Place<'_>) -> bool {
    body.text().split_once(':').is_some_and(|(key, value)| {
        key.eq_ignore_ascii_case("new") && value.eq_ignore_ascii_case("no")
    })
}

fn word(place: &Place<'_>) -> Result<String, QueryError> {
    let pieces = pieces(place)?;
    let text: Vec<&str> = pieces.iter().map(|(_, value)| value.text.as_str()).collect();
    let text = text.join(",");
    if text.chars().any(char::is_alphanumeric) {
        Ok(text)
    } else {
        Err(place.wrong("a word needs a letter or a digit to look for"))
    }
}

fn field(whole: &Place<'_>, key: &str, rest: &Place<'_>) -> Result<Asked, QueryError> {
    let key = key.to_ascii_lowercase();
    let values = pieces(rest)?;
    if values.iter().all(|(_, value)| value.text.is_empty()) {
        return Err(whole.wrong(format!("`{key}:` needs a value")));
    }
    if values.len() > MOST_VALUES {
        return Err(whole.wrong(format!("a term has at most {MOST_VALUES} values")));
    }
    match key.as_str() {
        "is" => is(whole, &values),
        "status" => Ok(Asked::Status(each(&values, "a status", &STATUSES)?)),
        "severity" => Ok(Asked::Severity(each(&values, "a severity", &SEVERITIES)?)),
        "new" => match one(whole, &values)?.to_ascii_lowercase().as_str() {
            "yes" | "no" => Ok(Asked::New),
            _ => Err(rest.wrong("`new:` is `yes` or `no`")),
        },
        "scan" => scan(whole, &values),
        "no" => {
            let name = one(whole, &values)?.to_ascii_lowercase();
            let known = Field::ALL.into_iter().find(|field| field.word() == name);
            known.map(Asked::No).ok_or_else(|| {
                rest.wrong(format!("no such field; the fields are {}", names(Field::ALL.map(Field::word))))
            })
        }
        _ => match Field::ALL.into_iter().find(|field| field.word() == key) {
            Some(field) => {
                Ok(Asked::Field(field, values.into_iter().map(|(_, value)| value).collect()))
            }
            None => Err(whole.wrong(format!(
                "there is no field `{key}`; the fields are is, status, severity, new, scan, no, {}. Put it in quotes to look for the words",
                names(Field::ALL.map(Field::word))
            ))),
        },
    }
}

/// `is:` takes statuses, or one of the other words for itself.
fn is(whole: &Place<'_>, values: &[(Place<'_>, Value)]) -> Result<Asked, QueryError> {
    let tag = |name: &str| Asked::Field(Field::Tag, vec![Value::exact(name)]);
    let alone = match values {
        [(_, only)] => match only.text.to_ascii_lowercase().as_str() {
            "new" => Some(Asked::New),
            "reopened" => Some(Asked::Reopened),
            "blocking" => Some(tag("block")),
            "lifted" => Some(tag("lifted")),
            _ => None,
        },
        _ => None,
    };
    if let Some(asked) = alone {
        return Ok(asked);
    }
    let other = values.iter().find(|(_, value)| {
        ["new", "reopened", "blocking", "lifted"]
            .contains(&value.text.to_ascii_lowercase().as_str())
    });
    if other.is_some() {
        return Err(whole.wrong(
            "`new`, `reopened`, `blocking` and `lifted` each stand in a term of their own",
        ));
    }
    let mut known = STATUSES.map(|(word, _)| word).to_vec();
    known.extend(["new", "reopened", "blocking", "lifted"]);
    each(values, "a word for `is:`", &STATUSES).map(Asked::Status).map_err(|error| QueryError {
        why: format!("not a word for `is:`; the words are {}", names(known)),
        ..error
    })
}

fn scan(whole: &Place<'_>, values: &[(Place<'_>, Value)]) -> Result<Asked, QueryError> {
    let id = one(whole, values)?.to_ascii_lowercase();
    if id == "latest" {
        return Ok(Asked::LatestScan);
    }
    if id.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-') {
        return Ok(Asked::Scan(id));
    }
    Err(whole.wrong("`scan:` is `latest` or the start of a scan's id"))
}

fn one<'a>(whole: &Place<'_>, values: &'a [(Place<'_>, Value)]) -> Result<&'a str, QueryError> {
    match values {
        [(_, only)] => Ok(&only.text),
        _ => Err(whole.wrong("this field takes one value")),
    }
}

fn each<T: Copy>(
    values: &[(Place<'_>, Value)],
    what: &str,
    known: &[(&str, T)],
) -> Result<Vec<T>, QueryError> {
    values
        .iter()
        .map(|(place, value)| {
            let found = known.iter().find(|(word, _)| word.eq_ignore_ascii_case(&value.text));
            found.map(|(_, meant)| *meant).ok_or_else(|| {
                let words = names(known.iter().map(|(word, _)| *word));
                place.wrong(format!("not {what}; one of {words}"))
            })
        })
        .collect()
}

fn names<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().collect::<Vec<_>>().join(", ")
}

/// The values of a term: apart at commas, quotes taken off. An empty one is told.
fn pieces<'a>(place: &Place<'a>) -> Result<Vec<(Place<'a>, Value)>, QueryError> {
    let mut found = Vec::new();
    let mut value = Value { text: String::new(), wild: false };
    let (mut quoted, mut was_quoted, mut escaped) = (false, false, false);
    let mut start = place.start;
    let mut finish = |start: usize, end: usize, value: Value, was_quoted: bool| {
        let piece = Place::of(place.line, start, end);
        if value.text.is_empty() && !was_quoted && place.start != place.end {
            return Err(piece.wrong("a value is missing beside the comma"));
        }
        found.push((piece, value));
        Ok(())
    };
    for (at, c) in place.text().char_indices() {
        let at = place.start + at;
        match c {
            _ if escaped => {
                escaped = false;
                value.text.push(c);
            }
            '\\' if quoted => escaped = true,
            '"' => {
                quoted = !quoted;
                was_quoted = true;
            }
            ',' if !quoted => {
                let done =
                    std::mem::replace(&mut value, Value { text: String::new(), wild: false });
                finish(start, at, done, was_quoted)?;
                was_quoted = false;
                start = at + 1;
            }
            _ => {
                value.wild |= c == '*' && !quoted;
                value.text.push(c);
            }
        }
    }
    if was_quoted && value.wild {
        let piece = Place::of(place.line, start, place.end);
        return Err(piece.wrong("a `*` and quotes do not go together in one value"));
    }
    finish(start, place.end, value, was_quoted)?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::spelled;
    use super::*;

    fn asked(line: &str) -> Vec<QueryTerm> {
        parse(line).unwrap().terms
    }

    fn is(what: Asked) -> QueryTerm {
        QueryTerm { negated: false, what }
    }

    fn values(field: Field, texts: &[&str]) -> Asked {
        Asked::Field(field, texts.iter().map(|text| Value::exact(*text)).collect())
    }

    #[test]
    fn a_line_reads_as_it_is_meant() {
        let wild = |text: &str| Value { text: text.to_owned(), wild: true };
        let line = "is:open severity:High,critical tool:gitleaks job:secret code:X rule:SC-2/secret \
            package:lodash file:src/** status:muted -tag:x scan:latest new:yes some words";
        assert_eq!(
            asked(line),
            [
                is(Asked::Status(vec![ProblemStatus::Open])),
                is(Asked::Severity(vec![
                    SeverityWord::Vulnerability(VulnSeverity::High),
                    SeverityWord::Vulnerability(VulnSeverity::Critical),
                ])),
                is(values(Field::Tool, &["gitleaks"])),
                is(values(Field::Job, &["secret"])),
                is(values(Field::Code, &["X"])),
                is(values(Field::Rule, &["SC-2/secret"])),
                is(values(Field::Package, &["lodash"])),
                is(Asked::Field(Field::File, vec![wild("src/**")])),
                is(Asked::Status(vec![ProblemStatus::Muted])),
                QueryTerm { negated: true, what: values(Field::Tag, &["x"]) },
                is(Asked::LatestScan),
                is(Asked::New),
                is(Asked::Word("some".to_owned())),
                is(Asked::Word("words".to_owned())),
            ]
        );
        assert_eq!(asked("  "), []);
        assert_eq!(asked("new:no"), [QueryTerm { negated: true, what: Asked::New }]);
        assert_eq!(asked("-new:no"), [is(Asked::New)]);
        assert_eq!(asked("no:package"), [is(Asked::No(Field::Package))]);
        assert_eq!(asked("is:reopened"), [is(Asked::Reopened)]);
        assert_eq!(asked("scan:01AB-cd"), [is(Asked::Scan("01ab-cd".to_owned()))]);
        assert_eq!(
            asked(r#"file:"a b,\"*\"",c -"x y""#),
            [
                is(values(Field::File, &[r#"a b,"*""#, "c"])),
                QueryTerm { negated: true, what: Asked::Word("x y".to_owned()) },
            ]
        );
        assert_eq!(asked(r#""http://x""#), [is(Asked::Word("http://x".to_owned()))]);
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_place() {
        for (line, word, start, end) in [
            ("is:open colour:red", "colour:red", 8, 18),
            ("severity:high,huge", "huge", 14, 18),
            ("is:opne", "opne", 3, 7),
            ("is:open,new", "is:open,new", 0, 11),
            ("tool:", "tool:", 0, 5),
            ("tool:a,,b", "", 7, 7),
            ("file:\"a", "\"a", 5, 7),
            ("ä😀 new:maybe", "maybe", 8, 13),
            ("no:thing", "thing", 3, 8),
            ("scan:xyz", "scan:xyz", 0, 8),
            ("***", "***", 0, 3),
            ("-", "-", 0, 1),
            ("http://x", "http://x", 0, 8),
            ("file:a*\"b\"", "a*\"b\"", 5, 10),
        ] {
            let error = parse(line).unwrap_err();
            assert_eq!((error.word.as_str(), error.start, error.end), (word, start, end), "{line}");
            assert!(!error.why.is_empty());
        }
        assert!(parse(&"a".repeat(MOST_CHARS + 1)).is_err());
        assert!(parse(&"a ".repeat(MOST_TERMS + 1)).is_err());
        assert!(parse(&format!("tag:{}", ["a"; MOST_VALUES + 1].join(","))).is_err());
    }

    #[test]
    fn a_value_is_spelled_so_that_it_reads_back() {
        for text in ["plain", "a b", "a,b", "\"", "\\", "a*b", "", "😀 \u{202e}", "a\"b\\c\t"] {
            let line = format!("file:{}", spelled(text));
            if text.is_empty() {
                assert!(parse(&line).is_err());
            } else {
                assert_eq!(asked(&line), [is(values(Field::File, &[text]))], "{line}");
            }
        }
    }

    /// Numbers that look random and are the same in every run.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, most: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % most as u64) as usize
        }

        fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
            of[self.below(of.len())]
        }
    }

    /// Whatever is typed is read or refused; a refusal names a word that stands exactly there.
    #[test]
    fn any_text_is_read_or_refused_with_its_place() {
        const PIECES: [&str; 28] = [
            "is:",
            "open",
            "severity:",
            "high",
            ",",
            " ",
            "\"",
            "\\",
            "-",
            ":",
            "*",
            "no:",
            "new:",
            "yes",
            "file:",
            "src/",
            "scan:",
            "latest",
            "tool:",
            "ä",
            "😀",
            "\u{202e}",
            "\t",
            "\n",
            "\0",
            "project",
            "status:",
            "x",
        ];
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        let (mut read, mut refused) = (0, 0);
        for _ in 0..50_000 {
            let line: String = (0..dice.below(9)).map(|_| dice.one(&PIECES)).collect();
            match parse(&line) {
                Ok(_) => read += 1,
                Err(error) => {
                    refused += 1;
                    let units: Vec<u16> = line.encode_utf16().collect();
                    let named = String::from_utf16(&units[error.start..error.end]).unwrap();
                    assert_eq!(error.word, named.chars().take(80).collect::<String>(), "{line:?}");
                }
            }
        }
        assert!(read > 1_000 && refused > 1_000, "{read} read, {refused} refused");
    }

    /// A line made of terms reads back as exactly these terms, whatever their values hold.
    #[test]
    fn a_line_made_of_terms_reads_back_as_these() {
        const VALUES: [&str; 9] =
            ["a", "lodash", "a b", "x,y", "\"", "\\", "*", "@scope/name", "ü😀"];
        let mut dice = Dice(0x2545_f491_4f6c_dd1d);
        for _ in 0..5_000 {
            let (mut line, mut expected) = (String::new(), Vec::new());
            for _ in 0..dice.below(6) {
                let negated = dice.below(3) == 0;
                let field = Field::ALL[dice.below(Field::ALL.len())];
                let texts: Vec<&str> = (0..=dice.below(3)).map(|_| dice.one(&VALUES)).collect();
                let spelled: Vec<String> = texts.iter().map(|text| spelled(text)).collect();
                let minus = if negated { "-" } else { "" };
                line.push_str(&format!(" {minus}{}:{} ", field.word(), spelled.join(",")));
                expected.push(QueryTerm { negated, what: values(field, &texts) });
            }
            assert_eq!(asked(&line), expected, "{line}");
        }
    }
}
