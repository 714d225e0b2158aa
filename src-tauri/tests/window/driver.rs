//! A small WebDriver client: what the tests of the window need of the protocol, over HTTP on the
//! loopback. Owns the sessions; never knows a screen.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The key under which the protocol hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long a screen may take before a test gives up: generous, so that only what never comes fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// One window under control.
pub struct Session {
    base: String,
    over: bool,
}

/// One element of the page.
pub struct Element<'a> {
    session: &'a Session,
    id: String,
}

impl Session {
    /// Starts the program with these arguments and takes control of its window.
    pub fn start(server: &str, program: &str, arguments: &[&str]) -> Self {
        let options = json!({"application": program, "args": arguments});
        let asked = json!({"capabilities": {"alwaysMatch": {"tauri:options": options}}});
        let answer = post(&format!("{server}/session"), &asked).unwrap();
        let id = answer["sessionId"].as_str().unwrap_or_else(|| panic!("{answer}"));
        Self { base: format!("{server}/session/{id}"), over: false }
    }

    /// Runs a script in the page and gives what it returns.
    pub fn run(&self, script: &str, arguments: Value) -> Value {
        let asked = json!({"script": script, "args": arguments});
        post(&format!("{}/execute/sync", self.base), &asked).unwrap()
    }

    /// Calls a command of the host as the pages do: the answer, or the error it was refused with.
    pub fn call(&self, name: &str, argument: Value) -> Result<Value, Value> {
        let script = "const [name, argument, done] = arguments;
            window.__TAURI_INTERNALS__.invoke(name, argument)
                .then((answer) => done({ answer }), (error) => done({ error }));";
        let told = self.run_until_done(script, json!([name, argument]));
        match told.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(told["answer"].clone()),
        }
    }

    /// [`Session::call`] with a question.
    pub fn ask(&self, name: &str, question: Value) -> Result<Value, Value> {
        self.call(name, json!({"question": question}))
    }

    /// The first element that matches, once it is there.
    #[track_caller]
    pub fn find(&self, css: &str) -> Element<'_> {
        self.wait(&format!("`{css}`"), || self.find_now(css))
    }

    /// The first element that matches now; one that begins with a slash is a path of XPath.
    pub fn find_now(&self, css: &str) -> Option<Element<'_>> {
        let using =
            if css.starts_with("/") || css.starts_with("(/") { "xpath" } else { "css selector" };
        let asked = json!({"using": using, "value": css});
        let found = post(&format!("{}/element", self.base), &asked).ok()?;
        Some(Element { session: self, id: found[ELEMENT].as_str()?.to_owned() })
    }

    /// Clicks on it as a mouse would, once it is there and can be used; also where the page draws it
    /// anew in between.
    #[track_caller]
    pub fn click(&self, css: &str) {
        self.wait(&format!("`{css}` to click"), || {
            let element = self.find_now(css).filter(Element::is_enabled)?;
            post(&element.url("click"), &json!({})).ok().map(drop)
        });
    }

    /// Clicks on the button with these words.
    #[track_caller]
    pub fn press(&self, words: &str) {
        self.click(&format!("//button[contains(normalize-space(.), '{words}')]"));
    }

    /// Goes to a place of the window as a link inside of it does.
    pub fn go(&self, place: &str) {
        self.run("location.hash = arguments[0];", json!([place]));
    }

    /// Presses keys one after the other, each as `Control+k`, `F8` or `a`.
    pub fn keys(&self, keys: &[&str]) {
        for chord in keys {
            let names: Vec<&str> =
                if *chord == "+" { vec!["+"] } else { chord.split('+').collect() };
            let press = |kind: &str, name: &str| json!({"type": kind, "value": key(name)});
            let mut acts: Vec<Value> = names.iter().map(|name| press("keyDown", name)).collect();
            acts.extend(names.iter().rev().map(|name| press("keyUp", name)));
            let asked = json!({"actions": [{"type": "key", "id": "keys", "actions": acts}]});
            post(&format!("{}/actions", self.base), &asked).unwrap();
        }
    }

    /// Types a text, key by key.
    pub fn enter(&self, text: &str) {
        for letter in text.chars() {
            self.keys(&[letter.encode_utf8(&mut [0; 4])]);
        }
    }

    /// Runs a script that says when it is done, with what: its last argument is to be called.
    pub fn run_until_done(&self, script: &str, arguments: Value) -> Value {
        let asked = json!({"script": script, "args": arguments});
        post(&format!("{}/execute/async", self.base), &asked).unwrap()
    }

    /// Everything that is written on the page now.
    pub fn text(&self) -> String {
        self.run("return document.body.innerText;", json!([]))
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Waits until the page says this.
    #[track_caller]
    pub fn says(&self, text: &str) {
        self.wait(&format!("the text `{text}`"), || self.text().contains(text).then_some(()));
    }

    /// Waits until something is there, and fails with what is on the page instead.
    #[track_caller]
    pub fn wait<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{what} never came; the page says:\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Loads the page again, as a person would.
    pub fn reload(&self) {
        post(&format!("{}/refresh", self.base), &json!({})).unwrap();
    }

    /// Lets go of the window; its program ends with that.
    pub fn end(mut self) {
        self.leave();
    }

    fn leave(&mut self) {
        if !self.over {
            self.over = true;
            let _ = ureq::delete(&self.base).call();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Element<'_> {
    /// Whether it can be used.
    pub fn is_enabled(&self) -> bool {
        get(&self.url("enabled")).is_ok_and(|enabled| enabled == json!(true))
    }

    /// One of its attributes; empty where it has none.
    pub fn attribute(&self, name: &str) -> String {
        let value = get(&self.url(&format!("attribute/{name}"))).unwrap();
        value.as_str().unwrap_or_default().to_owned()
    }

    fn url(&self, what: &str) -> String {
        format!("{}/element/{}/{what}", self.session.base, self.id)
    }
}

/// A key as the protocol names it.
fn key(name: &str) -> &str {
    match name {
        "Tab" => "\u{e004}",
        "Enter" => "\u{e007}",
        "Shift" => "\u{e008}",
        "Control" => "\u{e009}",
        "Alt" => "\u{e00a}",
        "Escape" => "\u{e00c}",
        "Space" => " ",
        "Home" => "\u{e011}",
        "Left" => "\u{e012}",
        "Up" => "\u{e013}",
        "Right" => "\u{e014}",
        "Down" => "\u{e015}",
        "F8" => "\u{e038}",
        letter => letter,
    }
}

fn post(url: &str, body: &Value) -> Result<Value, String> {
    let agent = agent();
    let sent = agent.post(url).header("content-type", "application/json").send(body.to_string());
    value(sent, url)
}

fn get(url: &str) -> Result<Value, String> {
    value(agent().get(url).call(), url)
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        // An error of the protocol has a body that says what it is.
        .http_status_as_error(false)
        // A program that hands over and ends instead of opening a window would be waited for without end.
        .timeout_global(Some(3 * PATIENCE))
        .proxy(None)
        .build()
        .into()
}

fn value(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    url: &str,
) -> Result<Value, String> {
    let mut answer = answer.map_err(|error| format!("{url}: {error}"))?;
    let status = answer.status();
    let text = answer.body_mut().with_config().limit(64 << 20).read_to_string();
    let text = text.map_err(|error| format!("{url}: {error}"))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| format!("{url}: {error}"))?;
    if status.is_success() { Ok(value["value"].clone()) } else { Err(format!("{url}: {value}")) }
}
