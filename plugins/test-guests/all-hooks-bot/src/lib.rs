//! Is called for every reason there is, and tells what it was called with: in the store, which `/seen` reads, and aloud in the room if
//! the setting `aloud` is true.

mod hooks;
mod tell;

use std::time::Duration;

use openclaw_sdk::{Answer, Argument, Arguments, Command, Commands, Context, Time, schedule, settings, store};

struct AllHooks;

impl Commands for AllHooks {
    fn commands() -> Vec<Command> {
        vec![
            Command::new("seen", "What a hook was called with").text("hook", "Its name"),
            Command::new("paint", "Takes one of each")
                .text("colour", "Which colour")
                .number("times", "How often")
                .optional()
                .boolean("loud", "Whether it is loud")
                .optional()
                .member("whom", "Who is painted")
                .optional(),
            Command::new("bounded", "Takes a whole number from 1 to 9").integer("number", "Which").between(1.0, 9.0),
            Command::new("size", "Takes one of three").text("size", "Which size").choices([
                ("s", "Small"),
                ("m", "Medium"),
                ("l", "Large"),
            ]),
            Command::new("settings", "All settings"),
            Command::new("later", "Has something done later").number("seconds", "When").text("payload", "What it wants to know then"),
            Command::new("later-jobs", "What is to be done"),
            Command::new("never", "Has it not done"),
        ]
    }

    fn run(command: String, arguments: Vec<Argument>, context: Context) -> Result<Option<Answer>, String> {
        let answer = match command.as_str() {
            "seen" => seen(arguments.text("hook").unwrap_or_default())?,
            "settings" => all_settings(),
            "later" => later(&arguments, &context)?,
            "later-jobs" => format!("{:?}", schedule::jobs()?),
            "never" => schedule::cancel("later").map(|()| "cancelled".to_owned())?,
            _ => described(&command, &arguments, &context),
        };
        tell::stored("commands", &described(&command, &arguments, &context))?;
        Ok(Some(Answer::caller(answer)))
    }
}

fn described(command: &str, arguments: &[Argument], context: &Context) -> String {
    let arguments: Vec<_> = arguments.iter().map(|argument| format!("{}={:?}", argument.name, argument.value)).collect();
    format!("{command} [{}] {context:?}", arguments.join(", "))
}

/// What a hook has told, a line for each call; of many, the newest that fit into an answer.
fn seen(hook: &str) -> Result<String, String> {
    let mut lines = Vec::new();
    let mut room: usize = 4000;
    for key in store::keys(&format!("seen/{hook}/"))?.iter().rev() {
        let line = store::text(key)?.unwrap_or_default();
        let Some(left) = room.checked_sub(line.chars().count() + 1) else { break };
        room = left;
        lines.insert(0, line);
    }
    Ok(if lines.is_empty() { "nothing".to_owned() } else { lines.join("\n") })
}

fn all_settings() -> String {
    let value = |key: &str| format!("{key}={:?}", settings::get(key));
    ["greeting", "mood", "count", "ratio", "aloud", "extra", "api_secret"].map(value).join(" ")
}

fn later(arguments: &[Argument], context: &Context) -> Result<String, String> {
    let seconds = Duration::try_from_secs_f64(arguments.number("seconds").unwrap_or_default()).map_err(|error| error.to_string())?;
    let at = Time::parse(&context.time)? + seconds;
    schedule::add("later", at, arguments.text("payload").unwrap_or_default())?;
    Ok(at.to_string())
}

openclaw_sdk::export_bot!(
    AllHooks: on_message, on_change, on_member, on_post, commands, completion, scheduled, before_message, lifecycle
);
