//! Does not start unless the setting `ok` is `yes`.

use openclaw_sdk::{Answer, Argument, Command, Commands, Context, Introduction, Lifecycle, settings};

struct Failing;

impl Lifecycle for Failing {
    fn about() -> Introduction {
        Introduction::new("Failing", "Does not start")
    }

    fn start() -> Result<(), String> {
        match settings::get("ok").as_deref() {
            Some("yes") => Ok(()),
            _ => Err("set `ok` to \"yes\"".to_owned()),
        }
    }
}

impl Commands for Failing {
    fn commands() -> Vec<Command> {
        vec![Command::new("ping", "Whether it started")]
    }

    fn run(_: String, _: Vec<Argument>, _: Context) -> Result<Option<Answer>, String> {
        Ok(Some(Answer::caller("pong")))
    }
}

openclaw_sdk::export_bot!(Failing: lifecycle, commands);
