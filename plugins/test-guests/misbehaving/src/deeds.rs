//! Misdeeds that happen before an answer.

use std::{hint::black_box, mem, thread, time::Duration};

use openclaw_sdk::{log, settings};
use wasip2::{
    clocks::monotonic_clock::{subscribe_duration, subscribe_instant},
    io::poll::poll,
    random::random::get_random_bytes,
};

/// Does what `mode` says; an unknown mode is good behaviour.
pub fn act(mode: &str) {
    match mode {
        "loop" => loop {
            black_box(0);
        },
        "memory" => take_memory(),
        "16 MiB at once" => drop(black_box(vec![1_u8; 16 << 20])),
        "recursion" => drop(black_box(recurse(1))),
        "trap" => trap(),
        "panic" => panic!("on purpose"),
        "exit" => std::process::exit(3),
        "sleep" => thread::sleep(Duration::from_hours(24 * 365)),
        "log-spam" => (0..500).for_each(|_| log::info(&"spam ".repeat(1000))),
        "print-spam" => (0..20_000).for_each(|_| println!("{}", "spam ".repeat(200))),
        "log-huge" => log::info(&"x".repeat(100 << 20)),
        "broken-text" => log::info(&broken(b"no letter: \xff\xfe")),
        "surrogate-text" => log::info(&broken(b"half a letter: \xed\xa0\x80")),
        "host-calls" => (0..100_000).for_each(|_| drop(settings::get("x"))),
        "huge-list" => {
            let now = subscribe_instant(0);
            drop(poll(&vec![&now; 10_000_000]));
        }
        "leak" => (0..1_000_000).for_each(|_| mem::forget(subscribe_duration(u64::MAX))),
        "random" => drop(get_random_bytes(4 << 30)),
        _ => {}
    }
}

/// What no Rust program may call a text, handed to the host as one: a guest can put what it likes where the host expects letters.
#[allow(unsafe_code, reason = "that is what it is for")]
pub fn broken(bytes: &[u8]) -> String {
    unsafe { String::from_utf8_unchecked(bytes.to_vec()) }
}

/// Takes all the memory there is; Rust aborts when there is no more.
fn take_memory() {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        taken.push(black_box(vec![1; 1 << 20]));
    }
}

fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 16]);
    if frame[0] == 0 { 0 } else { recurse(depth + 1) + frame[3] }
}

#[cfg(target_family = "wasm")]
fn trap() {
    core::arch::wasm32::unreachable()
}

#[cfg(not(target_family = "wasm"))]
fn trap() {
    std::process::abort()
}
