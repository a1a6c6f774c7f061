//! `community doctor`.

use super::Outcome;
use crate::{
    config::Loaded,
    doctor::{self, Verdict},
};

pub async fn run(loaded: Loaded) -> Outcome {
    let mut bad = 0;
    doctor::examine(&loaded, |finding| {
        bad += usize::from(finding.verdict == Verdict::Bad);
        say!("{finding}");
    })
    .await;
    match bad {
        0 => Ok(()),
        1 => Err("one thing does not work; see FAILED above".into()),
        _ => Err(format!("{bad} things do not work; see FAILED above").into()),
    }
}
