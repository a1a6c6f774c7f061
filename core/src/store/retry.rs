//! Writing on PostgreSQL: a transaction each, run again when it collided with another.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use sea_orm::{DatabaseConnection, TransactionTrait};

use super::{Context, Tx, error};
use crate::error::Result;

/// How often a write that collides with others is tried.
const ATTEMPTS: u32 = 6;

pub(super) async fn write<I, T>(
    pool: &DatabaseConnection,
    context: &Arc<Context>,
    input: &I,
    work: for<'a> fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T>>,
) -> Result<T> {
    let mut attempt = 1;
    loop {
        match once(pool, context, input, work).await {
            Err(error) if attempt < ATTEMPTS && error::is_collision(&error) => {
                let [jitter] = context.random.bytes::<1>();
                tokio::time::sleep(Duration::from_millis(u64::from(jitter % 16) << attempt)).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

async fn once<I, T>(
    pool: &DatabaseConnection,
    context: &Arc<Context>,
    input: &I,
    work: for<'a> fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T>>,
) -> Result<T> {
    let mut tx = Tx::new(pool.begin().await?, context.clone());
    let result = work(&mut tx, input).await?;
    tx.commit().await?;
    Ok(result)
}
