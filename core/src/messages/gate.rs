//! What stands between somebody who wants to say something and the room: those who look at it first, and commands.

use futures_util::future::BoxFuture;
use tokio::sync::OwnedMutexGuard;

use super::model::{ClientId, Shown};
use crate::{
    actor::Actor,
    error::Result,
    ids::{MessageId, RoomId},
};

/// Something that is about to be said.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Who says it.
    pub actor: Actor,
    /// The author's name.
    pub author_name: String,
    /// Where.
    pub room: RoomId,
    /// The text, as it was typed.
    pub body: String,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Addresses of files.
    pub attachments: Vec<String>,
    /// The message whose text this is to be, if it is there already.
    pub editing: Option<MessageId>,
    /// The client's name for it.
    pub client_id: Option<ClientId>,
}

/// A command that was run.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Its name.
    pub command: String,
    /// The id of the bot that ran it.
    pub bot: String,
    /// Whether everybody sees the answer, or only who typed the command.
    pub for_all: bool,
    /// What there is to see for who typed it. A message that only they see has no place in the room: its `seq` and `rev` are 0.
    pub shown: Shown,
}

/// The turn of an author, while it is held: nothing else of theirs is looked at or said.
pub type Turn = OwnedMutexGuard<()>;

/// Looks at what is about to be said.
pub trait Gate: Send + Sync {
    /// Waits until it is the author's turn, where somebody looks at what is said. Whoever keeps it until the text is written keeps the
    /// order in which an author says things.
    fn turn<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Option<Turn>>;

    /// The text as it may be said.
    ///
    /// # Errors
    /// `message_rejected` with a sentence for the author.
    fn look<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Result<String>>;

    /// What the same command said in the room when it was sent before, under the same name of the client's. It is not run again.
    ///
    /// # Errors
    /// `not_found` for who is not in the room.
    fn repeated<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Result<Option<Ran>>>;

    /// Runs `draft` as a command, if it is one; `None` if it is something to be said.
    ///
    /// # Errors
    /// `unknown_command`, `invalid_arguments`, `command_failed`, each with a sentence for who typed it.
    fn command<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Result<Option<Ran>>>;
}
