//! Bots, typed: what the server tells and asks them.

mod about;
mod commands;
mod cron;

use std::{collections::BTreeMap, sync::Arc};

use wasmtime::{Store, component::InstancePre};

pub use self::{
    about::{About, Property, Schema},
    commands::{Command, Invocation, MAX_CHOICES, MAX_DESCRIPTION, Parameter, Typed, Unfit, argument, distinct_choices, is_choice, split},
    cron::Recurring,
};
use super::{
    Unavailable,
    bindings::bot::{
        exports::openclaw::bot as guest,
        openclaw::{
            bot::types::{Change, Choice, Context, Event},
            types::types::{Member, Message, Post, Room},
        },
    },
    call::{Caller, Within},
    capabilities::Session,
    component::unfit,
    engine::GuestEngine,
    journal::Journal,
    kind::reasons_in,
    settings::Settings,
    state::GuestState,
};
use crate::{
    config::{PluginSection, Span},
    outbound::AllowList,
};

/// How long suggestions may take.
const COMPLETION: Span = Span::millis(500);

/// What a bot exports: a way to each function of each interface that it has.
#[derive(Clone, Default)]
pub struct Exports {
    on_message: Option<guest::on_message::GuestIndices>,
    on_change: Option<guest::on_change::GuestIndices>,
    on_member: Option<guest::on_member::GuestIndices>,
    on_post: Option<guest::on_post::GuestIndices>,
    commands: Option<guest::commands::GuestIndices>,
    completion: Option<guest::completion::GuestIndices>,
    scheduled: Option<guest::scheduled::GuestIndices>,
    before_message: Option<guest::before_message::GuestIndices>,
    lifecycle: Option<guest::lifecycle::GuestIndices>,
}

impl Exports {
    /// Finds those that the component has.
    fn find(component: &InstancePre<GuestState>, reasons: &[&'static str]) -> Result<Self, wasmtime::Error> {
        macro_rules! found {
            ($interface:ident, $name:literal) => {
                if reasons.contains(&$name) { Some(guest::$interface::GuestIndices::new(component)?) } else { None }
            };
        }
        Ok(Self {
            on_message: found!(on_message, "on-message"),
            on_change: found!(on_change, "on-change"),
            on_member: found!(on_member, "on-member"),
            on_post: found!(on_post, "on-post"),
            commands: found!(commands, "commands"),
            completion: found!(completion, "completion"),
            scheduled: found!(scheduled, "scheduled"),
            before_message: found!(before_message, "before-message"),
            lifecycle: found!(lifecycle, "lifecycle"),
        })
    }
}

/// A bot that can be called. Cheap to share.
pub struct BotPlugin {
    caller: Arc<Caller>,
    component: InstancePre<GuestState>,
    exports: Exports,
    /// Which of the reasons to be called it has, by the names of the interfaces.
    reasons: Vec<&'static str>,
    /// What the operator wrote.
    pub section: PluginSection,
    /// What its operator granted: the names of capabilities.
    pub grants: Vec<String>,
    /// Where the host may go on its behalf.
    pub allowed: AllowList,
    /// What it says of itself.
    pub about: About,
    /// Its commands.
    pub commands: BTreeMap<String, Command>,
    /// Its jobs that come back.
    pub recurring: Vec<Recurring>,
}

/// Calls a function of an interface that the bot has, in a fresh instance with `$session`, and gives its answer and the session.
macro_rules! tell {
    ($bot:expr, $within:expr, $session:expr, $interface:ident, $name:literal, $function:ident($($argument:expr),*)) => {{
        let (component, indices) = ($bot.component.clone(), $bot.exports.$interface.clone());
        let arguments = ($($argument,)*);
        let body = move |mut store: Store<GuestState>| {
            let call = async move {
                let indices = indices.ok_or_else(|| wasmtime::format_err!("it has no such interface"))?;
                let instance = component.instantiate_async(&mut store).await?;
                let guest = indices.load(&mut store, &instance)?;
                let answer = tell!(@call guest, store, $function, arguments, $($argument),*);
                Ok((answer?, store.into_data().session))
            };
            Box::pin(call) as _
        };
        $bot.caller.call_within($within, $name, $session, body, Ok).await
    }};
    (@call $guest:ident, $store:ident, $function:ident, $arguments:ident,) => {{
        let () = $arguments;
        $guest.$function(&mut $store).await
    }};
    (@call $guest:ident, $store:ident, $function:ident, $arguments:ident, $a:expr) => {{
        let (a,) = &$arguments;
        $guest.$function(&mut $store, a).await
    }};
    (@call $guest:ident, $store:ident, $function:ident, $arguments:ident, $a:expr, $b:expr) => {{
        let (a, b) = &$arguments;
        $guest.$function(&mut $store, a, b).await
    }};
    (@call $guest:ident, $store:ident, $function:ident, $arguments:ident, $a:expr, $b:expr, $c:expr) => {{
        let (a, b, c) = &$arguments;
        $guest.$function(&mut $store, a, b, c).await
    }};
    (@call $guest:ident, $store:ident, $function:ident, $arguments:ident, $a:expr, $b:expr, $c:expr, $d:expr) => {{
        let (a, b, c, d) = &$arguments;
        $guest.$function(&mut $store, a, b, c, d).await
    }};
}

/// What came of a call: the bot's answer, and what it collected.
pub type Outcome<T> = Result<(T, Session), Unavailable>;

/// What the host does with a message that is about to be said.
pub use guest::before_message::{Draft, Verdict};
/// A job whose time has come.
pub use guest::scheduled::Due;

impl BotPlugin {
    /// Asks a bot that was linked what it is. It is ready once it is [started](Self::start).
    pub async fn open(
        id: &str,
        engine: &GuestEngine,
        section: &PluginSection,
        component: InstancePre<GuestState>,
        exports: &[String],
        journal: Journal,
    ) -> Result<Self, Unavailable> {
        let off = |reason: String| Unavailable::new(format!("plugin `{id}` {reason}"));
        let reasons = reasons_in(exports);
        let exports = Exports::find(&component, &reasons).map_err(|error| off(unfit(&error)))?;
        let allowed = AllowList::parse(&section.allow_hosts, section.allow_private)
            .map_err(|reason| off(format!("has hosts that cannot be used ({reason}): correct allow_hosts")))?;
        let engines = (engine, &component.engine().clone());
        let caller = Caller::new(id, engines, Settings::new(BTreeMap::new()), &section.limits, journal);
        let mut bot = Self {
            caller: Arc::new(caller),
            component,
            exports,
            reasons,
            grants: section.grants.clone(),
            section: section.clone(),
            allowed,
            about: About::default(),
            commands: BTreeMap::new(),
            recurring: Vec::new(),
        };
        bot.about = bot.introduce().await?.map(About::read).transpose().map_err(off)?.unwrap_or_default();
        Ok(bot)
    }

    /// Checks what the operator set, and makes the bot ready.
    pub async fn start(self) -> Result<Self, Unavailable> {
        let settings = self.settings().map_err(|reason| self.off(&reason))?;
        self.furnish(settings).await
    }

    /// The same for somebody who only wants to know what the bot says of itself: no setting has to be there.
    pub async fn sample(self) -> Result<Self, Unavailable> {
        let defaults = self.about.settings.as_ref().map(Schema::defaults).unwrap_or_default();
        self.furnish(Settings::new(defaults)).await
    }

    /// Gives the bot its settings and asks what it has to offer.
    async fn furnish(mut self, settings: Settings) -> Result<Self, Unavailable> {
        self.caller = Arc::new(self.caller.with_settings(settings).sharing());
        self.commands = commands::read(self.ask_commands().await?).map_err(|reason| self.off(&reason))?;
        self.recurring = cron::read(self.ask_jobs().await?).map_err(|reason| self.off(&reason))?;
        Ok(self)
    }

    fn off(&self, reason: &str) -> Unavailable {
        Unavailable::new(format!("plugin `{}` {reason}", self.id()))
    }

    /// The operator's settings, with the bot's defaults.
    fn settings(&self) -> Result<Settings, String> {
        let values = self.section.settings.clone();
        let Some(schema) = &self.about.settings else { return Ok(Settings::new(values)) };
        schema.check(&values)?;
        Ok(Settings::with_defaults(values, schema.defaults(), schema.properties.keys().cloned().collect()))
    }

    /// The id of the plugin.
    pub fn id(&self) -> &str {
        self.caller.id()
    }

    /// What runs its calls.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// What was set for it.
    pub fn own_settings(&self) -> &Arc<Settings> {
        self.caller.settings()
    }

    /// Whether it has the interface `name`.
    pub fn has(&self, name: &str) -> bool {
        self.reasons.contains(&name)
    }

    /// The time of a call that somebody waits for.
    const fn waited(&self) -> Within {
        Within::Waited(self.section.limits.wall_clock)
    }

    /// The time of a call that nobody waits for.
    const fn unwaited(&self) -> Within {
        Within::Unwaited(self.section.limits.wall_clock)
    }

    async fn introduce(&self) -> Result<Option<guest::lifecycle::Introduction>, Unavailable> {
        if self.exports.lifecycle.is_none() {
            return Ok(None);
        }
        tell!(self, self.waited(), None, lifecycle, "about", call_about()).map(|(said, _)| Some(said))
    }

    async fn ask_commands(&self) -> Result<Vec<guest::commands::Command>, Unavailable> {
        if self.exports.commands.is_none() {
            return Ok(Vec::new());
        }
        tell!(self, self.waited(), None, commands, "commands", call_commands()).map(|(said, _)| said)
    }

    async fn ask_jobs(&self) -> Result<Vec<guest::scheduled::Recurring>, Unavailable> {
        if self.exports.scheduled.is_none() {
            return Ok(Vec::new());
        }
        tell!(self, self.waited(), None, scheduled, "jobs", call_jobs()).map(|(said, _)| said)
    }

    /// Lets it begin; its error says why it cannot.
    pub async fn begin(&self, session: Session) -> Outcome<Result<(), String>> {
        if self.exports.lifecycle.is_none() {
            return Ok((Ok(()), session));
        }
        back(tell!(self, self.waited(), Some(session), lifecycle, "start", call_start()))
    }

    /// Something was said.
    pub async fn on_message(&self, session: Session, event: Event, message: Message) -> Outcome<Result<(), String>> {
        back(tell!(self, self.unwaited(), Some(session), on_message, "on-message", call_on_message(event, message)))
    }

    /// A message changed.
    pub async fn on_change(&self, session: Session, event: Event, change: Change, message: Message) -> Outcome<Result<(), String>> {
        back(tell!(self, self.unwaited(), Some(session), on_change, "on-change", call_on_change(event, change, message)))
    }

    /// Somebody came or went.
    pub async fn on_member(&self, session: Session, event: Event, change: Change, room: Room, who: Member) -> Outcome<Result<(), String>> {
        back(tell!(self, self.unwaited(), Some(session), on_member, "on-member", call_on_member(event, change, room, who)))
    }

    /// Something happened to a post.
    pub async fn on_post(&self, session: Session, event: Event, change: Change, post: Post) -> Outcome<Result<(), String>> {
        back(tell!(self, self.unwaited(), Some(session), on_post, "on-post", call_on_post(event, change, post)))
    }

    /// The time of a job has come.
    pub async fn on_job(&self, session: Session, due: Due) -> Outcome<Result<(), String>> {
        back(tell!(self, self.unwaited(), Some(session), scheduled, "on-job", call_on_job(due)))
    }

    /// A command was typed.
    pub async fn run(
        &self,
        session: Session,
        typed: Invocation,
        context: Context,
    ) -> Outcome<Result<Option<guest::commands::Answer>, String>> {
        let Invocation { command, arguments } = typed;
        back(tell!(self, self.waited(), Some(session), commands, "run", call_run(command, arguments, context)))
    }

    /// What suggests itself for a parameter.
    pub async fn complete(
        &self,
        session: Session,
        command: String,
        parameter: String,
        typed: String,
        context: Context,
    ) -> Outcome<Vec<Choice>> {
        back(tell!(
            self,
            Within::Waited(COMPLETION),
            Some(session),
            completion,
            "complete",
            call_complete(command, parameter, typed, context)
        ))
    }

    /// What becomes of a message that is about to be said, if it decides in time.
    pub async fn before_message(&self, session: Session, draft: Draft, within: Span) -> Outcome<Verdict> {
        back(tell!(self, Within::Waited(within), Some(session), before_message, "before-message", call_before_message(draft)))
    }
}

/// Who may see what a command answers.
pub use guest::commands::Audience;

fn back<T>(outcome: Result<(T, Option<Session>), Unavailable>) -> Outcome<T> {
    outcome.and_then(|(answer, session)| Ok((answer, session.ok_or_else(|| Unavailable::new("a call lost what it worked with"))?)))
}
