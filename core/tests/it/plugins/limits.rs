//! What a plugin may use up before it is stopped.

use std::time::Duration;

use community::config::{Size, Span};

use super::support::{form, letter, load, load_bad, misbehaving, section, unhurried};

#[tokio::test]
async fn p01_endless_loop_is_cut_off_after_its_cpu_time() {
    let (bad, plugins) = load_bad(unhurried(misbehaving("loop"))).await;
    let reason = "plugin `bad` used up its 250ms of CPU time in `check-login`";
    assert_eq!(bad.check_login("x").await.unwrap_err().reason, reason);
    let counts = plugins.status().remove(0).counts;
    assert_eq!((counts.calls, counts.failures, counts.last_failure.as_deref()), (1, 1, Some(reason)));
}

#[tokio::test]
async fn p01_endless_loop_at_the_start_of_an_instance_is_cut_off() {
    let (bad, _) = load_bad(unhurried(section("loops_at_start"))).await;
    assert_eq!(bad.check_login("x").await.unwrap_err().reason, "plugin `bad` used up its 250ms of CPU time in `check-login`");
}

#[tokio::test]
async fn p01_endless_loop_in_realloc_and_post_return_is_cut_off() {
    let (bad, _) = load_bad(unhurried(section("hostile_allocator"))).await;
    bad.check_login("fine").await.unwrap().unwrap();
    for login in [&"x".repeat(777), "post-return"] {
        let reason = bad.check_login(login).await.unwrap_err().reason;
        assert_eq!(reason, "plugin `bad` used up its 250ms of CPU time in `check-login`", "{login}");
    }
}

#[tokio::test]
async fn p01_endless_loop_leaves_other_plugins_their_turns() {
    let mut looping = unhurried(misbehaving("loop"));
    looping.limits.cpu = Span::seconds(4);
    let plugins = load([("bad", looping)]).await;
    let bad = plugins.password("bad").unwrap();
    let stuck = tokio::spawn(async move { bad.check_login("x").await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let email = plugins.password("email").unwrap();
    for _ in 0..5 {
        email.check_login("user@example.com").await.unwrap().unwrap();
    }
    assert!(!stuck.is_finished(), "the loop was still running meanwhile");
    assert!(stuck.await.unwrap().unwrap_err().reason.contains("used up its 4s of CPU time"));
}

#[tokio::test]
async fn p02_memory_beyond_the_limit_is_not_given() {
    for (limit, works) in [(Size::mib(16), false), (Size::kib(64), false), (Size::mib(64), true)] {
        let mut section = misbehaving("");
        section.limits.memory = limit;
        section.limits.cpu = Span::seconds(10);
        section.limits.wall_clock = Span::seconds(60);
        let (bad, _) = load_bad(section).await;
        let reason = bad.check_login("memory").await.unwrap_err().reason;
        let told = format!("plugin `bad` broke down in `check-login`: it wanted more than its {limit} of memory (limits.memory)");
        assert_eq!(reason, told);
        assert_eq!(bad.check_login("16 MiB at once").await.is_ok(), works, "{limit}");
    }
}

#[tokio::test]
async fn p02_deep_recursion_ends_at_the_stack_limit() {
    let (bad, _) = load_bad(misbehaving("")).await;
    let reason = bad.check_login("recursion").await.unwrap_err().reason;
    assert!(reason.contains("used up its stack") || reason.contains("out of bounds"), "{reason}");
    bad.check_login("fine").await.unwrap().unwrap();
}

#[tokio::test]
async fn p03_huge_strings_and_lists_do_not_reach_the_host() {
    let mut section = misbehaving("");
    section.limits.memory = Size::mib(512);
    section.limits.cpu = Span::seconds(30);
    section.limits.wall_clock = Span::seconds(60);
    let (bad, _) = load_bad(section).await;
    for login in ["log-huge", "huge-list"] {
        let reason = bad.check_login(login).await.unwrap_err().reason;
        assert!(reason.contains("too much data"), "{login}: {reason}");
    }
    let reason = bad.verification_mail(community::plugins::Letter { username: "huge-string".into(), ..letter() }).await.unwrap_err().reason;
    assert!(reason.contains("too much data"), "{reason}");
}

#[tokio::test]
async fn p03_log_spam_is_dropped_and_counted() {
    let mut section = misbehaving("");
    section.limits.cpu = Span::seconds(30);
    section.limits.wall_clock = Span::seconds(60);
    let (bad, plugins) = load_bad(section).await;
    bad.check_login("log-spam").await.unwrap().unwrap();
    let dropped = plugins.status().remove(0).counts.dropped_log_lines;
    assert_eq!(dropped, 500 - 32, "32 lines of 2 KiB are the 64 KiB of a call");
    bad.check_login("print-spam").await.unwrap().unwrap();
    assert!(plugins.status().remove(0).counts.dropped_log_lines > dropped + 18_000);
}

#[tokio::test]
async fn p03_calls_to_the_host_are_counted() {
    let (bad, _) = load_bad(misbehaving("host-calls")).await;
    assert_eq!(bad.check_login("x").await.unwrap_err().reason, "plugin `bad` broke down in `check-login`: it called the host too often");
}

#[tokio::test]
async fn p04_resources_are_not_piled_up() {
    let (bad, _) = load_bad(misbehaving("leak")).await;
    let reason = bad.check_login("x").await.unwrap_err().reason;
    assert!(reason.contains("resource table"), "{reason}");
}

#[tokio::test]
async fn p05_random_bytes_come_in_small_portions() {
    let (bad, _) = load_bad(misbehaving("random")).await;
    let reason = bad.check_login("x").await.unwrap_err().reason;
    assert!(reason.contains("exceeds limit 65536"), "{reason}");
}

#[tokio::test]
async fn p22_sleeping_guests_are_given_up() {
    let mut section = misbehaving("sleep");
    section.limits.wall_clock = Span::seconds(2);
    section.limits.concurrency = 1;
    let (bad, _) = load_bad(section).await;
    for _ in 0..3 {
        let reason = bad.check_registration(form("x", None)).await.unwrap_err().reason;
        assert_eq!(reason, "plugin `bad` gave no answer within 2s in `check-registration`");
    }
}
