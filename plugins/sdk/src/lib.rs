//! Write plugins in Rust: bots, and providers of sign-in.
//!
//! A plugin implements a trait for each reason to be called and exports them with one macro. What it calls decides what it has to be
//! granted: a component imports what it uses and nothing else, and each import is a permission. [`settings`], [`log`], [`Time`] and
//! [`random`] need none.
//!
//! # Bots
//!
//! A bot with a command, and with no need of any permission:
//!
//! ```
//! use openclaw_sdk::{Answer, Argument, Arguments, Command, Commands, Context, random};
//!
//! struct Dice;
//!
//! impl Commands for Dice {
//!     fn commands() -> Vec<Command> {
//!         vec![Command::new("roll", "Roll a die").integer("sides", "How many sides it has, 6 unless you say").between(2.0, 1000.0).optional()]
//!     }
//!     fn run(_: String, arguments: Vec<Argument>, context: Context) -> Result<Option<Answer>, String> {
//!         let sides = arguments.integer("sides").unwrap_or(6).unsigned_abs();
//!         Ok(Some(Answer::room(format!("🎲 {} rolls {}.", context.caller.name, random::between(1, sides)))))
//!     }
//! }
//!
//! # #[cfg(target_family = "wasm")]
//! openclaw_sdk::export_bot!(Dice: commands);
//! ```
//!
//! A bot that listens, counts and answers, which takes the permissions `chat-write` and `store`:
//!
//! ```
//! use openclaw_sdk::{Event, Message, OnMessage, chat, store};
//!
//! struct Tea;
//!
//! impl OnMessage for Tea {
//!     fn on_message(_: Event, message: Message) -> Result<(), String> {
//!         if message.body.contains("tea") {
//!             let cups = store::increment("cups", 1)?;
//!             chat::reply(&message, format!("Here you are. That was cup number {cups}."))?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! # #[cfg(target_family = "wasm")]
//! openclaw_sdk::export_bot!(Tea: on_message);
//! ```
//!
//! Why a bot is called, and what it can do then:
//!
//! | trait | called when |
//! |---|---|
//! | [`OnMessage`] | something was said in a room that the bot hears |
//! | [`OnChange`] | a message was edited, deleted or reacted to |
//! | [`OnMember`] | somebody came or went |
//! | [`OnPost`] | a post was written or edited (permission `posts-read`) |
//! | [`Commands`], [`Completion`] | somebody types a command of the bot |
//! | [`Scheduled`] | the time of a job has come |
//! | [`BeforeMessage`] | somebody is about to say something, to let it pass, refuse it or change it |
//! | [`Lifecycle`] | the bot is loaded: its name, the schema of its settings, whether it can work |
//!
//! | module | | permission |
//! |---|---|---|
//! | [`chat`] | rooms and messages; saying something | `chat-read`; `chat-write` |
//! | [`posts`] | posts; writing them | `posts-read`; `posts-write` |
//! | [`members`] | who is in a room | `members` |
//! | [`moderation`] | deleting messages and removing members, where the bot is a moderator | `moderation` |
//! | [`store`] | remembering things | `store` |
//! | [`schedule`] | doing something later | `schedule` |
//! | [`http`] | asking other servers | `http` |
//! | [`secrets`] | whether a secret is set | `secrets` |
//! | [`settings`], [`log`], [`Time`], [`random`] | | none |
//!
//! Three things are worth knowing:
//!
//! - **Every call runs in a fresh instance.** Nothing in memory is there in the next call; what is to be remembered goes into [`store`].
//! - **What a call does to the community happens after it, or not at all.** Messages, reactions, values and jobs are kept until
//!   the function returns, and written together; only what turns out to be impossible by then is left out, with a line in the log. If it answers with an error, traps or takes too long, nothing of it has happened; an event
//!   is told again then, up to five times.
//! - **A call may run more than once**: when it failed, and when another one changed a value meanwhile that it had read and changed. Only
//!   [`http`] and [`log`] show it.
//!
//! Functions of the host answer with an [`Error`]; `?` makes it the sentence that a bot answers with.
//!
//! # Sign-in with a password
//!
//! A [`PasswordProvider`] says who a login belongs to and what the mails say:
//!
//! ```
//! use openclaw_sdk::{Letter, Mail, PasswordProvider, Refusal, Registration, RegistrationForm};
//!
//! struct Staff;
//!
//! impl PasswordProvider for Staff {
//!     fn check_registration(form: RegistrationForm) -> Result<Registration, Refusal> {
//!         let subject = Self::check_login(form.login)?;
//!         Ok(Registration { address: format!("{subject}@example.com"), username: subject.clone(), subject })
//!     }
//!     fn check_login(login: String) -> Result<String, Refusal> {
//!         if login.chars().all(|c| c.is_ascii_lowercase()) {
//!             Ok(login)
//!         } else {
//!             Err(Refusal { field: "login".into(), message: "Small letters only.".into() })
//!         }
//!     }
//!     fn verification_mail(letter: Letter) -> Mail {
//!         Mail { subject: "Welcome".into(), text: letter.link.clone(), html: openclaw_sdk::escape_html(&letter.link) }
//!     }
//!     fn reset_mail(letter: Letter) -> Mail {
//!         Self::verification_mail(letter)
//!     }
//! }
//!
//! # #[cfg(target_family = "wasm")]
//! openclaw_sdk::export_password_provider!(Staff);
//! ```
//!
//! # Sign-in at another site
//!
//! An [`OAuthProvider`] says where people go and who came back. The host does everything between; secrets, codes and tokens
//! stay with it:
//!
//! ```
//! use openclaw_sdk::{
//!     ClientAuthentication, Endpoints, Failure, Flow, Identity, OAuthProvider, Profile, Server, Site, Source, read_json, settings,
//! };
//!
//! struct Example;
//!
//! #[derive(serde::Deserialize)]
//! struct Person {
//!     id: u64,
//!     login: String,
//!     name: Option<String>,
//! }
//!
//! impl OAuthProvider for Example {
//!     fn authorization(_: Site) -> Result<Flow, String> {
//!         let host = settings::get("host").ok_or("set `host`, like \"example.com\"")?;
//!         Ok(Flow {
//!             name: "Example".into(),
//!             server: Server::Endpoints(Endpoints {
//!                 authorize: format!("https://{host}/authorize"),
//!                 token: format!("https://{host}/token"),
//!             }),
//!             scopes: vec!["profile".into()],
//!             parameters: vec![],
//!             client_authentication: ClientAuthentication::Basic,
//!             sources: vec![Source::Url(format!("https://{host}/me"))],
//!             user_agent: None,
//!         })
//!     }
//!     fn identify(profile: Profile) -> Result<Identity, Failure> {
//!         let person: Person = read_json(profile.documents.first())?;
//!         Ok(Identity { subject: person.id.to_string(), username: person.login, display_name: person.name, avatar: None, email: None })
//!     }
//! }
//!
//! # #[cfg(target_family = "wasm")]
//! openclaw_sdk::export_oauth_provider!(Example);
//! ```
//!
//! # Tests
//!
//! Functions of the host exist only inside a component. In native tests there is [`testing`], which is empty unless a test fills it:
//! `settings::get` answers none, `store` begins with nothing, and what a bot says can be looked at.

#[doc(hidden)]
pub mod bindings;
pub mod chat;
pub mod commands;
mod error;
mod export;
mod host;
mod html;
pub mod http;
mod lifecycle;
pub mod log;
mod markdown;
pub mod members;
pub mod moderation;
pub mod posts;
mod profile;
pub mod random;
pub mod schedule;
pub mod secrets;
pub mod settings;
pub mod store;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
mod time;

pub use bindings::{
    before_message::exports::openclaw::bot::before_message::{Draft, Guest as BeforeMessage, Verdict},
    bot::openclaw::{
        bot::types::{Change, Event},
        types::types::{Error, Member, Message, Post, Reaction, Room},
    },
    commands::exports::openclaw::bot::commands::Guest as Commands,
    completion::exports::openclaw::bot::completion::Guest as Completion,
    lifecycle::exports::openclaw::bot::lifecycle::{Guest as Lifecycle, Introduction},
    oauth::exports::openclaw::provider::oauth::{
        ClientAuthentication, Document, Email, Endpoints, Failure, Flow, Guest as OAuthProvider, Identity, Parameter, Profile, Server,
        Site, Source,
    },
    on_change::exports::openclaw::bot::on_change::Guest as OnChange,
    on_member::exports::openclaw::bot::on_member::Guest as OnMember,
    on_message::exports::openclaw::bot::on_message::Guest as OnMessage,
    on_post::exports::openclaw::bot::on_post::Guest as OnPost,
    password::exports::openclaw::provider::password::{Guest as PasswordProvider, Letter, Mail, Refusal, Registration, RegistrationForm},
    scheduled::exports::openclaw::bot::scheduled::{Due, Guest as Scheduled, Recurring},
};
pub use commands::{Answer, Argument, Arguments, Choice, Command, Context};
pub use html::escape_html;
pub use markdown::escape_markdown;
pub use profile::read_json;
pub use time::Time;

#[doc(hidden)]
pub use bindings::{
    before_message::__export_before_message, commands::__export_commands, completion::__export_completion, lifecycle::__export_lifecycle,
    oauth::__export_oauth_provider, on_change::__export_on_change, on_member::__export_on_member, on_message::__export_on_message,
    on_post::__export_on_post, password::__export_password_provider, scheduled::__export_scheduled,
};
