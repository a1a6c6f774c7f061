//! The database: whether it answers and whether its schema is the one this program knows.

use super::Finding;
use crate::{config::Config, store::Store};

const SUBJECT: &str = "database";

/// How it is, and whether what is in it can be read without changing it.
pub async fn examine(config: &Config) -> (Finding, bool) {
    let place = config.database_url();
    match Store::plan(&config.database, &config.data_dir).await {
        Err(error) => (Finding::bad(SUBJECT, format!("{error}: correct database.url (DATABASE_URL), or start the database")), false),
        Ok(plan) if plan.pending.is_empty() => (Finding::good(SUBJECT, format!("{place}, schema up to date")), true),
        Ok(plan) => {
            let steps = plan.pending.len();
            (Finding::good(SUBJECT, format!("{place}; the next start brings the schema up to date ({steps} steps)")), false)
        }
    }
}
