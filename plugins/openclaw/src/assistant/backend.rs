//! A service with chat completions, as many of them have agreed upon.

use std::time::Duration;

use openclaw_sdk::{
    http::{self, Response},
    log, secrets, settings,
};
use serde::{Deserialize, Serialize};

use super::conversation::Conversation;

/// The setting `chat_timeout` unless the operator writes another one, in seconds.
pub const TIMEOUT: i64 = 30;

/// The service and how to talk to it.
pub struct Backend {
    url: String,
    model: String,
    timeout: Duration,
}

#[derive(Serialize)]
struct Question<'a> {
    model: &'a str,
    messages: &'a Conversation,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Said,
}

#[derive(Deserialize)]
struct Said {
    content: Option<String>,
}

/// A setting that has something in it.
pub fn setting(key: &str) -> Option<String> {
    settings::get(key).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

impl Backend {
    /// The service that the operator has set up, if all of it is set.
    pub fn from_settings() -> Result<Option<Self>, String> {
        let seconds = settings::integer("chat_timeout")?.unwrap_or(TIMEOUT);
        let timeout = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        let (Some(url), Some(model), true) = (setting("chat_url"), setting("chat_model"), secrets::available("chat_secret")) else {
            return Ok(None);
        };
        Ok(Some(Self { url, model, timeout }))
    }

    /// What the model says next, or a sentence for who asked. The operator finds the details in the log.
    pub fn complete(&self, conversation: &Conversation) -> Result<String, String> {
        let question = Question { model: &self.model, messages: conversation };
        let request = http::post(&self.url).bearer("chat_secret").timeout(self.timeout).json(&question)?;
        match request.send() {
            Ok(response) if response.status == 200 => read(&response),
            Ok(response) => Err(refusal(response.status)),
            Err(error) => Err(failure(error)),
        }
    }
}

fn read(response: &Response) -> Result<String, String> {
    let completion: Completion = response.json().map_err(|error| {
        log::warn(&format!("chat_url: {}", String::from(error)));
        "Sorry, I did not understand the answer that I was given.".to_owned()
    })?;
    let text = completion.choices.into_iter().next().and_then(|choice| choice.message.content);
    text.filter(|text| !text.trim().is_empty()).ok_or_else(|| "I have nothing to say to that.".to_owned())
}

/// The body is not for the log: services repeat parts of the key, and of what people wrote.
fn refusal(status: u16) -> String {
    log::warn(&format!("chat_url answered with status {status}{}", hint(status)));
    let sentence = match status {
        429 => "I am asked too much at the moment. Please try again in a minute.",
        500..=599 => "I cannot think at the moment. Please try again later.",
        _ => "I am not set up properly. Please tell whoever runs this community.",
    };
    sentence.to_owned()
}

fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => ": is `chat_secret` right?",
        404 => ": are `chat_url` and `chat_model` right?",
        300..=399 => ": redirects are not followed, set `chat_url` to where it leads",
        _ => "",
    }
}

fn failure(error: http::Error) -> String {
    let sentence = match &error {
        http::Error::Timeout => "Sorry, I could not answer that in time.",
        http::Error::TooLarge => "I had too much to say.",
        http::Error::Denied(_) => "I am not set up properly. Please tell whoever runs this community.",
        _ => "I cannot think at the moment. Please try again later.",
    };
    log::warn(&format!("chat_url: {}", String::from(error)));
    sentence.to_owned()
}
