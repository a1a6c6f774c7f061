//! `/api/commands`: what can be typed after a slash.

use poem::Request;
use poem_openapi::{OpenApi, param::Query, payload::Json};

use super::{
    dispatch::{
        Runners,
        commands::{self, Asked},
    },
    requests::{ChoicesAnswer, CommandsAnswer},
};
use crate::{
    http::{
        auth::Caller,
        data::Data,
        fail::{E400, E401, E403, E404, E429, E503, Fail},
        query::require_once,
        rate::{Limit, Limits},
    },
    rooms::http::parse_id,
    store::Store,
};

/// The operations on commands.
pub struct Api;

/// What the operations work with.
#[derive(Clone)]
pub struct Commands {
    /// The database.
    pub store: Store,
    /// How often a bot may be asked for suggestions.
    pub limits: Limits,
    /// The bots that take part.
    pub runners: Runners,
}

#[OpenApi(tag = "crate::http::docs::Part::Rooms")]
impl Api {
    /// Commands of bots
    ///
    /// What can be typed after a slash: in one room, or in any room that one is in.
    #[oai(path = "/api/commands", method = "get", operation_id = "listCommands")]
    async fn list(
        &self,
        commands: Data<&Commands>,
        request: &Request,
        caller: Caller,
        /// Only those in this room.
        #[oai(name = "roomId")]
        room_id: Query<Option<String>>,
    ) -> Result<Json<CommandsAnswer>, Fail<{ E400 | E401 | E403 | E404 | E429 | E503 }>> {
        require_once(request, &["roomId"])?;
        let Commands { store, runners, .. } = &*commands;
        let offered = match &room_id.0 {
            Some(room) => commands::in_room(store, runners, &caller.actor, &parse_id(room)?).await?,
            None => commands::everywhere(store, runners, &caller.actor).await?,
        };
        Ok(Json(offered.into()))
    }

    /// Suggestions while a command is typed
    ///
    /// What suggests itself for a parameter: the choices that the command has, or what its bot says.
    #[oai(path = "/api/commands/suggestions", method = "get", operation_id = "suggestArguments")]
    #[allow(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn suggest(
        &self,
        commands: Data<&Commands>,
        request: &Request,
        caller: Caller,
        /// The room in which it is typed.
        #[oai(name = "roomId")]
        room_id: Query<String>,
        /// The command's name.
        command: Query<String>,
        /// The parameter's name.
        parameter: Query<String>,
        /// What was typed of it so far.
        typed: Query<Option<String>>,
    ) -> Result<Json<ChoicesAnswer>, Fail<{ E400 | E401 | E403 | E404 | E429 | E503 }>> {
        require_once(request, &["roomId", "command", "parameter", "typed"])?;
        commands.limits.check_actor(Limit::Suggestions, &caller.actor)?;
        let room = parse_id(&room_id.0)?;
        let asked = Asked {
            actor: &caller.actor,
            name: &caller.name,
            room: &room,
            command: &command.0,
            parameter: &parameter.0,
            typed: typed.0.as_deref().unwrap_or_default(),
        };
        let choices = commands::suggest(&commands.store, &commands.runners, asked).await?;
        Ok(Json(choices.into()))
    }
}
