//! `community migrate`.

use clap::Args as ClapArgs;

use super::Outcome;
use crate::{
    config::Config,
    serve::{Parts, make_private},
    store::Store,
};

#[derive(ClapArgs)]
pub struct Args {
    /// Only say what would be done.
    #[arg(long)]
    plan: bool,
}

pub async fn run(args: &Args, config: &Config) -> Outcome {
    let plan = Store::plan(&config.database, &config.data_dir).await?;
    if plan.pending.is_empty() {
        say!("The schema is up to date.");
        return Ok(());
    }
    let word = if args.plan { "would run" } else { "running" };
    for step in &plan.pending {
        say!("{word}: {step}");
    }
    if !args.plan {
        make_private(&config.data_dir)?;
        let parts = Parts::of_system();
        Store::open(&config.database, &config.data_dir, parts.clock, parts.random).await?;
        say!("The schema is up to date.");
    }
    Ok(())
}
