//! What an author waits for: how long it takes until a bot that was built again answers.

use std::{fs, time::Instant};

use super::{Scene, component, median, replies::Asker, section};
use crate::{
    Outcome,
    table::{Budget, Figure, Table, Unit},
};

const ROUNDS: u8 = 5;
const BOT: &str = "rebuilt";

/// From `community plugin reload` to the answer of the new component, which nobody has compiled before.
pub async fn measure(scene: &Scene<'_>, table: &mut Table) -> Outcome {
    let built = scene.site.folder().join("rebuilt.wasm");
    let original = fs::read(component("test_echo_bot")?)?;
    fs::write(&built, &original)?;
    scene.site.configure(&section(BOT, &built, "")?)?;
    let server = scene.site.serve()?;
    let asker = || Asker::connect(&server, &scene.members.cookies[0], &scene.rooms[0], "echo hello");
    // The first answer comes when the bot has entered the room.
    asker().await?.ask().await?;
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        fs::write(&built, [original.as_slice(), &custom_section(round)].concat())?;
        let mut asker = asker().await?;
        let begun = Instant::now();
        scene.site.run(&["plugin", "reload", BOT], "")?;
        asker.ask().await?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    let figure = Figure::new("a rebuilt plugin is served again, from reload to the answer", Unit::Millis, median(times));
    table.add(figure.budget(Budget::Below(1000.0)));
    Ok(())
}

/// A section at the end of a component that means nothing, so that each round has another component.
fn custom_section(round: u8) -> Vec<u8> {
    vec![0, 3, 1, b'n', round]
}
