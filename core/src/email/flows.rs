//! One function per route: ask the provider, hash, then one write. No transaction is open while a plugin or a hash runs.

use std::sync::Arc;

use super::{
    PROVIDER,
    actions::{self, Add, ChangePassword, Entered, Followed, Forgot, Login, Register, Resend, Verify, wrong_current},
    hasher::Hasher,
    letters,
    model::{Addition, Applicant, Credential, Password, Registration},
    policy, queries,
};
use crate::{
    accounts::model::User,
    actor::Role,
    clock::Clock,
    config::{Config, Span},
    error::{Error, Kind, Result},
    mail::model::{self as mail, NewMail, Origin},
    plugins::{self, Letter, PasswordProvider, Plugins, Refusal, RegistrationForm},
    random::{Random, Token, TokenHash},
    sessions::model::{SessionPlan, SignedIn},
    store::Store,
};

/// What the flows work with. Cheap to clone.
#[derive(Clone)]
pub struct Flows {
    /// The database.
    pub store: Store,
    /// Where the provider is found.
    pub plugins: Plugins,
    /// The threads that hash.
    pub hasher: Hasher,
    /// Where tokens come from.
    pub random: Arc<Random>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The configuration.
    pub config: Arc<Config>,
}

/// What someone types to register.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// The address.
    pub email: String,
    /// The password, as typed.
    pub password: String,
    /// The name, if one was chosen.
    pub username: Option<String>,
}

/// Someone who tries to sign in, before the password is looked at.
#[derive(Debug)]
pub struct Attempt {
    /// Whose account is tried, in the provider's words; none if what was typed can be nobody's login.
    subject: Option<String>,
    /// The secret that the browser got when someone signed in there.
    device: Option<TokenHash>,
    /// Who is slowed down if the password is wrong: the device if the account knows it, otherwise the account.
    pub answers_for: String,
}

fn refused(refusal: Refusal) -> Error {
    Error::invalid(refusal.message)
}

impl Flows {
    /// The provider; without it nothing of this is done, also where it has nothing to say.
    fn provider(&self) -> Result<PasswordProvider> {
        Ok(self.plugins.password(PROVIDER)?)
    }

    /// What the provider makes of a form, with the hash of its password.
    async fn checked(&self, form: SignUp) -> Result<Applicant> {
        let checked = self.identified(form.email, form.username).await?;
        self.with_password(checked, &form.password).await
    }

    /// What the provider makes of an address and a name.
    async fn identified(&self, login: String, username: Option<String>) -> Result<plugins::Registration> {
        self.provider()?.check_registration(RegistrationForm { login, username }).await?.map_err(refused)
    }

    /// Someone whom the provider accepts, with the hash of the password that they typed.
    async fn with_password(&self, who: plugins::Registration, typed: &str) -> Result<Applicant> {
        let local = who.address.split('@').next().unwrap_or_default();
        let password = policy::accept(typed, self.config.auth.password_profile, &[&self.config.site.name, local, &who.username])?;
        let phc = self.hasher.hash(password).await?;
        Ok(Applicant { subject: who.subject.0, address: who.address, username: who.username, phc })
    }

    /// Registers someone and sends the link. Says nothing about the address that the one who asks does not know.
    pub async fn register(&self, form: SignUp, origin: Origin) -> Result<()> {
        let applicant = self.checked(form).await?;
        let token = self.random.token();
        let letter = self.verification_letter(&applicant.username, &token, &applicant.address, &origin).await?;
        let expires_at = self.clock.now().plus(self.config.auth.verification_lifetime.0);
        let registration = Registration { applicant, token: token.hash(), expires_at };
        let notice = self.config.auth.enumeration_safe.then(|| self.notice(&registration.applicant.address));
        let register = Register { registration, letter, notice, origin };
        self.store.write(register, |tx, register| Box::pin(actions::register(tx, register))).await
    }

    /// Sends a link that adds an address with a password to the account of someone who is signed in. The answer is the same whether or not
    /// the address is somebody else's.
    pub async fn add(&self, who: &SignedIn, email: String, password: &str, origin: Origin) -> Result<()> {
        // The account has its name already, which is no business of the provider's.
        let checked = plugins::Registration { username: who.username.clone(), ..self.identified(email, None).await? };
        // The write decides. But what it would refuse in any case is worth no hash.
        if queries::has_address(self.store.reader(), &who.session.user).await? {
            return Err(actions::has_address());
        }
        let Applicant { subject, address, username, phc } = self.with_password(checked, password).await?;
        let token = self.random.token();
        let letter = self.addition_letter(&username, &token, &address, &origin);
        let notice = self.notice(&address);
        let expires_at = self.clock.now().plus(self.config.auth.verification_lifetime.0);
        let (user, session) = (who.session.user.clone(), who.session.id.clone());
        let addition = Addition { user, session, subject, address, phc, token: token.hash(), expires_at };
        let add = Add { addition, letter, notice, origin };
        self.store.write(add, |tx, add| Box::pin(actions::add(tx, add))).await
    }

    /// Sends a new link to someone who waits for one. The answer is the same for everyone.
    pub async fn resend(&self, email: &str, origin: Origin) -> Result<()> {
        let provider = self.provider()?;
        let subject = provider.check_login(email).await?.map_err(refused)?.0;
        let waiting = queries::registration(self.store.reader(), &subject).await?;
        let username = waiting.map_or_else(|| "member".to_owned(), |waiting| waiting.applicant.username);
        let token = self.random.token();
        let letter = self.verification_letter(&username, &token, &subject, &origin).await?;
        let expires_at = self.clock.now().plus(self.config.auth.verification_lifetime.0);
        let resend = Resend { subject, token: token.hash(), expires_at, letter, origin };
        self.store.write(resend, |tx, resend| Box::pin(actions::resend(tx, resend))).await
    }

    /// Follows a link. `keep_present` leaves the browser's present session alone and begins none.
    pub async fn verify(&self, token: &Token, plan: SessionPlan, keep_present: bool) -> Result<Followed> {
        self.provider()?;
        let verify = Verify { token: token.hash(), plan, keep_present };
        self.store.write(verify, |tx, verify| Box::pin(actions::verify(tx, verify))).await
    }

    /// Finds out whose account someone tries who typed `email` in a browser with this `device`.
    pub async fn attempt(&self, email: &str, device: Option<Token>) -> Result<Attempt> {
        let subject = self.provider()?.check_login(email).await?.ok().map(|subject| subject.0);
        let device = device.map(|token| token.hash());
        let known = match (&subject, &device) {
            (Some(subject), Some(device)) => queries::is_known_device(self.store.reader(), subject, device, self.clock.now()).await?,
            _ => false,
        };
        let answers_for = match (&subject, &device) {
            (_, Some(device)) if known => format!("device {}", device.as_str()),
            (Some(subject), _) => format!("account {subject}"),
            // No account of anybody's, and slowed down like one.
            (None, _) => format!("account {}", email.to_lowercase()),
        };
        Ok(Attempt { subject, device, answers_for })
    }

    /// Signs someone in.
    ///
    /// # Errors
    /// `invalid_credentials`; `email_not_verified` with `resend` when the password was right and the link was not followed yet,
    /// unless `auth.enumeration_safe` forbids to tell that.
    pub async fn login(&self, attempt: Attempt, password: &str, plan: SessionPlan) -> Result<Entered> {
        let password = Password::parse(password).ok_or_else(actions::invalid_credentials)?;
        let credential = match &attempt.subject {
            Some(subject) => queries::credential(self.store.reader(), subject).await?,
            None => None,
        };
        let right = self.hasher.verify(password, credential.as_ref().map(Credential::phc)).await?;
        match credential.filter(|_| right) {
            Some(Credential::Verified { user, identity, phc }) => {
                let login = Login { user, identity, phc, plan, device: attempt.device };
                self.store.write(login, |tx, login| Box::pin(actions::login(tx, login))).await
            }
            // Where registering does not tell that an address is taken, trying the password afterwards must not tell that it was free.
            Some(Credential::Unverified { .. }) if !self.config.auth.enumeration_safe => Err(not_verified()),
            _ => Err(actions::invalid_credentials()),
        }
    }

    /// Sends a link that sets a new password, if there is an account. The answer is the same for everyone.
    pub async fn forgot(&self, email: &str, origin: Origin) -> Result<()> {
        let provider = self.provider()?;
        let subject = provider.check_login(email).await?.map_err(refused)?.0;
        let target = queries::reset_target(self.store.reader(), &subject).await?;
        let token = self.random.token();
        let lifetime = self.config.auth.reset_lifetime;
        let letter = Letter {
            // After the #, so that browsers send it to nobody: no log, no Referer.
            link: self.config.base_url().join(&format!("/posts/#reset={}", token.expose())),
            site: self.config.site.name.clone(),
            username: target.as_ref().map_or_else(|| "member".to_owned(), |target| target.username.clone()),
            valid_hours: hours(lifetime),
        };
        let written = provider.reset_mail(letter).await?;
        let content = mail::Content { subject: written.subject, text: written.text, html: written.html };
        let address = target.as_ref().map(|target| target.address.clone()).unwrap_or_default();
        let letter = self.letter(mail::Kind::Reset, address, Some(origin), content);
        let forgot = Forgot { target, token: token.hash(), expires_at: self.clock.now().plus(lifetime.0), letter };
        self.store.write(forgot, |tx, forgot| Box::pin(actions::forgot(tx, forgot))).await
    }

    /// Sets a new password by a link.
    pub async fn reset(&self, token: &str, password: &str) -> Result<()> {
        self.provider()?;
        let token = Token::parse(token).ok_or_else(actions::invalid_token)?;
        let phc = self.new_hash(password).await?;
        self.store.write((token.hash(), phc), |tx, (token, phc)| Box::pin(actions::reset(tx, token, phc))).await
    }

    /// Sets a new password for someone who is signed in and knows the present one.
    pub async fn change_password(&self, who: &SignedIn, current: &str, new: &str) -> Result<()> {
        self.provider()?;
        let own = queries::own_password(self.store.reader(), &who.session.user).await?;
        let current = Password::parse(current).ok_or_else(wrong_current)?;
        if !self.hasher.verify(current, own.as_ref().map(|(_, phc)| phc.as_str())).await? {
            return Err(wrong_current());
        }
        let (target, old) = own.ok_or_else(wrong_current)?;
        let change = ChangePassword { target, old, new: self.new_hash(new).await?, keep: who.session.id.clone() };
        self.store.write(change, |tx, change| Box::pin(actions::change_password(tx, change))).await
    }

    /// Makes a verified account without any letter, for the operator.
    pub async fn create_user(&self, form: SignUp, role: Role) -> Result<User> {
        let applicant = self.checked(form).await?;
        let opened = self.store.write((applicant, role), |tx, (applicant, role)| Box::pin(actions::open_account(tx, applicant, *role)));
        Ok(opened.await?.0)
    }

    async fn new_hash(&self, typed: &str) -> Result<String> {
        let password = policy::accept(typed, self.config.auth.password_profile, &[&self.config.site.name])?;
        self.hasher.hash(password).await
    }

    async fn verification_letter(&self, username: &str, token: &Token, address: &str, origin: &Origin) -> Result<NewMail> {
        let letter = Letter {
            link: self.verify_link(token),
            site: self.config.site.name.clone(),
            username: username.to_owned(),
            valid_hours: hours(self.config.auth.verification_lifetime),
        };
        let written = self.provider()?.verification_mail(letter).await?;
        let content = mail::Content { subject: written.subject, text: written.text, html: written.html };
        Ok(self.letter(mail::Kind::Verification, address.to_owned(), Some(origin.clone()), content))
    }

    /// The letter to the owner of an address that someone tried to register, or to add to another account.
    fn notice(&self, address: &str) -> NewMail {
        self.letter(mail::Kind::Notice, address.to_owned(), None, letters::notice(&self.config))
    }

    /// The letter to an address that someone wants to add to the account called `username`.
    fn addition_letter(&self, username: &str, token: &Token, address: &str, origin: &Origin) -> NewMail {
        let content = letters::addition(&self.config, username, &self.verify_link(token), hours(self.config.auth.verification_lifetime));
        self.letter(mail::Kind::Verification, address.to_owned(), Some(origin.clone()), content)
    }

    /// Where a letter leads that proves an address.
    fn verify_link(&self, token: &Token) -> String {
        self.config.base_url().join(&format!("/api/email/verify?token={}", token.expose()))
    }

    fn letter(&self, kind: mail::Kind, address: String, origin: Option<Origin>, content: mail::Content) -> NewMail {
        NewMail { kind, address, origin, share: self.config.limits.mails_per_address(), content }
    }
}

/// How long a link works, as letters say it: whole hours, at least one.
fn hours(lifetime: Span) -> u32 {
    u32::try_from(lifetime.0.as_secs().div_ceil(3600)).unwrap_or(u32::MAX).max(1)
}

/// The answer to a right password before the link was followed.
pub fn not_verified() -> Error {
    let message = "Please verify your email first. We can send you a new link.";
    Error { resend: true, ..Error::new(Kind::Forbidden, "email_not_verified", message) }
}
