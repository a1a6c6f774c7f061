//! Sign-ins at other sites, as the command line needs them.

use super::{model::TrialOutcome, store};
use crate::{error::Result, random::TokenHash, store::Reader};

/// What the trial with this state found out, once somebody came back with it.
pub async fn trial_outcome(conn: &Reader, state: &TokenHash) -> Result<Option<TrialOutcome>> {
    store::outcome(conn, state).await
}
