//! What it costs a bot to hear: nobody writes while it is told of everything that was said when it was not there.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use tokio::task::JoinSet;

use super::{ROUNDS, Scene, WRITERS, component, median, section};
use crate::{
    Outcome,
    realtime::sends::Writer,
    seed,
    table::{Budget, Figure, Table, Unit},
};

/// Messages of each writer.
const EACH: u32 = 500;
const BOT: &str = "late";
const PATIENCE: Duration = Duration::from_mins(1);
/// What a server that starts has to do is done by then.
const SETTLED: Duration = Duration::from_secs(2);

/// The CPU time of the whole server for each message of a backlog, without that of starting.
pub async fn measure(scene: &Scene<'_>, table: &mut Table) -> Outcome {
    let bot = section(BOT, &component("test_echo_bot")?, "")?;
    let conn = seed::open(&scene.site.database()).await?;
    scene.site.configure(&bot)?;
    // The first time compiles it and lets it enter the rooms.
    start_and_catch_up(scene, &conn).await?;
    let mut costs = Vec::new();
    for _ in 0..ROUNDS {
        let idle = start_and_catch_up(scene, &conn).await?;
        scene.site.configure("")?;
        talk(scene).await?;
        scene.site.configure(&bot)?;
        let busy = start_and_catch_up(scene, &conn).await?;
        let messages = f64::from(EACH) * f64::from(u32::try_from(WRITERS)?);
        costs.push(busy.saturating_sub(idle).as_secs_f64() * 1e6 / messages);
    }
    let figure = Figure::new("CPU time of a message for a bot that hears it, nobody writing", Unit::Micros, median(costs));
    table.add(figure.budget(Budget::Below(100.0)));
    Ok(())
}

/// Lets people talk while the bot is not there.
async fn talk(scene: &Scene<'_>) -> Outcome {
    let server = scene.site.serve()?;
    let mut talking = JoinSet::new();
    for (cookie, room) in scene.members.cookies.iter().zip(&scene.rooms).take(WRITERS) {
        let writer = Writer::connect(&server, cookie, Writer::message(room)).await?;
        talking.spawn(async move {
            for _ in 0..EACH {
                writer.send().await?;
            }
            Outcome::Ok(())
        });
    }
    while let Some(done) = talking.join_next().await {
        done??;
    }
    Ok(())
}

/// The CPU time of a server from its start until its bot has heard everything.
async fn start_and_catch_up(scene: &Scene<'_>, conn: &DatabaseConnection) -> Outcome<Duration> {
    let (started, server) = (Instant::now(), scene.site.serve()?);
    tokio::time::sleep(SETTLED).await;
    while !has_caught_up(conn).await? {
        if started.elapsed() > PATIENCE {
            return Err("a bot does not catch up".into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    server.cpu()
}

async fn has_caught_up(conn: &DatabaseConnection) -> Outcome<bool> {
    const BEHIND: &str = "SELECT (SELECT position FROM plugin_cursors WHERE plugin = $1) >= (SELECT max(position) FROM events) AS there";
    let query = Statement::from_sql_and_values(conn.get_database_backend(), BEHIND, [BOT.into()]);
    let row = conn.query_one_raw(query).await?.ok_or("no cursors")?;
    Ok(row.try_get::<Option<bool>>("", "there")?.unwrap_or(false))
}
