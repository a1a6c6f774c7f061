//! Loops while it is being started, before any of its functions is called.

use std::hint::black_box;

use openclaw_sdk::{Letter, Mail, PasswordProvider, Refusal, Registration, RegistrationForm};

struct Guest;

/// Functions in this section run when the component is instantiated.
#[cfg(target_family = "wasm")]
#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = forever;

#[cfg_attr(not(target_family = "wasm"), expect(dead_code, reason = "only a component has a start like that"))]
extern "C" fn forever() {
    loop {
        black_box(0);
    }
}

impl PasswordProvider for Guest {
    fn check_registration(_: RegistrationForm) -> Result<Registration, Refusal> {
        Err(Refusal { field: "login".into(), message: "No.".into() })
    }
    fn check_login(_: String) -> Result<String, Refusal> {
        Err(Refusal { field: "login".into(), message: "No.".into() })
    }
    fn verification_mail(letter: Letter) -> Mail {
        Self::reset_mail(letter)
    }
    fn reset_mail(_: Letter) -> Mail {
        Mail { subject: "-".into(), text: "-".into(), html: String::new() }
    }
}

openclaw_sdk::export_password_provider!(Guest);
