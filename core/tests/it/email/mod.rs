//! Signing up and in by email.

mod adding;
mod addresses;
mod brute_force;
mod devices;
mod login;
mod names;
mod off;
mod password_rules;
mod passwords;
mod people;
mod quotas;
mod register;
mod tokens;
mod verify;
