//! The bounds of one call: memory, CPU time and what is checked before a plugin is loaded.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep};
use wasmtime::{Error, ResourceLimiter, UpdateDeadline};

use crate::{config::PluginLimits, threads::cpu_time};

/// No 32-bit guest can use more.
const MAX_MEMORY: u64 = 4 << 30;
/// With less, no compiler gets anywhere.
const LEAST_TO_COMPILE: u64 = 64 << 20;
/// Entries of one table. Interpreters compiled to WebAssembly need some 20,000.
const TABLE_ENTRIES: usize = 100_000;
/// Core instances of one component. Python components link their libraries as some thirty.
const INSTANCES: usize = 100;
const TABLES: usize = 32;
const MEMORIES: usize = 8;

/// Limits that make no sense are refused when the plugin is loaded, with the key and what is wrong.
pub fn check(limits: &PluginLimits) -> Result<(), String> {
    let PluginLimits { file, compile, memory, wall_clock, cpu, returned, concurrency, requests, cpu_per_second, attempts, .. } = limits;
    let nothing = [
        ("file", file.0 == 0),
        ("compile", compile.as_millis() == 0),
        ("memory", memory.0 == 0),
        ("wall_clock", wall_clock.as_millis() == 0),
        ("cpu", cpu.as_millis() == 0),
        ("returned", returned.0 == 0),
        ("concurrency", *concurrency == 0),
        ("requests", *requests == 0),
        ("cpu_per_second", cpu_per_second.as_millis() == 0),
        ("attempts", *attempts == 0),
    ];
    if let Some((key, _)) = nothing.into_iter().find(|(_, zero)| *zero) {
        return Err(format!("limits.{key} must be more than zero"));
    }
    let compile_memory = limits.compile_memory;
    if compile_memory.0 < LEAST_TO_COMPILE {
        return Err(format!("limits.compile_memory is {compile_memory}, and no compiler gets by with less than 64 MiB"));
    }
    if memory.0 > MAX_MEMORY {
        return Err(format!("limits.memory is {memory}, and no plugin can use more than 4 GiB"));
    }
    Ok(())
}

/// The memory of a store, for those who want to know when the store is gone.
#[derive(Debug, Default)]
pub struct MemoryUse {
    used: AtomicUsize,
    refused: AtomicBool,
}

impl MemoryUse {
    /// How much of it there was at the end, in bytes.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether the guest wanted more than it may have.
    pub fn was_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }
}

/// Counts the memory of a store, all linear memories together. Growing beyond the limit fails, as on a full machine.
pub struct MemoryLimiter {
    used: usize,
    limit: usize,
    noted: Arc<MemoryUse>,
}

impl MemoryLimiter {
    pub fn new(limit: usize, noted: Arc<MemoryUse>) -> Self {
        Self { used: 0, limit, noted }
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool, Error> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        let fits = used <= self.limit;
        if fits {
            self.used = used;
            self.noted.used.store(used, Ordering::Relaxed);
        } else {
            self.noted.refused.store(true, Ordering::Relaxed);
        }
        Ok(fits)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool, Error> {
        Ok(desired <= TABLE_ENTRIES)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

/// CPU time that the calls of a plugin share: so much in each second, and as much saved up at most. Who has used more waits.
pub struct CpuShare {
    per_second: Duration,
    balance: Mutex<(Instant, f64)>,
}

impl CpuShare {
    pub fn new(per_second: Duration) -> Self {
        Self { per_second, balance: Mutex::new((Instant::now(), per_second.as_secs_f64())) }
    }

    /// How long it takes until something is left, if there is nothing.
    pub fn missing(&self) -> Option<Duration> {
        let mut balance = self.balance.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, left) = *balance;
        let rate = self.per_second.as_secs_f64();
        let left = (left + since.elapsed().as_secs_f64() * rate).min(rate);
        *balance = (Instant::now(), left);
        (left <= 0.0).then(|| Duration::from_secs_f64(-left / rate + 0.001))
    }

    /// Waits until something is left.
    pub async fn turn(&self) {
        while let Some(missing) = self.missing() {
            sleep(missing).await;
        }
    }

    /// So much was used.
    pub fn spent(&self, time: Duration) {
        self.balance.lock().unwrap_or_else(PoisonError::into_inner).1 -= time.as_secs_f64();
    }
}

/// Measures the CPU time a call spends on the guest thread. Waiting, for a turn, for the host or for a core, costs nothing.
pub struct CpuMeter {
    budget: Duration,
    spent_before: AtomicU64,
    /// The CPU time of the thread then: a turn begins and ends on the same one, and the ticker interrupts there.
    turn_began: AtomicU64,
}

impl CpuMeter {
    pub fn new(budget: Duration) -> Arc<Self> {
        Arc::new(Self { budget, spent_before: AtomicU64::new(0), turn_began: AtomicU64::new(0) })
    }

    /// What the call has used so far.
    pub fn spent(&self) -> Duration {
        Duration::from_nanos(self.spent_before.load(Ordering::Relaxed))
    }

    /// What happens to a guest that the ticker has interrupted: on with it after the others had their turn, or the end.
    pub fn on_tick(&self) -> UpdateDeadline {
        let turn = now() - self.turn_began.load(Ordering::Relaxed);
        let spent = Duration::from_nanos(self.spent_before.load(Ordering::Relaxed) + turn);
        if spent >= self.budget { UpdateDeadline::Interrupt } else { UpdateDeadline::Yield(1) }
    }

    fn begin_turn(&self) {
        self.turn_began.store(now(), Ordering::Relaxed);
    }

    fn end_turn(&self) {
        let turn = now() - self.turn_began.load(Ordering::Relaxed);
        self.spent_before.fetch_add(turn, Ordering::Relaxed);
    }
}

fn now() -> u64 {
    u64::try_from(cpu_time().as_nanos()).unwrap_or(u64::MAX)
}

/// A call whose turns on the thread are measured.
pub struct Metered<T> {
    meter: Arc<CpuMeter>,
    call: BoxFuture<'static, T>,
}

impl<T> Metered<T> {
    pub fn new(meter: Arc<CpuMeter>, call: BoxFuture<'static, T>) -> Self {
        Self { meter, call }
    }
}

impl<T> Future for Metered<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.meter.begin_turn();
        let outcome = self.call.as_mut().poll(cx);
        self.meter.end_turn();
        outcome
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::{Engine, Instance, Module, Store};

    use super::*;

    /// `(module (table 1 funcref) (func (export "f") (result i32) ref.null func i32.const 1000000 table.grow 0))`
    const GROWS_A_TABLE: &[u8] = b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x04\x04\x01\x70\0\x01\x07\x05\x01\x01f\0\0\
        \x0a\x0d\x01\x0b\0\xd0\x70\x41\xc0\x84\x3d\xfc\x0f\0\x0b";

    /// `(module)`
    const NOTHING: &[u8] = b"\0asm\x01\0\0\0";

    fn limited_store(engine: &Engine) -> Store<MemoryLimiter> {
        let mut store = Store::new(engine, MemoryLimiter::new(1 << 20, Arc::default()));
        store.limiter(|limiter| limiter);
        store
    }

    #[test]
    fn p02_instances_are_numbered() {
        let engine = Engine::default();
        let mut store = limited_store(&engine);
        let module = Module::from_binary(&engine, NOTHING).unwrap();
        let made = (0..10_000).take_while(|_| Instance::new(&mut store, &module, &[]).is_ok()).count();
        assert_eq!(made, INSTANCES, "as many as one call may put together");
    }

    #[test]
    fn p02_a_table_does_not_grow_without_bound() {
        let engine = Engine::default();
        let mut store = limited_store(&engine);
        let module = Module::from_binary(&engine, GROWS_A_TABLE).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let grow = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap();
        assert_eq!(grow.call(&mut store, ()).unwrap(), -1);
    }

    #[test]
    fn p01_time_in_which_the_guest_does_not_run_is_not_counted() {
        let meter = CpuMeter::new(Duration::from_millis(30));
        meter.begin_turn();
        #[expect(clippy::disallowed_methods, reason = "the thread is not to run")]
        std::thread::sleep(Duration::from_millis(60));
        assert!(matches!(meter.on_tick(), UpdateDeadline::Yield(1)), "others had the core");
        while matches!(meter.on_tick(), UpdateDeadline::Yield(1)) {}
        assert!(cpu_time() >= Duration::from_millis(30));
    }

    #[test]
    fn p02_all_memories_count_together() {
        let mut limiter = MemoryLimiter::new(100, Arc::default());
        assert!(limiter.memory_growing(0, 60, None).unwrap() && !limiter.noted.was_refused());
        assert!(!limiter.memory_growing(0, 60, None).unwrap(), "another memory");
        assert!(limiter.noted.was_refused() && limiter.noted.used() == 60);
        assert!(limiter.memory_growing(60, 100, None).unwrap());
        assert!(!limiter.memory_growing(100, 101, None).unwrap());
    }
}
