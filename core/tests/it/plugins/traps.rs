//! A plugin that breaks down costs the one call, and sees nothing that is not its own.

use community::config::Span;

use super::support::{load, load_bad, misbehaving};

#[tokio::test]
async fn p17_a_trap_costs_the_caller_one_call_and_the_next_one_works() {
    let (bad, plugins) = load_bad(misbehaving("")).await;
    for login in ["trap", "panic", "exit", "recursion"] {
        let reason = bad.check_login(login).await.unwrap_err().reason;
        assert!(reason.starts_with("plugin `bad` "), "{login}: {reason}");
        bad.check_login("fine").await.unwrap().unwrap();
    }
    let status = plugins.status().remove(0);
    assert!(status.on, "a provider is never suspended");
    assert_eq!((status.counts.calls, status.counts.failures), (8, 4));
}

#[tokio::test]
async fn p26_traps_of_one_plugin_do_not_touch_another_that_runs() {
    let plugins = load([("bad", misbehaving("trap"))]).await;
    let (bad, email) = (plugins.password("bad").unwrap(), plugins.password("email").unwrap());
    let calls = (0..50).map(|n| {
        let (bad, email) = (bad.clone(), email.clone());
        tokio::spawn(async move {
            let (trapped, answered) =
                tokio::join!(async { bad.check_login("x").await }, async { email.check_login(&format!("user{n}@example.com")).await });
            trapped.unwrap_err();
            assert_eq!(answered.unwrap().unwrap().0, format!("user{n}@example.com"));
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
}

#[tokio::test]
async fn p26_calls_of_one_plugin_share_nothing() {
    let mut section = misbehaving("");
    section.limits.wall_clock = Span::seconds(30);
    let (bad, _) = load_bad(section).await;
    let (looping, fine) = tokio::join!(bad.check_login("loop"), bad.check_login("fine"));
    looping.unwrap_err();
    fine.unwrap().unwrap();
}

#[tokio::test]
async fn p12_a_plugin_sees_no_environment_no_arguments_and_no_settings_but_its_own() {
    let mut section = misbehaving("spy");
    section.settings.insert("open".into(), "mine".into());
    section.settings.insert("client_secret".into(), "hunter2".into());
    let shown = format!("{section:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let (bad, _) = load_bad(section).await;
    let seen = bad.check_login("x").await.unwrap().unwrap_err().message;
    assert_eq!(seen, r#"environment [], arguments [], settings [Some("mine"), None, None, None]"#);
}
