//! Loops outside of its functions: in `cabi_realloc`, when the host asks for memory to put arguments into, and in
//! post-return, when the host lets go of the result.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
};

use openclaw_sdk::{Letter, Mail, PasswordProvider, Refusal, Registration, RegistrationForm};

/// The length of an argument that is never received.
const ARGUMENT: usize = 777;
/// The length of an answer that is never released.
const ANSWER: usize = 200;

struct Hostile;

// SAFETY: everything is left to the system's allocator.
#[expect(unsafe_code, reason = "an allocator cannot be written without")]
unsafe impl GlobalAlloc for Hostile {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        forever_if(layout.size() == ARGUMENT && layout.align() == 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        forever_if(layout.size() == ANSWER && layout.align() == 1);
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Hostile = Hostile;

fn forever_if(condition: bool) {
    while black_box(condition) {}
}

struct Guest;

impl PasswordProvider for Guest {
    fn check_registration(_: RegistrationForm) -> Result<Registration, Refusal> {
        Err(Refusal { field: "login".into(), message: "No.".into() })
    }
    fn check_login(login: String) -> Result<String, Refusal> {
        Ok(if login == "post-return" { "x".repeat(ANSWER) } else { "someone".to_owned() })
    }
    fn verification_mail(letter: Letter) -> Mail {
        Self::reset_mail(letter)
    }
    fn reset_mail(_: Letter) -> Mail {
        Mail { subject: "-".into(), text: "-".into(), html: String::new() }
    }
}

openclaw_sdk::export_password_provider!(Guest);
