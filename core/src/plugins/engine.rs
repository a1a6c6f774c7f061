//! What all guests share: the compiler, the clock that interrupts them, and the threads they run on.

use std::{
    env,
    fs::{self, DirBuilder, Permissions},
    io,
    num::NonZero,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, Thread},
    time::Duration,
};

use rustix::process::geteuid;
use thiserror::Error;
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::Semaphore,
};
use wasmtime::{Cache, CacheConfig, Config, Enabled, Engine, EngineWeak, PoolingAllocationConfig, Strategy};

use super::senses::Senses;
use crate::{random::Random, threads::stand_back};

/// How often a running guest is interrupted to see whether it has used up its time.
const TICK: Duration = Duration::from_millis(10);
/// The stack of a guest.
const WASM_STACK: usize = 512 << 10;
/// The stack of a call, host functions included.
const CALL_STACK: usize = 1 << 20;

/// The engine could not be set up: no plugin can run, and neither should the server.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The folder for compiled plugins cannot be used.
    #[error("cannot use the plugin cache {folder}: {source}")]
    Cache {
        /// The folder.
        folder: String,
        /// What the system said.
        source: io::Error,
    },
    /// The thread that guests run on, or the one that interrupts them, did not start.
    #[error("cannot start the plugin threads: {0}")]
    Threads(io::Error),
    /// The engine does not accept its configuration, for example on a processor it does not know.
    #[error("cannot start the plugin engine: {0:#}")]
    Engine(wasmtime::Error),
}

/// The compiler and runtime of all guests. Cheap to clone.
#[derive(Clone)]
pub struct GuestEngine {
    engine: Engine,
    /// The same for components that are put together from so much that they have no place in the pool, or that name concurrent calls.
    roomy: Engine,
    /// Where compiled code is kept, if it is.
    cache: Option<PathBuf>,
    senses: Senses,
    shared: Arc<Shared>,
}

/// Stops its threads when the last user is gone.
struct Shared {
    ticker: Ticker,
    /// For calls that somebody waits for.
    waited: Lane,
    /// For those that nobody waits for, which therefore cannot hold up the others.
    unwaited: Lane,
    /// Goes with it.
    _passing: Option<Passing>,
}

/// The threads that guests run on whose calls are of one kind.
pub struct Lane {
    runtime: Option<Runtime>,
    calls: Arc<Semaphore>,
}

impl Lane {
    /// However many guests loop, the cores that have no worker stay with the server, and most of the others as well.
    fn start(name: &str, workers: usize) -> io::Result<Self> {
        let mut runtime = Builder::new_multi_thread();
        runtime.worker_threads(workers).max_blocking_threads(1).thread_name(name).enable_time().on_thread_start(stand_back);
        Ok(Self { runtime: Some(runtime.build()?), calls: Arc::new(Semaphore::new(CALLS as usize)) })
    }

    /// Where its guests run; `None` at the end of the program.
    pub fn runtime(&self) -> Option<&Handle> {
        self.runtime.as_ref().map(Runtime::handle)
    }

    /// The calls that it still has place for.
    pub const fn calls(&self) -> &Arc<Semaphore> {
        &self.calls
    }

    fn stop(&mut self) {
        // A runtime that is dropped inside another one panics unless it is told not to wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// On how many threads guests run whose answer somebody waits for: half the machine is the server's. One is enough for all others.
const fn workers(cores: usize) -> usize {
    if cores < 4 { 1 } else { cores / 2 }
}

impl GuestEngine {
    /// Starts the engine, with compiled code kept in `<data_dir>/cache/wasm`.
    pub fn start(data_dir: &Path) -> Result<Self, EngineError> {
        Self::caching(Some(cache_folder(data_dir)), None)
    }

    /// The same for whoever only looks at plugins: nothing is made in the data folder, which may be another's or not be there yet. Unless
    /// compiled code is kept there already, and is theirs, they wait until all is compiled, and it is kept elsewhere for as long as they
    /// look.
    pub fn start_to_look(data_dir: &Path) -> Result<Self, EngineError> {
        let folder = cache_folder(data_dir);
        let is_own = fs::metadata(&folder).is_ok_and(|about| about.is_dir() && about.uid() == geteuid().as_raw());
        if is_own {
            return Self::caching(Some(folder), None);
        }
        // Where there is no place for that, all is compiled in this process.
        let passing = Passing::new().ok();
        Self::caching(passing.as_ref().map(|passing| cache_folder(&passing.0)), passing)
    }

    fn caching(folder: Option<PathBuf>, passing: Option<Passing>) -> Result<Self, EngineError> {
        let cache = folder.as_deref().map(cache).transpose()?;
        let mut pooled = config(cache.clone(), false);
        pooled.allocation_strategy(pool());
        let engine = Engine::new(&pooled).map_err(EngineError::Engine)?;
        let roomy = Engine::new(&config(cache, true)).map_err(EngineError::Engine)?;
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let waited = Lane::start("guests-waited", workers(cores)).map_err(EngineError::Threads)?;
        let unwaited = Lane::start("guests", 1).map_err(EngineError::Threads)?;
        let ticker = Ticker::start([engine.weak(), roomy.weak()]).map_err(EngineError::Threads)?;
        let shared = Arc::new(Shared { ticker, waited, unwaited, _passing: passing });
        Ok(Self { engine, roomy, cache: folder, senses: Senses::default(), shared })
    }

    /// The same for guests that see another time and another chance than the machine's.
    #[must_use]
    pub fn sensing(self, senses: Senses) -> Self {
        Self { senses, ..self }
    }

    /// What guests perceive.
    pub const fn senses(&self) -> &Senses {
        &self.senses
    }

    /// The engine itself, to compile and link small components with, or `large` ones.
    pub fn wasmtime(&self, large: bool) -> &Engine {
        if large { &self.roomy } else { &self.engine }
    }

    /// Where compiled code is kept, if it is.
    pub fn cache(&self) -> Option<&Path> {
        self.cache.as_deref()
    }

    /// Where a call runs: one that is `waited` for, or another.
    pub fn lane(&self, waited: bool) -> &Lane {
        if waited { &self.shared.waited } else { &self.shared.unwaited }
    }

    /// Keeps the ticker going for as long as the guard lives.
    pub fn running(&self) -> Running {
        self.shared.ticker.enter();
        Running { shared: Arc::clone(&self.shared) }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.ticker.stop();
        self.waited.stop();
        self.unwaited.stop();
    }
}

/// How often it is tried to remove a folder that is still in use.
const REMOVALS: u32 = 100;

/// A folder in the system's place for what does not stay. It is there until this is dropped, and its owner's alone.
struct Passing(PathBuf);

impl Passing {
    fn new() -> io::Result<Self> {
        let folder = env::temp_dir().join(format!("community-{}", Random::from_system().token().expose()));
        // One that is there already is somebody else's.
        DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Passing {
    #[expect(clippy::disallowed_methods, reason = "a command is over when this is")]
    fn drop(&mut self) {
        // The library's own thread may be writing there still. (The system clears that place as well.)
        for _ in 0..REMOVALS {
            match fs::remove_dir_all(&self.0) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => thread::sleep(TICK),
                _ => return,
            }
        }
    }
}

/// A guest is running.
pub struct Running {
    shared: Arc<Shared>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.ticker.leave();
    }
}

/// Calls of one kind that can be under way at once, all plugins together.
const CALLS: u32 = 64;
/// The same of both kinds.
const SLOTS: u32 = 2 * CALLS;
/// Core modules in a component: a Rust guest has four, those of other languages some more.
pub const MODULES: u32 = 16;
/// What a slot keeps between calls and clears itself. Giving back and faulting in these first pages costs more than clearing them.
const KEEP_RESIDENT: usize = 64 << 10;

/// Memories, tables and stacks that are mapped once and used again by call after call. A slot is address space only until a guest
/// writes to it, so each is as large as a guest could ever be allowed.
fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(SLOTS)
        .total_core_instances(SLOTS * MODULES)
        .max_core_instances_per_component(MODULES)
        .total_memories(SLOTS)
        .max_memories_per_component(1)
        .total_tables(SLOTS * 4)
        .max_tables_per_component(4)
        .total_stacks(SLOTS)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT)
        .async_stack_keep_resident(KEEP_RESIDENT)
        // Where the kernel can tell which pages a guest has written, only those are cleared, wherever they are.
        .pagemap_scan(Enabled::Auto);
    pool
}

/// The compiler alone, for small components or `large` ones: what it leaves in the cache is what the engine of such components takes from
/// there, whose pool changes nothing in the code.
pub fn compiler(folder: &Path, large: bool) -> Result<Engine, EngineError> {
    Engine::new(&config(Some(cache(folder)?), large)).map_err(EngineError::Engine)
}

fn config(cache: Option<Cache>, large: bool) -> Config {
    let mut config = Config::new();
    // What other languages' toolchains make is large, put together from components with a memory each, and names functions for
    // concurrency even where it uses none.
    config.concurrency_support(large).wasm_component_model_async(large).wasm_multi_memory(large);
    config
        .strategy(Strategy::Cranelift)
        .cache(cache)
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(CALL_STACK)
        .gc_support(false)
        .wasm_memory64(false);
    config
}

fn cache_folder(data_dir: &Path) -> PathBuf {
    data_dir.join("cache/wasm")
}

/// The cache of compiled code. Whoever can write there can run code in this process, hence a folder for the owner only. Commands
/// may come before the first start of the server, so the data folder may have to be made as well, as private as the server makes it.
fn cache(folder: &Path) -> Result<Cache, EngineError> {
    let failed = |source| EngineError::Cache { folder: folder.display().to_string(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(failed)?;
    let folder = folder.canonicalize().map_err(failed)?;
    let mut config = CacheConfig::new();
    config.with_directory(folder);
    Cache::new(config).map_err(EngineError::Engine)
}

/// An OS thread that advances the engine's epoch while guests run and sleeps while none does. A task would not do: a guest
/// that loops keeps its executor from ever running the task.
struct Ticker {
    state: Arc<TickerState>,
    thread: Thread,
}

struct TickerState {
    running: AtomicUsize,
    stopped: AtomicBool,
}

impl Ticker {
    fn start(engines: [EngineWeak; 2]) -> io::Result<Self> {
        let state = Arc::new(TickerState { running: AtomicUsize::new(0), stopped: AtomicBool::new(false) });
        let seen = Arc::clone(&state);
        #[expect(clippy::disallowed_methods, reason = "this thread is its own")]
        let ticker = thread::Builder::new().name("guest-ticker".to_owned()).spawn(move || {
            while !seen.stopped.load(Ordering::Acquire) {
                if seen.running.load(Ordering::Acquire) == 0 {
                    thread::park();
                    continue;
                }
                thread::sleep(TICK);
                let alive = engines.iter().filter_map(EngineWeak::upgrade).map(|engine| engine.increment_epoch());
                if alive.count() == 0 {
                    break;
                }
            }
        })?;
        Ok(Self { state, thread: ticker.thread().clone() })
    }

    fn enter(&self) {
        if self.state.running.fetch_add(1, Ordering::AcqRel) == 0 {
            self.thread.unpark();
        }
    }

    fn leave(&self) {
        self.state.running.fetch_sub(1, Ordering::AcqRel);
    }

    fn stop(&self) {
        self.state.stopped.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p01_guests_leave_half_of_the_machine_to_the_server() {
        assert_eq!([1, 2, 3, 4, 7, 16].map(workers), [1, 1, 1, 2, 3, 8]);
    }
}
