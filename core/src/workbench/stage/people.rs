//! The people on a stage, and what they do there: through the same actions as everybody's, with the same limits.

use std::time::Duration;

use super::{Deed, Stage};
use crate::{
    accounts::{self, model::Profile},
    actor::{Actor, Role},
    error::{Error, Result},
    ids::{MemberId, MessageId, PostId, RoomId},
    messages::{
        actions::{Send, Target},
        http::Sent,
        model::{Content, Emoji},
        requests::NewMessageBody,
    },
    plugins::dispatch::commands::{Asked, suggest},
    posts,
    rooms::{
        self,
        actions::{Create, Invite, Join},
        model::{Access, Invitee, RoomName, RoomRole},
    },
};

/// Who owns the rooms.
const OPERATOR: &str = "Operator";

/// Somebody on a stage.
#[derive(Clone)]
pub struct Person {
    pub actor: Actor,
    pub name: String,
    /// What they said last.
    pub last: Option<MessageId>,
}

/// What somebody does to a message.
pub enum Change<'a> {
    /// Change its text.
    Edit(&'a str),
    /// Take it away.
    Delete,
    /// Put an emoji on it, or take it away.
    React(&'a str, bool),
}

/// A command while it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typing {
    /// The command.
    pub command: String,
    /// The parameter at which somebody is.
    pub parameter: String,
    /// What is there of it.
    pub typed: String,
}

impl Stage {
    /// Somebody by name, in whatever capitals. They have an account from the first time on.
    async fn person(&mut self, name: &str) -> Result<Person> {
        let key = name.to_lowercase();
        if let Some(known) = self.people.get(&key) {
            return Ok(known.clone());
        }
        let mut letters = name.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        let profile = Profile {
            provider: "stage".to_owned(),
            subject: key.clone(),
            handle: None,
            email: None,
            email_verified: false,
            avatar: None,
            username: first.chain(letters).collect(),
        };
        let (user, _) = self.store.write(profile, |tx, profile| Box::pin(accounts::actions::create(tx, profile, Role::User))).await?;
        let person = Person { actor: Actor::User { id: user.id, role: Role::User }, name: user.username, last: None };
        self.people.insert(key, person.clone());
        Ok(person)
    }

    /// A room by name, which is made, with the bot in it, when it is named for the first time.
    pub async fn room(&mut self, name: &str) -> Result<RoomId> {
        if let Some(room) = self.rooms.get(name) {
            return Ok(room.clone());
        }
        let actor = self.person(OPERATOR).await?.actor;
        let create = Create { actor, name: RoomName::parse(name)?, access: Access::Open, max_memberships: u32::MAX };
        let room = self.store.write(create, |tx, create| Box::pin(rooms::actions::create(tx, create))).await?;
        // So that the bot hears of the room from the moment on in which it is in it.
        self.runner.caught_up().await?;
        let whom = Invitee::Known(self.bot());
        let invite = Invite { actor: Actor::System, room: room.clone(), whom, lifetime: Duration::ZERO };
        self.store.write(invite, |tx, invite| Box::pin(rooms::actions::invite(tx, invite))).await?;
        self.rooms.insert(name.to_owned(), room.clone());
        Ok(room)
    }

    /// Somebody becomes a member of a room, with a role.
    pub async fn join(&mut self, who: &str, room: &RoomId, role: Option<RoomRole>) -> Result<()> {
        let person = self.person(who).await?;
        let join = Join { actor: person.actor.clone(), room: room.clone(), max_memberships: u32::MAX };
        self.store.write(join, |tx, join| Box::pin(rooms::actions::join(tx, join))).await?;
        let Some(role) = role else { return Ok(()) };
        let input = (room.clone(), person.actor.member()?, role);
        let change =
            self.store.write(input, |tx, (room, who, role)| Box::pin(rooms::actions::set_role(tx, &Actor::System, room, who, *role)));
        change.await
    }

    /// Makes the bot a moderator of a room.
    pub async fn promote_bot(&mut self, room: &RoomId) -> Result<()> {
        let input = (room.clone(), self.bot());
        let promote = self
            .store
            .write(input, |tx, (room, bot)| Box::pin(rooms::actions::set_role(tx, &Actor::System, room, bot, RoomRole::Moderator)));
        promote.await
    }

    /// Somebody leaves a room.
    pub async fn leave(&mut self, who: &str, room: &RoomId) -> Result<()> {
        let input = (self.person(who).await?.actor, room.clone());
        self.store.write(input, |tx, (actor, room)| Box::pin(rooms::actions::leave(tx, actor, room))).await
    }

    /// Somebody types something: what is not said is a command. Gives what only they are shown.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn types(&mut self, who: &str, room: &RoomId, text: &str) -> Result<Option<Deed>> {
        let person = self.person(who).await?;
        self.require_member(&person, room).await?;
        let body = NewMessageBody { body: text.to_owned(), reply_to: None, attachments: Vec::new(), client_id: None };
        match self.messages.send(person.actor.clone(), person.name.clone(), room.clone(), body).await? {
            Sent::Said(shown) => {
                self.remember(who, shown.message.id);
                Ok(None)
            }
            Sent::Ran(ran) => {
                let answered = !ran.for_all && ran.shown.message.author == self.bot();
                Ok(answered.then_some(Deed::Told { whom: person.name, text: ran.shown.message.content.body }))
            }
        }
    }

    /// Somebody begins to type what a parameter of a command takes. Gives the values that suggest themselves.
    ///
    /// # Errors
    /// There is no such command or parameter.
    pub async fn begins(&mut self, who: &str, room: &RoomId, typing: &Typing) -> Result<Vec<String>> {
        let person = self.person(who).await?;
        self.require_member(&person, room).await?;
        let Typing { command, parameter, typed } = typing;
        let asked = Asked { actor: &person.actor, name: &person.name, room, command, parameter, typed };
        let choices = suggest(&self.store, &self.runners, asked).await?;
        Ok(choices.into_iter().map(|choice| choice.value).collect())
    }

    /// Somebody has said something that was looked at and allowed before. Gives its id.
    pub async fn said(&mut self, who: &str, room: &RoomId, text: &str, reply_to: Option<MessageId>) -> Result<MessageId> {
        let person = self.person(who).await?;
        let content = Content::parse(text.to_owned(), &[], &self.messages.files_at)?;
        let send = Send { id: None, actor: person.actor, author_name: person.name, room: room.clone(), content, reply_to, client_id: None };
        let shown = self.store.write(send, |tx, send| Box::pin(crate::messages::actions::send(tx, send))).await?;
        self.remember(who, shown.message.id.clone());
        Ok(shown.message.id)
    }

    /// Somebody changes a message, the one that they said last unless another is named.
    pub async fn change(&mut self, who: &str, message: Option<MessageId>, change: Change<'_>) -> Result<()> {
        let person = self.person(who).await?;
        let none = || Error::invalid(format!("{} has said nothing that could be changed.", person.name));
        let message = message.or_else(|| self.people.get(&who.to_lowercase())?.last.clone()).ok_or_else(none)?;
        let target = Target { actor: person.actor.clone(), message, room: None };
        match change {
            Change::Edit(text) => self.messages.edit(target, person.name, text.to_owned()).await.map(drop),
            Change::Delete => self.messages.delete(target).await.map(drop),
            Change::React(emoji, on) => {
                Emoji::parse(emoji)?;
                self.messages.react(target, emoji, on).await.map(drop)
            }
        }
    }

    /// Somebody writes a post. Gives its id.
    pub async fn posts(&mut self, who: &str, title: &str, body: &str) -> Result<PostId> {
        let person = self.person(who).await?;
        let content = posts::model::Content::parse(title, body.to_owned(), &[], &self.messages.files_at)?;
        let create = posts::actions::Create { id: None, actor: person.actor, author_name: person.name, content, key: None };
        Ok(self.store.write(create, |tx, create| Box::pin(posts::actions::create(tx, create))).await?.id)
    }

    /// Somebody changes a post.
    pub async fn edit_post(&mut self, who: &str, post: PostId, title: &str, body: &str) -> Result<()> {
        let change = posts::actions::Change { title: Some(title.to_owned()), body: Some(body.to_owned()), attachments: None };
        let edit = posts::actions::Edit { actor: self.person(who).await?.actor, post, change };
        let input = (edit, self.messages.files_at.clone());
        self.store.write(input, |tx, (edit, files_at)| Box::pin(posts::actions::edit(tx, edit, files_at))).await.map(drop)
    }

    /// Somebody is removed from a room by those who keep order there.
    pub async fn remove(&mut self, who: &str, room: &RoomId) -> Result<()> {
        let input = (room.clone(), Invitee::Known(self.person(who).await?.actor.member()?));
        self.store.write(input, |tx, (room, who)| Box::pin(rooms::actions::remove(tx, &Actor::System, room, who))).await
    }

    fn remember(&mut self, who: &str, message: MessageId) {
        if let Some(person) = self.people.get_mut(&who.to_lowercase()) {
            person.last = Some(message);
        }
    }

    /// Says in a script's words that somebody has to join first.
    async fn require_member(&self, person: &Person, room: &RoomId) -> Result<()> {
        let who: MemberId = person.actor.member()?;
        if rooms::queries::is_member(self.store.reader(), room, &who).await? {
            return Ok(());
        }
        Err(Error::invalid(format!("{0} is not in the room: let a line `{0} joins` come before.", person.name)))
    }
}
