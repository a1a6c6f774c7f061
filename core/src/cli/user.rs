//! `community user`: accounts and sessions from the shell, for operators and scripts. A running server hears of every change
//! within a second.

mod erase;
mod export;

use std::{io::Read, path::PathBuf, sync::Arc};

use clap::{Subcommand, ValueEnum};

use super::{
    Outcome,
    who::{WHO, find},
};
use crate::{
    accounts::{
        self,
        model::{Identity, User},
    },
    actor::{Actor, Role},
    clock::{Clock, SystemClock},
    config::Config,
    email::{PROVIDER, flows::SignUp},
    ids::{BotId, UserId},
    outbound::{SetupError, SystemResolver},
    rooms,
    serve::{App, Parts},
    sessions::{self, model::NewSession},
    uploads::objects::Objects,
};

/// Users printed at once.
const PAGE: u64 = 500;

#[derive(Subcommand)]
pub enum Command {
    /// Make a verified account. No mail is sent.
    Create {
        /// The address to sign in with.
        #[arg(long)]
        email: String,
        /// The name that others see; without it one is made from the address.
        #[arg(long)]
        username: Option<String>,
        /// Read the password from standard input, so that it shows up in no list of processes.
        #[arg(long, required = true)]
        password_stdin: bool,
        /// Make an admin.
        #[arg(long)]
        admin: bool,
    },
    /// All accounts: id, role, state, name, and the address, or for who has none the provider and the name there.
    List,
    /// Make someone an admin, or a plain user again. Their sessions end.
    Promote {
        #[arg(help = WHO)]
        who: String,
        /// The new role.
        #[arg(long, value_enum, default_value_t = RoleName::Admin)]
        role: RoleName,
    },
    /// Shut an account. Its sessions end, and rooms that nobody else owns pass to another member.
    Disable {
        #[arg(help = WHO)]
        who: String,
        /// Open it again.
        #[arg(long)]
        undo: bool,
    },
    /// Write down what is kept about someone, as one JSON document: account, ways to sign in, sessions, rooms, invitations, posts,
    /// messages, reactions and files, without passwords and other secrets.
    Export {
        #[arg(help = WHO)]
        who: String,
        /// A new file, for nobody else to read; without it the document goes to standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Erase an account for good: name, ways to sign in, sessions, invitations and uploads go, and it leaves its rooms. Rooms that nobody
    /// else owns pass to another member. Posts and messages stay under the name `deleted`. Whoever signs in again gets a new account.
    Erase {
        #[arg(help = WHO)]
        who: String,
        /// Delete the posts, and what the messages say, as well.
        #[arg(long)]
        with_posts: bool,
        /// Do not ask first.
        #[arg(long)]
        yes: bool,
    },
    /// End someone's sessions, or one of them, and print which. Whoever used them has to sign in again.
    SignOut {
        #[arg(help = WHO)]
        who: String,
        /// Only the session with this id.
        #[arg(long, value_name = "ID")]
        session: Option<String>,
    },
    /// Begin a session and print its cookie: `curl -H "Cookie: $(community user session ann@example.com)" …`.
    Session {
        #[arg(help = WHO)]
        who: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum RoleName {
    User,
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::User => Self::User,
            RoleName::Admin => Self::Admin,
        }
    }
}

pub async fn run(command: Command, config: Config) -> Outcome {
    let app = App::open(config, Parts::of_system()).await?;
    match command {
        Command::Create { email, username, admin, password_stdin: _ } => {
            let role = if admin { Role::Admin } else { Role::User };
            let form = SignUp { email, password: password()?, username };
            say!("{}", app.flows.create_user(form, role).await?.id);
        }
        Command::List => list(&app).await?,
        Command::Promote { who, role } => {
            let id = find(&app, &who).await?.id;
            let input = (id.clone(), Role::from(role));
            app.store.write(input, |tx, (user, role)| Box::pin(accounts::actions::set_role(tx, &Actor::System, user, *role))).await?;
            show(&app, &id).await?;
        }
        Command::Disable { who, undo } => {
            let id = find(&app, &who).await?.id;
            let input = (id.clone(), !undo);
            app.store
                .write(input, |tx, (user, disabled)| Box::pin(accounts::actions::set_disabled(tx, &Actor::System, user, *disabled)))
                .await?;
            while app.store.write((), |tx, ()| Box::pin(rooms::actions::let_rooms_of_shut_accounts_pass_on(tx))).await? {}
            show(&app, &id).await?;
        }
        Command::Export { who, out } => Box::pin(export::run(&app, &who, out.as_deref())).await?,
        Command::Erase { who, with_posts, yes } => Box::pin(erase::run(&app, &who, with_posts, yes)).await?,
        Command::SignOut { who, session } => sign_out(&app, find(&app, &who).await?, session.as_deref()).await?,
        Command::Session { who } => session(&app, find(&app, &who).await?).await?,
    }
    Ok(())
}

/// The one person whom `who` means.
async fn person(app: &App, who: &str) -> Result<User, Box<dyn std::error::Error>> {
    if BotId::parse(who).is_some() {
        return Err(format!("{who} is a bot and no person; see `community bot --help`").into());
    }
    find(app, who).await
}

/// The store for uploads.
fn objects(app: &App) -> Result<Objects, SetupError> {
    Objects::new(&app.config, Arc::new(SystemResolver), None)
}

/// The first line of standard input.
fn password() -> std::io::Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

async fn list(app: &App) -> Outcome {
    let mut after = None;
    loop {
        let users = accounts::queries::list(app.store.reader(), after.as_ref(), PAGE).await?;
        for (user, identities) in &users {
            say!("{}", line(user, identities));
        }
        match users.last() {
            Some((last, _)) if users.len() as u64 == PAGE => after = Some(last.id.clone()),
            _ => return Ok(()),
        }
    }
}

/// How somebody is after a change.
async fn show(app: &App, id: &UserId) -> Outcome {
    let user = find(app, id.as_str()).await?;
    say!("{}", line(&user, &accounts::queries::identities(app.store.reader(), id).await?));
    Ok(())
}

/// Id, role, state, name, and what they are known as.
fn line(user: &User, identities: &[Identity]) -> String {
    let state = if user.disabled { "disabled" } else { "active" };
    format!("{}\t{}\t{state}\t{}\t{}", user.id, user.role.as_str(), user.username, known_as(identities))
}

/// What tells an operator who someone is: the address, or else what the person is called at the first provider.
fn known_as(identities: &[Identity]) -> String {
    let address = identities.iter().find_map(|identity| identity.email.clone());
    let elsewhere = || {
        let first = identities.first()?;
        Some(format!("{}:{}", first.provider, first.handle.as_ref().unwrap_or(&first.subject)))
    };
    address.or_else(elsewhere).unwrap_or_else(|| "-".to_owned())
}

async fn sign_out(app: &App, user: User, only: Option<&str>) -> Outcome {
    let live = sessions::queries::of_user(app.store.reader(), &user.id, SystemClock.now()).await?;
    let wanted: Vec<_> = live.iter().filter(|session| only.is_none_or(|only| session.id.as_str() == only)).collect();
    if let Some(id) = only.filter(|_| wanted.is_empty()) {
        let known = live.iter().map(|session| format!("{} ({})", session.id, session.client)).collect::<Vec<_>>();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(format!("{} has no session {id}; there are: {known}", user.username).into());
    }
    for session in wanted {
        let input = (user.id.clone(), session.id.clone());
        app.store.write(input, |tx, (user, id)| Box::pin(sessions::actions::revoke(tx, user, id))).await?;
        say!("{}\tended\t{}", session.id, session.client);
    }
    Ok(())
}

async fn session(app: &App, user: User) -> Outcome {
    if user.disabled {
        return Err(format!("the account of {} is shut; open it with `community user disable --undo {}`", user.username, user.id).into());
    }
    let identity = accounts::queries::identities(app.store.reader(), &user.id).await?.into_iter().next();
    let new = NewSession {
        user: user.id,
        role: user.role,
        provider: identity.as_ref().map_or(PROVIDER, |identity| &identity.provider).to_owned(),
        identity: identity.map(|identity| identity.id),
        client: "community user session".to_owned(),
        replaces: None,
        rules: app.config.sessions.clone(),
    };
    let (_, token) = app.store.write(new, |tx, new| Box::pin(sessions::actions::start(tx, new))).await?;
    say!("{}={}", sessions::cookie::of_site(&app.config.base_url(), &app.config.cors).name(), token.expose());
    Ok(())
}
