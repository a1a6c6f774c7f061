//! What a running instance can reach: its settings, its log, and the WASI basics with nothing behind them.

use std::sync::Arc;

use tracing::Level;
use wasmtime::{
    Result,
    component::{HasSelf, Linker, ResourceTable},
};
use wasmtime_wasi::{
    WasiCtx, WasiCtxView, WasiView,
    cli::{WasiCli, WasiCliView},
    p2::{self, bindings as wasi},
    random::WasiRandom,
};

use super::{
    bindings::password::openclaw::{
        log::log::{self, Level as GuestLevel},
        settings::settings as guest_settings,
    },
    capabilities::Session,
    limits::MemoryLimiter,
    log::CallLog,
    senses::{Perceived, Senses},
    settings::Settings,
    stdio::LogStream,
};

/// Random bytes a guest may ask for at a time.
const MAX_RANDOM: u64 = 64 << 10;
/// Streams, pollables and the like that a call may hold.
const MAX_RESOURCES: usize = 256;

/// The data of one store, made for one call.
pub struct GuestState {
    /// Bounds the memory of the store.
    pub memory: MemoryLimiter,
    /// What a bot works with; none for other plugins, and while a bot is asked about itself.
    pub session: Option<Session>,
    settings: Arc<Settings>,
    log: Arc<CallLog>,
    senses: Senses,
    host_calls_left: u32,
    wasi: WasiCtx,
    table: ResourceTable,
}

impl GuestState {
    pub fn new(
        settings: Arc<Settings>,
        log: Arc<CallLog>,
        session: Option<Session>,
        memory: MemoryLimiter,
        (host_calls, senses): (u32, &Senses),
    ) -> Self {
        // No arguments, no environment, an empty stdin: the builder's defaults.
        let mut wasi = WasiCtx::builder();
        wasi.stdout(LogStream::output(Arc::clone(&log))).stderr(LogStream::errors(Arc::clone(&log))).max_random_size(MAX_RANDOM);
        senses.give(&mut wasi);
        let wasi = wasi.build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_RESOURCES);
        Self { memory, session, settings, log, senses: senses.clone(), host_calls_left: host_calls, wasi, table }
    }

    /// What the call works with, which counts as a call of the host.
    pub fn session(&mut self) -> Result<&mut Session> {
        self.count_host_call()?;
        let session = self.session.as_mut();
        let session =
            session.ok_or_else(|| wasmtime::format_err!("it wanted something of the community while it was asked about itself"))?;
        Ok(session)
    }

    /// The time and the chance of the community, or those of the machine for a plugin that is none of its bots or is asked about itself.
    pub fn senses(&mut self) -> Result<Perceived<'_>> {
        self.count_host_call()?;
        Ok(match &self.session {
            Some(session) => Perceived::Community(&session.host.store),
            None => Perceived::Machine(&self.senses),
        })
    }

    /// Whether a secret is set, which a bot may also ask while it is asked about itself.
    pub fn has_secret(&mut self, name: &str) -> Result<bool> {
        self.count_host_call()?;
        Ok(self.settings.secret(name).is_some())
    }

    fn count_host_call(&mut self) -> Result<()> {
        self.host_calls_left = self.host_calls_left.checked_sub(1).ok_or(TooOften)?;
        // Whoever goes on has dealt with what was refused before.
        if let Some(session) = &self.session {
            session.refusals.pass();
        }
        Ok(())
    }
}

/// A call wanted more of the host than it may.
#[derive(Debug, thiserror::Error)]
#[error("it called the host too often")]
pub struct TooOften;

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl guest_settings::Host for GuestState {
    fn get(&mut self, key: String) -> Result<Option<String>> {
        self.count_host_call()?;
        Ok(self.settings.get(&key))
    }
}

impl log::Host for GuestState {
    fn write(&mut self, level: GuestLevel, line: String) -> Result<()> {
        self.count_host_call()?;
        let level = match level {
            GuestLevel::Debug => Level::DEBUG,
            GuestLevel::Info => Level::INFO,
            GuestLevel::Warn => Level::WARN,
            GuestLevel::Error => Level::ERROR,
        };
        self.log.line(level, &line);
        Ok(())
    }
}

/// Links what every plugin may have: settings, log, and the WASI interfaces that toolchains import by themselves. No
/// files, no sockets: what is not linked cannot be called, whatever the checks before say.
pub fn link_basics(linker: &mut Linker<GuestState>) -> Result<()> {
    guest_settings::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    log::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    p2::add_to_linker_proxy_interfaces_async(linker)?;
    wasi::random::insecure::add_to_linker::<_, WasiRandom>(linker, |state| state.wasi.random())?;
    wasi::random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, |state| state.wasi.random())?;
    wasi::cli::environment::add_to_linker::<_, WasiCli>(linker, GuestState::cli)?;
    wasi::cli::exit::add_to_linker::<_, WasiCli>(linker, GuestState::cli)?;
    wasi::cli::terminal_input::add_to_linker::<_, WasiCli>(linker, GuestState::cli)?;
    wasi::cli::terminal_output::add_to_linker::<_, WasiCli>(linker, GuestState::cli)?;
    wasi::cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, GuestState::cli)?;
    wasi::cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, GuestState::cli)?;
    wasi::cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, GuestState::cli)
}
