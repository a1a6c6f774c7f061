//! What others may know of mails.

use super::store;
use crate::{error::Result, store::Reader};

/// How many mails are to be sent, now or later.
pub async fn waiting(conn: &Reader) -> Result<u64> {
    store::waiting(conn).await
}
