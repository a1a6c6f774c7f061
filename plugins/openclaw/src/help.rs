//! What the bot can do, for people.

use openclaw_sdk::{Answer, Command, commands::Parameter};

pub fn command() -> Command {
    Command::new("help", "What I can do")
}

/// All commands, and how to talk to the assistant if there is one.
pub fn answer(commands: &[Command], listens_to: Option<String>) -> Answer {
    let commands: Vec<_> = commands.iter().map(|command| format!("- `{}` {}", usage(command), command.description)).collect();
    let text = format!("This is what I can do:\n\n{}", commands.join("\n"));
    Answer::caller(match listens_to {
        Some(name) => format!("{text}\n\nOr mention `@{name}` in a message, and I will answer."),
        None => text,
    })
}

/// The command as it is typed: what may be left out in brackets, and only the first of several that may.
fn usage(command: &Command) -> String {
    let (required, optional): (Vec<_>, Vec<_>) = command.parameters.iter().partition(|parameter| parameter.required);
    let mut words = vec![format!("/{}", command.name)];
    words.extend(required.into_iter().map(placeholder));
    match optional.as_slice() {
        [] => {}
        [only] => words.push(format!("[{}]", only.name)),
        [first, ..] => words.push(format!("[{} …]", first.name)),
    }
    words.join(" ")
}

fn placeholder(parameter: &Parameter) -> String {
    let values: Vec<_> = parameter.choices.iter().map(|choice| choice.value.as_str()).collect();
    if values.is_empty() { format!("<{}>", parameter.name) } else { values.join("|") }
}

#[cfg(test)]
mod tests {
    use openclaw_sdk::Command;

    use super::{answer, usage};

    #[test]
    fn usage_says_what_must_be_given_and_what_may() {
        let command = Command::new("x", "X").text("how", "How").choices([("in", ""), ("at", "")]).text("a", "A").text("b", "B").optional();
        assert_eq!(usage(&command), "/x in|at <a> [b]");
        assert_eq!(usage(&command.text("c", "C").optional()), "/x in|at <a> [b …]");
    }

    #[test]
    fn the_assistant_is_named_only_if_there_is_one() {
        let commands = [Command::new("help", "What I can do")];
        assert_eq!(answer(&commands, None).body, "This is what I can do:\n\n- `/help` What I can do");
        assert!(answer(&commands, Some("Claw".to_owned())).body.ends_with("Or mention `@Claw` in a message, and I will answer."));
    }
}
