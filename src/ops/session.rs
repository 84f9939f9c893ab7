//! Who is signed in, and signing in and out, with one factor or two.

use crate::domain::identity::Identity;
use crate::domain::kept::KeptUsers;
use crate::domain::mfa::SignIn;
use crate::domain::problem::{Kind, Problem};
use crate::ports::Auth;
use secrecy::{ExposeSecret, SecretString};

/// The digits of an authenticator app's code.
const CODE_DIGITS: usize = 6;

/// The users who are kept.
pub async fn kept(auth: &dyn Auth) -> Result<KeptUsers, Problem> {
    auth.kept().await
}

/// Notes that this user was chosen to read.
pub async fn used(auth: &dyn Auth, who: &Identity) -> Result<(), Problem> {
    auth.used(who).await
}

/// Signs in with e-mail (or phone number) and password.
pub async fn sign_in(
    auth: &dyn Auth,
    email: &str,
    password: &SecretString,
) -> Result<SignIn, Problem> {
    let email = check_address(email)?;
    if password.expose_secret().is_empty() {
        return Err(Problem::new(
            Kind::Usage,
            "A password is needed.",
            "None was given.",
        ));
    }
    auth.sign_in(email, password).await
}

/// Signs in for this run only, and never asks for a second factor; with what is to be known about that.
pub async fn sign_in_for_run(
    auth: &dyn Auth,
    email: &str,
    password: &SecretString,
) -> Result<(Identity, Option<String>), Problem> {
    match sign_in(auth, email, password).await? {
        SignIn::Done(who) => Ok((who, None)),
        SignIn::Waiting(waiting) => {
            let name = waiting.name();
            let note = format!(
                "{name} has a second factor, which is not asked for here: this run reads at aal1."
            );
            Ok((go_without(auth).await?, Some(note)))
        }
    }
}

/// Ends on the server what nobody can reach once the program has ended. What fails is for the log: the program ends.
pub async fn close(auth: &dyn Auth) {
    if let Err(problem) = auth.close().await {
        tracing::warn!(%problem, "a session of this run was not ended on the server");
    }
}

/// Ends whatever sessions are stored for a profile that is removed or replaced. Returns what is to be known about it.
pub async fn end_stored(auth: &dyn Auth) -> Option<String> {
    let problem = auth.end_stored().await.err()?;
    let hint = problem.hint.clone().unwrap_or_default();
    Some(format!("{problem} {hint}").trim_end().to_owned())
}

/// Has a one-time code sent by e-mail. No account is made for an address that has none.
pub async fn send_code(auth: &dyn Auth, email: &str) -> Result<(), Problem> {
    auth.send_code(check_address(email)?).await
}

/// Signs in with the code from the e-mail.
pub async fn verify_code(
    auth: &dyn Auth,
    email: &str,
    code: &SecretString,
) -> Result<SignIn, Problem> {
    let email = check_address(email)?;
    let code = without_blanks(code);
    if code.expose_secret().is_empty() {
        return Err(Problem::new(
            Kind::Usage,
            "The code from the e-mail is needed.",
            "None was given.",
        ));
    }
    auth.verify_code(email, &code).await
}

/// Asks which second factors a signed-in user can give; done when one was given already.
pub async fn step_up(auth: &dyn Auth, who: &Identity) -> Result<SignIn, Problem> {
    auth.step_up(who).await
}

/// Gives the six digits of an authenticator app for the sign-in that waits for them.
pub async fn give_code(
    auth: &dyn Auth,
    factor: &str,
    code: &SecretString,
) -> Result<Identity, Problem> {
    let code = without_blanks(code);
    let digits = code.expose_secret();
    if digits.len() != CODE_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Problem::new(
            Kind::Usage,
            "The code of the second factor has six digits.",
            "What was given is something else, and was not sent.",
        ));
    }
    auth.give_code(factor, &code).await
}

/// Goes on with one factor: what policies keep for `aal2` stays hidden.
pub async fn go_without(auth: &dyn Auth) -> Result<Identity, Problem> {
    auth.go_without().await
}

/// Gives up the sign-in that waits for its second factor; whoever was signed in before stays so.
pub async fn give_up(auth: &dyn Auth) -> Result<(), Problem> {
    auth.give_up().await
}

/// Ends this user's session, and only this one, on the server and here.
pub async fn sign_out(auth: &dyn Auth, who: &Identity) -> Result<(), Problem> {
    auth.sign_out(who).await
}

/// People paste a code with a space in the middle.
fn without_blanks(code: &SecretString) -> SecretString {
    let digits = code.expose_secret().chars().filter(|c| !c.is_whitespace());
    digits.collect::<String>().into()
}

fn check_address(address: &str) -> Result<&str, Problem> {
    let address = address.trim();
    let is_phone = address.len() > 4
        && address
            .strip_prefix('+')
            .is_some_and(|digits| digits.chars().all(|c| c.is_ascii_digit()));
    let is_email = address
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        && !address.chars().any(|c| c.is_whitespace() || c.is_control());
    if is_phone || is_email {
        return Ok(address);
    }
    Err(Problem::new(
        Kind::Usage,
        "Not an e-mail address.",
        "Sign-in needs an address such as `alice@example.com`.",
    ))
}
