//! Writing on SQLite: one writer takes all writes that wait, commits them at once, and then answers them all. Each succeeds or
//! fails for itself.
//!
//! So an acknowledged write is on disk, and throughput stays high where one fsync takes milliseconds.

use std::{io, panic::AssertUnwindSafe, sync::Arc, thread};

use futures_util::{FutureExt, future::BoxFuture};
use sea_orm::{DatabaseConnection, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use tokio::{
    runtime::Builder,
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
};

use super::{Context, Tx};
use crate::error::{Error, Result};

/// Writes that may wait; more are answered with `unavailable`.
const QUEUE: usize = 1024;
/// Writes in one commit. More would only make the first ones wait longer.
const BATCH: usize = 128;

/// A handle to the one writer.
#[derive(Clone)]
pub(super) struct Batcher(mpsc::Sender<Box<dyn Job>>);

impl Batcher {
    /// Starts the writer on `conn`, which nobody else writes to. It ends when the last handle is dropped.
    ///
    /// It has a thread and a runtime of its own: among the tasks of the server it would wait behind all others after each statement, and
    /// those are many while a message goes to thousands of sockets. What the pool does between two batches is done there, too.
    ///
    /// # Errors
    /// The system gives no more threads.
    pub(super) fn start(conn: DatabaseConnection, context: Arc<Context>) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let runtime = Builder::new_current_thread().enable_time().build()?;
        thread::Builder::new().name("writer".to_owned()).spawn(move || runtime.block_on(run(conn, context, receiver)))?;
        Ok(Self(sender))
    }

    pub(super) async fn write<I, T>(&self, input: I, work: Work<I, T>) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        let job = Box::new(Write { input, work, result: None, answer });
        self.0.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => Error::unavailable("Too many changes are waiting to be written. Please try again."),
            TrySendError::Closed(_) => ended(),
        })?;
        outcome.await.map_err(|_| ended())?
    }

    /// Whether nothing can be written any more.
    pub(super) fn has_ended(&self) -> bool {
        self.0.is_closed()
    }
}

pub(super) fn ended() -> Error {
    Error::unavailable("Nothing can be saved until the server has been started again.")
}

type Work<I, T> = for<'a> fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T>>;

/// A write that waits, whatever its types.
trait Job: Send {
    /// Runs the write and keeps its result; false if it failed and must be undone.
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, bool>;
    /// Answers whoever waits: with the kept result, or with `failure` if the batch did not reach the disk.
    fn answer(self: Box<Self>, failure: Option<&Error>);
    /// Whether the database failed it, not the write itself.
    fn met_trouble(&self) -> bool;
}

struct Write<I, T> {
    input: I,
    work: Work<I, T>,
    result: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<I: Send + Sync, T: Send> Job for Write<I, T> {
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let result = AssertUnwindSafe((self.work)(tx, &self.input)).catch_unwind().await;
            let result = result.unwrap_or_else(|_| Err(Error::internal("a write panicked")));
            self.result.insert(result).is_ok()
        })
    }

    fn answer(self: Box<Self>, failure: Option<&Error>) {
        let result = match (self.result, failure) {
            (Some(Err(own)), _) => Err(own),
            (_, Some(failure)) => Err(failure.retold()),
            (Some(result), None) => result,
            (None, None) => Err(Error::internal("a write was never run")),
        };
        // Whoever asked may have gone away; the write stands all the same.
        let _ = self.answer.send(result);
    }

    fn met_trouble(&self) -> bool {
        self.result.as_ref().is_some_and(|result| result.as_ref().is_err_and(Error::is_unavailable))
    }
}

async fn run(conn: DatabaseConnection, context: Arc<Context>, mut waiting: mpsc::Receiver<Box<dyn Job>>) {
    while let Some(first) = waiting.recv().await {
        let mut batch = Vec::new();
        let outcome = commit_batch(&conn, &context, first, &mut waiting, &mut batch).await;
        if let Err(failure) = &outcome {
            tracing::error!(error = %failure, cause = ?failure.source, writes = batch.len(), "a batch of writes was lost");
        }
        if outcome.is_err() || batch.iter().any(|job| job.met_trouble()) {
            renew(&conn).await;
        }
        for job in batch {
            job.answer(outcome.as_ref().err());
        }
    }
    if let Err(error) = conn.close().await {
        tracing::warn!(%error, "closing the database failed");
    }
}

/// Closes the connection, so that the next batch begins on a new one. When a disk is full SQLite ends the transaction by itself; sqlx
/// does not notice, takes it for open still, and would never begin another one.
async fn renew(conn: &DatabaseConnection) {
    let closed = async { conn.get_sqlite_connection_pool().acquire().await?.close().await };
    if let Err(error) = closed.await {
        tracing::warn!(%error, "the writer's connection could not be renewed");
    }
}

/// Runs `first` and what else waits, and commits them together. Every job ends up in `batch`, to be answered by the caller.
///
/// Nearly all writes succeed, so they run without savepoints at first, which would be two more statements for each. When one
/// fails, all that ran is undone and runs again, each in a savepoint of its own.
async fn commit_batch(
    conn: &DatabaseConnection,
    context: &Arc<Context>,
    first: Box<dyn Job>,
    waiting: &mut mpsc::Receiver<Box<dyn Job>>,
    batch: &mut Vec<Box<dyn Job>>,
) -> Result<()> {
    batch.push(first);
    let mut tx = begin(conn, context).await?;
    let mut next = 0;
    while next < batch.len() {
        tx.next_write();
        if !batch[next].run(&mut tx).await {
            // Dropping the transaction undoes all of it.
            drop(tx);
            let (alone, troubled) = (batch.len() == 1, batch[next].met_trouble());
            return match (alone, troubled) {
                (true, _) => Ok(()),
                (false, true) => Err(again()),
                (false, false) => commit_apart(conn, context, batch).await,
            };
        }
        next += 1;
        if batch.len() < BATCH
            && let Ok(job) = waiting.try_recv()
        {
            batch.push(job);
        }
    }
    Ok(tx.commit().await?)
}

/// Runs the jobs so that each can fail for itself, and commits what succeeds.
async fn commit_apart(conn: &DatabaseConnection, context: &Arc<Context>, batch: &mut [Box<dyn Job>]) -> Result<()> {
    let mut tx = begin(conn, context).await?;
    for job in batch {
        let mark = tx.savepoint().await?;
        if job.run(&mut tx).await {
            tx.release().await?;
        } else {
            // It fails if SQLite has ended the whole transaction, and then all who are in it have to come again.
            tx.undo(mark).await.map_err(|error| again().caused_by(error))?;
        }
    }
    Ok(tx.commit().await?)
}

fn again() -> Error {
    Error::unavailable("This could not be saved. Please try again.")
}

async fn begin(conn: &DatabaseConnection, context: &Arc<Context>) -> Result<Tx> {
    let immediate = TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
    Ok(Tx::new(conn.begin_with_options(immediate).await?, context.clone()))
}
