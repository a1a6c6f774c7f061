//! `community room`: rooms from the shell, for operators. A running server hears of every change within a second.

use clap::Subcommand;

use super::Outcome;
use crate::{
    actor::Actor,
    config::Config,
    ids::{MemberId, RoomId},
    rooms::{actions, model::Invitee},
    serve::{App, Parts},
};

#[derive(Subcommand)]
pub enum Command {
    /// Remove a member, or take an invitation back. Who was removed can come back only with a new invitation.
    RemoveMember {
        /// The id of the room.
        room: String,
        /// The id of a person or a bot, or any other form in which somebody can be invited.
        member: String,
    },
}

pub async fn run(command: Command, config: Config) -> Outcome {
    let Command::RemoveMember { room, member } = command;
    let input = (parse_id("ROOM", &room)?, parse_member(&member)?);
    let app = App::open(config, Parts::of_system()).await?;
    app.store.write(input, |tx, (room, whom)| Box::pin(actions::remove(tx, &Actor::System, room, whom))).await?;
    say!("{member}\tremoved");
    Ok(())
}

/// The id of a room that an operator typed as `argument`.
pub fn parse_id(argument: &str, text: &str) -> Result<RoomId, String> {
    let looks = "the id of a room, which looks like r-01kb3x2v5q8m4n7p9r1s3t5v7w";
    RoomId::parse(text).ok_or_else(|| format!("{argument} must be {looks}, not {text:?}"))
}

/// Whom an operator means. What begins like an id and is none would be a name at Reddit, which nobody means here.
fn parse_member(text: &str) -> Result<Invitee, String> {
    let is_broken = ["usr-", "bot-"].iter().any(|start| text.starts_with(start)) && MemberId::parse(text).is_none();
    let meant = Invitee::parse(text).ok().filter(|_| !is_broken);
    let forms = "the id of a person (usr-…) or a bot (bot-…), or how they were invited";
    meant.ok_or_else(|| format!("MEMBER must be {forms}, not {text:?}"))
}
