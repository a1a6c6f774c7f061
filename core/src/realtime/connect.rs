//! How a connection becomes a socket: who is it, may they, and which rooms do they hear. All of it happens before the client is told
//! that it is connected, so that its first event finds everything in place.

use std::{
    fmt::{self, Display, Formatter},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use socketioxide::{
    extract::{SocketRef, TryData},
    handler::ConnectHandler,
};
use tokio::time::sleep;

use super::{
    Realtime,
    inlet::Inlet,
    line::Line,
    peer::{Peer, Proof, Who},
    protocol::ConnectAuth,
    wire::WireAdapter,
};
use crate::{
    bots::gate::Credentials,
    error::{Error, Result},
    http::{body, error::Failure},
    ids::MemberId,
    rooms, sessions,
};

/// How long a client may keep its connection once its socket is disconnected.
const LEAVE: Duration = Duration::from_secs(5);

/// Why somebody is not let in, as the client's `connect_error` tells it: the message is the JSON of an error body. (The protocol has a
/// place beside the message, which the library does not fill.)
struct Refusal(Error);

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&Failure(self.0.retold()).body().json())
    }
}

/// What meets every client that wants to connect.
pub fn handler(realtime: Arc<Realtime>) -> impl ConnectHandler<WireAdapter, ()> {
    let middleware = move |socket: SocketRef<WireAdapter>, TryData(auth): TryData<Value>| {
        let realtime = Arc::clone(&realtime);
        async move {
            let auth = auth.map_err(|_| Error::invalid("auth must be an object."));
            let outcome = match auth {
                Ok(auth) => realtime.connect(&socket, auth).await,
                Err(error) => Err(error),
            };
            outcome.map_err(|error| {
                realtime.counters.refuse(error.code);
                let failure = Failure(error);
                failure.log();
                Refusal(failure.0)
            })
        }
    };
    (async || {}).with(middleware)
}

impl Realtime {
    async fn connect(self: &Arc<Self>, socket: &SocketRef<WireAdapter>, auth: Value) -> Result<()> {
        if self.is_closing() {
            return Err(Error::unavailable("The server is stopping. Please try again."));
        }
        let line = socket.req_parts().extensions.get::<Line>().cloned();
        let line = line.ok_or_else(|| Error::internal("a connection without a line"))?;
        let auth = if auth.is_null() { ConnectAuth::default() } else { body::read::<ConnectAuth>(auth, "auth")? };
        let _turn = self.connecting.acquire().await.map_err(Error::internal)?;
        let who = self.authenticate(&line, &auth).await?;
        let rate = self.limits.socket_events();
        let peer = Arc::new(Peer::new(socket.id, who, line.clone(), rate, &self.ticks, &self.hub));
        self.hub.register(&peer);
        if let Err(error) = self.admit(&peer, &auth).await {
            self.hub.unregister(peer.sid);
            return Err(error);
        }
        socket.on_fallback(Inlet { realtime: Arc::clone(self), peer: Arc::clone(&peer) });
        let hub = Arc::clone(&self.hub);
        socket.on_disconnect(async move || {
            hub.unregister(peer.sid);
            // Whoever is not connected has no business keeping the connection. Beside this, since the library waits for it.
            tokio::spawn(async move {
                sleep(LEAVE).await;
                if !hub.knows(peer.sid) {
                    peer.line.cut();
                }
            });
        });
        // Only from now on does the library take what is sent to it.
        line.backlog().clear();
        Ok(())
    }

    /// Looks once more, now that the socket would be told of an end, and lets it hear its rooms.
    async fn admit(&self, peer: &Arc<Peer>, auth: &ConnectAuth) -> Result<()> {
        let again = self.authenticate(&peer.line, auth).await?;
        if again.id != peer.who.id || peer.is_ending() {
            return Err(Error::login_required());
        }
        if again.username != peer.who.username {
            peer.was_renamed();
        }
        let rooms = rooms::queries::rooms_of(self.store.reader(), &peer.who.id).await?;
        self.hub.subscribe(peer.sid, rooms.into_iter().filter(|room| peer.who.reaches(room)));
        Ok(())
    }

    /// Who this is: whoever the token names, or else whoever has the session.
    async fn authenticate(&self, line: &Line, auth: &ConnectAuth) -> Result<Who> {
        if let Some(token) = &auth.bot_token {
            return self.bot(line, token, auth).await;
        }
        let token = line.token().ok_or_else(Error::login_required)?;
        let found = sessions::queries::signed_in(self.store.reader(), token, self.sessions.clock.now()).await?;
        let found = found.ok_or_else(Error::login_required)?;
        Ok(Who {
            id: MemberId::User(found.session.user.clone()),
            username: found.username.clone(),
            actor: found.actor(),
            proof: Proof::Session(Box::new(found)),
        })
    }
    async fn bot(&self, line: &Line, token: &str, auth: &ConnectAuth) -> Result<Who> {
        let client = line.client().key();
        let credentials = Credentials { token, id: auth.bot_id.as_deref(), name: auth.bot_name.as_deref(), client: &client };
        let known = self.bots.authenticate(credentials).await?;
        Ok(Who {
            id: MemberId::Bot(known.bot.id.clone()),
            username: known.bot.name.as_str().to_owned(),
            actor: known.actor(),
            proof: Proof::Token,
        })
    }
}
