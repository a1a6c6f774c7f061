//! One call of a plugin: a fresh store, bounded in every direction, on a thread of the guests.

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
    time::{Instant, timeout},
};
use tokio_util::task::AbortOnDropHandle;
use wasmtime::{Engine, Result, Store, Trap};

use super::{
    Unavailable,
    capabilities::{Refusals, Session},
    engine::{GuestEngine, Lane},
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
    /// The calls that somebody waits for, and the others, which cannot keep those from their turn.
    running: [Arc<Semaphore>; 2],
    log: Arc<LogAllowance>,
    /// CPU time of all calls together, for those that share some.
    share: Option<CpuShare>,
    journal: Journal,
    calls: AtomicU64,
    failures: AtomicU64,
    last_failure: Mutex<Option<String>>,
    last_effort: Mutex<Effort>,
}

/// How long a call may take.
#[derive(Debug, Clone, Copy)]
pub enum Within {
    /// Somebody waits for the answer: it counts from when the call is made.
    Waited(Span),
    /// Nobody does: it counts from when the turn of the call has come.
    Unwaited(Span),
}

/// A call may run.
struct Turn {
    _of_plugin: OwnedSemaphorePermit,
    _of_lane: OwnedSemaphorePermit,
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
            running: [(); 2].map(|()| Arc::new(Semaphore::new(limits.concurrency as usize))),
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
        self.call_within(Within::Waited(self.limits.wall_clock), function, None, body, check).await
    }

    /// The same for a bot with what it works with, and so much time.
    pub async fn call_within<T, U, F>(
        &self,
        within: Within,
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
        let answer = self.in_time(within, session, body).await.and_then(|answer| check(answer).map_err(Fault::from));
        self.journal.called(&self.id, function, answer.is_ok());
        answer.map_err(|fault| self.failed(function, &fault))
    }

    async fn in_time<T, F>(&self, within: Within, session: Option<Session>, body: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(Store<GuestState>) -> BoxFuture<'static, Result<T>> + Send + 'static,
    {
        let called = Instant::now();
        let (waited, limit) = match within {
            Within::Waited(limit) => (true, limit),
            Within::Unwaited(limit) => (false, limit),
        };
        let lane = self.engine.lane(waited);
        let turn = self.turn(lane, &self.running[usize::from(waited)]);
        let turn = if waited { timeout(limit.0, turn).await.map_err(|_| Fault::busy(limit))?? } else { turn.await? };
        let left = if waited { limit.0.saturating_sub(called.elapsed()) } else { limit.0 };
        let session = session.map(|session| Session { until: Some(Instant::now() + left), ..session });
        let meter = CpuMeter::new(self.limits.cpu.0);
        match timeout(left, self.run((lane, turn), session, &meter, body)).await {
            Ok(outcome) => outcome,
            // Others had the thread all the time.
            Err(_) if meter.spent().is_zero() => Err(Fault::busy(limit)),
            Err(_) => Err(Fault::limit("wall_clock", format!("gave no answer within {limit}"))),
        }
    }

    /// Waits until the call may run.
    async fn turn(&self, lane: &Lane, running: &Arc<Semaphore>) -> Result<Turn, Fault> {
        if let Some(share) = &self.share {
            // Now, since whoever waits may give up.
            if share.missing().is_some() {
                self.journal.count(&self.id, "cpu_per_second");
            }
            share.turn().await;
        }
        if running.available_permits() == 0 {
            self.journal.count(&self.id, "concurrency");
        }
        let of_plugin = Arc::clone(running).acquire_owned().await.map_err(|_| Fault::closed())?;
        let of_lane = Arc::clone(lane.calls()).acquire_owned().await.map_err(|_| Fault::closed())?;
        Ok(Turn { _of_plugin: of_plugin, _of_lane: of_lane })
    }

    async fn run<T, F>(&self, (lane, turn): (&Lane, Turn), session: Option<Session>, meter: &Arc<CpuMeter>, body: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(Store<GuestState>) -> BoxFuture<'static, Result<T>> + Send + 'static,
    {
        let runtime = lane.runtime().ok_or_else(Fault::closed)?;
        // When the caller goes away or its time is up, the guest is dropped at its next turn.
        let task = AbortOnDropHandle::new(runtime.spawn(self.task(session, body, Arc::clone(meter), turn)));
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
            Err(_) => Err(Fault::closed()),
        }
    }

    fn task<T, F>(
        &self,
        session: Option<Session>,
        body: F,
        meter: Arc<CpuMeter>,
        turn: Turn,
    ) -> impl Future<Output = (Result<T, Wreck>, Effort)> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(Store<GuestState>) -> BoxFuture<'static, Result<T>> + Send + 'static,
    {
        let running = self.engine.running();
        let memory = Arc::new(MemoryUse::default());
        let log = CallLog::new(Arc::clone(&self.id), Arc::clone(&self.log));
        let refusals = session.as_ref().map(|session| Arc::clone(&session.refusals));
        let store = self.store(session, Arc::clone(&meter), Arc::clone(&memory), Arc::clone(&log));
        async move {
            let outcome = Metered::new(Arc::clone(&meter), body(store)).await;
            drop((running, turn));
            let effort = Effort { cpu: meter.spent(), memory: memory.used() };
            (outcome.map_err(|error| Wreck { error, memory, log, refusals }), effort)
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
        let panic = wreck.log.panic();
        if panic.is_none() && wreck.memory.was_refused() {
            let why = format!("it wanted more than its {} of memory (limits.memory)", self.limits.memory);
            return Fault::limit("memory", "broke down").because(why);
        }
        // In some languages an error of the host that nobody catches ends the call.
        if let Some(refused) = wreck.refusals.as_ref().and_then(|refusals| refusals.last()) {
            let panic = panic.map(|panic| format!("; {panic}")).unwrap_or_default();
            let fault = Fault::other("failed").because(format!("{}{panic}", refused.sentence));
            return Fault { busy: refused.limited, ..fault };
        }
        if let Some(panic) = panic {
            return Fault::other("broke down").because(panic);
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
        Unavailable { busy: fault.busy, ..Unavailable::new(reason) }
    }
}

/// What is left of a call that broke down.
struct Wreck {
    error: wasmtime::Error,
    memory: Arc<MemoryUse>,
    log: Arc<CallLog>,
    refusals: Option<Arc<Refusals>>,
}

/// Why a call failed.
struct Fault {
    /// To complete "the plugin …".
    reason: String,
    /// How that came about, if it is known.
    why: Option<String>,
    /// The limit that it hit, if it was one.
    limit: Option<&'static str>,
    /// Whether its turn did not come or there was too much of something, so that the call itself did nothing wrong.
    busy: bool,
}

impl Fault {
    fn closed() -> Self {
        Self::other("is being shut down")
    }

    fn busy(limit: Span) -> Self {
        Self { busy: true, ..Self::limit("wall_clock", format!("has too much to do: its turn did not come within {limit}")) }
    }

    fn limit(limit: &'static str, reason: impl Into<String>) -> Self {
        Self { limit: Some(limit), ..Self::other(reason) }
    }

    fn other(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), why: None, limit: None, busy: false }
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
