//! Lines for the operator's log. Never put passwords, tokens or addresses into them.

use crate::{bindings::password::openclaw::log::log::Level, host::log};

macro_rules! level {
    ($(#[$doc:meta])* $name:ident, $level:ident) => {
        $(#[$doc])*
        pub fn $name(line: &str) {
            log::write(Level::$level, line);
        }
    };
}

level!(
    /// Details for the author of the plugin.
    debug, Debug
);
level!(
    /// Something worth knowing happened.
    info, Info
);
level!(
    /// Something is wrong, but the plugin copes.
    warn, Warn
);
level!(
    /// Something the operator has to look at.
    error, Error
);
