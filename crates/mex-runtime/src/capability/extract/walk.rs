//! One pass over the events of one Markdown file: headings, paragraphs, lists, tables and blocks,
//! each with what stands around it. Owns the pass and its bounds; what a text means is the readers'.
//! Never recurses: however deep a file is nested, the memory is that of the file.
//! Long because one state is carried through every kind of block.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::fenced;
use super::lexeme::{IdForm, Piece, Style, Token, Tokens, form_of};
use super::outline::Outline;
use super::prose::{self, Unit};
use super::stated::{FieldName, Stated, field_name};
use super::table::{Cell, Columns};
use super::text::Source;
use super::words::{self, Context, Topic};
use super::{Candidate, Stance, Subject};
use crate::capability::draft::{Certainty, DraftFinding, FindingKind, Form, Place};

/// The most places kept that only name an id: past it they are counted.
const MAX_MENTIONS: usize = 20_000;

/// The deepest nesting of lists and quotes that is read.
const MAX_DEPTH: usize = 64;

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct FileRead {
    pub(super) outline: Outline,
    pub(super) candidates: Vec<Candidate>,
    pub(super) findings: Vec<DraftFinding>,
}

/// Something that is open while its inside is read.
enum Open {
    /// A list with what leads to it.
    List(Context),
    /// An item: whether its first text was read, and what that declared.
    Item { begun: bool, declared: (usize, usize), lead: Context },
    /// A title of a definition list, then its definition.
    Term,
    /// A definition of a definition list.
    Definition,
    /// Anything else that nests.
    Other,
}

struct Reader<'s> {
    source: &'s Source,
    read: FileRead,
    /// The heading everything stands under now.
    here: Option<usize>,
    /// What that heading and those above it say.
    heading: Context,
    headings: Vec<Context>,
    open: Vec<Open>,
    pieces: Vec<Piece>,
    strong: usize,
    struck: usize,
    /// What the last paragraph says of what follows it.
    lead: Context,
    /// The candidates a heading declared, or a term of a definition list.
    section: (usize, usize),
    term: (usize, usize),
    table: Option<Table>,
    code: Option<(String, String, usize)>,
    in_heading: Option<(u8, Option<String>, usize)>,
    too_deep: bool,
    mentions: usize,
}

struct Table {
    context: Context,
    columns: Option<Columns>,
    row: Vec<Cell>,
    last: Vec<String>,
    begins: usize,
}

/// Reads a file.
pub(super) fn read(source: &Source) -> FileRead {
    let mut reader = Reader {
        source,
        read: FileRead::default(),
        here: None,
        heading: Context::default(),
        headings: Vec::new(),
        open: Vec::new(),
        pieces: Vec::new(),
        strong: 0,
        struck: 0,
        lead: Context::default(),
        section: (0, 0),
        term: (0, 0),
        table: None,
        code: None,
        in_heading: None,
        too_deep: false,
        mentions: 0,
    };
    reader.encoding();
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS;
    for (event, range) in Parser::new_ext(&source.text, options).into_offset_iter() {
        reader.event(event, range.start, range.end);
    }
    if reader.mentions > MAX_MENTIONS {
        let line = source.line(source.text.len());
        reader.read.findings.push(DraftFinding {
            kind: FindingKind::Mention,
            id: String::new(),
            places: vec![reader.place_of_lines(line, line, Form::Sentence)],
            message: format!(
                "{} further places that only name an id are not listed",
                reader.mentions - MAX_MENTIONS
            ),
        });
    }
    reader.read
}

impl Reader<'_> {
    fn encoding(&mut self) {
        let broken = &self.source.broken;
        let Some(first) = broken.first() else { return };
        let shown: Vec<String> = broken.iter().take(20).map(ToString::to_string).collect();
        let more = if broken.len() > 20 { ", and more" } else { "" };
        self.read.findings.push(DraftFinding {
            kind: FindingKind::Encoding,
            id: String::new(),
            places: vec![self.place_of_lines(*first, *first, Form::Sentence)],
            message: format!(
                "{} lines hold bytes that are not UTF-8 and were read as U+FFFD: {}{more}",
                broken.len(),
                shown.join(", ")
            ),
        });
    }

    fn event(&mut self, event: Event<'_>, from: usize, to: usize) {
        match event {
            Event::Start(tag) => self.start(tag, from, to),
            Event::End(tag) => self.end(tag, to),
            Event::Text(text) => match &mut self.code {
                Some((_, body, _)) => body.push_str(&text),
                None => self.piece(&text, Style::Plain, from),
            },
            Event::Code(text) => self.piece(&text, Style::Code, from),
            Event::SoftBreak | Event::HardBreak => self.piece("\n", Style::Plain, from),
            Event::Html(html) | Event::InlineHtml(html) => self.anchors(&html),
            _ => {}
        }
    }

    fn piece(&mut self, text: &str, style: Style, at: usize) {
        if self.open.len() > MAX_DEPTH {
            return;
        }
        let style = if style == Style::Plain && self.strong > 0 { Style::Strong } else { style };
        let struck = self.struck > 0;
        // The parser cuts text at every mark it tried; what belongs together is put together.
        if let Some(last) = self.pieces.last_mut()
            && last.style == style
            && style != Style::Code
            && last.struck == struck
            && text != "\n"
            && last.text != "\n"
        {
            last.text.push_str(text);
            return;
        }
        self.pieces.push(Piece { text: text.to_owned(), style, struck, at });
    }

    fn anchors(&mut self, html: &str) {
        for name in ["id=\"", "name=\""] {
            for (at, _) in html.match_indices(name) {
                let rest = &html[at + name.len()..];
                if let Some(end) = rest.find('"') {
                    self.read.outline.anchors.push(rest[..end].to_owned());
                }
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>, from: usize, to: usize) {
        match tag {
            Tag::Heading { level, id, .. } => {
                self.flush(from);
                self.in_heading = Some((level as u8, id.map(|id| id.to_string()), from));
            }
            Tag::List(_) => {
                self.flush(from);
                let lead = self.lead_of_list();
                self.nest(Open::List(lead), from);
            }
            Tag::Item => {
                self.flush(from);
                let lead = match self.open.iter().rev().find(|open| matches!(open, Open::List(_))) {
                    Some(Open::List(lead)) => *lead,
                    _ => Context::default(),
                };
                self.nest(Open::Item { begun: false, declared: (0, 0), lead }, from);
            }
            Tag::BlockQuote(_) | Tag::FootnoteDefinition(_) | Tag::DefinitionList => {
                self.flush(from);
                self.nest(Open::Other, from);
            }
            Tag::DefinitionListTitle => {
                self.flush(from);
                self.nest(Open::Term, from);
            }
            Tag::DefinitionListDefinition => {
                self.flush(from);
                self.nest(Open::Definition, from);
            }
            Tag::Paragraph => self.flush(from),
            Tag::CodeBlock(kind) => {
                self.flush(from);
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.to_string(),
                    CodeBlockKind::Indented => "indented".to_owned(),
                };
                self.code = Some((info, String::with_capacity(to - from), from));
            }
            Tag::Table(_) => {
                self.flush(from);
                let context = self.lead.within(self.heading);
                self.table = Some(Table {
                    context,
                    columns: None,
                    row: Vec::new(),
                    last: Vec::new(),
                    begins: from,
                });
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.begins = from;
                }
            }
            Tag::MetadataBlock(_) => {
                self.flush(from);
                self.code = Some(("metadata".to_owned(), String::new(), from));
            }
            Tag::Emphasis | Tag::Strong => self.strong += 1,
            Tag::Strikethrough => self.struck += 1,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, to: usize) {
        match tag {
            TagEnd::Heading(_) => self.heading_ends(),
            TagEnd::List(_)
            | TagEnd::Item
            | TagEnd::BlockQuote(_)
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition => {
                self.flush(to);
                self.open.pop();
                if matches!(tag, TagEnd::List(_)) {
                    self.lead = Context::default();
                }
            }
            TagEnd::Paragraph => self.flush(to),
            TagEnd::CodeBlock | TagEnd::MetadataBlock(_) => {
                if let Some((info, body, from)) = self.code.take() {
                    self.block(&info, &body, from, to);
                }
            }
            TagEnd::TableCell => {
                let pieces = std::mem::take(&mut self.pieces);
                if let Some(table) = &mut self.table {
                    table.row.push(Cell { tokens: Tokens::read(&pieces) });
                }
            }
            TagEnd::TableHead => {
                if let Some(table) = &mut self.table {
                    let header = std::mem::take(&mut table.row);
                    table.columns = Columns::of(&header, table.context);
                }
            }
            TagEnd::TableRow => self.row_ends(),
            TagEnd::Table => {
                self.table = None;
                self.lead = Context::default();
            }
            TagEnd::Emphasis | TagEnd::Strong => self.strong = self.strong.saturating_sub(1),
            TagEnd::Strikethrough => self.struck = self.struck.saturating_sub(1),
            _ => {}
        }
    }

    fn nest(&mut self, open: Open, at: usize) {
        self.open.push(open);
        if self.open.len() > MAX_DEPTH && !self.too_deep {
            self.too_deep = true;
            let line = self.source.line(at);
            let place = self.place_of_lines(line, line, Form::ListItem);
            self.read.findings.push(DraftFinding {
                kind: FindingKind::Bound,
                id: String::new(),
                places: vec![place],
                message: format!("what is nested deeper than {MAX_DEPTH} levels was not read"),
            });
        }
    }

    fn lead_of_list(&self) -> Context {
        let outer = self.open.iter().rev().find_map(|open| match open {
            Open::List(context) => Some(*context),
            _ => None,
        });
        self.lead.within(outer.unwrap_or_default())
    }

    fn heading_ends(&mut self) {
        let Some((level, explicit, from)) = self.in_heading.take() else { return };
        let pieces = std::mem::take(&mut self.pieces);
        let title: String = pieces.iter().map(|piece| piece.text.replace('\n', " ")).collect();
        let line = self.source.line(from);
        let at = self.read.outline.push(level, &title, explicit.as_deref(), line);
        let parent = self.read.outline.headings[at].parent;
        let outer = parent.and_then(|parent| self.headings.get(parent)).copied();
        let own = words::heading(&Tokens::read(&pieces).words_only());
        self.headings.push(own.within(outer.unwrap_or_default()));
        self.here = Some(at);
        self.heading = self.headings[at];
        self.lead = Context::default();
        let before = self.read.candidates.len();
        self.heading_id(&pieces, own, outer.unwrap_or_default(), from);
        self.section = (before, self.read.candidates.len());
    }

    /// A heading that is an id, or begins with one and a separator, declares it.
    fn heading_id(&mut self, pieces: &[Piece], own: Context, outer: Context, from: usize) {
        let tokens = Tokens::read(pieces);
        let Some(id) = tokens.ids.first() else { return };
        let context = Context { topic: outer.topic.or(own.topic), ..own.within(outer) };
        // A number before it is no word of its own.
        let skip = pieces
            .first()
            .filter(|piece| piece.style == Style::Plain)
            .is_some_and(|piece| !piece.text.trim().chars().any(char::is_alphabetic));
        let from_first = if skip { &pieces[1..] } else { pieces };
        let alone = Tokens::read(from_first);
        let mut said = prose::read(&alone, Unit::Paragraph, context);
        let bare = |token: &Token| match token {
            Token::Word(word) => words::names_soft_right(word) || word == "the",
            _ => true,
        };
        let lone = alone.ids.len() == 1 && alone.tokens.iter().all(bare);
        let named = alone
            .tokens
            .iter()
            .any(|token| matches!(token, Token::Word(word) if words::names_right(word)));
        if lone {
            let stance = if context.against {
                let why = "what stands around its heading refuses it".to_owned();
                Stance::Negated { why, abolished: false }
            } else if context.example {
                Stance::Mention("it stands in an example".to_owned())
            } else if context.topic == Some(Topic::Rights) || named || id.form == IdForm::Engine {
                Stance::Declares(Certainty::High, "a heading is its id".to_owned())
            } else {
                Stance::Weak("a heading is its id, where nothing speaks of rights".to_owned())
            };
            for one in &mut said {
                one.stance = stance.clone();
            }
        }
        for one in &mut said {
            one.form = Form::Heading;
        }
        let line = self.source.line(from);
        self.keep(said, line, line, context);
    }

    /// Ends the running text that is open.
    fn flush(&mut self, to: usize) {
        let pieces = std::mem::take(&mut self.pieces);
        let Some(first) = pieces.first() else { return };
        if self.table.is_some() || self.in_heading.is_some() {
            self.pieces = pieces;
            return;
        }
        if self.open.len() > MAX_DEPTH {
            return;
        }
        let from = first.at;
        let tokens = Tokens::read(&pieces);
        let first_line = self.source.line(from);
        let last_line = self.source.line(to.saturating_sub(1)).max(first_line);
        let last_line = last_line.min(first_line + line_breaks(&pieces));
        let item = self.open.iter().rposition(|open| matches!(open, Open::Item { .. }));
        let innermost = item.filter(|at| *at + 1 == self.open.len());
        let (mut unit, mut lead, mut parent) = (Unit::Paragraph, self.lead, None);
        let mut is_head = false;
        if let Some(at) = innermost
            && let Open::Item { begun, declared, lead: of_list } = &mut self.open[at]
        {
            lead = *of_list;
            if *begun {
                parent = Some(*declared);
            } else {
                *begun = true;
                is_head = true;
                unit = Unit::Item;
            }
        }
        if matches!(self.open.last(), Some(Open::Term | Open::Definition)) {
            unit = Unit::Item;
        }
        if unit == Unit::Item && parent.is_none() {
            // The item of an outer list, if this one states a field of it.
            parent = self.open[..item.unwrap_or(0)].iter().rev().find_map(|open| match open {
                Open::Item { declared, .. } => Some(*declared),
                _ => None,
            });
        }
        if self.state_fields(&tokens, parent, last_line) {
            return;
        }
        self.explained(&tokens);
        let context = lead.within(self.heading);
        let before = self.read.candidates.len();
        if matches!(self.open.last(), Some(Open::Term)) {
            self.term(&tokens, context, first_line);
            return;
        }
        let said = prose::read(&tokens, unit, context);
        // The definition of a term says what it is.
        let spread = unit == Unit::Paragraph;
        self.keep_tokens(said, &tokens, first_line, last_line, context, spread);
        let now = self.read.candidates.len();
        if is_head
            && let Some(at) = innermost
            && let Some(Open::Item { declared, .. }) = self.open.get_mut(at)
        {
            *declared = (before, now);
        }
        self.lead = words::lead(&tokens.words_only());
    }

    /// The first text below an id that is a heading or a term can say that it is a right, or none.
    fn explained(&mut self, tokens: &Tokens) {
        let defined = matches!(self.open.last(), Some(Open::Definition));
        let (from, to) = if defined { self.term } else { self.section };
        let fresh = to == self.read.candidates.len() && from < to;
        if !fresh {
            return;
        }
        let first: Vec<&str> = tokens
            .tokens
            .iter()
            .map_while(|token| match token {
                Token::Word(word) => Some(word.as_str()),
                _ => None,
            })
            .take(4)
            .collect();
        let refused = first.iter().take(3).any(|word| words::is_negation(word));
        let right = first.iter().any(|word| words::names_right(word));
        for candidate in &mut self.read.candidates[from..to] {
            match &candidate.stance {
                Stance::Declares(..) | Stance::Weak(_) if refused && defined => {
                    let why = "its own definition refuses it".to_owned();
                    candidate.stance = Stance::Negated { why, abolished: false };
                }
                Stance::Weak(_) if right && !refused => {
                    let because = "the text below it says that it is a right".to_owned();
                    candidate.stance = Stance::Declares(Certainty::Medium, because);
                }
                _ => {}
            }
            if !refused && candidate.stated.description.is_none() {
                candidate.stated.description = tokens.plain.lines().next().map(str::to_owned);
            }
        }
    }

    /// A term of a definition list that is an id.
    fn term(&mut self, tokens: &Tokens, context: Context, line: u64) {
        let before = self.read.candidates.len();
        let only_ids =
            tokens.tokens.iter().all(|token| matches!(token, Token::Id(_) | Token::Mark(_)));
        if only_ids {
            let mut said =
                prose::read(tokens, Unit::Item, Context { topic: Some(Topic::Rights), ..context });
            for one in &mut said {
                one.form = Form::Definition;
                if let Stance::Declares(certainty, because) = &mut one.stance {
                    if context.topic == Some(Topic::Rights) || one.id.form == IdForm::Engine {
                        *certainty = Certainty::High;
                        *because = "a definition list names it".to_owned();
                    } else {
                        one.stance = Stance::Weak(
                            "a definition list names it, where nothing speaks of rights".to_owned(),
                        );
                    }
                }
            }
            self.keep(said, line, line, context);
        }
        self.term = (before, self.read.candidates.len());
    }

    /// `Risk: high` as a text of its own states a field of what the section or item declared.
    fn state_fields(
        &mut self,
        tokens: &Tokens,
        parent: Option<(usize, usize)>,
        last_line: u64,
    ) -> bool {
        let (from, to) = match parent {
            Some(own) if own.0 < own.1 => own,
            _ => self.section,
        };
        if from >= to || to > self.read.candidates.len() {
            return false;
        }
        let mut fields: Vec<(FieldName, String)> = Vec::new();
        for line in tokens.plain.lines() {
            let Some((name, value)) = line.split_once([':', '=']) else { return false };
            let Some(name) = field_name(name) else { return false };
            fields.push((name, value.trim().to_owned()));
        }
        for candidate in &mut self.read.candidates[from..to] {
            for (name, value) in &fields {
                candidate.stated.set(*name, value);
            }
            if !fields.is_empty() && candidate.place.last_line < last_line {
                candidate.place.last_line = last_line;
                let first = candidate.place.first_line;
                candidate.place.quote = self.source.quote(first, last_line);
            }
        }
        !fields.is_empty()
    }

    fn keep(&mut self, said: Vec<prose::Said>, first: u64, last: u64, context: Context) {
        for one in said {
            self.candidate(one, first, last, context);
        }
    }

    /// Keeps what a text says; of a paragraph each id with the lines of its own sentence.
    fn keep_tokens(
        &mut self,
        said: Vec<prose::Said>,
        tokens: &Tokens,
        first: u64,
        last: u64,
        context: Context,
        spread: bool,
    ) {
        let single = said.len() == 1;
        for one in said {
            let line = self.source.line(one.id.at);
            let (from, to) = if spread && last - first > 6 && !single {
                (line, (line + 1).min(last))
            } else {
                (first, last)
            };
            self.candidate_with(one, tokens, from, to, context);
        }
    }

    fn candidate_with(
        &mut self,
        one: prose::Said,
        tokens: &Tokens,
        first: u64,
        last: u64,
        context: Context,
    ) {
        let whole =
            tokens.ids.len() == 1 && matches!(one.stance, Stance::Declares(..) | Stance::Weak(_));
        let before = self.read.candidates.len();
        self.candidate(one, first, last, context);
        if whole && let Some(candidate) = self.read.candidates.get_mut(before) {
            candidate.stated.read_inline(&tokens.plain);
        }
    }

    fn candidate(&mut self, one: prose::Said, first: u64, last: u64, context: Context) {
        let stance = if one.id.form == IdForm::Odd {
            match one.stance {
                Stance::Declares(Certainty::High | Certainty::Medium, _) => {
                    Stance::Odd { exact: false }
                }
                other => other,
            }
        } else if one.id.form == IdForm::Pattern {
            match one.stance {
                Stance::Declares(..) | Stance::Weak(_) => Stance::Mention(
                    "it is a pattern with a placeholder and no id of its own".to_owned(),
                ),
                other => other,
            }
        } else {
            one.stance
        };
        if matches!(stance, Stance::Mention(_)) {
            self.mentions += 1;
            if self.mentions > MAX_MENTIONS {
                return;
            }
        }
        let stated = Stated { description: one.description, ..Stated::default() };
        let subject = if one.id.form == IdForm::Engine {
            prose::subject_of(&one.id)
        } else {
            Subject::Capability
        };
        let place = self.place_of_lines(first, last, one.form);
        self.read.candidates.push(Candidate {
            text: one.id.text,
            subject,
            stance,
            stated,
            place,
            about_rights: context.topic.is_some(),
        });
    }

    fn row_ends(&mut self) {
        let Some(table) = &mut self.table else { return };
        let row = std::mem::take(&mut table.row);
        let (context, begins) = (table.context, table.begins);
        let line = self.source.line(begins);
        let Some(columns) = &table.columns else {
            for cell in &row {
                let said: Vec<prose::Said> = cell
                    .tokens
                    .ids
                    .iter()
                    .map(|id| prose::Said {
                        id: id.clone(),
                        stance: Stance::Mention(
                            "it stands in a table whose header names no id".to_owned(),
                        ),
                        form: Form::Table,
                        description: None,
                    })
                    .collect();
                self.keep(said, line, line, context);
            }
            return;
        };
        let ids = columns.row(&row, &table.last, context);
        if !ids.is_empty() {
            table.last = ids.iter().map(|id| id.text.clone()).collect();
        }
        for id in ids {
            let place = self.place_of_lines(line, line, Form::Table);
            let pattern = form_of(&id.text) == Some(IdForm::Pattern);
            let stance = match id.stance {
                Stance::Declares(..) if pattern => Stance::Mention(
                    "it is a pattern with a placeholder and no id of its own".to_owned(),
                ),
                other => other,
            };
            self.read.candidates.push(Candidate {
                text: id.text,
                subject: id.subject,
                stance,
                stated: id.stated,
                place,
                about_rights: true,
            });
        }
    }

    fn block(&mut self, info: &str, body: &str, from: usize, to: usize) {
        let context = self.lead.within(self.heading);
        self.lead = Context::default();
        if info == "metadata" || self.open.len() > MAX_DEPTH || !fenced::concerns(body) {
            return;
        }
        let Some(form) = fenced::format(info, body) else { return };
        let first = self.source.line(from);
        let last = self.source.line(to.saturating_sub(1)).max(first);
        let marked = info.split(|c: char| !c.is_alphanumeric()).any(|word| {
            matches!(word.to_lowercase().as_str(), "bad" | "wrong" | "invalid" | "forbidden")
        });
        let value = match fenced::parse(form, body) {
            Ok(value) => value,
            Err(error) => {
                let place = self.place_of_lines(first, last, form);
                let error: String = error.chars().take(200).collect();
                self.read.findings.push(DraftFinding {
                    kind: FindingKind::Unreadable,
                    id: String::new(),
                    places: vec![place],
                    message: format!(
                        "a block that speaks of capabilities or engines cannot be read: {error}"
                    ),
                });
                return;
            }
        };
        let raw = self.source.raw_lines(first, last);
        let begins = self.source.start_of(first);
        // Each id where it stands: the next place of its text, from the last one on.
        let mut at = 0;
        for id in fenced::declarations(&value) {
            let found =
                raw.get(at..).and_then(|rest| rest.find(id.text.as_str())).map(|next| at + next);
            let line = match found {
                Some(place) => {
                    at = place + id.text.len();
                    self.source.line(begins + place)
                }
                None => first,
            };
            let stance = match id.stance {
                Stance::Declares(..) if context.against || marked => Stance::Negated {
                    why: "what stands around its block refuses it".to_owned(),
                    abolished: false,
                },
                Stance::Declares(..) if context.example => {
                    Stance::Mention("it stands in an example".to_owned())
                }
                other => other,
            };
            let pattern = form_of(&id.text) == Some(IdForm::Pattern);
            let stance = match stance {
                Stance::Declares(..) if pattern => Stance::Mention(
                    "it is a pattern with a placeholder and no id of its own".to_owned(),
                ),
                other => other,
            };
            let place = self.place_of_lines(line, line, form);
            self.read.candidates.push(Candidate {
                text: id.text,
                subject: id.subject,
                stance,
                stated: id.stated,
                place,
                about_rights: true,
            });
        }
    }

    fn place_of_lines(&self, first: u64, last: u64, form: Form) -> Place {
        let file = self.source.name.clone();
        let section_ref = match self.here.and_then(|here| self.read.outline.headings.get(here)) {
            Some(heading) => format!("{file}#{}", heading.anchor),
            None => file.clone(),
        };
        Place {
            file,
            section_ref,
            first_line: first,
            last_line: last,
            quote: self.source.quote(first, last),
            form,
        }
    }
}

fn line_breaks(pieces: &[Piece]) -> u64 {
    let breaks = pieces.iter().filter(|piece| piece.text == "\n").count();
    u64::try_from(breaks).unwrap_or(u64::MAX)
}
