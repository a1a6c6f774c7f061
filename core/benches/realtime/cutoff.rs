//! How soon somebody is cut off whose session ends.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::timeout};

use super::seed::Members;
use crate::{
    Outcome,
    load::percentile,
    process::Process,
    server::Site,
    socket::Socket,
    table::{Budget, Figure, Table, Unit},
};

/// Sessions that end, one after the other.
const SESSIONS: usize = 100;
/// How long a socket may take to be told.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ends sessions from the shell, each with a socket.
pub async fn measure(site: &Site<'_>, server: &Process, members: &Members, table: &mut Table) -> Outcome {
    let mut times = Vec::with_capacity(SESSIONS);
    for (id, cookie) in members.ids.iter().zip(&members.cookies).take(SESSIONS) {
        times.push(end(site, server, id.as_str(), cookie).await?);
    }
    times.sort_unstable();
    let subject = "a session ended from the shell until its socket is told, p99";
    table.add(Figure::new(subject, Unit::Millis, percentile(&times, 99)).budget(Budget::Below(1000.0)));
    Ok(())
}

/// Ends the session of a member. The time that the command takes to start counts as well.
async fn end(site: &Site<'_>, server: &Process, member: &str, cookie: &str) -> Outcome<Duration> {
    let told = Arc::new(Notify::new());
    let tell = Arc::clone(&told);
    let heard = move |event: &[u8]| {
        if event.starts_with(b"[\"session:ended\"") {
            tell.notify_one();
        }
    };
    let _socket = Socket::connect(server.addr, cookie, heard).await?;
    let since = Instant::now();
    site.run(&["user", "sign-out", member], "")?;
    timeout(PATIENCE, told.notified()).await.map_err(|_| "nobody told a socket that its session had ended")?;
    Ok(since.elapsed())
}
