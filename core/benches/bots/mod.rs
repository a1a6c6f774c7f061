//! What bots cost: until they have answered, until they are replaced, beside the messages they hear, while they wait, and while they misbehave.

mod backlog;
mod loops;
mod reload;
mod replies;

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    Outcome,
    realtime::{
        seed::{self, Members, Room},
        sends::{self, Writer},
    },
    server::Site,
    table::{Budget, Figure, Table, Unit},
};

/// Where `make guests` and the builds of the examples put components.
const COMPONENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugins/target/wasm32-wasip2/release");
/// Rooms of two. What all bots together may say in one of them is limited, so replies are spread over them.
const ROOMS: usize = 64;
const ROUND: Duration = Duration::from_secs(4);
const ROUNDS: usize = 3;
/// Between two messages of one of [`WRITERS`]: 1000 a second are heard without falling behind.
const PAUSE: Duration = Duration::from_millis(20);
const WRITERS: usize = 20;
/// Whatever a component may want.
const GRANTS: &str =
    r#"["chat-read", "chat-write", "posts-read", "posts-write", "members", "moderation", "store", "secrets", "schedule", "http"]"#;
/// Bots that wait.
const IDLE: usize = 20;

/// People in rooms of two, on a site whose bots change from server to server.
struct Scene<'a> {
    site: &'a Site<'a>,
    members: Members,
    rooms: Vec<String>,
}

pub async fn measure(site: &Site<'_>, table: &mut Table) -> Outcome {
    site.run(&["migrate"], "")?;
    let pairs: Vec<[usize; 2]> = (0..ROOMS).map(|index| [index, index + ROOMS]).collect();
    let rooms: Vec<Room<'_>> = pairs.iter().map(|pair| Room { members: pair, messages: 0 }).collect();
    let (members, rooms) = seed::community(&site.database(), 2 * ROOMS, &rooms).await?;
    let scene = Scene { site, members, rooms };
    replies::measure(&scene, table).await?;
    reload::measure(&scene, table).await?;
    hearing(&scene, table).await?;
    backlog::measure(&scene, table).await?;
    idle(&scene, table).await?;
    loops::measure(&scene, table).await
}

/// The CPU time of the whole server for a message that a bot hears and says nothing to, beside that of the message alone.
async fn hearing(scene: &Scene<'_>, table: &mut Table) -> Outcome {
    let (mut alone, mut heard) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (bots, times) in [(String::new(), &mut alone), (section("echo", &component("test_echo_bot")?, "")?, &mut heard)] {
            scene.site.configure(&bots)?;
            let server = scene.site.serve()?;
            let mut writers = Vec::with_capacity(WRITERS);
            for (cookie, room) in scene.members.cookies.iter().zip(&scene.rooms).take(WRITERS) {
                writers.push(Writer::connect(&server, cookie, Writer::message(room)).await?);
            }
            sends::run(&server, &writers, ROUND / 4, Some(PAUSE)).await?;
            times.push(sends::run(&server, &writers, ROUND, Some(PAUSE)).await?.cpu);
        }
    }
    let (alone, heard) = (median(alone), median(heard));
    // Beside its own work, a bot that is busy lets fewer messages share a commit; what it takes by itself is measured where nobody writes.
    let figure = Figure::new("CPU time of a message for each bot that hears it, while people write", Unit::Micros, heard - alone);
    table.add(figure.beside("the message", alone));
    Ok(())
}

/// The memory of a bot that has nothing to do.
async fn idle(scene: &Scene<'_>, table: &mut Table) -> Outcome {
    let mut bots = String::new();
    for number in 0..IDLE {
        bots += &section(&format!("echo-{number}"), &component("test_echo_bot")?, "")?;
    }
    let mut memory = [0.0; 2];
    for (bots, memory) in ["", &bots].iter().zip(&mut memory) {
        scene.site.configure(bots)?;
        // The first start compiles and lets the bots enter the rooms.
        drop(scene.site.serve()?);
        let server = scene.site.serve()?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        *memory = f64::from(u32::try_from(server.pss()? >> 10)?) / 1024.0;
    }
    let each = (memory[1] - memory[0]) / f64::from(u32::try_from(IDLE)?);
    let subject = format!("memory of each of {IDLE} idle bots (PSS)");
    table.add(Figure::new(subject, Unit::Mebibytes, each).budget(Budget::Below(2.0)));
    Ok(())
}

/// The file of a component.
fn component(name: &str) -> Outcome<PathBuf> {
    let path = PathBuf::from(COMPONENTS).join(name).with_extension("wasm");
    Ok(Path::canonicalize(&path).map_err(|error| format!("{}: {error}; `make bench` builds it", path.display()))?)
}

/// A section for a bot that hears every room and may talk without pause; `more` are lines of its limits.
fn section(id: &str, component: &Path, more: &str) -> Outcome<String> {
    let mut section = String::new();
    writeln!(section, "[plugins.{id}]\ncomponent = \"{}\"\ndev = true\ngrants = {GRANTS}\nrooms = \"all\"", component.display())?;
    writeln!(section, "[plugins.{id}.limits]\nmessages = 1000\n{more}")?;
    Ok(section)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
