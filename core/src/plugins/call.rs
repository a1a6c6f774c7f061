//! One call of a plugin: a fresh store, bounded in every direction, on the guest thread.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;
use wasmtime::{Engine, Result, Store, Trap};

use super::{
    Unavailable,
    capabilities::Session,
    engine::GuestEngine,
    journal::Journal,
    limits::{CpuMeter, CpuShare, MemoryLimiter, MemoryUse, Metered},
    log::{CallLog, LogAllowance},
    settings::Settings,
    state::{GuestState, TooOften},
};
use crate::config::{PluginLimits, Span};

/// What wasmtime says, and has no type for, when more passes to the host than may.
const TOO_MUCH_DATA: &str = "too much data";

/// Runs the calls of one plugin and remembers how they went.
pub struct Caller {
    id: Arc<str>,
    engine: GuestEngine,
    /// The engine that compiled it.
    compiler: Engine,
    settings: Arc<Settings>,
    limits: PluginLimits,
    running: Arc<Semaphore>,
    log: Arc<LogAllowance>,
    /// CPU time of all calls together, for those that share some.
    share: Option<CpuShare>,
    journal: Journal,
    calls: AtomicU64,
    failures: AtomicU64,
    last_failure: Mutex<Option<String>>,
    last_effort: Mutex<Effort>,
}

/// What a call took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    /// CPU time.
    pub cpu: Duration,
    /// Memory at its end, which never shrinks.
    pub memory: usize,
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
    /// Runs the calls of plugin `id`, which was compiled by `compiler`.
    pub fn new(id: &str, (engine, compiler): (&GuestEngine, &Engine), settings: Settings, limits: &PluginLimits, journal: Journal) -> Self {
        let limits = limits.clone();
        Self {
            id: id.into(),
            engine: engine.clone(),
            compiler: compiler.clone(),
            settings: Arc::new(settings),
            share: None,
            journal: journal.clone(),
            running: Arc::new(Semaphore::new(limits.concurrency as usize)),
            log: LogAllowance::new(limits.log_lines, journal),
            limits,
            calls: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            last_failure: Mutex::default(),
            last_effort: Mutex::default(),
        }
    }

    /// One for the same plugin with other settings, of which nothing is known yet.
    pub fn with_settings(&self, settings: Settings) -> Self {
        Self::new(&self.id, (&self.engine, &self.compiler), settings, &self.limits, self.journal.clone())
    }

    /// The same with a share of the CPU time for all calls together.
    #[must_use]
    pub fn sharing(self) -> Self {
        Self { share: Some(CpuShare::new(self.limits.cpu_per_second.0)), ..self }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// What its last call took.
    pub fn last_effort(&self) -> Effort {
        *self.last_effort.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the operator set for it.
    pub fn settings(&self) -> &Arc<Settings> {
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
        self.call_within(self.limits.wall_clock, function, None, body, check).await
    }

    /// The same for a bot with what it works with, and at most `limit` of time.
    pub async fn call_within<T, U, F>(
        &self,
        limit: Span,
        function: &str,
        session: Option<Session>,
        body: F,
        check: impl FnOnce(T) -> Result<U, String>,
    ) -> Result<U, Unavailable>
    where
        T: Send + 'static,
        F: FnOnce(Store<GuestState>) -> BoxFuture<'static, Result<T>> + Send + 'static,
    {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let answer = match timeout(limit.0, self.run(session, body)).await {
            Ok(answer) => answer.and_then(|answer| check(answer).map_err(Fault::from)),
            Err(_) => Err(Fault::limit("wall_clock", format!("gave no answer within {limit}"))),
        };
        self.journal.called(&self.id, function, answer.is_ok());
        answer.map_err(|fault| self.failed(function, &fault))
    }

    async fn run<T, F>(&self, session: Option<Session>, body: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(Store<GuestState>) -> BoxFuture<'static, Result<T>> + Send + 'static,
    {
        let closed = || Fault::other("is being shut down");
        if let Some(share) = &self.share
            && share.turn().await
        {
            self.journal.count(&self.id, "cpu_per_second");
        }
        if self.running.available_permits() == 0 {
            self.journal.count(&self.id, "concurrency");
        }
        let permit = Arc::clone(&self.running).acquire_owned().await.map_err(|_| closed())?;
        let runtime = self.engine.runtime().ok_or_else(closed)?;
        // When the caller goes away or its time is up, the guest is dropped at its next turn.
        let task = AbortOnDropHandle::new(runtime.spawn(self.task(session, body, permit)));
        let outcome = task.await;
        if let (Some(share), Ok((_, effort))) = (&self.share, &outcome) {
            share.spent(effort.cpu);
        }
        match outcome {
            Ok((outcome, effort)) => {
                *self.last_effort.lock().unwrap_or_else(PoisonError::into_inner) = effort;
                outcome.map_err(|wreck| self.explain(&wreck))
            }
            Err(error) if error.is_panic() => Err(Fault::other("broke the host function it called")),
            Err(_) => Err(closed()),
        }
    }

    fn task<T, F>(
        &self,
        session: Option<Session>,
        body: F,
        permit: OwnedSemaphorePermit,
    ) -> impl Future<Output = (Result<T, Wreck>, Effort)> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(Store<GuestState>) -> BoxFuture<'static, Result<T>> + Send + 'static,
    {
        let running = self.engine.running();
        let meter = CpuMeter::new(self.limits.cpu.0);
        let memory = Arc::new(MemoryUse::default());
        let log = CallLog::new(Arc::clone(&self.id), Arc::clone(&self.log));
        let store = self.store(session, Arc::clone(&meter), Arc::clone(&memory), Arc::clone(&log));
        async move {
            let outcome = Metered::new(Arc::clone(&meter), body(store)).await;
            drop((running, permit));
            let effort = Effort { cpu: meter.spent(), memory: memory.used() };
            (outcome.map_err(|error| Wreck { error, memory, log }), effort)
        }
    }

    fn store(&self, session: Option<Session>, meter: Arc<CpuMeter>, memory: Arc<MemoryUse>, log: Arc<CallLog>) -> Store<GuestState> {
        let memory = MemoryLimiter::new(self.limits.memory.as_usize(), memory);
        let settings = Arc::clone(&self.settings);
        let state = GuestState::new(settings, log, session, memory, (self.limits.host_calls, self.engine.senses()));
        let mut store = Store::new(&self.compiler, state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(self.limits.returned.as_usize());
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| Ok(meter.on_tick()));
        store
    }

    fn explain(&self, wreck: &Wreck) -> Fault {
        let error = &wreck.error;
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Fault::limit("cpu", format!("used up its {} of CPU time", self.limits.cpu)),
            Some(Trap::StackOverflow) => Fault::limit("stack", "used up its stack"),
            _ if error.root_cause().to_string().contains(TOO_MUCH_DATA) => {
                Fault::limit("returned", "broke down").because(error.root_cause().to_string())
            }
            _ if error.is::<TooOften>() => Fault::limit("host_calls", "broke down").because(error.root_cause().to_string()),
            _ => self.breakdown(wreck),
        }
    }

    /// Who aborts traps, which says nothing: what was said before does.
    fn breakdown(&self, wreck: &Wreck) -> Fault {
        if let Some(panic) = wreck.log.panic() {
            return Fault::other("broke down").because(panic);
        }
        if wreck.memory.was_refused() {
            let why = format!("it wanted more than its {} of memory (limits.memory)", self.limits.memory);
            return Fault::limit("memory", "broke down").because(why);
        }
        let cause = wreck.error.root_cause();
        let why = wreck.log.last_error().map_or_else(|| cause.to_string(), |line| format!("{cause}; the last that it printed: {line}"));
        Fault::other("broke down").because(why)
    }

    fn failed(&self, function: &str, fault: &Fault) -> Unavailable {
        let reason = fault.told(function);
        if let Some(limit) = fault.limit {
            self.journal.count(&self.id, limit);
        }
        self.failures.fetch_add(1, Ordering::Relaxed);
        tracing::error!(plugin = &*self.id, function, reason, "a plugin call failed");
        let reason = format!("plugin `{}` {reason}", self.id);
        *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.clone());
        Unavailable::new(reason)
    }
}

/// What is left of a call that broke down.
struct Wreck {
    error: wasmtime::Error,
    memory: Arc<MemoryUse>,
    log: Arc<CallLog>,
}

/// Why a call failed.
struct Fault {
    /// To complete "the plugin …".
    reason: String,
    /// How that came about, if it is known.
    why: Option<String>,
    /// The limit that it hit, if it was one.
    limit: Option<&'static str>,
}

impl Fault {
    fn limit(limit: &'static str, reason: impl Into<String>) -> Self {
        Self { limit: Some(limit), ..Self::other(reason) }
    }

    fn other(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), why: None, limit: None }
    }

    fn because(self, why: String) -> Self {
        Self { why: Some(why), ..self }
    }

    /// The whole of it, to complete "the plugin …".
    fn told(&self, function: &str) -> String {
        let why = self.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("{} in `{function}`{why}", self.reason)
    }
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self::other(reason)
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
