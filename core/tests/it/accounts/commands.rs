//! `community user` beside a running server: what the operator does is so at once.

use std::process::Output;

use community::accounts::{actions, model::Profile};
use serde_json::json;

use super::profile;
use crate::support::{Answer, Binary, Client, Db, PASSWORD};

const ME: &str = "/api/me";
const ANN: &str = "ann@example.org";

async fn start(db: Db) -> Binary {
    Binary::start(db, &[]).await
}

/// Makes an account and gives its id.
async fn create(binary: &Binary, email: &str, name: &str, more: &[&str]) -> String {
    let arguments = [&["user", "create", "--email", email, "--username", name, "--password-stdin"], more].concat();
    binary.run_well(&arguments, &format!("{PASSWORD}\n")).await.trim().to_owned()
}

async fn login(binary: &Binary, email: &str) -> (Client, Answer) {
    let client = binary.client();
    let answer = client.post("/api/email/login", json!({ "email": email, "password": PASSWORD })).await;
    (client, answer)
}

/// A client with the cookie that `user session` prints.
async fn session(binary: &Binary, who: &str) -> Client {
    let printed = binary.run_well(&["user", "session", who], "").await;
    let client = binary.client();
    let (name, value) = printed.trim().split_once('=').unwrap();
    client.set_cookie(name, value);
    client
}

/// A person whom a provider knows by this address, too.
fn known(provider: &str, subject: &str, email: &str, email_verified: bool) -> Profile {
    Profile { email: Some(email.to_owned()), email_verified, ..profile(provider, subject) }
}

fn refusal(output: &Output) -> String {
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    let sentence = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(sentence.trim().lines().count() == 1 && !sentence.contains("panicked"), "{sentence}");
    sentence
}

db_test! {
    async fn the_operator_makes_accounts_and_lists_them(db) {
        let binary = start(db).await;
        let ann = create(&binary, "Ann@example.org", "Ann", &[]).await;
        let root = create(&binary, "root@example.org", "Root", &["--admin"]).await;
        let (client, answer) = login(&binary, ANN).await;
        answer.expect(200);
        let me = client.get(ME).await.expect(200).json();
        assert_eq!((&me["user"]["id"], &me["user"]["email"]), (&json!(ann), &json!("Ann@example.org")));
        let list = binary.run_well(&["user", "list"], "").await;
        assert_eq!(list, format!("{ann}\tuser\tactive\tAnn\tAnn@example.org\n{root}\tadmin\tactive\tRoot\troot@example.org\n"));
        assert!(binary.mails().all().is_empty(), "an account from the operator needs no mail");
        binary.stop().await;
    }

    async fn who_has_no_address_is_listed_by_the_name_at_the_provider(db) {
        let binary = start(db).await;
        let store = crate::store::open(&binary).await;
        let found = store.write(profile("reddit", "ann"), |tx, profile| Box::pin(actions::sign_in(tx, profile))).await.unwrap();
        let (id, list) = (found.user.id.to_string(), binary.run_well(&["user", "list"], "").await);
        assert_eq!(list, format!("{id}\tuser\tactive\tann\treddit:ann_handle\n"));
        let me = session(&binary, &id).await.get(ME).await.expect(200).json();
        assert_eq!((&me["user"]["provider"], &me["user"]["email"]), (&json!("reddit"), &json!(null)));
        binary.stop().await;
    }

    async fn whoever_the_list_shows_can_be_named_as_it_shows_them(db) {
        let binary = start(db).await;
        let store = crate::store::open(&binary).await;
        let enter = async |profile| store.write(profile, |tx, profile| Box::pin(actions::sign_in(tx, profile))).await.unwrap().user.id.to_string();
        let (reddit, discord) = (enter(profile("reddit", "ann")).await, enter(known("discord", "bob", "bob@example.org", true)).await);
        let mallory = enter(known("discord", "mallory", "eve@example.org", false)).await;
        for (who, id) in [("reddit:ann_handle", &reddit), ("reddit:ann", &reddit), ("bob@example.org", &discord)] {
            let me = session(&binary, who).await.get(ME).await.expect(200).json();
            assert_eq!(&me["user"]["id"], id, "{who}");
        }
        binary.run_well(&["user", "promote", "reddit:ann_handle"], "").await;
        binary.run_well(&["user", "disable", "bob@example.org"], "").await;
        let list = binary.run_well(&["user", "list"], "").await;
        assert!(list.contains(&format!("{reddit}\tadmin")) && list.contains(&format!("{discord}\tuser\tdisabled")), "{list}");

        // Anybody can write any address at a site that does not check it.
        let sentence = refusal(&binary.run(&["user", "promote", "eve@example.org"], "").await);
        assert!(sentence.contains("discord does not vouch") && sentence.contains(&mallory), "{sentence}");
        // Names change hands: one that fits two people fits nobody.
        let other = enter(known("reddit", "ann_handle", "ann@example.net", true)).await;
        let sentence = refusal(&binary.run(&["user", "promote", "reddit:ann_handle"], "").await);
        assert!(sentence.contains(&reddit) && sentence.contains(&other), "{sentence}");
        assert!(refusal(&binary.run(&["user", "session", "reddit:nobody"], "").await).contains("there is no account reddit:nobody"));
        let sentence = refusal(&binary.run(&["user", "session", "nonsense"], "").await);
        assert!(sentence.contains("neither a user id nor an address nor provider:name"), "{sentence}");
        binary.stop().await;
    }

    async fn what_a_person_could_not_register_the_operator_cannot_either(db) {
        let binary = start(db).await;
        create(&binary, ANN, "Ann", &[]).await;
        let attempt = async |email: &str, password: &str| {
            let arguments = ["user", "create", "--email", email, "--password-stdin"];
            refusal(&binary.run(&arguments, password).await)
        };
        assert!(attempt("ANN@example.org", PASSWORD).await.contains("There is an account for this address already."));
        assert!(attempt("bob@example.org", "short").await.contains("at least 6 characters"));
        assert!(attempt("no address", PASSWORD).await.contains("Invalid email address."));
        assert_eq!(binary.run_well(&["user", "list"], "").await.lines().count(), 1);
        for command in ["promote", "disable", "session"] {
            assert!(refusal(&binary.run(&["user", command, "bob@example.org"], "").await).contains("there is no account bob@example.org"));
        }
        binary.stop().await;
    }

    async fn a_promoted_user_signs_in_anew_as_an_admin(db) {
        let binary = start(db).await;
        let id = create(&binary, ANN, "Ann", &[]).await;
        let before = session(&binary, ANN).await;
        before.get(ME).await.expect(200);
        let told = binary.run_well(&["user", "promote", ANN], "").await;
        assert_eq!(told, format!("{id}\tadmin\tactive\tAnn\t{ANN}\n"));
        before.get(ME).await.expect_error(401, "login_required");
        let after = session(&binary, &id).await;
        assert_eq!(after.get(ME).await.expect(200).json()["user"]["role"], "admin");
        binary.run_well(&["user", "promote", &id, "--role", "user"], "").await;
        after.get(ME).await.expect_error(401, "login_required");
        let (client, answer) = login(&binary, ANN).await;
        answer.expect(200);
        assert_eq!(client.get(ME).await.expect(200).json()["user"]["role"], "user");
        binary.stop().await;
    }

    async fn a_disabled_user_is_out_at_once_and_stays_out(db) {
        let binary = start(db).await;
        let id = create(&binary, ANN, "Ann", &[]).await;
        let client = session(&binary, ANN).await;
        client.get(ME).await.expect(200);
        let told = binary.run_well(&["user", "disable", ANN], "").await;
        assert_eq!(told, format!("{id}\tuser\tdisabled\tAnn\t{ANN}\n"));
        client.get(ME).await.expect_error(401, "login_required");
        client.post("/api/posts", json!({ "title": "still here?" })).await.expect_error(401, "login_required");
        login(&binary, ANN).await.1.expect_error(401, "invalid_credentials");
        assert!(refusal(&binary.run(&["user", "session", ANN], "").await).contains("is shut"));
        assert!(binary.run_well(&["user", "list"], "").await.contains("\tdisabled\t"));
        // A forgotten password is no way in, and neither is a new registration.
        binary.client().post("/api/email/forgot", json!({ "email": ANN })).await.expect(200);
        let register = json!({ "email": ANN, "password": PASSWORD });
        binary.client().post("/api/email/register", register).await.expect_error(400, "email_taken");
        assert!(binary.mails().all().is_empty());

        binary.run_well(&["user", "disable", "--undo", &id], "").await;
        client.get(ME).await.expect_error(401, "login_required");
        login(&binary, ANN).await.1.expect(200);
        binary.stop().await;
    }

    async fn a_session_from_the_shell_is_a_session_like_any_other(db) {
        let binary = start(db).await;
        create(&binary, ANN, "Ann", &[]).await;
        let client = session(&binary, ANN).await;
        client.post("/api/posts", json!({ "title": "from a script" })).await.expect(200);
        let sessions = client.get("/api/sessions").await.expect(200).json();
        assert_eq!(sessions["sessions"][0]["client"], "community user session");
        client.get("/api/logout").await.expect_redirect();
        client.get(ME).await.expect_error(401, "login_required");
        binary.stop().await;
    }
}
