//! Imports settings of a later, incompatible version.
#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated")]

wit_bindgen::generate!({
    inline: "
        package openclaw:settings@2.0.0;
        interface settings {
            get: func(key: string) -> result<string, string>;
        }
        world newer-settings {
            import settings;
            export look: func() -> string;
        }
    ",
});

struct Newer;

impl Guest for Newer {
    fn look() -> String {
        openclaw::settings::settings::get("x").unwrap_or_default()
    }
}

export!(Newer);
