//! What nobody tells of: sessions that expire, clients that fall silent, sockets that were never finished.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{Realtime, mount::Mount, peer::Peer};
use crate::sessions;

/// How often everybody is looked at.
const EVERY: Duration = Duration::from_millis(500);
/// How long a client may be silent beyond what the library allows, which has to notice first.
const SILENCE: Duration = Duration::from_secs(15);
/// How long a socket may be known here before it is known to the library, beyond what connecting may take.
const UNFINISHED: Duration = Duration::from_secs(1);

impl Realtime {
    /// Looks after the sockets until `stop`.
    pub async fn sweep(self: Arc<Self>, mount: Mount, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.cancelled() => return,
            }
            mount.sweep();
            for peer in self.hub.all() {
                self.look_after(&peer).await;
            }
        }
    }

    async fn look_after(&self, peer: &Peer) {
        let longest = self.rules.ping_interval.0 + self.rules.ping_timeout.0 + SILENCE;
        let unfinished = peer.born.elapsed() > self.limits.socket_connect_timeout.0 + UNFINISHED && !self.hub.wire().knows(peer.sid);
        if unfinished || peer.line.silence() > longest {
            self.hub.unregister(peer.sid);
            peer.line.cut();
        } else if peer.may_have_expired(self.sessions.clock.now()) {
            self.expire(peer).await;
        }
    }

    /// Disconnects a socket whose session has expired. It may also have been prolonged, by a request over HTTP or on another node.
    async fn expire(&self, peer: &Peer) {
        let Some(token) = peer.line.token() else { return };
        match sessions::queries::signed_in(self.store.reader(), token, self.sessions.clock.now()).await {
            Ok(Some(found)) => peer.renew(found),
            Ok(None) => self.hub.end(peer, "expired"),
            Err(error) => tracing::warn!(%error, "a session could not be looked at"),
        }
    }

    /// Writes down that a session is used, like a request over HTTP does.
    pub(super) fn touch(&self, peer: &Peer) {
        let Some(found) = peer.touch(self.sessions.clock.now()) else { return };
        let (store, input) = (self.store.clone(), (found.session, found.role, self.sessions.rules.clone()));
        tokio::spawn(async move {
            let touched =
                store.write(input, |tx, (session, role, rules)| Box::pin(sessions::actions::touch(tx, session, *role, rules))).await;
            if let Err(error) = touched {
                tracing::warn!(%error, "the use of a session could not be written down");
            }
        });
    }
}
