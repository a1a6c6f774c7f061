//! Limits by name and key.

use std::{sync::Arc, time::Duration};

use community::{
    clock::{ManualClock, Timestamp},
    config::LimitsSection,
    error::Kind,
    http::{
        client_ip::ClientIp,
        failures::FailureDelay,
        rate::{Limit, Limits, Ticks},
    },
};

fn clock() -> (Arc<ManualClock>, Ticks) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_000_000)));
    (Arc::clone(&clock), Ticks::of(clock))
}

fn section(posts: &str) -> LimitsSection {
    LimitsSection { posts: posts.parse().unwrap(), ..LimitsSection::default() }
}

#[test]
fn a_limit_is_hit_says_when_and_grows_back() {
    let (clock, ticks) = clock();
    let limits = Limits::new(&section("5/minute"), &ticks);
    for _ in 0..5 {
        limits.check(Limit::Posts, "usr-1").unwrap();
    }
    let error = limits.check(Limit::Posts, "usr-1").unwrap_err();
    assert_eq!((error.kind, error.code, error.retry_after), (Kind::Limited, "rate_limited", Some(12)));
    limits.check(Limit::Posts, "usr-2").unwrap();
    limits.check(Limit::PostChanges, "usr-1").unwrap();
    clock.advance(Duration::from_secs(11));
    assert_eq!(limits.check(Limit::Posts, "usr-1").unwrap_err().retry_after, Some(1));
    clock.advance(Duration::from_secs(1));
    limits.check(Limit::Posts, "usr-1").unwrap();
    limits.check(Limit::Posts, "usr-1").unwrap_err();
    clock.advance(Duration::from_mins(1));
    for _ in 0..5 {
        limits.check(Limit::Posts, "usr-1").unwrap();
    }
    limits.check(Limit::Posts, "usr-1").unwrap_err();
}

#[test]
fn limits_can_be_switched_off() {
    let (_, ticks) = clock();
    let off = LimitsSection { enabled: false, ..section("1/day") };
    for limits in [Limits::new(&off, &ticks), Limits::new(&section("unlimited"), &ticks)] {
        for _ in 0..1000 {
            limits.check(Limit::Posts, "usr-1").unwrap();
        }
    }
    let delay = FailureDelay::new(&off, &ticks);
    for _ in 0..100 {
        delay.attempt("a@example.org").unwrap();
    }
}

#[test]
fn a15_rotating_addresses_in_one_network_gains_nothing() {
    let (_, ticks) = clock();
    let limits = Limits::new(&LimitsSection { login: "5/minute".parse().unwrap(), ..LimitsSection::default() }, &ticks);
    let client = |text: String| ClientIp(text.parse().unwrap());
    for host in 0..5 {
        limits.check_client(Limit::Login, client(format!("2001:db8:1:2::{host}"))).unwrap();
    }
    limits.check_client(Limit::Login, client("2001:db8:1:2:ffff::1".to_owned())).unwrap_err();
    // The site may do ten times as much as one network in it.
    for network in 0x100..0x100 + 45 {
        limits.check_client(Limit::Login, client(format!("2001:db8:1:{network:x}::1"))).unwrap();
    }
    limits.check_client(Limit::Login, client("2001:db8:1:999::1".to_owned())).unwrap_err();
    limits.check_client(Limit::Login, client("2001:db8:2::1".to_owned())).unwrap();
    for _ in 0..5 {
        limits.check_client(Limit::Login, client("203.0.113.7".to_owned())).unwrap();
    }
    limits.check_client(Limit::Login, client("::ffff:203.0.113.7".to_owned())).unwrap_err();
    limits.check_client(Limit::Login, client("203.0.113.8".to_owned())).unwrap();
}

#[test]
fn o20_a_clock_that_is_set_back_locks_nobody_out_for_long() {
    let ticks = Ticks::monotonic();
    let limits = Limits::new(&section("1000/second"), &ticks);
    limits.check(Limit::Posts, "usr-1").unwrap();
    // With a clock that can be turned, the time that counts stands still and never runs backwards.
    let (clock, ticks) = clock();
    let limits = Limits::new(&section("1/minute"), &ticks);
    limits.check(Limit::Posts, "usr-1").unwrap();
    clock.rewind(Duration::from_hours(24));
    assert!(limits.check(Limit::Posts, "usr-1").unwrap_err().retry_after.unwrap() <= 60);
}

#[test]
fn a27_guessing_gets_slower_and_the_right_password_ends_it() {
    let (clock, ticks) = clock();
    let delay = FailureDelay::new(&LimitsSection::default(), &ticks);
    let account = "victim@example.org";
    for _ in 0..5 {
        delay.attempt(account).unwrap();
    }
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(delay.attempt(account).unwrap_err().retry_after, Some(seconds));
        delay.attempt("other@example.org").unwrap();
        delay.succeeded("other@example.org");
        clock.advance(Duration::from_secs(seconds));
        delay.attempt(account).unwrap();
    }
    clock.advance(Duration::from_mins(1));
    delay.attempt(account).unwrap();
    delay.succeeded(account);
    for _ in 0..5 {
        delay.attempt(account).unwrap();
    }
    delay.attempt(account).unwrap_err();
    clock.advance(Duration::from_mins(15));
    for _ in 0..5 {
        delay.attempt(account).unwrap();
    }
}

#[test]
fn a_flood_of_keys_fills_no_memory_and_hits_no_bystander_hard() {
    let (clock, ticks) = clock();
    let limits = Limits::new(&section("60/minute"), &ticks);
    for key in 0..200_000 {
        let _ = limits.check(Limit::Posts, &format!("usr-{key}"));
    }
    limits.check(Limit::Posts, "usr-bystander").unwrap();
    clock.advance(Duration::from_mins(2));
    limits.check(Limit::Posts, "usr-bystander").unwrap();
}
