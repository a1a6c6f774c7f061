//! Sign-ins under way, as the database keeps them.

use std::{sync::Arc, time::Duration};

use community::{
    clock::{Clock, ManualClock, Timestamp},
    config::{DatabaseSection, SecretUrl},
    oauth::{
        actions::{self, Presented},
        model::{Purpose, Transaction},
        policy::{LIFETIME, PER_BROWSER},
    },
    random::{Random, Token},
    store::Store,
};
use tempfile::TempDir;

use crate::support::{Database, Db};

/// A database with a clock that the test turns.
struct Kept {
    store: Store,
    clock: Arc<ManualClock>,
    random: Arc<Random>,
    database: Database,
    _folder: TempDir,
}

impl Kept {
    async fn open(db: Db) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::create(db, folder.path()).await;
        let section = DatabaseSection { url: Some(SecretUrl::new(database.url.clone())), ..DatabaseSection::default() };
        let (clock, random) = (Arc::new(ManualClock::at(Timestamp::from_millis(1_780_315_200_000))), Arc::new(Random::from_system()));
        let store = Store::open(&section, folder.path(), clock.clone(), random.clone()).await.unwrap();
        Self { store, clock, random, database, _folder: folder }
    }

    /// Begins a sign-in in a browser, and gives its state.
    async fn begin(&self, browser: Option<&Token>) -> Token {
        let state = self.random.token();
        let new = Transaction {
            state: state.hash(),
            browser: browser.map(Token::hash),
            provider: "discord".to_owned(),
            purpose: if browser.is_some() { Purpose::SignIn } else { Purpose::Trial },
            next: None,
            pkce_verifier: self.random.token(),
            nonce: self.random.token(),
            expires_at: self.clock.now().plus(LIFETIME),
        };
        self.store.write(new, |tx, new| Box::pin(actions::begin(tx, new))).await.unwrap();
        self.clock.advance(Duration::from_secs(1));
        state
    }

    /// Whether a state can be finished in a browser, and whether that has others under way.
    async fn take(&self, state: &Token, browser: Option<&Token>) -> (bool, bool) {
        let presented = Presented { state: state.hash(), browser: browser.map(Token::hash), provider: "discord".to_owned() };
        let taken = self.store.write(presented, |tx, presented| Box::pin(actions::take(tx, presented))).await.unwrap();
        (taken.transaction.is_ok(), taken.others)
    }

    async fn close(self) {
        drop(self.store);
        self.database.drop_it().await;
    }
}

db_test! {
    async fn b03_of_many_who_present_a_state_at_once_one_gets_it(db) {
        let kept = Kept::open(db).await;
        let browser = kept.random.token();
        for _ in 0..5 {
            let state = kept.begin(Some(&browser)).await;
            let all = futures_util::future::join_all((0..20).map(|_| kept.take(&state, Some(&browser)))).await;
            assert_eq!(all.iter().filter(|(taken, _)| *taken).count(), 1);
        }
        kept.close().await;
    }

    async fn b03_the_oldest_of_too_many_sign_ins_of_a_browser_is_dropped(db) {
        let kept = Kept::open(db).await;
        let (browser, other) = (kept.random.token(), kept.random.token());
        let elsewhere = kept.begin(Some(&other)).await;
        let mut states = Vec::new();
        for _ in 0..=PER_BROWSER {
            states.push(kept.begin(Some(&browser)).await);
        }
        assert_eq!(kept.take(&states[0], Some(&browser)).await, (false, true));
        for (number, state) in states[1..].iter().enumerate() {
            let others = number + 2 < states.len();
            assert_eq!(kept.take(state, Some(&browser)).await, (true, others), "{number}");
        }
        assert_eq!(kept.take(&elsewhere, Some(&other)).await, (true, false), "every browser for itself");
        kept.close().await;
    }

    async fn b03_a_sign_in_ends_by_itself_and_is_swept_away(db) {
        let kept = Kept::open(db).await;
        let browser = kept.random.token();
        let (late, trial) = (kept.begin(Some(&browser)).await, kept.begin(None).await);
        kept.clock.advance(LIFETIME - Duration::from_secs(2));
        assert_eq!(kept.take(&late, Some(&browser)).await, (false, false), "to the second");
        assert_eq!(kept.take(&trial, Some(&browser)).await, (true, false), "a trial belongs to no browser");
        kept.begin(Some(&browser)).await;
        kept.clock.advance(LIFETIME);
        kept.store.write((), |tx, ()| Box::pin(actions::sweep(tx))).await.unwrap();
        let rows = sea_orm::Statement::from_string(kept.store.reader().get_database_backend(), "SELECT 1 FROM oauth_transactions");
        assert!(sea_orm::ConnectionTrait::query_all_raw(kept.store.reader(), rows).await.unwrap().is_empty());
        kept.close().await;
    }
}
