//! How many mails may be asked for, and when a failed one is tried again.

use std::time::Duration;

use crate::config::MailSection;

/// The window in which the mails of a network are counted, and the longest in which those of an address can be.
pub const DAY: Duration = Duration::from_hours(24);
/// Verification mails that one network may ask for in [`DAY`]; part of the public contract and always on.
pub const PER_NETWORK: usize = 5;
/// The same for a whole site, which could otherwise ask from each of its 65,536 networks.
pub const PER_SITE: usize = 10 * PER_NETWORK;

/// The wait after the `attempts`-th failure: doubling from the first to the longest.
pub fn backoff(section: &MailSection, attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(20);
    section.retry_first.0.saturating_mul(1 << doublings).min(section.retry_max.0)
}

/// How long a whole delivery may take: reaching the server and a slow conversation with it.
pub fn patience(section: &MailSection) -> Duration {
    section.timeout.0.saturating_mul(3)
}

/// How long a delivery that has begun keeps others from trying: longer than it can take.
pub fn lease(section: &MailSection) -> Duration {
    section.timeout.0.saturating_mul(4)
}
