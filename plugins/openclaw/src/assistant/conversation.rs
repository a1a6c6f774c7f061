//! What a model is told: its task, what was said lately, and the question.

use openclaw_sdk::{Member, Message, settings};
use serde::Serialize;

/// The setting `chat_prompt` unless the operator writes another one.
pub const PROMPT: &str = "You are {name}, the assistant of an online community. You take part in a chat room. Answer the last message briefly \
     and kindly, in its language, in Markdown. Messages of people begin with their name; yours do not.";
/// How much of an older message is told, in characters.
const MAX_MESSAGE: usize = 1000;

/// A message as chat completions have it.
#[derive(Debug, PartialEq, Serialize)]
pub struct Turn {
    pub role: &'static str,
    pub content: String,
}

/// All of them, in order.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Conversation(pub Vec<Turn>);

impl Conversation {
    /// The task, the messages before, and the question. `name` is how the bot knows its own messages.
    pub fn new(name: &str, history: &[Message], who: &Member, question: &str) -> Self {
        let task = settings::get_or("chat_prompt", PROMPT).replace("{name}", name);
        let mut turns = vec![Turn { role: "system", content: task }];
        turns.extend(history.iter().filter(|message| !message.deleted && !message.body.is_empty()).map(|message| turn(name, message)));
        turns.push(person(who, question));
        Self(turns)
    }
}

fn turn(name: &str, message: &Message) -> Turn {
    let text = cut(&message.body, MAX_MESSAGE);
    if message.author.is_bot && message.author.name.eq_ignore_ascii_case(name) {
        Turn { role: "assistant", content: text }
    } else {
        person(&message.author, &text)
    }
}

/// A name on one line, so that nobody speaks for somebody else by their name.
fn person(who: &Member, text: &str) -> Turn {
    let name: String = who.name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Turn { role: "user", content: format!("{name}: {text}") }
}

/// At most so many characters of a text.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).collect::<String>() + "…"
}

#[cfg(test)]
mod tests {
    use openclaw_sdk::testing::{self, member, message};

    use super::{Conversation, Turn, cut};

    #[test]
    fn a_model_hears_who_said_what() {
        let mut said =
            [message("r-1", "Ann", "hi"), message("r-1", "Claw", "hello"), message("r-1", "Ben", ""), message("r-1", "Dot", "beep")];
        said[1].author.is_bot = true;
        said[3].author.is_bot = true;
        testing::with(|host| host.settings.insert("chat_prompt".to_owned(), "Be {name}.".to_owned()));
        let turns = Conversation::new("claw", &said, &member("A\nnn"), "why?").0;
        let turn = |role, content: &str| Turn { role, content: content.to_owned() };
        assert_eq!(
            turns,
            [
                turn("system", "Be claw."),
                turn("user", "Ann: hi"),
                turn("assistant", "hello"),
                turn("user", "Dot: beep"),
                turn("user", "A nn: why?")
            ]
        );
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!((cut("ünü", 3), cut("ünüü", 3)), ("ünü".to_owned(), "ün…".to_owned()));
    }
}
