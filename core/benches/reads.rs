//! Pages of posts beside a handler that has them in memory and beside Node.js, and whether they cost the same in a small and in
//! a large community.

use std::{fs, path::Path, time::Duration};

use serde_json::Value;

use crate::{
    FEW, MANY, Outcome,
    baseline::{memory, node},
    load::{self, Requests, Sample},
    process::Process,
    seed,
    server::Site,
    table::{Budget, Figure, Table, Unit},
};

const CONNECTIONS: usize = 16;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(1);
/// What is sent and thrown away before a side counts.
const WARM_UP: Duration = Duration::from_millis(400);
/// Different pages that are asked for.
const PAGES: usize = 2000;
/// The first page.
const FIRST: &str = "/api/posts?limit=50";

/// One of the things that are compared: where, and what.
struct Side<'a> {
    server: &'a Process,
    requests: Requests,
}

/// Measures a large and a small community, both empty still.
pub async fn measure(many: &Site<'_>, few: &Site<'_>, node: &Path, program: &Path, table: &mut Table) -> Outcome {
    let (cores, copy) = (many.cores, many.database().with_file_name("copy.db"));
    let (ids, few_ids) = (fill(many, MANY).await?, fill(few, FEW).await?);
    fs::copy(many.database(), &copy)?;
    let cookie = many.sign_in("ann@example.com")?;
    let (many, few) = (many.serve()?, few.serve()?);
    let node = node::start(node, &copy, cores)?;
    let (head, page) = load::fetch(many.addr, FIRST).await?;
    let file = copy.with_file_name("page.json");
    fs::write(&file, &page)?;
    let memory = memory::start(program, &file, cores)?;

    let first = || Requests::get([FIRST.to_owned()], "");
    let (others, few_others) = (others(&ids), others(&few_ids));
    same_rows(&many, &node, &others[0]).await?;
    let others = Requests::get(others, "");

    let [a, b] = alternate([Side { server: &many, requests: first() }, Side { server: &memory, requests: first() }]).await?;
    table.add(Figure::rate(format!("first page of {MANY} posts"), a, "from memory", b).budget(Budget::Times(0.5)));
    let [a, b] = alternate([Side { server: &many, requests: others.clone() }, Side { server: &node, requests: others.clone() }]).await?;
    table.add(Figure::rate(format!("any other page of {MANY} posts"), a, "Node.js", b).budget(Budget::Times(1.5)));

    let [a, b] = alternate([Side { server: &many, requests: first() }, Side { server: &few, requests: first() }]).await?;
    table.add(flat("first page", a, b));
    let few_others = Requests::get(few_others, "");
    let [a, b] = alternate([Side { server: &many, requests: others }, Side { server: &few, requests: few_others }]).await?;
    table.add(flat("any other page", a, b));

    let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).ok_or("the list has no ETag")?;
    let unchanged = Requests::get([FIRST.to_owned()], &format!("If-None-Match: {tag}\r\n")).expecting("304");
    let me = Requests::get(["/api/me".to_owned()], &format!("Cookie: {cookie}\r\n"));
    let [a, b] = alternate([Side { server: &many, requests: unchanged }, Side { server: &many, requests: me }]).await?;
    table.add(Figure::new("first page, 304", Unit::Rate, a.rate));
    table.add(Figure::new("GET /api/me", Unit::Rate, b.rate));
    Ok(())
}

/// Lets the server make its database, and fills it.
async fn fill(site: &Site<'_>, count: usize) -> Outcome<Vec<String>> {
    drop(site.serve()?);
    seed::posts(&site.database(), count).await
}

/// The times of both: they must not grow with the community.
fn flat(subject: &str, many: Sample, few: Sample) -> Figure {
    let time = |sample: Sample| 1e6 / sample.rate;
    Figure::new(format!("{subject}, {MANY} posts beside {FEW}"), Unit::Micros, time(many))
        .beside("in the small one", time(few))
        .budget(Budget::AtMostTimes(1.5))
}

/// Paths of pages that begin anywhere, spread evenly, in no order. Each is full.
fn others(ids: &[String]) -> Vec<String> {
    let full = &ids[50..];
    // A step that has no factor in common with the count visits every one before it repeats.
    let place = |index: usize| &full[index * 48_611 % full.len()];
    (0..PAGES).map(|index| format!("{FIRST}&before={}", place(index))).collect()
}

/// Both answer the same, or a comparison would mean nothing.
async fn same_rows(ours: &Process, theirs: &Process, path: &str) -> Outcome {
    let (_, ours) = load::fetch(ours.addr, path).await?;
    let (_, theirs) = load::fetch(theirs.addr, path).await?;
    let (ours, theirs): (Value, Value) = (serde_json::from_slice(&ours)?, serde_json::from_slice(&theirs)?);
    if ours == theirs { Ok(()) } else { Err(format!("{path}: the baseline answers something else").into()) }
}

/// Rounds of both in turn, and the median of each.
async fn alternate(sides: [Side<'_>; 2]) -> Outcome<[Sample; 2]> {
    let mut rounds = [Vec::new(), Vec::new()];
    for side in &sides {
        load::run(side.server, &side.requests, CONNECTIONS, WARM_UP).await?;
    }
    for _ in 0..ROUNDS {
        for (side, rounds) in sides.iter().zip(&mut rounds) {
            rounds.push(load::run(side.server, &side.requests, CONNECTIONS, ROUND).await?);
        }
    }
    Ok(rounds.map(Sample::median))
}
