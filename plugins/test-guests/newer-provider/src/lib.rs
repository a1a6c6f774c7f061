//! Offers the provider interface of a later, incompatible version.
#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated")]

wit_bindgen::generate!({
    inline: "
        package openclaw:provider@2.0.0;
        interface password {
            check-login: func(login: string) -> option<string>;
        }
        world newer-provider {
            export password;
        }
    ",
});

struct Newer;

impl exports::openclaw::provider::password::Guest for Newer {
    fn check_login(login: String) -> Option<String> {
        Some(login)
    }
}

export!(Newer);
