//! What readers notice while four bots do nothing but loop: nothing, ideally.

use std::{fs, time::Duration};

use super::{Scene, component, median, section};
use crate::{
    FEW, Outcome,
    load::{self, Requests},
    process::Process,
    realtime::sends::Writer,
    seed,
    table::{Budget, Figure, Table, Unit},
};

const LOOPING: usize = 4;
const CONNECTIONS: usize = 8;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(3);
const PAGE: &str = "/api/posts?limit=50";
/// Each event is told once, and no number of breakdowns is too many: the bots never come to rest.
const LIMITS: &str = "attempts = 1\nbreakdowns = 1000000";

pub async fn measure(scene: &Scene<'_>, table: &mut Table) -> Outcome {
    let mut bots = String::new();
    for number in 0..LOOPING {
        bots += &section(&format!("naughty-{number}"), &component("test_naughty_bot")?, LIMITS)?;
    }
    seed::posts(&scene.site.database(), FEW).await?;
    let page = Requests::get([PAGE.to_owned()], "");
    scene.site.configure("")?;
    let half = load::run(&scene.site.serve()?, &page, CONNECTIONS, ROUND).await?.rate / 2.0;

    let (mut calm, mut troubled) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        scene.site.configure("")?;
        calm.push(load::paced(&scene.site.serve()?, &page, CONNECTIONS, half, ROUND).await?.p99);
        scene.site.configure(&bots)?;
        let (server, before) = (scene.site.serve()?, put_aside(scene)?);
        provoke(scene, &server).await?;
        troubled.push(load::paced(&server, &page, CONNECTIONS, half, ROUND).await?.p99);
        if put_aside(scene)? < before + LOOPING {
            return Err("the bots did not loop, so the trouble was not measured".into());
        }
    }
    let figure = Figure::new(format!("p99 of the first page at half load, {LOOPING} bots looping"), Unit::Millis, median(troubled));
    table.add(figure.beside("no bots", median(calm)).budget(Budget::AtMostTimesOrBelow(2.0, 20.0)));
    Ok(())
}

/// Gives the bots something to loop about in every room.
async fn provoke(scene: &Scene<'_>, server: &Process) -> Outcome {
    for (cookie, room) in scene.members.cookies.iter().zip(&scene.rooms) {
        let event = format!(r#"["message:send",{{"roomId":"{room}","body":"naughty loop"}}]"#);
        Writer::connect(server, cookie, event).await?.send().await?;
    }
    Ok(())
}

/// Events that bots could not deal with so far.
fn put_aside(scene: &Scene<'_>) -> Outcome<usize> {
    Ok(fs::read_to_string(scene.site.folder().join("log"))?.matches("it is put aside").count())
}
