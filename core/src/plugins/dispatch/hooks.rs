//! What bots do while somebody is about to say something: run a command, or look at the text first.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex as Shared, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};
use tokio::{sync::Mutex, time::Instant};
use tracing::Level;

use super::{
    Runners,
    runner::{CallError, Runner},
};
use crate::{
    actor::Actor,
    config::{OnFailure, Span},
    error::{Error, Kind, Result},
    ids::{MemberId, MessageId, RoomId},
    messages::{
        self,
        gate::{Draft, Gate, Ran, Turn},
        model::{ClientId, Content, Message, Shown},
    },
    plugins::{
        Unavailable,
        actions::Settlement,
        bindings::bot::{
            exports::openclaw::bot::{
                before_message::{self, Verdict},
                commands::Answer,
            },
            openclaw::{bot::types::Context, types::types::Member},
        },
        bot::{Audience, Command, Invocation, Typed, Unfit, argument, split},
        capabilities::{Effect, Session, role_word},
    },
    rooms::{
        self,
        model::{RoomRole, Standing},
    },
    text,
};

/// Senders are told apart by this many locks; two that share one wait for each other now and then.
const LOCKS: usize = 256;

/// The bots that look at what is about to be said, and run commands.
pub struct Hooks {
    runners: Runners,
    /// One message of a sender at a time, so that they are looked at and said in their order.
    order: Vec<Arc<Mutex<()>>>,
    hasher: RandomState,
}

/// Somebody who types a command, and where.
struct Typist<'a> {
    draft: &'a Draft,
    standing: Standing,
    role: RoomRole,
}

impl Hooks {
    /// Of the bots that take part.
    pub fn new(runners: Runners) -> Self {
        Self { runners, order: (0..LOCKS).map(|_| Arc::default()).collect(), hasher: RandomState::new() }
    }

    /// The bots that look at what `who` says in a room.
    fn lookers(&self, room: &RoomId, who: &MemberId) -> Vec<Arc<Runner>> {
        let lookers = self.runners.lookers(room).into_iter();
        lookers.filter(|runner| runner.host.member() != *who).collect()
    }

    async fn take_turn(&self, draft: &Draft) -> Option<Turn> {
        let who = draft.actor.member().ok().filter(|who| !self.lookers(&draft.room, who).is_empty())?;
        let lock = usize::try_from(self.hasher.hash_one(who.as_str())).unwrap_or_default() % LOCKS;
        Some(self.order[lock].clone().lock_owned().await)
    }

    async fn review(&self, draft: &Draft) -> Result<String> {
        let who = draft.actor.member()?;
        let lookers = self.lookers(&draft.room, &who);
        let Some(first) = lookers.first() else { return Ok(draft.body.clone()) };
        let (_, role) = rooms::queries::standing(first.host.store.reader(), &draft.room, &who).await?;
        let mut body = draft.body.clone();
        for runner in lookers {
            body = self.ask(&runner, draft, &who, role, body).await?;
        }
        Ok(body)
    }

    /// Lets one bot decide.
    async fn ask(&self, runner: &Runner, draft: &Draft, who: &MemberId, role: RoomRole, body: String) -> Result<String> {
        let question = before_message::Draft {
            room_id: draft.room.to_string(),
            author: Member { id: who.to_string(), name: draft.author_name.clone(), is_bot: who.is_bot() },
            role: role_word(role).to_owned(),
            body: body.clone(),
            reply_to: draft.reply_to.as_ref().map(ToString::to_string),
            attachments: draft.attachments.clone(),
            editing: draft.editing.as_ref().map(ToString::to_string),
        };
        let outcome = if let Some(reason) = runner.strikes.suspended() {
            Err(reason)
        } else {
            verdict(runner, question).await.map_err(|error| error.to_string())
        };
        match outcome {
            Ok(Verdict::Allow) => Ok(body),
            Ok(Verdict::Rewrite(body)) => Ok(body),
            Ok(Verdict::Reject(reason)) => {
                let reason = text::one_line(&reason, 300);
                let reason = if reason.is_empty() { "This message is not allowed here.".to_owned() } else { reason };
                Err(Error::new(Kind::Forbidden, "message_rejected", reason))
            }
            Err(_) if runner.plugin.section.before_message.on_failure == OnFailure::Open => Ok(body),
            Err(reason) => {
                let sentence = "This message could not be checked, so it was not sent. Please try again later.";
                Err(Error::new(Kind::Unavailable, "message_not_checked", sentence).caused_by(reason))
            }
        }
    }

    /// The bots whose commands `draft` could be, if it can be one.
    fn bots_for(&self, draft: &Draft) -> Vec<Arc<Runner>> {
        let can_be = draft.body.starts_with('/') && matches!(draft.actor, Actor::User { .. });
        if can_be { self.runners.with_commands(&draft.room) } else { Vec::new() }
    }

    async fn ran_before(&self, draft: &Draft) -> Result<Option<Ran>> {
        let bots = self.bots_for(draft);
        let Some((name, _)) = split(&draft.body) else { return Ok(None) };
        let Some((runner, command)) = Runners::command(&bots, name) else { return Ok(None) };
        let typist = Typist::of(runner, draft).await?;
        let said = typist.said_before(runner, &typist.context(runner)?).await?;
        said.map(|shown| typist.ran(runner, command, Some(Said::ToAll(Box::new(shown))))).transpose()
    }

    async fn typed(&self, draft: &Draft) -> Result<Option<Ran>> {
        let bots = self.bots_for(draft);
        if bots.is_empty() {
            return Ok(None);
        }
        let Some((name, rest)) = split(&draft.body) else { return Ok(None) };
        // First of all: who is outside does not even learn which commands there are not.
        let (standing, role) = rooms::queries::standing(bots[0].host.store.reader(), &draft.room, &draft.actor.member()?).await?;
        let Some((runner, command)) = Runners::command(&bots, name) else { return Err(unknown(name, &bots)) };
        let typist = Typist { draft, standing, role };
        typist.run(runner, command, rest).await.map(Some)
    }
}

/// What one bot thinks. If what it wants besides cannot be, or not in time, that is left out: what it thinks counts all the same.
async fn verdict(runner: &Runner, question: before_message::Draft) -> Result<Verdict, CallError> {
    let decided = Shared::new(None);
    // However often it runs: somebody waits for the whole of it.
    let until = Instant::now() + runner.plugin.section.before_message.budget.0;
    let call = async |session| {
        let left = Span(until.saturating_duration_since(Instant::now()));
        let again = decided.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let asked = runner.plugin.before_message(session, question.clone(), left).await;
        // Who has decided in time and is asked again has done nothing wrong when that takes too long.
        let in_time = |failed: Unavailable| Unavailable { busy: failed.busy || again && Instant::now() >= until, ..failed };
        let (verdict, session) = asked.map_err(in_time)?;
        *decided.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict.clone());
        Ok((verdict, session))
    };
    let settlement = |_: &_| Settlement { hops: 1, ..Settlement::default() };
    let outcome = runner.call(call, settlement).await;
    let Err(reason) = &outcome else { return outcome };
    let Some(verdict) = decided.into_inner().unwrap_or_else(PoisonError::into_inner) else { return outcome };
    let sentence = format!("a message was looked at, but nothing of that is remembered: {reason}");
    tracing::warn!(plugin = &*runner.host.plugin, "{sentence}");
    runner.say(Level::WARN, &sentence);
    Ok(verdict)
}

impl Gate for Hooks {
    fn turn<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Option<Turn>> {
        Box::pin(self.take_turn(draft))
    }

    fn repeated<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Result<Option<Ran>>> {
        Box::pin(self.ran_before(draft))
    }

    fn look<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Result<String>> {
        Box::pin(self.review(draft))
    }

    fn command<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Result<Option<Ran>>> {
        Box::pin(self.typed(draft))
    }
}

/// There is no such command: the nearest one, and how to say it instead.
fn unknown(name: &str, bots: &[Arc<Runner>]) -> Error {
    let all = bots.iter().flat_map(|runner| runner.plugin.commands.keys());
    let nearest = all.map(|known| (strsim::damerau_levenshtein(name, known), known)).min();
    let hint = match nearest {
        Some((distance, known)) if distance <= 2 => format!(" Did you mean /{known}?"),
        _ => String::new(),
    };
    let sentence = format!("There is no command /{name} here.{hint} To say it as text, begin with two slashes.");
    Error::new(Kind::Invalid, "unknown_command", sentence)
}

impl<'a> Typist<'a> {
    /// Who wrote `draft`, which is for a command of the bot.
    async fn of(runner: &Runner, draft: &'a Draft) -> Result<Self> {
        let (standing, role) = rooms::queries::standing(runner.host.store.reader(), &draft.room, &draft.actor.member()?).await?;
        Ok(Self { draft, standing, role })
    }

    async fn run(&self, runner: &Runner, command: &Command, rest: &str) -> Result<Ran> {
        let typed = command.parse(rest).map_err(|Unfit(sentence)| Error::new(Kind::Invalid, "invalid_arguments", sentence))?;
        let mut arguments = Vec::with_capacity(typed.len());
        for (name, value) in typed {
            let found = match &value {
                Typed::Member(who) => Some(find(runner, &self.draft.room, who).await?),
                _ => None,
            };
            arguments.extend(argument(name, value, found));
        }
        let invocation = Invocation { command: command.name.clone(), arguments };
        let said = self.call(runner, invocation, &self.context(runner)?).await?;
        self.ran(runner, command, said)
    }

    /// The name under which what a command says in the room is kept, if the client has one for the command.
    fn kept_as(&self, context: &Context) -> Option<ClientId> {
        self.draft.client_id.as_ref().map(|_| ClientId::from_stored(context.id.clone()))
    }

    /// What the same command said in the room when it was sent before.
    async fn said_before(&self, runner: &Runner, context: &Context) -> Result<Option<Shown>> {
        let Some(kept_as) = self.kept_as(context) else { return Ok(None) };
        messages::queries::earlier(runner.host.store.reader(), &self.draft.room, &runner.host.member(), &kept_as).await
    }

    async fn call(&self, runner: &Runner, invocation: Invocation, context: &Context) -> Result<Option<Said>> {
        if runner.strikes.suspended().is_some() {
            let sentence = format!("{} is taking a break at the moment. Please try again later.", runner.host.bot.name.as_str());
            return Err(Error::new(Kind::Unavailable, "bot_suspended", sentence));
        }
        let (room, kept_as) = (&self.draft.room, self.kept_as(context));
        let call = async |session| {
            let (answer, mut session) = runner.plugin.run(session, invocation.clone(), context.clone()).await?;
            let answer = answer.and_then(checked).and_then(|answer| match answer {
                Some((text, Audience::Room)) => {
                    let sent = session.say(room.clone(), text, None);
                    sent.map(|id| Some(Wanted::ToAll(id))).map_err(|_| "I have said too much here. Please try again later.".to_owned())
                }
                Some((text, Audience::Caller)) => Ok(Some(Wanted::ToCaller(text))),
                None => Ok(None),
            });
            if answer.is_err() {
                // Nothing that the call wanted happens.
                session = runner.session();
            }
            keep(&mut session, room, kept_as.as_ref());
            Ok((answer, session))
        };
        let settlement = |_: &_| Settlement { hops: 1, ..Settlement::default() };
        match runner.call(call, settlement).await {
            Ok(Ok(Some(Wanted::ToAll(id)))) => self.said(runner, context, &id).await.map(Some),
            Ok(Ok(Some(Wanted::ToCaller(answer)))) => Ok(Some(Said::ToCaller(answer))),
            Ok(Ok(None)) => Ok(None),
            Ok(Err(refusal)) => {
                let refusal = text::one_line(&refusal, 300);
                let sentence = if refusal.is_empty() { "This did not work.".to_owned() } else { refusal };
                Err(Error::new(Kind::Conflict, "command_failed", sentence))
            }
            Err(CallError::Server(error)) => Err(error),
            Err(failed) => {
                let sentence = format!("{} could not do this. Please try again later.", runner.host.bot.name.as_str());
                Err(Error::new(Kind::Unavailable, "bot_failed", sentence).caused_by(failed.to_string()))
            }
        }
    }

    fn context(&self, runner: &Runner) -> Result<Context> {
        let Draft { actor, author_name, room, reply_to, attachments, client_id, .. } = self.draft;
        let who = actor.member()?;
        let id = match client_id {
            Some(client_id) => URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{room} {who} {}", client_id.as_str()))),
            None => runner.host.store.random().token().expose().to_owned(),
        };
        Ok(Context {
            id: format!("c-{}", &id[..22]),
            reply_to: reply_to.as_ref().map(ToString::to_string),
            attachments: attachments.clone(),
            ..runner.context(&self.standing.room, &who, author_name, self.role)
        })
    }

    /// What a command said in the room just now, or when it was sent at the same moment a second time.
    async fn said(&self, runner: &Runner, context: &Context, id: &MessageId) -> Result<Said> {
        let said = match messages::queries::by_id(runner.host.store.reader(), id).await? {
            Some(shown) => Some(shown),
            None => self.said_before(runner, context).await?,
        };
        said.map(|shown| Said::ToAll(Box::new(shown))).ok_or_else(|| Error::unavailable("The answer of the bot could not be written."))
    }

    /// What there is to see.
    fn ran(&self, runner: &Runner, command: &Command, said: Option<Said>) -> Result<Ran> {
        let for_all = matches!(said, Some(Said::ToAll(_)));
        let shown = match said {
            Some(Said::ToAll(shown)) => *shown,
            Some(Said::ToCaller(content)) => self.unsaid(runner, runner.host.member(), runner.host.bot.name.as_str(), content)?,
            None => {
                let typed = Content { body: self.draft.body.clone(), attachments: Vec::new() };
                self.unsaid(runner, self.draft.actor.member()?, &self.draft.author_name, typed)?
            }
        };
        Ok(Ran { command: command.name.clone(), bot: runner.host.bot.id.to_string(), for_all, shown })
    }

    /// A message that has no place in the room.
    fn unsaid(&self, runner: &Runner, author: MemberId, name: &str, content: Content) -> Result<Shown> {
        let store = &runner.host.store;
        let message = Message {
            id: MessageId::new(store.now(), store.random()),
            room: self.draft.room.clone(),
            seq: 0,
            rev: 0,
            client_id: self.draft.client_id.clone(),
            author,
            author_name: name.to_owned(),
            content,
            reply_to: None,
            reactions: Vec::new(),
            created_at: store.now(),
            edited_at: None,
            deleted: false,
        };
        message.shown()
    }
}

/// What a command wants to answer.
enum Wanted {
    ToAll(MessageId),
    ToCaller(Content),
}

/// What a command answered.
enum Said {
    ToAll(Box<Shown>),
    ToCaller(Content),
}

/// Gives the last thing that a command says in the room, which is its answer if it has one, a name by which it is found when the command
/// is sent again.
fn keep(session: &mut Session, room: &RoomId, kept_as: Option<&ClientId>) {
    let last = session.effects.iter_mut().rev().find_map(|effect| match effect {
        Effect::Send(send) if send.room == *room => Some(send),
        _ => None,
    });
    if let Some(send) = last {
        send.client_id = kept_as.cloned();
    }
}

/// An answer that can be shown.
fn checked(answer: Option<Answer>) -> Result<Option<(Content, Audience)>, String> {
    let Some(Answer { body, audience }) = answer else { return Ok(None) };
    let content = Content::new(body, Vec::new()).map_err(|error| format!("The answer of the bot cannot be shown: {error}"))?;
    Ok(Some((content, audience)))
}

/// A member of the room by id or by name.
async fn find(runner: &Runner, room: &RoomId, who: &str) -> Result<Member> {
    let (reader, online) = (runner.host.store.reader(), &runner.host.online);
    let found = match MemberId::parse(who) {
        Some(id) => rooms::queries::member(reader, room, &id, online).await?.into_iter().collect(),
        None => rooms::queries::called(reader, room, who, online).await?,
    };
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(Member { id: one.id, name: one.username, is_bot: one.is_bot }),
        (Some(_), Some(_)) => {
            let sentence = format!("There are several members called {who} here. Please use the id of one of them.");
            Err(Error::new(Kind::Invalid, "invalid_arguments", sentence))
        }
        (None, _) => Err(Error::new(Kind::Invalid, "invalid_arguments", format!("Nobody here is called {who}."))),
    }
}
