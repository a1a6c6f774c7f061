//! Posts created and acknowledged: each is on disk when its answer goes out.

use std::time::Duration;

use community::random::Random;
use serde_json::json;

use crate::{
    Outcome,
    baseline::rows::Rows,
    load::{self, Requests, Sample},
    seed,
    server::Site,
    table::{Budget, Figure, Table, Unit},
};

const WRITERS: usize = 32;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);

pub async fn measure(site: &Site<'_>, table: &mut Table) -> Outcome {
    let cookie = site.sign_in("ann@example.com")?;
    let server = site.serve()?;
    let random = Random::seeded(8);
    let bodies = (0..1000).map(|number| {
        let seed::Text { title, body } = seed::text(&random, number);
        json!({ "title": title, "body": body }).to_string()
    });
    let requests = Requests::post("/api/posts", bodies, &format!("Cookie: {cookie}\r\n"));
    let rows = Rows::create(&site.database().with_file_name("rows.db")).await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    load::run(&server, &requests, WRITERS, ROUND / 4).await?;
    for _ in 0..ROUNDS {
        ours.push(load::run(&server, &requests, WRITERS, ROUND).await?);
        theirs.push(rows.run(ROUND / 2).await?);
    }
    theirs.sort_by(f64::total_cmp);
    let ours = Sample::median(ours);
    let subject = format!("posts created, {WRITERS} writers");
    table.add(
        Figure::new(&subject, Unit::Rate, ours.rate)
            .beside("bare INSERTs, one by one", theirs[theirs.len() / 2])
            .budget(Budget::AtLeast(1500.0))
            .details(ours),
    );
    table.add(Figure::new(format!("{subject}, p99"), Unit::Millis, ours.p99).budget(Budget::Below(60.0)));
    Ok(())
}
