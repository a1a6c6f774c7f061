//! Imports an interface that nobody offers.
#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated")]

wit_bindgen::generate!({
    inline: "
        package openclaw:telepathy@0.1.0;
        interface minds {
            read: func() -> string;
        }
        world stranger {
            import minds;
            export think: func() -> string;
        }
    ",
});

struct Stranger;

impl Guest for Stranger {
    fn think() -> String {
        openclaw::telepathy::minds::read()
    }
}

export!(Stranger);
