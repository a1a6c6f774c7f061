//! The commands that somebody can type in a room, and what suggests itself while they do.

use super::{Runner, Runners};
use crate::{
    actor::Actor,
    error::{Error, Result},
    ids::RoomId,
    plugins::{
        actions::Settlement,
        bindings::bot::openclaw::bot::types::Choice,
        bot::{Command, MAX_CHOICES, MAX_DESCRIPTION, distinct_choices, is_choice},
    },
    rooms,
    store::Store,
    text,
};

/// A command and whose it is.
pub struct Offered {
    /// The id of the bot.
    pub bot: String,
    /// The bot's name.
    pub bot_name: String,
    /// The command.
    pub command: Command,
}

/// The commands in a room, by name; each name once.
///
/// # Errors
/// `not_found` for who is not in the room.
pub async fn in_room(store: &Store, runners: &Runners, actor: &Actor, room: &RoomId) -> Result<Vec<Offered>> {
    rooms::queries::standing(store.reader(), room, &actor.member()?).await?;
    Ok(distinct(runners.with_commands(room)))
}

/// The commands in all rooms of whoever asks, by name.
///
/// # Errors
/// `login_required`.
pub async fn everywhere(store: &Store, runners: &Runners, actor: &Actor) -> Result<Vec<Offered>> {
    let rooms = rooms::queries::rooms_of(store.reader(), &actor.member()?).await?;
    let heard = |runner: &Runner| rooms.iter().any(|room| runner.host.heard.hears(room));
    let all = runners.all().into_iter().filter(|runner| !runner.plugin.commands.is_empty() && heard(runner));
    Ok(distinct(all.collect()))
}

fn distinct(bots: Vec<std::sync::Arc<Runner>>) -> Vec<Offered> {
    let mut offered: Vec<Offered> = Vec::new();
    for runner in bots {
        for command in runner.plugin.commands.values() {
            if offered.iter().all(|other| other.command.name != command.name) {
                let (bot, bot_name) = (runner.host.bot.id.to_string(), runner.host.bot.name.as_str().to_owned());
                offered.push(Offered { bot, bot_name, command: command.clone() });
            }
        }
    }
    offered.sort_by(|one, other| one.command.name.cmp(&other.command.name));
    offered
}

/// What somebody is typing.
pub struct Asked<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// Under which name.
    pub name: &'a str,
    /// Where.
    pub room: &'a RoomId,
    /// The command.
    pub command: &'a str,
    /// The parameter.
    pub parameter: &'a str,
    /// What was typed of it so far.
    pub typed: &'a str,
}

/// What suggests itself: what the bot says, or else the choices that its command has. A bot that does not answer suggests nothing.
///
/// # Errors
/// `not_found` for who is not in the room, and for a command or parameter that is not there.
pub async fn suggest(store: &Store, runners: &Runners, asked: Asked<'_>) -> Result<Vec<Choice>> {
    let who = asked.actor.member()?;
    let (standing, role) = rooms::queries::standing(store.reader(), asked.room, &who).await?;
    let bots = runners.with_commands(asked.room);
    let (runner, command) = Runners::command(&bots, asked.command).ok_or_else(|| Error::not_found("command"))?;
    let parameter = command.parameters.iter().find(|parameter| parameter.name == asked.parameter);
    let parameter = parameter.ok_or_else(|| Error::not_found("parameter"))?;
    if !parameter.choices.is_empty() || !runner.plugin.has("completion") {
        let fits = |choice: &&Choice| choice.value.to_lowercase().starts_with(&asked.typed.to_lowercase());
        return Ok(parameter.choices.iter().filter(fits).cloned().collect());
    }
    let context = runner.context(&standing.room, &who, asked.name, role);
    let (command, parameter) = (command.name.clone(), parameter.name.clone());
    if runner.strikes.suspended().is_some() {
        return Ok(Vec::new());
    }
    let call = async |session| {
        let (command, parameter) = (command.clone(), parameter.clone());
        let (choices, _) = runner.plugin.complete(session, command, parameter, asked.typed.to_owned(), context.clone()).await?;
        // Nobody has asked for anything yet: what it wanted does not happen.
        Ok((choices, runner.session()))
    };
    let choices = runner.call(call, |_: &_| Settlement::default()).await.unwrap_or_default();
    Ok(presentable(choices))
}

/// What a list can show of what a bot suggests: values that can be typed as they are, each once, with a line about them.
fn presentable(mut choices: Vec<Choice>) -> Vec<Choice> {
    for choice in &mut choices {
        choice.description = text::one_line(&choice.description, MAX_DESCRIPTION);
    }
    choices.retain(is_choice);
    let mut choices = distinct_choices(choices);
    choices.truncate(MAX_CHOICES);
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_list_can_show_is_not_suggested() {
        let choice = |value: &str, description: &str| Choice { value: value.to_owned(), description: description.to_owned() };
        let long = "x".repeat(201);
        let said = ["tea", "", "two\nlines", &long, "tea", &long[..200]].map(|value| choice(value, &format!("a\n{long}")));
        let shown = presentable(said.to_vec());
        let values: Vec<&str> = shown.iter().map(|choice| choice.value.as_str()).collect();
        assert_eq!(values, ["tea", &long[..200]], "each once, and none that is cut");
        assert!(shown[0].description.starts_with("a xxx") && shown[0].description.len() == 200, "{:?}", shown[0]);
        let many = (0..1000).map(|number| choice(&number.to_string(), "")).collect();
        assert_eq!(presentable(many).len(), MAX_CHOICES);
    }
}
