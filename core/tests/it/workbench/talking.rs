//! `community plugin test`: conversations with a bot.

use super::Bench;
use crate::plugins::support::{built, guest};

#[tokio::test]
async fn a_conversation_goes_as_written() {
    let script = "room Lobby\nann joins\nann: echo Moin\n< test-echo-bot: echo: Moin\nann: good night\nsilence\n\
                  ann: /echo psst\n<ann psst\nann: /shout HEY\n<~ HE\nann: /shuot\n! Did you mean /shout?\nbob: hello\n! is not in the room\n";
    let said = Bench::new().talk(&guest("echo_bot"), script).await;
    assert!(said.well && said.out.ends_with("all 14 steps went as written\n"), "{}{}", said.out, said.errors);
    let step = said.out.lines().find(|line| line.contains("ann: echo Moin")).unwrap();
    assert!(step.contains("ok") && step.contains("ms CPU") && step.contains("MiB"), "{step}");
}

#[tokio::test]
async fn what_does_not_go_as_written_is_shown_beside_what_came() {
    for (lines, what, came) in [
        ("ann: echo a\n< echo: b\n", "< echo: b", "what came is:  < test-echo-bot: echo: a"),
        ("ann: hello\n<\n", "<", "nothing came"),
        ("ann: echo a\nsilence\n", "silence", "< test-echo-bot: echo: a"),
        ("ann: hello\n! no\n", "! no", "it was not refused"),
        ("ann: /shuot\n", "ann: /shuot", "this was refused: There is no command /shuot"),
        ("ann: /echo a\n< a\n", "< a", "what came is:  <Ann a"),
        ("ann: hello\nlogs hello\n", "logs hello", "its log has nothing"),
    ] {
        let said = Bench::new().talk(&guest("echo_bot"), &format!("room Lobby\nann joins\n{lines}")).await;
        let failed = said.out.lines().skip_while(|line| !line.contains("FAILED")).collect::<Vec<_>>().join("\n");
        assert!(!said.well && failed.lines().next().is_some_and(|line| line.contains(what)) && failed.contains(came), "{}", said.out);
        assert!(said.errors.starts_with("community: 1 of ") && said.errors.ends_with("steps failed\n"), "{}", said.errors);
    }
}

#[tokio::test]
async fn a_breakdown_and_an_error_name_the_step() {
    for (step, reason) in [
        ("naughty trap", "broke down in `on-message`: wasm trap"),
        ("naughty panic", ": on purpose"),
        ("naughty error", "as you wish"),
        ("naughty loop", "used up its 250ms of CPU time in `on-message`"),
        ("/naughty loop", "used up its 250ms of CPU time in `run`"),
    ] {
        let said = Bench::new().talk(&guest("naughty_bot"), &format!("room Lobby\nann joins\nann: {step}\nann: hello\n")).await;
        let failed: Vec<&str> = said.out.lines().skip_while(|line| !line.contains("FAILED")).collect();
        assert!(!said.well && failed[0].contains(&format!("3  ann: {step}")), "{}", said.out);
        assert!(failed.iter().any(|line| line.contains(reason)), "{}", said.out);
        assert!(failed.iter().any(|line| line.contains("ok") && line.contains("ann: hello")), "the next step goes on: {}", said.out);
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_missing() {
    for missing in ["nofile.wasm", "nofolder"] {
        let said = Bench::new().run(&["test", missing]).await;
        assert!(!said.well && said.errors.starts_with(&format!("community: {missing} cannot be read: ")), "{}", said.errors);
    }
}

#[tokio::test]
async fn a_script_that_tries_nothing_is_refused() {
    for script in ["", "# later\n", "settings\n  greeting = Moin\n"] {
        let said = Bench::new().talk(&guest("echo_bot"), script).await;
        assert!(!said.well && said.out.is_empty() && said.errors.contains("script.txt has no steps: "), "{}{}", said.out, said.errors);
    }
}

#[tokio::test]
async fn time_passes_when_the_script_says_so() {
    let script = "room Lobby\nann joins\n<~ Welcome to Lobby, Ann\nann: /remind in 10m Tea is ready\n<ann ~ I will remind you here at\n\
                  wait 9m\nsilence\nwait 1m\n<~ Tea is ready\nwait 2 days\nsilence\n";
    let said = Bench::new().talk(&built("openclaw"), script).await;
    assert!(said.well, "{}{}", said.out, said.errors);
}

#[tokio::test]
async fn settings_reactions_and_refusals_can_be_expected() {
    let script = "settings\n  words = tulip\n  word_action = \"reject\"\nroom Lobby\nann joins\nbea joins as moderator\n\
                  ann: a tulip!\n! \nbea: a tulip!\nann: roses\n";
    let said = Bench::new().talk(&built("moderator"), script).await;
    assert!(said.well, "{}{}", said.out, said.errors);
    let poll = "settings\n  welcome = \"\"\nroom Lobby\nann joins\nann: /poll \"Tea?\" yes no\n<~ Tea?\nreacts 1️⃣\nreacts 2️⃣\nsilence\n";
    let said = Bench::new().talk(&built("openclaw"), poll).await;
    assert!(said.well, "{}{}", said.out, said.errors);
    let wrong = Bench::new().talk(&built("moderator"), "settings\n  wrods = x\nroom Lobby\n").await;
    assert!(!wrong.well && wrong.errors.contains("did you mean words?"), "{}", wrong.errors);
}

#[tokio::test]
async fn whatever_people_do_is_played() {
    let script = "settings\n  aloud = true\nroom Lobby\nann joins\n<~ \"joined\"\nann: hello\n<~ on-message: \nann edits good day\n<~ \"edited\"\n\
                  ann reacts 👍 to bot\n<~ Some(\"👍\")\nann reacts 👍\n<~ Some(\"👍\")\nann deletes\n<~ \"deleted\"\nann posts News of the day\nsilence\n\
                  ann: /seen on-post\n<ann ~ News of the day\nann leaves\n<~ \"left\"\nsilence\n";
    let said = Bench::new().talk(&guest("all_hooks_bot"), script).await;
    assert!(said.well, "{}{}", said.out, said.errors);
}

#[tokio::test]
async fn whatever_a_bot_does_can_be_expected() {
    let script = "room Lobby\nann joins\nbea joins\nann: naughty send-many 6\n< number 1\n< number 2\n< number 3\n< number 4\n< number 5\n\
                  logs refused: Error::Limited(\nsilence\nann: naughty edit-own\n< before\nedits after\n\
                  ann: naughty delete-own\n< this goes away\ndeletes\nann: naughty react-briefly 👍\nreacts 👍\nunreacts 👍\n\
                  ann: naughty post By a bot\nposts By a bot\nsilence\nann: naughty delete-this\nlogs could not delete a message\nsilence\n\
                  promote\nann: naughty delete-this\ndeletes\nbea: naughty remove-author\nremoves bea\nsilence\n\
                  bea: hello\n! is not in the room\n";
    let said = Bench::new().talk(&guest("naughty_bot"), script).await;
    assert!(said.well, "{}{}", said.out, said.errors);
}

#[tokio::test]
async fn what_suggests_itself_can_be_expected() {
    let script = "room Lobby\nann joins\n<~ \"joined\"\nann begins /paint colour g\nsuggests green, grey\nann begins /paint colour x\nsuggests\n\
                  ann begins /size size L\nsuggests l\nann begins /dance how\n! \nbob begins /size size\n! is not in the room\nsilence\n";
    let said = Bench::new().talk(&guest("all_hooks_bot"), &format!("settings\n  aloud = true\n{script}")).await;
    assert!(said.well, "{}{}", said.out, said.errors);
    for expected in ["suggests red", "suggests"] {
        let script = format!("room Lobby\nann joins\nann begins /paint colour g\n{expected}\n");
        let said = Bench::new().talk(&guest("all_hooks_bot"), &script).await;
        assert!(!said.well && said.out.contains("what suggests itself is:  green, grey"), "{}", said.out);
    }
}

#[tokio::test]
async fn nobody_is_asked_on_the_network_unless_the_script_allows_it() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answering = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 2048]).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await.unwrap();
    });
    let talk = format!("room Lobby\nann joins\nann: naughty http http://127.0.0.1:{port}/\n");
    let denied = Bench::new().talk(&guest("naughty_bot"), &format!("{talk}<~ Error::Denied\n")).await;
    assert!(denied.well, "{}{}", denied.out, denied.errors);
    let allowed = Bench::new().talk(&guest("naughty_bot"), &format!("allow 127.0.0.1:{port}\n{talk}<~ status 200, 5 bytes: hello\n")).await;
    assert!(allowed.well, "{}{}", allowed.out, allowed.errors);
    answering.await.unwrap();
}
