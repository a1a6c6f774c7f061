//! What is said when something is wrong: the place, the key, the fault and the fix, a line each.

use super::{complaint, config, try_load};

#[test]
fn o_21_an_unknown_key_is_named_with_the_nearest_known_one() {
    let text = complaint("[site]\nname = \"x\"\n\n[sessions]\nidel = \"7d\"\n", &[]);
    assert_eq!(text, "community.toml line 5: sessions.idel: unknown key; the nearest known one is sessions.idle");
    let text = complaint("[sesions]\n", &[]);
    assert_eq!(text, "community.toml line 1: sesions: unknown key; the nearest known one is sessions");
    let text = complaint("base_url = \"https://x.org\"\n", &[]);
    assert_eq!(text, "community.toml line 1: base_url: unknown key; the nearest known one is http.base_url");
    let text = complaint("[limits]\nsocket_mesage = \"64 KiB\"\n", &[]);
    assert_eq!(text, "community.toml line 2: limits.socket_mesage: unknown key; the nearest known one is limits.socket_message");
    let text = complaint("[log]\nrotation_policy = 1\n", &[]);
    assert_eq!(text, "community.toml line 2: log.rotation_policy: unknown key; [log] knows filter, format");
    let text = complaint("[plugins.discord]\ncomponet = \"bundled:discord\"\n", &[]);
    assert_eq!(text, "community.toml line 2: plugins.discord.componet: unknown key; the nearest known one is plugins.discord.component");
}

#[test]
fn o_21_an_unknown_variable_of_ours_is_an_error() {
    let text = complaint("", &[("COMMUNITY_DATABASE__READER", "4")]);
    assert_eq!(text, "variable COMMUNITY_DATABASE__READER: database.reader: unknown key; the nearest known one is database.readers");
    assert!(complaint("", &[("COMMUNITY_NO__SUCH__KEY", "4")]).starts_with("variable COMMUNITY_NO__SUCH__KEY: no.such.key: unknown key"));
}

#[test]
fn o_21_a_value_that_does_not_fit_is_named_with_its_place() {
    let text = complaint("[sessions]\n# a comment\nidle = 7\n", &[]);
    assert!(
        text.starts_with("community.toml line 3: sessions.idle: \"7\" is not a length of time; write a whole number and a unit"),
        "{text}"
    );
    let text = complaint("", &[("PORT", "eighty")]);
    assert_eq!(text, "variable PORT: http.listen: \"eighty\" is not a port; write a number up to 65535");
    let text = complaint("", &[("COMMUNITY_DATABASE__READERS", "many")]);
    assert!(text.starts_with("variable COMMUNITY_DATABASE__READERS: database.readers: invalid type"), "{text}");
    let text = complaint("[log]\nformat = \"xml\"\n", &[]);
    assert!(text.starts_with("community.toml line 2: log.format: unknown variant `xml`, expected `text` or `json`"), "{text}");
    let text = complaint("site = 1\n", &[]);
    assert!(text.starts_with("community.toml line 1: site: invalid type"), "{text}");
}

#[test]
fn o_21_text_that_is_not_toml_is_reported_by_line() {
    let text = complaint("[site]\nname = \"x\"\nname = \"y\"\n", &[]);
    assert!(text.starts_with("community.toml line 3: is not TOML:"), "{text}");
}

#[test]
fn o_21_everything_wrong_is_told_at_once() {
    let text = complaint("[site]\nnam = \"x\"\n[database]\nreaders = 0\n", &[("PORT", "x"), ("BASE_URL", "nonsense")]);
    assert_eq!(text.lines().count(), 4, "{text}");
}

#[test]
fn o_21_plain_http_beyond_this_machine_needs_an_explicit_word() {
    let text = complaint("", &[("BASE_URL", "http://community.example")]);
    assert!(text.starts_with("variable BASE_URL: http.base_url: http://community.example is plain http"), "{text}");
    assert!(text.contains("sessions.allow_insecure_cookies = true"), "{text}");
    let loaded = try_load("[sessions]\nallow_insecure_cookies = true\n", &[("BASE_URL", "http://community.example")]).expect("allowed");
    assert_eq!(loaded.warnings.len(), 1);
    config("", &[("BASE_URL", "http://localhost:8080")]);
    config("", &[("BASE_URL", "https://community.example")]);
}

#[test]
fn a_base_url_that_leads_other_machines_astray_is_warned_about() {
    let insecure = "[sessions]\nallow_insecure_cookies = true\n";
    for (listen, base_url, sentence) in [
        ("0.0.0.0:3000", "", "http.base_url: http.listen lets in other machines at 0.0.0.0:3000"),
        ("[::]:3000", "http://localhost:3000", "variable BASE_URL: http.base_url: http.listen lets in other machines at [::]:3000"),
        ("0.0.0.0:3000", "http://0.0.0.0:3000", "variable BASE_URL: http.base_url: http://0.0.0.0:3000 is where to listen"),
        ("[::]:3000", "https://[::]:3000", "variable BASE_URL: http.base_url: https://[::]:3000 is where to listen"),
    ] {
        let loaded = try_load(insecure, &[("COMMUNITY_HTTP__LISTEN", listen), ("BASE_URL", base_url)]).expect("allowed");
        let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
        let fits =
            |warning: &String| warning.starts_with(sentence) && warning.ends_with("set http.base_url (BASE_URL) to what people type");
        assert_eq!(warnings.iter().filter(|warning| fits(warning)).count(), 1, "{warnings:?}");
    }
    for (listen, base_url) in
        [("127.0.0.1:3000", ""), ("[::1]:3000", "http://localhost:3000"), ("0.0.0.0:3000", "https://community.example")]
    {
        let loaded = try_load("", &[("COMMUNITY_HTTP__LISTEN", listen), ("BASE_URL", base_url)]).expect("in order");
        assert!(loaded.warnings.is_empty(), "{listen} {base_url}: {:?}", loaded.warnings);
    }
}

#[test]
fn o_21_wildcard_origins_are_refused() {
    for origins in ["*", "https://*.example", "null"] {
        let text = complaint("", &[("COMMUNITY_CORS__ORIGINS", origins)]);
        assert!(text.contains("cors.origins: ") && text.contains("list them one by one"), "{text}");
    }
    assert!(complaint("[cors]\ncross_site_cookies = true\n", &[]).contains("cors.cross_site_cookies: needs an https base URL"));
}

#[test]
fn s_05_a_short_bot_token_works_and_is_warned_about() {
    let loaded = try_load("", &[("CHAT_BOT_TOKEN", "short")]).expect("works as written whatever its length");
    let [warning] = loaded.warnings.as_slice() else { panic!("one warning, not {:?}", loaded.warnings) };
    assert!(warning.to_string().starts_with("variable CHAT_BOT_TOKEN: chat.bot_token: is short"), "{warning}");
}

#[test]
fn references_that_lead_nowhere_name_the_key_and_the_fix() {
    let text = complaint("[chat]\nbot_token = \"env:NOWHERE\"\n", &[]);
    assert_eq!(text, "community.toml line 2: chat.bot_token: the environment variable NOWHERE is not set; set it, or remove this key");
    let text = complaint("[plugins.discord.settings]\nclient_secret = \"file:/no/such/file\"\n", &[]);
    assert!(
        text.starts_with("community.toml line 2: plugins.discord.settings.client_secret: cannot read the file /no/such/file ("),
        "{text}"
    );
}

#[test]
fn sections_check_their_values() {
    for (name, value, key) in [
        ("COMMUNITY_DATABASE__URL", "mysql://x/y", "database.url"),
        ("COMMUNITY_DATABASE__EVENTS_RETENTION", "1m", "database.events_retention"),
        ("COMMUNITY_SESSIONS__ABSOLUTE", "1h", "sessions.absolute"),
        ("COMMUNITY_SESSIONS__MAX_PER_USER", "0", "sessions.max_per_user"),
        ("COMMUNITY_LIMITS__LOGIN_LONGEST_WAIT", "0s", "limits.login_longest_wait"),
        ("COMMUNITY_LIMITS__LOGIN_FORGOTTEN_AFTER", "30s", "limits.login_forgotten_after"),
        ("COMMUNITY_LIMITS__MAILS_PER_ADDRESS", "5/2 days", "limits.mails_per_address"),
        ("COMMUNITY_LIMITS__UPLOADS_AT_A_TIME_PER_USER", "0", "limits.uploads_at_a_time_per_user"),
        ("COMMUNITY_LIMITS__UPLOAD_BYTES_PER_DAY", "9 MiB", "limits.upload_bytes_per_day"),
        ("COMMUNITY_LIMITS__SOCKETS_PER_USER", "0", "limits.sockets_per_user"),
        ("COMMUNITY_LIMITS__SOCKET_MESSAGE", "19 KiB", "limits.socket_message"),
        ("COMMUNITY_LIMITS__SOCKET_BYTES_PER_SECOND", "63 KiB", "limits.socket_bytes_per_second"),
        ("COMMUNITY_REALTIME__PING_INTERVAL", "0s", "realtime.ping_interval"),
        ("COMMUNITY_UPLOADS__STORE_TIMEOUT", "500ms", "uploads.store_timeout"),
        ("COMMUNITY_AUTH__HASH_THREADS", "1000", "auth.hash_threads"),
        ("COMMUNITY_AUTH__RESET_LIFETIME", "1s", "auth.reset_lifetime"),
        ("COMMUNITY_MAIL__FROM", "no address", "mail.from"),
        ("SMTP_URL", "https://mail.example", "mail.smtp_url"),
        ("COMMUNITY_LOG__FILTER", "=,=", "log.filter"),
        ("COMMUNITY_SITE__NAME", " ", "site.name"),
        ("COMMUNITY_OUTBOUND__TIMEOUT", "1s", "outbound.timeout"),
        ("COMMUNITY_OUTBOUND__MAX_HEAD", "1 KiB", "outbound.max_head"),
        ("COMMUNITY_OUTBOUND__CONCURRENCY", "0", "outbound.concurrency"),
        ("BASE_URL", "https://x.org/community", "http.base_url"),
    ] {
        let text = complaint("", &[(name, value)]);
        assert!(text.starts_with(&format!("variable {name}: {key}: ")), "{text}");
    }
}
