//! What sockets do, in numbers.

use prometheus::{IntCounter, IntCounterVec, IntGauge, opts};

use crate::http::metrics::Metrics;

/// The counters. Cheap to clone.
#[derive(Clone)]
pub struct Counters {
    /// Sockets that are connected and known by name.
    pub sockets: IntGauge,
    /// Events of clients, by name and outcome.
    pub received: IntCounterVec,
    /// Events given out, one for each socket that gets it.
    pub sent: IntCounter,
    /// Sockets disconnected because they fell behind.
    pub slow: IntCounter,
    /// Connections refused, by reason.
    pub refused: IntCounterVec,
    /// Sockets disconnected by us, by reason.
    pub ended: IntCounterVec,
}

impl Counters {
    /// Counters at zero, served with the others.
    pub fn new(metrics: &Metrics) -> Self {
        let counters = Self {
            sockets: IntGauge::new("sockets", "Connected sockets.").expect("the name is valid"),
            received: family("socket_events_received_total", "Events of clients.", &["event", "outcome"]),
            sent: IntCounter::new("socket_events_sent_total", "Events given out, one for each socket.").expect("the name is valid"),
            slow: IntCounter::new("socket_slow_consumers_total", "Sockets that fell behind.").expect("the name is valid"),
            refused: family("socket_refused_total", "Connections refused.", &["reason"]),
            ended: family("socket_ended_total", "Sockets disconnected by the server.", &["reason"]),
        };
        metrics.register(counters.sockets.clone());
        metrics.register(counters.received.clone());
        metrics.register(counters.sent.clone());
        metrics.register(counters.slow.clone());
        metrics.register(counters.refused.clone());
        metrics.register(counters.ended.clone());
        counters
    }

    /// Counts a refused connection.
    pub fn refuse(&self, reason: &str) {
        self.refused.with_label_values(&[reason]).inc();
    }
}

fn family(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    IntCounterVec::new(opts!(name, help), labels).expect("names are valid")
}
