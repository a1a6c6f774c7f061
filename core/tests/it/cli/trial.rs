//! `community plugin try`, and what `community doctor` says about redirect providers.

use std::fs;

use url::Url;

use crate::support::{Account, Binary, Browser, Db, OAuthServers, free_port};

/// A place with its own configuration file, in which Discord is the real server of the tests, known by `secret`.
async fn community(db: Db, secret: &str) -> Binary {
    let url = OAuthServers::shared().await.url("discord");
    let binary = Binary::prepare(db, &[]).await;
    configure(&binary, url, secret);
    binary
}

fn configure(binary: &Binary, url: &str, secret: &str) {
    let text = format!(
        "[plugins.discord]\nallow_private = true\n[plugins.discord.settings]\nclient_id = \"discord-id\"\nclient_secret = \"{secret}\"\n\
         authorize_url = \"{url}/api/oauth2/authorize\"\ntoken_url = \"{url}/api/oauth2/token\"\napi_url = \"{url}/api/v10/users/@me\"\n"
    );
    fs::write(binary.folder().join("community.toml"), text).unwrap();
}

/// Runs the trial in the browser of `account`; gives where the browser ended and what the command printed.
async fn attempt(binary: &Binary, account: Option<&Account>) -> (String, String, bool) {
    let (mut process, lines) = binary.begin(&["plugin", "try", "discord"]);
    let (heard, mut said) = tokio::sync::mpsc::unbounded_channel();
    let reader = std::thread::spawn(move || {
        lines.map_while(Result::ok).fold(String::new(), |all, line| {
            let _ = heard.send(line.clone());
            all + &line + "\n"
        })
    });
    let address = loop {
        let line = said.recv().await.expect("the command ended before it said where to go");
        if line.trim().starts_with("http://") && line.contains("client_id=") {
            break Url::parse(line.trim()).unwrap();
        }
    };
    while !said.recv().await.expect("the command ended").contains("Waiting") {}
    let mut browser = Browser::new(&binary.base_url(), binary.client());
    match account {
        Some(account) => browser.sit_down(account),
        None => browser.say_no(),
    };
    let place = browser.go_on(address).await;
    assert_eq!(binary.client().get("/api/me").await.status, 401, "nobody is signed in by a trial");
    let well = process.end().await.expect("the command ends").success();
    (place, reader.join().unwrap(), well)
}

db_test! {
    async fn beside_a_running_server_a_trial_shows_who_signed_in_and_makes_no_account(db) {
        let mut binary = community(db, "discord-secret").await;
        binary.serve().await;
        let ann = Account { name: Some("Ann A".to_owned()), ..Account::new("ann").with_email("ann@example.org", true) };
        let (place, report, well) = attempt(&binary, Some(&ann)).await;
        assert!(well && place.starts_with("/?login=tried"), "{place}\n{report}");
        assert!(report.contains(&format!("{}/api/callback", binary.base_url())), "{report}");
        for shown in ["running server", &ann.id, "Ann A", "ann@example.org", "verified", "identify email"] {
            assert!(report.contains(shown), "{shown}:\n{report}");
        }
        assert_eq!(binary.run_well(&["user", "list"], "").await, "");
        binary.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_server_the_command_is_one_for_as_long_as_it_takes() {
    let binary = community(Db::Sqlite, "discord-secret").await;
    let ann = Account { withheld: vec!["email".to_owned()], ..Account::new("ann").with_email("ann@example.org", true) };
    let (mut process, lines) = binary.begin(&["plugin", "try", "discord"]);
    let mut report = String::new();
    for line in lines {
        let line = line.unwrap();
        report.push_str(&line);
        report.push('\n');
        if let Some(address) = line.trim().strip_prefix("http://").filter(|line| line.contains("client_id=")) {
            let mut browser = Browser::new(&binary.base_url(), binary.client());
            browser.sit_down(&ann);
            browser.go_on(Url::parse(&format!("http://{address}")).unwrap()).await;
        }
    }
    assert!(process.end().await.unwrap().success(), "{report}");
    assert!(report.contains("this command") && report.contains("MISSING       email"), "{report}");
    binary.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_started_with_other_settings_is_no_judge_of_the_new_ones() {
    let url = OAuthServers::shared().await.url("discord");
    let ann = Account::new("ann").with_email("ann@example.org", true);
    let restart = "`community plugin reload discord`, restart it, or stop it for as long as you try";
    let mut binary = community(Db::Sqlite, "wrong").await;
    binary.serve().await;
    configure(&binary, url, "discord-secret");
    let (place, _, well) = attempt(&binary, Some(&ann)).await;
    let errors = binary.errors();
    assert!(
        !well && place.starts_with("/?login=tried") && errors.contains("knows other settings") && errors.contains(restart),
        "{place}\n{errors}"
    );
    // That helps, and from then on the server is a judge of these alone.
    assert_eq!(binary.run_well(&["plugin", "reload", "discord"], "").await, "discord: loaded\n");
    let (place, report, well) = attempt(&binary, Some(&ann)).await;
    assert!(well && place.starts_with("/?login=tried"), "{place}\n{report}\n{}", binary.errors());
    binary.stop().await;

    let mut binary = Binary::prepare(Db::Sqlite, &[]).await;
    binary.serve().await;
    configure(&binary, url, "discord-secret");
    let (_, _, well) = attempt(&binary, Some(&ann)).await;
    let errors = binary.errors();
    assert!(!well && errors.contains("has it off") && errors.contains(restart), "{errors}");
    binary.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_cancels_and_a_wrong_secret_are_told_apart() {
    let mut binary = community(Db::Sqlite, "discord-secret").await;
    binary.serve().await;
    let (_, _, well) = attempt(&binary, None).await;
    assert!(!well);
    configure(&binary, OAuthServers::shared().await.url("discord"), "wrong");
    let output = binary.run(&["plugin", "try", "discord"], "").await;
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success() && said.contains("FAILED") && said.contains("client id and secret"), "{said}");
    binary.stop().await;
}

#[tokio::test]
async fn a_provider_that_is_not_set_up_cannot_be_tried_and_says_what_to_set() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    let output = binary.run(&["plugin", "try", "discord"], "").await;
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && errors.contains("DISCORD_CLIENT_ID"), "{errors}");
    binary.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_asks_the_site_of_every_redirect_provider() {
    let servers = OAuthServers::shared().await;
    let binary = community(Db::Sqlite, "discord-secret").await;
    let report = async || String::from_utf8(binary.run(&["doctor"], "").await.stdout).unwrap();
    let line = |report: &str| report.lines().rfind(|line| line.contains("sign-in discord")).unwrap_or(report).to_owned();

    let report_of_all = report().await;
    assert!(report_of_all.contains(&format!("register: {}/api/callback", binary.base_url())), "{report_of_all}");
    let well = line(&report_of_all);
    assert!(well.starts_with("ok") && well.contains("knows this server"), "{well}");
    let url = servers.url("discord");
    let sent = format!("people are sent to {url}/api/oauth2/authorize");
    assert!(report_of_all.contains(&sent) && report_of_all.contains("the provider's clock is "), "{report_of_all}");

    configure(&binary, servers.url("discord"), "wrong");
    let report_of_all = report().await;
    assert!(report_of_all.contains(&sent) && report_of_all.contains("the provider's clock is "), "{report_of_all}");
    let wrong = line(&report_of_all);
    assert!(wrong.starts_with("FAILED") && wrong.contains("client id and secret"), "{wrong}");

    configure(&binary, &format!("http://127.0.0.1:{}", free_port()), "discord-secret");
    let gone = line(&report().await);
    assert!(gone.starts_with("FAILED") && gone.contains("127.0.0.1"), "{gone}");

    let work = servers.url("work");
    let text = format!(
        "[plugins.work]\ncomponent = \"bundled:oidc\"\nallow_private = true\n[plugins.work.settings]\nissuer = \"{work}\"\n\
         client_id = \"work-id\"\nclient_secret = \"work-secret\"\n"
    );
    fs::write(binary.folder().join("community.toml"), text).unwrap();
    let openid = report().await;
    assert!(
        openid.lines().any(|line| line.starts_with("ok") && line.contains("sign-in work") && line.contains("knows this server")),
        "{openid}"
    );

    let bare = Binary::prepare(Db::Sqlite, &[]).await;
    let report = String::from_utf8(bare.run(&["doctor"], "").await.stdout).unwrap();
    assert!(report.contains("DISCORD_CLIENT_ID") && report.contains("REDDIT_CLIENT_SECRET"), "{report}");
    bare.stop().await;
    binary.stop().await;
}
