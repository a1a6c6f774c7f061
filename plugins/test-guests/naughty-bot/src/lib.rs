//! Does what it is told to after `naughty `: in a message, as an argument of `/naughty`, or as the name of a job. What is to be done when
//! a message is looked at beforehand stands after `naughty before `, so that a test chooses which of both misbehaves. What it says of its
//! commands is the setting `says`, if there is one.
#![allow(clippy::disallowed_methods, reason = "that is what it is for")]

mod chats;
#[path = "../../misbehaving/src/deeds.rs"]
mod deeds;
mod requests;
mod values;

use std::time::Duration;

use openclaw_sdk::{
    Answer, Argument, Arguments, BeforeMessage, Choice, Command, Commands, Completion, Context, Draft, Due, Event, Message, OnMessage,
    Recurring, Scheduled, Time, Verdict,
    bindings::bot::openclaw::{clock::clock, random::random},
    chat, settings,
};

struct Naughty;

/// What is to be done, and where.
struct Order<'a> {
    room: &'a str,
    /// What stands after the name of the deed.
    argument: &'a str,
    /// The message that gave the order, if one did.
    message: Option<&'a Message>,
    /// When it was given.
    time: Time,
}

type Deed = fn(&Order) -> Result<(), String>;

impl Order<'_> {
    /// Says in the room what came of it.
    fn say(&self, text: impl Into<String>) -> Result<(), String> {
        chat::send(self.room, text)?;
        Ok(())
    }

    /// The message that gave the order.
    fn message(&self) -> Result<&Message, String> {
        self.message.ok_or_else(|| "a message is needed".to_owned())
    }

    /// The two halves of the argument, between which there is a space.
    fn two(&self) -> Result<(&str, &str), String> {
        self.argument.split_once(' ').ok_or_else(|| format!("two things are needed, not `{}`", self.argument))
    }

    /// How many.
    fn count(&self) -> Result<u32, String> {
        self.argument.parse().map_err(|_| "how many?".to_owned())
    }

    /// A name and a time, which is written in seconds.
    fn timed(&self) -> Result<(&str, Duration), String> {
        let (name, seconds) = self.argument.rsplit_once(' ').ok_or("a name and seconds are needed")?;
        let seconds = seconds.parse().map_err(|_| "seconds are a number".to_owned())?;
        Ok((name, Duration::from_secs(seconds)))
    }
}

/// Does what a text says: the name of a deed, a space, and what it needs. Those that are not in the tables trap, loop and the like.
fn act(text: &str, order: &Order) -> Result<(), String> {
    let (name, argument) = text.split_once(' ').unwrap_or((text, ""));
    let order = Order { argument, ..*order };
    for (known, deed) in [chats::DEEDS, requests::DEEDS, values::DEEDS].concat() {
        if known == name {
            return deed(&order);
        }
    }
    deeds::act(name);
    Ok(())
}

impl OnMessage for Naughty {
    fn on_message(event: Event, message: Message) -> Result<(), String> {
        let Some(text) = message.body.strip_prefix("naughty ").filter(|text| !text.starts_with("before ")) else { return Ok(()) };
        act(text, &Order { room: &message.room_id, argument: "", message: Some(&message), time: Time::parse(&event.time)? })
    }
}

impl Commands for Naughty {
    fn commands() -> Vec<Command> {
        let naughty = |about: &str, mode: &str| Command::new("naughty", about).text("mode", mode);
        match settings::get("says") {
            // What needs no permission can be had at any time.
            Some(says) if says == "clock and chance" => vec![naughty(&format!("{} and {}", clock::now(), random::fraction()), &says)],
            Some(says) => vec![naughty(&says, &says), Command::new("choose", &says).text("what", &says).choices([(&*says, &*says)])],
            None => vec![naughty("Does what no bot should", "What to do")],
        }
    }

    fn run(_: String, arguments: Vec<Argument>, context: Context) -> Result<Option<Answer>, String> {
        let text = arguments.text("mode").unwrap_or_default();
        act(text, &Order { room: &context.room_id, argument: "", message: None, time: Time::parse(&context.time)? })?;
        Ok(match text {
            "answer-nothing" => None,
            "answer-empty" => Some(Answer::caller("")),
            "answer-broken" => Some(Answer::caller(deeds::broken(b"no letter: \xff\xfe"))),
            "answer-huge" => Some(Answer::room("x".repeat(100 << 20))),
            _ => Some(Answer::caller(format!("done: {text}"))),
        })
    }
}

impl Completion for Naughty {
    fn complete(_: String, _: String, typed: String, context: Context) -> Vec<Choice> {
        let done = act(&typed, &Order { room: &context.room_id, argument: "", message: None, time: Time::now() });
        vec![Choice::new(&typed, format!("{done:?}"))]
    }
}

impl Scheduled for Naughty {
    fn jobs() -> Vec<Recurring> {
        Vec::new()
    }

    fn on_job(job: Due) -> Result<(), String> {
        let order = Order { room: &job.payload, argument: "", message: None, time: Time::parse(&job.time)? };
        order.say(format!("job {} for the {}. time", job.name, job.attempt))?;
        act(&job.name, &order)
    }
}

impl BeforeMessage for Naughty {
    fn before_message(draft: Draft) -> Verdict {
        let Some(text) = draft.body.strip_prefix("naughty ") else { return Verdict::Allow };
        let text = text.strip_prefix("before ").unwrap_or(match text {
            "reject" | "rewrite" => text,
            _ => "",
        });
        if let Some(reason) = text.strip_prefix("reject-saying ") {
            return Verdict::Reject(reason.to_owned());
        }
        let done = act(text, &Order { room: &draft.room_id, argument: "", message: None, time: Time::now() });
        match (text, done) {
            (_, Err(why)) => Verdict::Reject(why),
            ("reject", _) => Verdict::Reject("This is not nice.".to_owned()),
            ("reject-without-reason", _) => Verdict::Reject(String::new()),
            ("reject-at-length", _) => Verdict::Reject("line\nbreak ".repeat(1000)),
            ("rewrite", _) => Verdict::Rewrite("something nice".to_owned()),
            ("rewrite-to-nothing", _) => Verdict::Rewrite(String::new()),
            ("rewrite-at-length", _) => Verdict::Rewrite("x".repeat(4001)),
            ("rewrite-huge", _) => Verdict::Rewrite("x".repeat(100 << 20)),
            _ => Verdict::Allow,
        }
    }
}

openclaw_sdk::export_bot!(Naughty: on_message, commands, completion, scheduled, before_message);
