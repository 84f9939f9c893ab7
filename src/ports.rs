//! The traits that the adapters implement and the use cases call. Nothing here knows a driver or a file system.

use crate::domain::identity::Identity;
use crate::domain::problem::Problem;
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
        password: &'a secrecy::SecretString,
    ) -> Task<'a, Identity>;
    /// Asks for a one-time code by e-mail.
    fn send_code<'a>(&'a self, email: &'a str) -> Task<'a, ()>;
    /// Signs in with the code that came by e-mail.
    fn verify_code<'a>(
        &'a self,
        email: &'a str,
        code: &'a secrecy::SecretString,
    ) -> Task<'a, Identity>;
    /// Ends this session, and only this one, on the server and here.
    fn sign_out(&self) -> Task<'_, ()>;
}
