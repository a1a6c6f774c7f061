//! `community room`: rooms from the shell, for operators. A running server hears of every change within a second.

use clap::Subcommand;

use super::Outcome;
use crate::{
    actor::Actor,
    config::Config,
    ids::RoomId,
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
    let nobody = |_| format!("{member} names no member; write the id of a person (usr-…) or a bot (bot-…), or how they were invited");
    let input = (parse_id(&room)?, Invitee::parse(&member).map_err(nobody)?);
    let app = App::open(config, Parts::of_system()).await?;
    app.store.write(input, |tx, (room, whom)| Box::pin(actions::remove(tx, &Actor::System, room, whom))).await?;
    say!("{member}\tremoved");
    Ok(())
}

/// The id of a room that an operator typed.
pub fn parse_id(text: &str) -> Result<RoomId, String> {
    RoomId::parse(text).ok_or_else(|| format!("{text} is not the id of a room; one looks like r-01kb3x2v5q8m4n7p9r1s3t5v7w"))
}
