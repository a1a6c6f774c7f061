//! Writing on PostgreSQL: a transaction each, run again when it collided with another.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use sea_orm::{DatabaseConnection, TransactionTrait};

use super::{
    Context, Tx,
    doubt::{Ending, Uncommitted, unknown},
    error,
};
use crate::error::{Error, Result};

/// How often a write that collides with others is tried.
const ATTEMPTS: u32 = 6;

/// Runs the write in a task of its own: a client that goes away during the commit must not keep those who listen from hearing of
/// what may well be on disk.
pub(super) async fn write<I, T>(
    pool: DatabaseConnection,
    context: Arc<Context>,
    input: I,
    work: for<'a> fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T>>,
) -> Result<T>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
{
    let task = tokio::spawn(async move { attempts(&pool, &context, &input, work).await });
    task.await.map_err(Error::internal)?
}

async fn attempts<I, T>(
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
    let Err(Uncommitted { error, doubt }) = tx.commit().await else { return Ok(result) };
    let Some(doubt) = doubt.filter(|_| !error::is_collision(&error)) else { return Err(error) };
    match doubt.resolve(pool.clone(), context.clone()).await {
        Some(Ending::Kept) => Ok(result),
        Some(Ending::Undone) => Err(error),
        Some(Ending::Unknown) | None => Err(unknown(error)),
    }
}
