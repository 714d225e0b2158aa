//! What a sentence, a list item or a definition line makes of the ids in it.
//! Owns the forms of words that declare, use or refuse; the words themselves are [`super::words`]'.
//! Long because one id is judged by everything around it in one place.

use super::lexeme::{FoundId, IdForm, Token, Tokens};
use super::words::{self, Context, Topic};
use super::{Stance, Subject};
use crate::capability::draft::{Certainty, Form};

/// One id of a text and what the text makes of it.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) id: FoundId,
    pub(super) stance: Stance,
    pub(super) form: Form,
    /// What is said of it behind the id; only of a declaration.
    pub(super) description: Option<String>,
}

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// The first text of a list item, or the title of a definition.
    Item,
    /// A paragraph.
    Paragraph,
}

/// Reads one text.
pub(super) fn read(tokens: &Tokens, unit: Unit, context: Context) -> Vec<Said> {
    if tokens.ids.is_empty() {
        return Vec::new();
    }
    if let Some(lines) = definition_lines(tokens) {
        return lines
            .into_iter()
            .flat_map(|(from, to)| definition(tokens, from, to, unit, context))
            .collect();
    }
    if definition_head(tokens, 0, tokens.tokens.len()).is_some() {
        return definition(tokens, 0, tokens.tokens.len(), unit, context);
    }
    if unit == Unit::Item && bare_list(tokens) {
        return bare(tokens, context);
    }
    let mut all: Vec<Said> = Vec::new();
    let mut last: Vec<usize> = Vec::new();
    for (from, to) in sentences(tokens) {
        if let [only] = last.as_slice()
            && said_next(tokens, from, to)
            && let Some(one) = all.get_mut(*only)
            && matches!(one.stance, Stance::Mention(_) | Stance::Weak(_))
            && !context.example
        {
            one.stance = Stance::Declares(
                Certainty::Medium,
                "the sentence behind it says that it is a right".to_owned(),
            );
        }
        let begin = all.len();
        all.extend(sentence(tokens, from, to, unit, context));
        last = (begin..all.len()).collect();
    }
    all
}

/// The lines of a paragraph, where each of several begins with an id and a separator.
fn definition_lines(tokens: &Tokens) -> Option<Vec<(usize, usize)>> {
    let mut lines = Vec::new();
    let mut from = 0;
    for (at, token) in tokens.tokens.iter().enumerate() {
        if *token == Token::Break {
            lines.push((from, at));
            from = at + 1;
        }
    }
    lines.push((from, tokens.tokens.len()));
    lines.retain(|(from, to)| from < to);
    let heads =
        lines.iter().filter(|(from, to)| definition_head(tokens, *from, *to).is_some()).count();
    (lines.len() > 1 && heads == lines.len()).then_some(lines)
}

/// Where the separator of `id[, id][ (…)]: text` stands, and the last id before it.
fn definition_head(tokens: &Tokens, from: usize, to: usize) -> Option<(usize, Vec<usize>)> {
    let mut ids = Vec::new();
    let mut depth = 0_usize;
    // `x (what it is)`: the bracket is the separator where nothing else follows.
    let mut bracket = None;
    for at in from..to {
        match &tokens.tokens[at] {
            Token::Id(id) if depth == 0 && ids.len() < REACH => ids.push(*id),
            Token::Mark('(' | '[') if !ids.is_empty() => {
                bracket = bracket.or(Some(at));
                depth += 1;
            }
            Token::Mark(')' | ']') if depth > 0 => depth -= 1,
            Token::Mark(':' | '—' | '–' | '=' | '→' | '-') if depth == 0 && !ids.is_empty() =>
            {
                return Some((at, ids));
            }
            Token::Mark(',' | '/' | '*' | '|' | '☐' | '☑') if depth == 0 => {}
            Token::Word(word) if depth == 0 && matches!(word.as_str(), "and" | "or") => {}
            // `The capability x: …` and `Capability x — …`.
            Token::Word(word)
                if ids.is_empty()
                    && (words::names_soft_right(word)
                        || matches!(word.as_str(), "the" | "new" | "id")) => {}
            _ if depth > 0 => {}
            Token::Mark('.') if at + 1 == to => {}
            _ => return None,
        }
    }
    bracket.filter(|_| depth == 0).map(|at| (at, ids))
}

fn definition(tokens: &Tokens, from: usize, to: usize, unit: Unit, context: Context) -> Vec<Said> {
    let Some((separator, ids)) = definition_head(tokens, from, to) else { return Vec::new() };
    let first: Vec<&str> = (separator + 1..to)
        .map_while(|at| match &tokens.tokens[at] {
            Token::Word(word) => Some(word.as_str()),
            _ => None,
        })
        .take(3)
        .collect();
    let refused = first.iter().any(|word| words::is_negation(word));
    let own_words = (separator + 1..to).any(|at| match &tokens.tokens[at] {
        Token::Word(word) => matches!(
            word.as_str(),
            "right" | "capability" | "permission" | "privilege" | "entitlement"
        ),
        _ => false,
    });
    let named = (from..separator)
        .any(|at| matches!(&tokens.tokens[at], Token::Word(word) if words::names_right(word)));
    let end = tokens.ends.get(to.wrapping_sub(1)).copied().unwrap_or(tokens.plain.len());
    let start = tokens.ends.get(separator).copied().unwrap_or(end);
    let description = tokens.plain.get(start..end).map(|text| text.trim().to_owned());
    let mut said: Vec<Said> = Vec::new();
    for token in &tokens.tokens[from..to] {
        let Token::Id(at) = token else { continue };
        let Some(id) = tokens.ids.get(*at) else { continue };
        let stance = if !ids.contains(at) {
            Stance::Mention("it stands in the words of another one's definition".to_owned())
        } else if id.struck {
            Stance::Negated { why: "it is struck through".to_owned(), abolished: true }
        } else if context.against {
            Stance::Negated { why: "what stands around it refuses it".to_owned(), abolished: false }
        } else if refused {
            let abolished = first.iter().any(|word| words::abolishes(word));
            Stance::Negated { why: "its own definition refuses it".to_owned(), abolished }
        } else if context.example {
            Stance::Mention("it stands in an example".to_owned())
        } else if context.topic == Some(Topic::Use) && !named && !own_words {
            Stance::Mention("it stands in a list of what somebody has or needs".to_owned())
        } else if context.topic == Some(Topic::Rights)
            || named
            || own_words
            || id.form == IdForm::Engine
        {
            Stance::Declares(Certainty::High, "a definition line names it".to_owned())
        } else {
            Stance::Weak("a definition line names it, where nothing speaks of rights".to_owned())
        };
        said.push(Said {
            id: id.clone(),
            description: matches!(stance, Stance::Declares(..) | Stance::Weak(_))
                .then(|| description.clone())
                .flatten(),
            stance,
            form: if unit == Unit::Item { Form::ListItem } else { Form::Definition },
        });
    }
    said
}

/// An item of ids and nothing else.
fn bare_list(tokens: &Tokens) -> bool {
    tokens.tokens.iter().all(|token| match token {
        Token::Id(_) | Token::Break | Token::Mark(_) => true,
        Token::Word(word) => matches!(word.as_str(), "and" | "or"),
    })
}

fn bare(tokens: &Tokens, context: Context) -> Vec<Said> {
    let said = |id: &FoundId| {
        let stance = if id.struck {
            Stance::Negated { why: "it is struck through".to_owned(), abolished: true }
        } else if context.against {
            Stance::Negated { why: "what stands around it refuses it".to_owned(), abolished: false }
        } else if context.example {
            Stance::Mention("it stands in an example".to_owned())
        } else if context.topic == Some(Topic::Rights) {
            Stance::Declares(
                Certainty::Medium,
                "a list under a heading or sentence about rights names it".to_owned(),
            )
        } else {
            Stance::Mention("a list names it, and nothing says that it is a right".to_owned())
        };
        Said { id: id.clone(), stance, form: Form::ListItem, description: None }
    };
    tokens.ids.iter().map(said).collect()
}

/// Where sentences begin and end, in tokens.
fn sentences(tokens: &Tokens) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, token) in tokens.tokens.iter().enumerate() {
        let ends = match token {
            Token::Mark('.' | '!' | '?') => {
                let behind = tokens.after(at);
                let next = behind.trim_start().chars().next();
                behind.is_empty()
                    || behind.starts_with(char::is_whitespace)
                        && next.is_none_or(|c| {
                            c.is_uppercase()
                                || !c.is_alphanumeric()
                                || matches!(next_token(tokens, at), Some(Token::Id(_)))
                        })
            }
            Token::Mark(';') => true,
            _ => false,
        };
        if ends {
            found.push((from, at + 1));
            from = at + 1;
        }
    }
    if from < tokens.tokens.len() {
        found.push((from, tokens.tokens.len()));
    }
    found
}

fn next_token(tokens: &Tokens, at: usize) -> Option<&Token> {
    tokens.tokens[at + 1..].iter().find(|token| **token != Token::Break)
}

/// How many tokens around an id are looked at: a sentence can be as long as a file.
const REACH: usize = 64;

/// What may stand before a subject.
const BEFORE_SUBJECT: &[&str] = &[
    "the", "a", "an", "this", "our", "new", "another", "and", "or", "also", "then", "thus",
    "hence", "here", "finally", "first", "second", "third", "id", "named", "called", "axis", "of",
    "its", "full", "dotted", "scoped", "narrower", "wider", "while", "whereas", "but", "likewise",
];

/// Verbs of somebody who makes a declaration.
const DEFINERS: &[&str] = &[
    "defines",
    "define",
    "defined",
    "declares",
    "declare",
    "declared",
    "introduces",
    "introduce",
    "introduced",
    "registers",
    "register",
    "registered",
    "adds",
    "add",
    "added",
    "specifies",
    "specify",
    "establishes",
    "establish",
];

const ALLOWING: &[&str] = &[
    "allows",
    "allow",
    "permits",
    "permit",
    "lets",
    "let",
    "grants",
    "grant",
    "authorises",
    "authorizes",
    "authorise",
    "authorize",
    "entitles",
    "entitle",
    "enables",
    "enable",
    "gives",
    "covers",
    "confers",
    "opens",
];

/// Verbs of a sentence that says something of a right without declaring it.
const SAYS_LITTLE: &[&str] = &[
    "needs", "requires", "must", "appears", "see", "has", "had", "was", "were", "follows", "may",
    "might", "should", "can", "could", "would", "will", "shall", "counts", "applies", "belongs",
    "comes", "stands", "remains", "stays", "becomes", "exists", "matters", "costs", "changed",
    "changes", "expires", "depends", "contains", "includes", "uses", "looks", "fails", "returns",
];

fn sentence(tokens: &Tokens, from: usize, to: usize, unit: Unit, context: Context) -> Vec<Said> {
    let mut said = Vec::new();
    for at in from..to {
        let Token::Id(place) = &tokens.tokens[at] else { continue };
        let Some(id) = tokens.ids.get(*place) else { continue };
        let (stance, behind) = stance(tokens, from, to, at, id, context);
        let description = behind.map(|behind| {
            let start = tokens.ends.get(behind).copied().unwrap_or(tokens.plain.len());
            let end = clause_end(tokens, behind, to);
            tokens.plain.get(start..end).unwrap_or_default().trim().to_owned()
        });
        let form = match unit {
            Unit::Item => Form::ListItem,
            Unit::Paragraph => Form::Sentence,
        };
        said.push(Said { id: id.clone(), stance, form, description });
    }
    said
}

fn clause_end(tokens: &Tokens, from: usize, to: usize) -> usize {
    let stop = (from + 1..to).find(|at| {
        matches!(tokens.tokens[*at], Token::Mark(',' | '.' | ';' | ':' | '(') | Token::Id(_))
    });
    match stop {
        Some(stop) if stop > 0 => tokens.ends.get(stop - 1).copied().unwrap_or(tokens.plain.len()),
        _ => tokens.ends.get(to.wrapping_sub(1)).copied().unwrap_or(tokens.plain.len()),
    }
}

/// The stance of one id, and behind which token what is said of it begins.
fn stance(
    tokens: &Tokens,
    from: usize,
    to: usize,
    at: usize,
    id: &FoundId,
    context: Context,
) -> (Stance, Option<usize>) {
    let mention = |why: &str| (Stance::Mention(why.to_owned()), None);
    if id.struck {
        return (Stance::Negated { why: "it is struck through".to_owned(), abolished: true }, None);
    }
    // The words of its clause before it: up to a colon, a dash, or a comma that no id follows.
    let mut before: Vec<&str> = Vec::new();
    let (mut chained, mut apposition) = (false, false);
    for back in (from.max(at.saturating_sub(REACH))..at).rev() {
        match &tokens.tokens[back] {
            Token::Word(word) => before.push(word),
            Token::Id(_) => chained = true,
            Token::Mark(':' | ';' | '—' | '–' | '(') => break,
            Token::Mark(',') => {
                let between_ids = before.iter().all(|word| matches!(*word, "and" | "or"))
                    && matches!(tokens.tokens.get(back.wrapping_sub(1)), Some(Token::Id(_)));
                // `A second right, x, allows …`.
                let apposed = back + 1 == at
                    && matches!(
                        tokens.tokens.get(back.wrapping_sub(1)),
                        Some(Token::Word(word)) if words::names_right(word)
                    );
                apposition |= apposed;
                if !between_ids && !apposed {
                    break;
                }
            }
            Token::Mark(_) | Token::Break => {}
        }
    }
    before.reverse();
    // The words behind it, over further ids of the same subject.
    let mut after: Vec<(usize, &str)> = Vec::new();
    let mut open = at;
    for ahead in at + 1..to.min(at + REACH) {
        match &tokens.tokens[ahead] {
            Token::Word(word) if after.is_empty() && matches!(word.as_str(), "and" | "or") => {
                if !matches!(next_token(tokens, ahead), Some(Token::Id(_))) {
                    after.push((ahead, word));
                }
            }
            Token::Word(word) => after.push((ahead, word)),
            Token::Id(_) if after.is_empty() => open = ahead,
            Token::Mark(',') if after.is_empty() && chain_follows(tokens, ahead, to) => {}
            Token::Mark(',') if after.is_empty() && apposition => {}
            Token::Break => {}
            Token::Mark('-' | '*' | '"') => {}
            Token::Mark(_) | Token::Id(_) => break,
        }
        if after.len() >= 8 {
            break;
        }
    }
    let words_after: Vec<&str> = after.iter().map(|(_, word)| *word).collect();
    let near = &words_after[..words_after.len().min(5)];
    let negated_before = before.iter().any(|word| words::is_negation(word));
    let negated_after = near
        .iter()
        .zip(near.iter().skip(1).chain(std::iter::once(&"")))
        .any(|(word, next)| words::is_negation(word) && !matches!(*next, "only" | "but" | "else"));
    if negated_before || negated_after {
        let abolished = near.iter().any(|word| words::abolishes(word))
            || negated_after
                && near.windows(2).any(|two| matches!(two, ["is", "no" | "not"]))
                && near.iter().any(|word| words::names_right(word))
            || near.windows(3).any(|three| matches!(three, ["does", "not", "exist"]));
        return (Stance::Negated { why: "its sentence negates it".to_owned(), abolished }, None);
    }
    if context.against {
        let why = "what stands around it refuses it".to_owned();
        return (Stance::Negated { why, abolished: false }, None);
    }
    if context.example || before.iter().any(|word| words::is_example(word)) {
        return mention("it stands in an example");
    }
    if before.windows(2).any(|two| two == ["such", "as"] || two == ["for", "instance"])
        || before.last() == Some(&"like")
    {
        return mention("it stands in an example");
    }
    // We define the capability `x`.
    let last_words = &before[before.len().saturating_sub(4)..];
    let defined = before.iter().any(|word| DEFINERS.contains(word))
        && last_words.iter().any(|word| words::names_soft_right(word));
    if defined && !before.iter().any(|word| matches!(*word, "if" | "when" | "profile" | "role")) {
        return (
            Stance::Declares(Certainty::Medium, "a sentence says that it is defined".to_owned()),
            Some(open),
        );
    }
    // `…, x, the right to …` and `the right to … is x`.
    let joined = chained && matches!(before.last(), Some(&("and" | "or")));
    let leading = &before[..before.len() - usize::from(joined)];
    if said_behind(tokens, at, to) || said_before(leading) {
        return (
            Stance::Declares(Certainty::Medium, "a sentence says which right it is".to_owned()),
            Some(open),
        );
    }
    let named = last_words.iter().any(|word| words::names_soft_right(word));
    let is_subject =
        before.iter().all(|word| BEFORE_SUBJECT.contains(word) || words::names_soft_right(word));
    if !is_subject || chained && after.is_empty() {
        return mention("it stands in running text");
    }
    let verb = words_after.first().copied().unwrap_or_default();
    let noun_at = words_after.iter().skip(1).take(5).position(|word| words::names_soft_right(word));
    let hard_noun = words_after.iter().skip(1).take(5).any(|word| words::names_right(word));
    let copula = matches!(verb, "is" | "are" | "means" | "denotes" | "names" | "mean" | "=");
    let rights = context.topic == Some(Topic::Rights) || named;
    let usage_noun = words_after.iter().take(4).any(|word| {
        matches!(
            *word,
            "needed"
                | "required"
                | "granted"
                | "used"
                | "checked"
                | "described"
                | "listed"
                | "asked"
                | "requested"
                | "missing"
                | "enough"
                | "example"
        )
    });
    if usage_noun {
        return mention("it stands in running text");
    }
    if copula && noun_at.is_some() && (hard_noun || rights) {
        return (
            Stance::Declares(Certainty::Medium, "a sentence says that it is a right".to_owned()),
            after.first().map(|(at, _)| *at),
        );
    }
    if ALLOWING.contains(&verb) {
        let because = "a sentence says what it allows".to_owned();
        let stance = if rights {
            Stance::Declares(Certainty::Medium, because)
        } else {
            Stance::Weak(because)
        };
        return (stance, Some(open));
    }
    let little = SAYS_LITTLE.contains(&verb) || verb.is_empty();
    let third_person = verb.len() > 3 && verb.ends_with('s') && !verb.ends_with("ss");
    if !little && (third_person || copula) {
        return (Stance::Weak("a sentence says what it does".to_owned()), Some(open));
    }
    mention("it stands in running text")
}

/// `x, the right to …`.
fn said_behind(tokens: &Tokens, at: usize, to: usize) -> bool {
    let word = |place: usize| match tokens.tokens[..to].get(place) {
        Some(Token::Word(word)) => word.as_str(),
        _ => "",
    };
    if tokens.tokens[..to].get(at + 1) != Some(&Token::Mark(',')) || !is_article(word(at + 2)) {
        return false;
    }
    (at + 3..at + 6).any(|noun| {
        words::names_right(word(noun)) && matches!(word(noun + 1), "to" | "of" | "that" | "for")
    })
}

/// `the right to … is x`.
fn said_before(before: &[&str]) -> bool {
    // `the engines are x and y`, `a second right called x`.
    let named = match before {
        [.., noun, "are" | "called" | "named"] => words::names_right(noun),
        _ => false,
    };
    let usage = before.iter().any(|word| {
        matches!(
            *word,
            "needed"
                | "required"
                | "missing"
                | "used"
                | "asked"
                | "requested"
                | "granted"
                | "if"
                | "when"
        )
    });
    if named && !usage {
        return true;
    }
    let [first, .., last] = before else { return false };
    matches!(*last, "is" | "are" | "named" | "called")
        && is_article(first)
        && before.iter().take(4).zip(before.iter().skip(1)).any(|(noun, next)| {
            words::names_right(noun) && matches!(*next, "to" | "of" | "that" | "for")
        })
        && !usage
}

fn is_article(word: &str) -> bool {
    matches!(word, "the" | "a" | "an" | "our" | "this")
}

/// `You need x. That is the right to …`: the sentence behind the only id of another says what it is.
fn said_next(tokens: &Tokens, from: usize, to: usize) -> bool {
    let words: Vec<&str> = tokens.tokens[from..to]
        .iter()
        .map_while(|token| match token {
            Token::Word(word) => Some(word.as_str()),
            Token::Break => Some(""),
            _ => None,
        })
        .filter(|word| !word.is_empty())
        .take(5)
        .collect();
    matches!(words.as_slice(), ["that" | "this" | "it", "is" | "means", rest @ ..]
        if rest.iter().any(|word| words::names_right(word))
            && !rest.iter().any(|word| words::is_negation(word)))
}

/// Whether behind a comma only ids and `and` follow before the verb.
fn chain_follows(tokens: &Tokens, comma: usize, to: usize) -> bool {
    let next = tokens.tokens[comma + 1..to]
        .iter()
        .find(|token| !matches!(token, Token::Break) && **token != Token::Word("and".to_owned()));
    matches!(next, Some(Token::Id(_)))
}

/// Whether a found id is one of an engine.
pub(super) fn subject_of(id: &FoundId) -> Subject {
    if id.form == IdForm::Engine { Subject::Engine } else { Subject::Capability }
}
