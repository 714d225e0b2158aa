//! From the webview's call to one command of the table and back, off the main thread.
//! Owns the crossing; the access list was asked before by Tauri. Never knows what a command does.

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::sync::Arc;

use mex_app::error::{AppError, AppResult};
use mex_app::runtime::code::Code;
use tauri::ipc::{Channel, Invoke, InvokeBody, InvokeError, JavaScriptChannelId, Response};
use tauri::{Runtime, Webview};

use crate::command::{Asked, Command, Listener, MAX_QUESTION_BYTES, usage};
use crate::commands;
use crate::desk::Desk;

/// Answers every call of the window from the table.
pub fn handler<R: Runtime>(desk: Arc<Desk>) -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
    let table: Arc<BTreeMap<&'static str, Command>> =
        Arc::new(commands::table().into_iter().map(|command| (command.name, command)).collect());
    move |invoke| {
        if !table.contains_key(invoke.message.command()) {
            return false;
        }
        let (table, desk) = (table.clone(), desk.clone());
        tauri::async_runtime::spawn(async move {
            let Invoke { message, resolver, .. } = invoke;
            let name = message.command().to_owned();
            let webview = message.webview();
            let asked = parse(message.payload());
            let work = move || -> AppResult<String> {
                let asked = asked?;
                let listener = asked.channel.map(|id| listener(&id, webview)).transpose()?;
                let command = table.get(name.as_str()).ok_or_else(|| usage("no such command"))?;
                command.run(&desk, asked.question, listener)
            };
            let answer = match tauri::async_runtime::spawn_blocking(work).await {
                Ok(answer) => answer,
                Err(_) => Err(AppError::new(Code::Internal, "the window could not be answered")),
            };
            match answer {
                Ok(text) => resolver.resolve(Response::new(text)),
                Err(error) => resolver.invoke_error(InvokeError::from(error)),
            }
        });
        true
    }
}

fn parse(body: &InvokeBody) -> AppResult<Asked> {
    match body {
        InvokeBody::Json(payload) => {
            let asked = Asked::parse(payload.clone())?;
            if longer_than(&asked.question, MAX_QUESTION_BYTES) {
                return Err(usage("the question is longer than 1 MiB"));
            }
            Ok(asked)
        }
        InvokeBody::Raw(_) => Err(usage("the argument of a command is an object, not bytes")),
    }
}

fn longer_than(question: &serde_json::Value, most: usize) -> bool {
    serde_json::to_string(question).map_or(true, |text| text.len() > most)
}

fn listener<R: Runtime>(id: &str, webview: Webview<R>) -> AppResult<Listener> {
    let id = JavaScriptChannelId::from_str(id).map_err(|_| usage("`channel` is no channel"))?;
    let channel: Channel<Response> = id.channel_on(webview);
    Ok(Arc::new(move |text| channel.send(Response::new(text)).is_ok()))
}
