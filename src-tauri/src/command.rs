//! One command of the window: its name, what it is asked with, what it answers, what it runs.
//! Owns the way from JSON to one call and back. Never knows what a command does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use mex_app::error::{AppError, AppResult};
use mex_app::runtime::code::Code;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::desk::Desk;

/// The longest question read, in bytes of its JSON: an exception's reason or a view's settings fit
/// many times over.
pub const MAX_QUESTION_BYTES: usize = 1024 * 1024;

/// Makes the schema of a type with whichever generator is asked.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What takes a finished JSON text; false where nobody listens any more.
pub type Listener = Arc<dyn Fn(String) -> bool + Send + Sync>;

type Run = Box<dyn Fn(&Arc<Desk>, Value, Option<Listener>) -> AppResult<String> + Send + Sync>;

/// A typed way back to the window beside the answer: progress, news, a live tail.
pub struct Outlet<M> {
    listener: Listener,
    messages: std::marker::PhantomData<fn(M)>,
}

impl<M> Clone for Outlet<M> {
    fn clone(&self) -> Self {
        Self { listener: self.listener.clone(), messages: std::marker::PhantomData }
    }
}

impl<M: Serialize> Outlet<M> {
    /// Messages go to this listener.
    pub fn to(listener: Listener) -> Self {
        Self { listener, messages: std::marker::PhantomData }
    }

    /// Sends one message; false where nobody listens any more.
    #[must_use]
    pub fn send(&self, message: &M) -> bool {
        serde_json::to_string(message).is_ok_and(|text| (self.listener)(text))
    }
}

/// What a command is asked with and answers, for the bindings.
pub struct Shape {
    /// Its one argument.
    pub question: Option<SchemaOf>,
    /// What it answers; `()` where it only does something.
    pub answer: SchemaOf,
    /// What it sends besides.
    pub message: Option<SchemaOf>,
}

/// One command of the window.
pub struct Command {
    /// Its name, in `snake_case`.
    pub name: &'static str,
    /// One sentence for whoever calls it.
    pub about: &'static str,
    /// Its types.
    pub shape: Shape,
    run: Run,
}

impl Command {
    /// A command without an argument.
    pub fn tell<A: Serialize + JsonSchema + 'static>(
        name: &'static str,
        about: &'static str,
        run: fn(&Arc<Desk>) -> AppResult<A>,
    ) -> Self {
        Self {
            name,
            about,
            shape: Shape { question: None, answer: schema_of::<A>, message: None },
            run: Box::new(move |desk, asked, listener| {
                nothing(&asked)?;
                unheard(listener)?;
                written(&run(desk)?)
            }),
        }
    }

    /// A command with one argument.
    pub fn ask<Q, A>(
        name: &'static str,
        about: &'static str,
        run: fn(&Arc<Desk>, Q) -> AppResult<A>,
    ) -> Self
    where
        Q: DeserializeOwned + JsonSchema + 'static,
        A: Serialize + JsonSchema + 'static,
    {
        Self {
            name,
            about,
            shape: Shape { question: Some(schema_of::<Q>), answer: schema_of::<A>, message: None },
            run: Box::new(move |desk, asked, listener| {
                unheard(listener)?;
                written(&run(desk, read(asked)?)?)
            }),
        }
    }

    /// A command without an argument that goes on sending after its answer.
    pub fn hear<M: Serialize + JsonSchema + 'static>(
        name: &'static str,
        about: &'static str,
        run: fn(&Arc<Desk>, Outlet<M>) -> AppResult<()>,
    ) -> Self {
        Self {
            name,
            about,
            shape: Shape { question: None, answer: schema_of::<()>, message: Some(schema_of::<M>) },
            run: Box::new(move |desk, asked, listener| {
                nothing(&asked)?;
                let listener = listener.ok_or_else(|| usage("`channel` is missing"))?;
                written(&run(desk, Outlet::to(listener))?)
            }),
        }
    }

    /// A command that goes on sending after its answer.
    pub fn follow<Q, A, M>(
        name: &'static str,
        about: &'static str,
        run: fn(&Arc<Desk>, Q, Outlet<M>) -> AppResult<A>,
    ) -> Self
    where
        Q: DeserializeOwned + JsonSchema + 'static,
        A: Serialize + JsonSchema + 'static,
        M: Serialize + JsonSchema + 'static,
    {
        Self {
            name,
            about,
            shape: Shape {
                question: Some(schema_of::<Q>),
                answer: schema_of::<A>,
                message: Some(schema_of::<M>),
            },
            run: Box::new(move |desk, asked, listener| {
                let listener = listener.ok_or_else(|| usage("`channel` is missing"))?;
                written(&run(desk, read(asked)?, Outlet::to(listener))?)
            }),
        }
    }

    /// Runs it on one question and gives its answer as JSON. Blocks for as long as it takes.
    ///
    /// # Errors
    /// For a question that is not what the command asks for, and with what the use case refuses. A
    /// panic is `MEX-INTERNAL`: the window stays.
    pub fn run(
        &self,
        desk: &Arc<Desk>,
        question: Value,
        listener: Option<Listener>,
    ) -> AppResult<String> {
        catch_unwind(AssertUnwindSafe(|| (self.run)(desk, question, listener))).unwrap_or_else(
            |_| {
                let message = format!("`{}` came to an unexpected end", self.name);
                Err(AppError::new(Code::Internal, message))
            },
        )
    }
}

/// What the window sent with a command: its question, and whether it listens.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Asked {
    /// The argument; null where there is none.
    pub question: Value,
    /// The channel as the webview names it.
    pub channel: Option<String>,
}

impl Asked {
    /// Takes a payload apart.
    ///
    /// # Errors
    /// For anything but an object of `question` and `channel`, and for one that is too long.
    pub fn parse(payload: Value) -> AppResult<Self> {
        let mut fields = match payload {
            Value::Object(fields) => fields,
            Value::Null => Map::new(),
            _ => return Err(usage("the argument of a command is an object")),
        };
        let question = fields.remove("question").unwrap_or(Value::Null);
        let channel = match fields.remove("channel") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name),
            Some(_) => return Err(usage("`channel` is no channel")),
        };
        if let Some(unknown) = fields.keys().next() {
            return Err(usage(&format!("a command has no argument `{}`", short(unknown))));
        }
        Ok(Self { question, channel })
    }
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

fn read<Q: DeserializeOwned>(asked: Value) -> AppResult<Q> {
    serde_json::from_value(asked).map_err(|error| usage(&short(&error.to_string())))
}

fn nothing(asked: &Value) -> AppResult<()> {
    if asked.is_null() { Ok(()) } else { Err(usage("this command takes no question")) }
}

fn unheard(listener: Option<Listener>) -> AppResult<()> {
    if listener.is_none() { Ok(()) } else { Err(usage("this command sends nothing to a channel")) }
}

fn written<A: Serialize>(answer: &A) -> AppResult<String> {
    serde_json::to_string(answer).map_err(|error| AppError::new(Code::Internal, error.to_string()))
}

/// A question that the window must not have asked.
pub fn usage(message: &str) -> AppError {
    AppError::new(Code::Usage, message)
}

/// What is quoted of a hostile question: enough to find it.
fn short(text: &str) -> String {
    const MOST: usize = 200;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}
