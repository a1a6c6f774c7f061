//! What waits, among the counters for Prometheus: it tells of trouble before people do. Looked up when somebody asks.

use futures_util::future::try_join;
use prometheus::{IntGauge, IntGaugeVec, opts};

use crate::{error::Result, http::metrics::Metrics, mail, plugins, store::Store};

/// The gauges of what waits in the database. Cheap to clone.
#[derive(Clone)]
struct Backlog {
    store: Store,
    mails: IntGauge,
    letters: IntGaugeVec,
}

/// Serves what waits in `store`, and how its writes fare, with the other counters.
pub fn register(store: &Store, metrics: &Metrics) {
    let letters = opts!("plugin_letters", "Events that a plugin could not deal with.");
    let backlog = Backlog {
        store: store.clone(),
        mails: IntGauge::new("mails_waiting", "Mails that are to be sent.").expect("the name is valid"),
        letters: IntGaugeVec::new(letters, &["plugin"]).expect("the names are valid"),
    };
    metrics.register(store.writes().pending.clone());
    metrics.register(store.writes().durations.clone());
    metrics.register(backlog.mails.clone());
    metrics.register(backlog.letters.clone());
    metrics.look_first(move || Box::pin(backlog.clone().look()));
}

impl Backlog {
    async fn look(self) {
        if let Err(error) = self.count().await {
            tracing::warn!(%error, cause = ?error.source, "what waits could not be counted");
        }
    }

    async fn count(&self) -> Result<()> {
        let reader = self.store.reader();
        let (mails, letters) = try_join(mail::queries::waiting(reader), plugins::queries::letter_counts(reader)).await?;
        self.mails.set(i64::try_from(mails).unwrap_or(i64::MAX));
        // Those that have none any more are not named either.
        self.letters.reset();
        for (plugin, count) in letters {
            self.letters.with_label_values(&[plugin]).set(count);
        }
        Ok(())
    }
}
