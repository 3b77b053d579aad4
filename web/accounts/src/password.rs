//! Which passwords are taken, and the slow hash that keeps them.
//!
//! The policy is length and a list of the commonest, no rules about kinds of characters (ASVS 5.0
//! 6.2). The hash is argon2id with 19 MiB, two passes, one lane, stored as a PHC string. It runs on
//! a few threads of its own, so that sign-ins do not use up those that serve everybody else, and
//! each of them fills the same memory again and again: an allocator keeps much of what is freed.

mod common;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
};

use argon2::{
    Algorithm, Argon2, Block, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::phc::{Output, PasswordHash},
};
use signaling_wire::problem::FieldError;
use tokio::sync::{Semaphore, oneshot};
use zeroize::Zeroizing;

use crate::{email::field, error::AccountError, limits};

/// Memory of one hashing, KiB.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Whether a new password is taken; `email_key` is the address it may not equal.
pub(crate) fn check(password: &str, email_key: &str) -> Result<(), FieldError> {
    let refuse = |code, detail: String| Err(field("/password", code, detail));
    let (least, most) = (limits::PASSWORD_CHARS_MIN, limits::PASSWORD_CHARS_MAX);
    let chars = password.chars().count();
    if chars < least {
        return refuse("min", format!("At least {least} characters."));
    }
    if chars > most {
        return refuse("max", format!("At most {most} characters."));
    }
    let folded = password.to_lowercase();
    let local = email_key.split('@').next().unwrap_or(email_key);
    if folded == email_key || folded == local {
        return refuse("common", "Not your e-mail address.".to_owned());
    }
    if common::contains(&folded) {
        return refuse("common", "Too many people use this password.".to_owned());
    }
    Ok(())
}

/// Hashes and verifies, a few at a time.
#[derive(Clone)]
pub(crate) struct Hasher {
    shared: Arc<Shared>,
}

struct Shared {
    argon2: Argon2<'static>,
    /// A hash of nobody's password, for sign-ins to accounts that do not exist.
    decoy: String,
    /// Places for jobs, running and waiting.
    places: Arc<Semaphore>,
    jobs: mpsc::SyncSender<Job>,
    work: AtomicU64,
}

type Job = Box<dyn FnOnce(&mut [Block]) + Send>;

impl Hasher {
    /// Two threads per core; makes the decoy, which takes one hashing.
    pub(crate) fn new() -> Result<Self, AccountError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(internal)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash(&argon2, &rand::random::<[u8; 32]>())?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let places = 2 * cores + limits::HASH_WAITERS_MAX;
        let (jobs, waiting) = mpsc::sync_channel(places);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..2 * cores {
            let waiting = waiting.clone();
            let memory = vec![Block::default(); argon2.params().block_count()];
            let thread = std::thread::Builder::new().name("passwords".to_owned());
            thread
                .spawn(move || run_jobs(&waiting, memory))
                .map_err(internal)?;
        }
        let shared = Shared {
            argon2,
            decoy,
            places: Arc::new(Semaphore::new(places)),
            jobs,
            work: AtomicU64::new(0),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The PHC string of a password.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, AccountError> {
        let password = Zeroizing::new(password.to_owned());
        self.run(move |shared, _| hash(&shared.argon2, password.as_bytes()))
            .await?
    }

    /// Whether a password has the hash. Without a hash the answer is no, after the same work.
    pub(crate) async fn verify(
        &self,
        password: &str,
        hash: Option<String>,
    ) -> Result<bool, AccountError> {
        // Longer than any password that was ever taken: refused in constant, small time for every
        // account alike.
        if password.chars().count() > limits::PASSWORD_CHARS_MAX {
            return Ok(false);
        }
        let password = Zeroizing::new(password.to_owned());
        self.run(move |shared, memory| {
            let known = hash.is_some();
            let hash = hash.as_deref().unwrap_or(&shared.decoy);
            known & fits(&shared.argon2, password.as_bytes(), hash, memory)
        })
        .await
    }

    /// Hashings done so far.
    #[cfg(test)]
    pub(crate) fn work(&self) -> u64 {
        self.shared.work.load(Ordering::Relaxed)
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Shared, &mut [Block]) -> T + Send + 'static,
    ) -> Result<T, AccountError> {
        // The place is held by the job itself: a caller that goes away does not free it early.
        let place = self.shared.places.clone().try_acquire_owned();
        let place = place.map_err(|_| AccountError::Busy)?;
        let (done, answer) = oneshot::channel();
        let shared = self.shared.clone();
        let job: Job = Box::new(move |memory| {
            let _place = place;
            if !done.is_closed() {
                shared.work.fetch_add(1, Ordering::Relaxed);
                // The caller may have gone meanwhile.
                let _ = done.send(job(&shared, memory));
            }
        });
        // Never full: the queue is as long as there are places.
        self.shared
            .jobs
            .try_send(job)
            .map_err(|_| AccountError::Busy)?;
        answer.await.map_err(internal)
    }
}

/// Works until every handle is gone. A job that panics costs its caller the answer, not the thread.
fn run_jobs(waiting: &Mutex<mpsc::Receiver<Job>>, mut memory: Vec<Block>) {
    loop {
        // Held while it waits: the next thread waits for the lock instead of for the job.
        let job = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(job) = job else { return };
        if catch_unwind(AssertUnwindSafe(|| job(&mut memory))).is_err() {
            tracing::error!("hashing a password panicked");
        }
    }
}

fn internal(error: impl std::fmt::Display) -> AccountError {
    AccountError::Internal(error.to_string())
}

/// Whether a password has a hash, in the memory given if the hash was made as new ones are.
fn fits(argon2: &Argon2<'_>, password: &[u8], hash: &str, memory: &mut [Block]) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else {
        return false;
    };
    let ours = Algorithm::Argon2id.ident() == hash.algorithm
        && hash.version == Some(Version::V0x13.into())
        && Params::try_from(&hash).is_ok_and(|params| {
            (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES)
        });
    let (true, Some(salt), Some(kept)) = (ours, &hash.salt, &hash.hash) else {
        return argon2.verify_password(password, &hash).is_ok();
    };
    let mut bytes = [0; Output::MAX_LENGTH];
    let bytes = &mut bytes[..kept.len()];
    let made = argon2.hash_password_into_with_memory(password, salt, bytes, memory);
    // `Output` compares in constant time.
    made.is_ok() && Output::new(bytes).is_ok_and(|made| made == *kept)
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> Result<String, AccountError> {
    let salt: [u8; 16] = rand::random();
    let hash = argon2
        .hash_password_with_salt(password, &salt)
        .map_err(internal)?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests;
