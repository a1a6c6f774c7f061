//! What it takes to open a room with a great many members and messages.

use std::time::Duration;

use super::seed::Members;
use crate::{
    Outcome,
    load::{self, Requests},
    process::Process,
    table::{Budget, Figure, Table, Unit},
};

/// Openings in a second.
const PACE: f64 = 50.0;
const CONNECTIONS: usize = 8;
const TIME: Duration = Duration::from_secs(8);

/// Opens `room` again and again, as its first member.
pub async fn measure(server: &Process, members: &Members, room: &str, subject: &str, table: &mut Table) -> Outcome {
    let requests = Requests::get([format!("/api/rooms/{room}")], &members.cookies[0]);
    load::paced(server, &requests, CONNECTIONS, PACE, TIME / 4).await?;
    let sample = load::paced(server, &requests, CONNECTIONS, PACE, TIME).await?;
    let subject = format!("opening a room of {subject}, {PACE} times a second, p99");
    table.add(Figure::new(subject, Unit::Millis, sample.p99).budget(Budget::Below(50.0)).details(sample));
    Ok(())
}
