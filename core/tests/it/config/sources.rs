//! Where values come from, and which wins.

use std::fs;

use community::config::{Config, MailTransport, Sources, Span, load};
use tempfile::TempDir;

use super::{config, env, folder, try_load, try_load_in};

#[test]
fn without_file_and_environment_everything_has_a_default_that_works() {
    let empty = TempDir::new().expect("a temporary folder");
    let loaded = try_load_in(empty.path(), &[]).expect("the defaults are in order");
    assert_eq!(loaded.config, Config::default());
    assert_eq!((loaded.warnings.len(), loaded.file), (0, None));
    assert_eq!(loaded.config.base_url().to_string(), "http://127.0.0.1:3000");
    assert_eq!(loaded.config.database_url().expose(), "sqlite://data/community.db");
    assert_eq!(loaded.config.mail_transport(), MailTransport::Files("data/mail".into()));
    assert_eq!(loaded.config.mail_from(), "community@localhost");
}

#[test]
fn later_sources_win() {
    let toml = "[http]\nbase_url = \"https://file.example\"\n[database]\nreaders = 2\nconnections = 3\n";
    let config = config(
        toml,
        &[
            ("BASE_URL", "https://familiar.example"),
            ("COMMUNITY_HTTP__BASE_URL", "https://exact.example"),
            ("COMMUNITY_DATABASE__READERS", "5"),
        ],
    );
    assert_eq!(config.base_url().to_string(), "https://exact.example");
    assert_eq!((config.database.readers, config.database.connections), (5, 3));
}

#[test]
fn the_familiar_names_set_their_keys() {
    let config = config(
        "[http]\nlisten = \"[::1]:1\"\n",
        &[
            ("BASE_URL", "https://community.example"),
            ("PORT", "8080"),
            ("DATABASE_URL", "postgres://me:pw@db/community"),
            ("SMTP_URL", "smtp://mail.example:2525"),
            ("CHAT_BOT_TOKEN", "0123456789abcdef0123456789abcdef"),
            ("DISCORD_CLIENT_ID", "123456"),
            ("DISCORD_CLIENT_SECRET", "d"),
            ("REDDIT_CLIENT_ID", "true"),
            ("REDDIT_CLIENT_SECRET", "r"),
            ("COMMUNITY_DATA_DIR", "/srv/community"),
        ],
    );
    assert_eq!(config.base_url().to_string(), "https://community.example");
    assert_eq!(config.http.listen.to_string(), "[::1]:8080");
    assert_eq!(config.database_url().expose(), "postgres://me:pw@db/community");
    assert!(matches!(config.mail_transport(), MailTransport::Smtp(url) if url.expose() == "smtp://mail.example:2525"));
    assert_eq!(config.chat.bot_token.as_ref().map(|token| token.expose().len()), Some(32));
    assert_eq!(config.plugins["discord"].settings["client_id"], "123456", "text stays text even when it looks like a number");
    assert_eq!(config.plugins["discord"].settings["client_secret"], "d");
    assert_eq!(config.plugins["reddit"].settings["client_id"], "true");
    assert_eq!(config.data_dir.to_str(), Some("/srv/community"));
    assert_eq!(config.mail_from(), "community@community.example");
}

#[test]
fn variables_are_read_as_the_type_of_their_key() {
    let config = config(
        "[plugins.my-bot]\nallow_hosts = [\"a.example\"]\n",
        &[
            ("COMMUNITY_SESSIONS__ALLOW_INSECURE_COOKIES", "true"),
            ("COMMUNITY_SESSIONS__IDLE", "3 days"),
            ("COMMUNITY_CORS__ORIGINS", "https://a.example, https://b.example"),
            ("COMMUNITY_PLUGINS__MY_BOT__ALLOW_HOSTS", "[\"c.example\", \"d.example:8080\"]"),
            ("COMMUNITY_PLUGINS__MY_BOT__SETTINGS__GREETING", "hello, [world]"),
            ("COMMUNITY_PLUGINS__DISCORD__SETTINGS__CLIENT_ID", "42"),
            ("COMMUNITY_AUTH__HASH_THREADS", "3"),
            ("COMMUNITY_AUTH__PASSWORD_PROFILE", "nist"),
        ],
    );
    assert!(config.sessions.allow_insecure_cookies);
    assert_eq!(config.sessions.idle, Span::days(3));
    assert_eq!(config.cors.origins.len(), 2);
    assert_eq!(config.plugins["my-bot"].allow_hosts, ["c.example", "d.example:8080"]);
    assert_eq!(config.plugins["my-bot"].settings["greeting"], "hello, [world]");
    assert_eq!(config.plugins["discord"].settings["client_id"], "42");
    assert_eq!(config.auth.hash_threads(), 3);
}

#[test]
fn a_file_named_explicitly_is_read_and_must_exist() {
    let folder = folder("[site]\nname = \"wrong file\"\n");
    let named = folder.path().join("other.toml");
    fs::write(&named, "[site]\nname = \"Named\"\n").expect("a file");
    let none = env(&[]);
    let loaded = load(Sources { path: Some(&named), directory: folder.path(), env: &none }).expect("in order");
    assert_eq!(loaded.config.site.name, "Named");
    assert_eq!(loaded.file.as_deref(), Some(named.as_path()));
    let absent = folder.path().join("absent.toml");
    let error = load(Sources { path: Some(&absent), directory: folder.path(), env: &none }).expect_err("there is no such file");
    assert!(error.to_string().contains("absent.toml: cannot read the configuration file"), "{error}");
}

#[test]
fn secrets_and_settings_may_be_kept_elsewhere() {
    let folder = TempDir::new().expect("a temporary folder");
    let token = folder.path().join("token");
    fs::write(&token, "0123456789abcdef0123456789abcdef\n").expect("a file");
    let toml = format!(
        "[chat]\nbot_token = \"file:{}\"\n[database]\nurl = \"env:WHERE\"\n[plugins.discord.settings]\nclient_id = \"env:UNSET\"\nclient_secret = \"env:SET\"\nshard = 7\n",
        token.display()
    );
    fs::write(folder.path().join("community.toml"), toml).expect("a file");
    let config = try_load_in(folder.path(), &[("WHERE", "postgres://db/x"), ("SET", "shh")]).expect("in order").config;
    assert_eq!(config.chat.bot_token.map(|token| token.expose().to_owned()).as_deref(), Some("0123456789abcdef0123456789abcdef"));
    assert_eq!(config.database.url.map(|url| url.expose().to_owned()).as_deref(), Some("postgres://db/x"));
    let settings = &config.plugins["discord"].settings;
    assert!(!settings.contains_key("client_id"), "a plugin setting whose variable is not set is not set");
    assert_eq!((settings["client_secret"].as_str(), settings["shard"].as_str()), ("shh", "7"));
    assert_eq!(config.plugins["discord"].unset["client_id"], "UNSET", "but the name of the variable is known");
}

#[test]
fn a_variable_that_is_not_set_is_forgotten_when_a_later_source_has_a_value_and_only_then() {
    let toml = "[plugins.discord.settings]\nclient_id = \"env:OUR_ID\"\nclient_secret = \"written\"\n";
    let later = [("DISCORD_CLIENT_ID", "42"), ("COMMUNITY_PLUGINS__DISCORD__SETTINGS__CLIENT_SECRET", "env:OUR_SECRET")];
    let discord = &config(toml, &later).plugins["discord"];
    assert_eq!((discord.settings["client_id"].as_str(), discord.settings.get("client_secret")), ("42", None));
    assert_eq!((discord.unset.len(), discord.unset["client_secret"].as_str()), (1, "OUR_SECRET"));
}

#[test]
fn variables_of_others_are_left_alone_and_mentioned() {
    let loaded = try_load("", &[("COMMUNITY_SERVICE_HOST", "10.0.0.1"), ("PORT", ""), ("HOME", "/root")]).expect("in order");
    assert_eq!(loaded.config, Config::default());
    let [warning] = loaded.warnings.as_slice() else { panic!("one warning, not {:?}", loaded.warnings) };
    assert!(warning.to_string().starts_with("variable COMMUNITY_SERVICE_HOST: sets nothing"), "{warning}");
}
