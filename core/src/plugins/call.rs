//! One call of a plugin: a fresh store, bounded in every direction, on the guest thread.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use futures_util::future::BoxFuture;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;
use wasmtime::{Result, Store, Trap};

use super::{
    Unavailable,
    engine::GuestEngine,
    limits::{CpuMeter, Metered},
    log::{CallLog, LogAllowance},
    settings::Settings,
    state::GuestState,
};
use crate::config::{PluginLimits, PluginSection};

/// Runs the calls of one plugin and remembers how they went.
pub struct Caller {
    id: Arc<str>,
    engine: GuestEngine,
    settings: Arc<Settings>,
    limits: PluginLimits,
    running: Arc<Semaphore>,
    log: Arc<LogAllowance>,
    calls: AtomicU64,
    failures: AtomicU64,
    last_failure: Mutex<Option<String>>,
}

/// How the calls of a plugin went since the server started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// Calls, failed ones included.
    pub calls: u64,
    /// Calls that were answered with 503.
    pub failures: u64,
    /// Why the last of them failed.
    pub last_failure: Option<String>,
    /// Log lines that were dropped because there were too many.
    pub dropped_log_lines: u64,
}

impl Caller {
    pub fn new(id: &str, engine: GuestEngine, section: &PluginSection) -> Self {
        let limits = section.limits.clone();
        Self {
            id: id.into(),
            engine,
            settings: Arc::new(Settings::new(section.settings.clone())),
            running: Arc::new(Semaphore::new(limits.concurrency as usize)),
            log: LogAllowance::new(limits.log_lines),
            limits,
            calls: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            last_failure: Mutex::default(),
        }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the operator set for it.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn counts(&self) -> CallCounts {
        CallCounts {
            calls: self.calls.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            last_failure: self.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            dropped_log_lines: self.log.dropped(),
        }
    }

    /// Calls `function` through `body`, which gets a fresh store, and has `check` look at the answer.
    ///
    /// Whatever goes wrong costs this one call: it is counted, logged as an error, and the instance is thrown away.
    pub async fn call<T, U, F>(&self, function: &str, body: F, check: impl FnOnce(T) -> Result<U, String>) -> Result<U, Unavailable>
    where
        T: Send + 'static,
        F: FnOnce(Store<GuestState>) -> BoxFuture<'static, Result<T>> + Send + 'static,
    {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let wall_clock = self.limits.wall_clock.0;
        let answer = match timeout(wall_clock, self.run(body)).await {
            Ok(answer) => answer.and_then(check),
            Err(_) => Err(format!("gave no answer within {}", self.limits.wall_clock)),
        };
        answer.map_err(|reason| self.failed(function, &reason))
    }

    async fn run<T, F>(&self, body: F) -> Result<T, String>
    where
        T: Send + 'static,
        F: FnOnce(Store<GuestState>) -> BoxFuture<'static, Result<T>> + Send + 'static,
    {
        let closed = || "is being shut down".to_owned();
        let permit = Arc::clone(&self.running).acquire_owned().await.map_err(|_| closed())?;
        let runtime = self.engine.runtime().ok_or_else(closed)?;
        // When the caller goes away or its time is up, the guest is dropped at its next turn.
        let task = AbortOnDropHandle::new(runtime.spawn(self.task(body, permit)));
        match task.await {
            Ok(outcome) => outcome.map_err(|error| self.explain(&error)),
            Err(error) if error.is_panic() => Err("broke the host function it called".to_owned()),
            Err(_) => Err(closed()),
        }
    }

    fn task<T, F>(&self, body: F, permit: OwnedSemaphorePermit) -> impl Future<Output = Result<T>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(Store<GuestState>) -> BoxFuture<'static, Result<T>> + Send + 'static,
    {
        let running = self.engine.running();
        let meter = CpuMeter::new(self.limits.cpu.0);
        let store = self.store(Arc::clone(&meter));
        async move {
            let outcome = Metered::new(meter, body(store)).await;
            drop((running, permit));
            outcome
        }
    }

    fn store(&self, meter: Arc<CpuMeter>) -> Store<GuestState> {
        let log = CallLog::new(Arc::clone(&self.id), Arc::clone(&self.log));
        let state = GuestState::new(Arc::clone(&self.settings), log, self.limits.memory.as_usize(), self.limits.host_calls);
        let mut store = Store::new(self.engine.wasmtime(), state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(self.limits.returned.as_usize());
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| Ok(meter.on_tick()));
        store
    }

    fn explain(&self, error: &wasmtime::Error) -> String {
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => format!("used up its {} of CPU time", self.limits.cpu),
            Some(Trap::StackOverflow) => "used up its stack".to_owned(),
            Some(trap) => format!("broke down: {trap}"),
            None => format!("broke down: {}", error.root_cause()),
        }
    }

    fn failed(&self, function: &str, reason: &str) -> Unavailable {
        self.failures.fetch_add(1, Ordering::Relaxed);
        tracing::error!(plugin = &*self.id, function, reason, "a plugin call failed");
        let reason = format!("plugin `{}` {reason} in `{function}`", self.id);
        *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.clone());
        Unavailable::new(reason)
    }
}

/// Calls one function of an interface in a fresh instance of `$of.component`, through `$of.caller`, and has `$check` look at the answer.
macro_rules! ask {
    ($of:expr, $interface:ident, $name:literal, $function:ident($argument:expr), $check:expr) => {{
        let (component, argument) = ($of.component.clone(), $argument);
        let body = move |mut store| {
            let call = async move {
                let instance = component.instantiate_async(&mut store).await?;
                instance.$interface().$function(&mut store, &argument).await
            };
            Box::pin(call) as _
        };
        $of.caller.call($name, body, $check).await
    }};
}

pub(super) use ask;
