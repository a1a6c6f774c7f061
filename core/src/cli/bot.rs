//! `community bot`: bots and their tokens. A running server hears of every change within a second.

use clap::Subcommand;

use super::{Outcome, room::parse_id};
use crate::{
    bots::{
        actions::{self, Create, Revoke},
        gate::HANDLE,
        model::{Ability, Bot, BotName, BotToken, Handle},
        queries,
    },
    config::Config,
    ids::{BotId, BotTokenId, RoomId},
    rooms,
    serve::{App, Parts},
};

#[derive(Subcommand)]
pub enum Command {
    /// Make a token and print it; it is shown this once. The bot is made unless there is one of this name.
    Create {
        /// The name that others see.
        name: String,
        /// What it is called by in commands; without it one is made from the name.
        #[arg(long)]
        handle: Option<String>,
        /// What the token permits: read, write, react, moderate. Without it read, write and react.
        #[arg(long = "ability", value_name = "ABILITY", value_delimiter = ',')]
        abilities: Vec<Ability>,
        /// A room in which the token is good, and of which the bot becomes a member. Without it every room that the bot is in.
        #[arg(long = "room", value_name = "ROOM", value_delimiter = ',')]
        rooms: Vec<String>,
    },
    /// All bots with their tokens: id, handle, name; then for each token its id, abilities and rooms.
    List,
    /// Let a token be worth nothing, or all tokens of a bot. Its connections end.
    Revoke {
        /// The id of a token, or the id or handle of a bot.
        what: String,
    },
    /// Remove a bot for good. Its tokens are worth nothing, it leaves its rooms, and its name is free. What it said stays.
    Delete {
        /// The id or handle of the bot.
        bot: String,
    },
}

pub async fn run(command: Command, config: Config) -> Outcome {
    let app = App::open(config, Parts::of_system()).await?;
    match command {
        Command::Create { name, handle, abilities, rooms } => {
            let abilities = if abilities.is_empty() { vec![Ability::Read, Ability::Write, Ability::React] } else { abilities };
            let handle = handle.as_deref().map(Handle::parse).transpose()?;
            let create = Create { name: BotName::parse(&name)?, handle, abilities, rooms: parse_rooms(&rooms)? };
            let (bot, token, secret) = app.store.write(create, |tx, create| Box::pin(actions::create(tx, create))).await?;
            print(&bot, &[token]);
            say!("{}", secret.expose());
        }
        Command::List => {
            for (bot, tokens) in queries::all(app.store.reader()).await? {
                print(&bot, &tokens);
            }
        }
        Command::Revoke { what } => {
            let revoke = target(&app, &what).await?;
            for token in app.store.write(revoke, |tx, revoke| Box::pin(actions::revoke(tx, revoke))).await? {
                say!("{}\trevoked", token.id);
            }
        }
        Command::Delete { bot } => delete(&app, find(&app, &bot).await?).await?,
    }
    Ok(())
}

async fn delete(app: &App, bot: Bot) -> Outcome {
    let handle = bot.handle.as_str();
    if app.config.plugins.contains_key(handle) {
        return Err(format!("{handle} is a plugin of this server: take [plugins.{handle}] out and restart it first").into());
    }
    let comes_back = app.config.chat.bot_token.is_some();
    if comes_back && handle == HANDLE {
        return Err(format!("{handle} would be made again by whoever has CHAT_BOT_TOKEN: unset it and restart the server first").into());
    }
    app.store.write(bot.id.clone(), |tx, bot| Box::pin(actions::delete(tx, bot))).await?;
    while app.store.write((), |tx, ()| Box::pin(rooms::actions::let_deleted_bots_leave(tx))).await? {}
    say!("{}\tdeleted", bot.id);
    if comes_back {
        say!("If {handle} came with CHAT_BOT_TOKEN, it is made again when it connects: stop that program, or unset CHAT_BOT_TOKEN.");
    }
    Ok(())
}

fn parse_rooms(rooms: &[String]) -> Result<Option<Vec<RoomId>>, String> {
    let rooms: Vec<RoomId> = rooms.iter().map(|text| parse_id("--room", text)).collect::<Result<_, _>>()?;
    Ok((!rooms.is_empty()).then_some(rooms))
}

async fn target(app: &App, what: &str) -> Result<Revoke, Box<dyn std::error::Error>> {
    if let Some(token) = BotTokenId::parse(what) {
        return Ok(Revoke::Token(token));
    }
    Ok(Revoke::Bot(find(app, what).await?.id))
}

/// The bot with this id or handle.
async fn find(app: &App, what: &str) -> Result<Bot, Box<dyn std::error::Error>> {
    let found = match BotId::parse(what) {
        Some(id) => queries::by_id(app.store.reader(), &id).await?,
        None => queries::by_handle(app.store.reader(), &Handle::parse(what)?).await?,
    };
    Ok(found.ok_or_else(|| format!("there is no bot {what}; see `community bot list`"))?)
}

fn print(bot: &Bot, tokens: &[BotToken]) {
    say!("{}\t{}\t{}", bot.id, bot.handle.as_str(), bot.name.as_str());
    for token in tokens {
        let abilities: Vec<&str> = token.abilities.iter().map(|ability| ability.as_str()).collect();
        let rooms = token.rooms.as_ref().map_or_else(|| "all its rooms".to_owned(), |rooms| join(rooms));
        say!("  {}\t{}\t{rooms}", token.id, abilities.join(","));
    }
}

fn join(rooms: &[RoomId]) -> String {
    rooms.iter().map(RoomId::as_str).collect::<Vec<_>>().join(",")
}
