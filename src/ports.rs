//! The traits that the adapters implement and the use cases call. Nothing here knows a driver or a file system.

use crate::domain::identity::Identity;
use crate::domain::problem::Problem;
use crate::domain::profile::Book;
use crate::domain::query::{Answer, Call, Pong, Select};
use crate::domain::secret::{Keeping, SecretKind};
use secrecy::SecretString;
use std::future::Future;
use std::pin::Pin;

/// What an asynchronous port returns: boxed, so that the ports can be used as trait objects.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send + 'a>>;

/// The wall clock.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> jiff::Timestamp;
}

/// Sign-in and the session that follows from it. Tokens stay inside the implementation.
pub trait Auth: Send + Sync {
    /// The identity of the stored session, if there is one that can still be used or refreshed.
    fn current(&self) -> Task<'_, Identity>;
    /// Signs in with a password. The session is stored before this returns.
    fn sign_in<'a>(
        &'a self,
        email: &'a str,
        password: &'a SecretString,
    ) -> Task<'a, Identity>;
    /// Asks for a one-time code by e-mail.
    fn send_code<'a>(&'a self, email: &'a str) -> Task<'a, ()>;
    /// Signs in with the code that came by e-mail.
    fn verify_code<'a>(
        &'a self,
        email: &'a str,
        code: &'a SecretString,
    ) -> Task<'a, Identity>;
    /// Ends this session, and only this one, on the server and here.
    fn sign_out(&self) -> Task<'_, ()>;
    /// Asks the Auth server whether it is there.
    fn ping(&self) -> Task<'_, Pong>;
}

/// Rows and functions over the project's REST interface, under the rules of the identity that is named with each request.
pub trait Rest: Send + Sync {
    /// Reads rows. Repeated by itself when the server was out of reach for a moment.
    fn select<'a>(&'a self, who: &'a Identity, query: &'a Select) -> Task<'a, Answer>;
    /// Estimates how many rows a selection has; its limit and order do not matter.
    fn count<'a>(&'a self, who: &'a Identity, query: &'a Select) -> Task<'a, u64>;
    /// Calls a function. One that may write is never repeated after it may have run.
    fn call<'a>(&'a self, who: &'a Identity, call: &'a Call) -> Task<'a, Answer>;
    /// Asks the REST server whether it is there; any answer that is its own will do.
    fn ping<'a>(&'a self, who: &'a Identity) -> Task<'a, Pong>;
}

/// Keys, passwords and tokens by profile and kind.
pub trait Secrets: Send + Sync {
    /// The secret, where there is one. A keyring that does not answer counts as none.
    fn get<'a>(&'a self, profile: &'a str, kind: SecretKind) -> Task<'a, Option<SecretString>>;
    /// Keeps a secret, and says where. A keyring that is there and refuses is a problem.
    fn set<'a>(
        &'a self,
        profile: &'a str,
        kind: SecretKind,
        value: &'a SecretString,
    ) -> Task<'a, Keeping>;
    /// Forgets a secret; one that is not there is no problem.
    fn remove<'a>(&'a self, profile: &'a str, kind: SecretKind) -> Task<'a, ()>;
    /// Where secrets are kept.
    fn keeping(&self) -> Task<'_, Keeping>;
}

/// A change to the profiles, made between reading and writing the file.
pub type Edit<'a> = Box<dyn FnOnce(&mut Book) -> Result<(), Problem> + Send + 'a>;

/// The user's config file with the profiles.
pub trait Profiles: Send + Sync {
    /// Reads the file; a file that is not there is an empty book.
    fn read(&self) -> Task<'_, Book>;
    /// Reads, changes and writes in one go, so that two programs at once lose nothing. Returns what was written.
    fn edit<'a>(&'a self, edit: Edit<'a>) -> Task<'a, Book>;
    /// Where the file is, for messages.
    fn path(&self) -> String;
}
