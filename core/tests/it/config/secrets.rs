//! O-03: what is secret is seen nowhere.

use community::config::{Config, Secret, SecretUrl};

use super::{complaint, config, try_load};

const CANARY: &str = "S3cr3tCanary";

/// A configuration with the canary wherever a secret may be.
fn nest() -> Config {
    let toml = "[plugins.discord.settings]\nclient_id = \"env:ELSEWHERE\"\nclient_secret = \"S3cr3tCanary\"\n\
                [plugins.my-bot.settings]\nApiKey = \"S3cr3tCanary\"\nbot_token = \"S3cr3tCanary\"\ngreeting = \"hello\"\n\
                webhook_url = \"https://me:S3cr3tCanary@hooks.example/x\"\nfeed = \"https://S3cr3tCanary@feed.example/\"\n";
    let config = config(
        toml,
        &[
            ("ELSEWHERE", CANARY),
            ("DATABASE_URL", "postgres://me:S3cr3tCanary@db/community?password=S3cr3tCanary&sslmode=require"),
            ("SMTP_URL", "smtps://me:S3cr3tCanary@mail.example"),
            ("CHAT_BOT_TOKEN", "S3cr3tCanary-0123456789abcdef"),
            ("REDDIT_CLIENT_SECRET", CANARY),
        ],
    );
    assert_eq!(config.plugins["discord"].settings["client_id"], CANARY, "the canary is really in there");
    config
}

#[test]
fn o_03_no_output_of_a_configuration_shows_a_secret() {
    let config = nest();
    for (what, text) in [
        ("debug", format!("{config:?}")),
        ("pretty debug", format!("{config:#?}")),
        ("effective", config.effective()),
        ("database", format!("{:?} {}", config.database, config.database_url())),
        ("mail", format!("{:?} {:?}", config.mail, config.mail_transport())),
        ("chat", format!("{:?}", config.chat)),
        ("plugins", format!("{:?}", config.plugins)),
        ("serialised sections", format!("{:?} {:?}", serde_json::to_string(&config.database), serde_json::to_string(&config.mail))),
        ("serialised chat", format!("{:?}", serde_json::to_string(&config.chat))),
    ] {
        assert!(!text.contains(CANARY), "{what} shows it: {text}");
    }
    let shown = config.effective();
    assert!(
        shown.contains("postgres://me:***@db/community?password=***&sslmode=require"),
        "the rest of an address stays readable: {shown}"
    );
    assert!(shown.contains("greeting = \"hello\"") && shown.contains("https://***@hooks.example/x"), "{shown}");
}

#[test]
fn o_03_the_check_command_shows_no_secret() {
    let variables = [("DISCORD_CLIENT_SECRET", CANARY), ("COMMUNITY_SITE__NAME", "Shown")];
    let text = try_load("[chat]\nbot_token = \"S3cr3tCanary\"\n", &variables).expect("in order").describe();
    assert!(!text.contains(CANARY), "{text}");
    assert!(text.contains("# warning: ") && text.contains("chat.bot_token: is short"), "{text}");
    assert!(text.contains("name = \"Shown\"") && text.contains("bot_token = \"***\""), "{text}");
}

#[test]
fn o_03_no_complaint_repeats_a_secret() {
    for (toml, pairs) in [
        ("[chat]\nbot_token = \"S3cr3tCanary\n", vec![]),
        ("[chat]\nbot_token = S3cr3tCanary\n", vec![]),
        ("[chat]\nbot_token = [\"S3cr3tCanary\"]\n", vec![]),
        ("[chat]\nbot_tokn = \"S3cr3tCanary\"\n", vec![]),
        ("", vec![("DATABASE_URL", "mysql://me:S3cr3tCanary@db/x")]),
        ("", vec![("DATABASE_URL", "S3cr3tCanary")]),
        ("", vec![("SMTP_URL", "imap://me:S3cr3tCanary@mail")]),
        ("", vec![("BASE_URL", "https://me:S3cr3tCanary@x.org")]),
        ("[sessions]\nidle = \"env:TOKEN\"\n", vec![("TOKEN", CANARY)]),
        ("[log]\nformat = \"env:TOKEN\"\n", vec![("TOKEN", CANARY)]),
        ("[plugins.discord.settings]\nclient_secret = [\"S3cr3tCanary\"]\n", vec![]),
    ] {
        let text = complaint(toml, &pairs);
        assert!(!text.contains(CANARY), "{text}");
    }
}

#[test]
fn a_secret_shows_itself_only_when_asked() {
    let secret = Secret::new(CANARY);
    assert_eq!(format!("{secret} {secret:?}"), "*** ***");
    assert_eq!(secret.expose(), CANARY);
    assert_eq!(SecretUrl::new("postgres://S3cr3t Canary").to_string(), "***", "what cannot be parsed is hidden whole");
    assert_eq!(SecretUrl::new("sqlite://data dir/x.db").to_string(), "sqlite://data dir/x.db");
}
