//! `supadeck login`.

use super::answer::{Answer, Answered};
use super::context::Context;
use super::page::{Page, Tone};
use super::second::{self, Wish};
use super::{ask, interrupt, secret};
use crate::domain::factor::SignIn;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::secret::Keeping;
use crate::ops::session;
use crate::ports::Auth;
use clap::Args as ClapArgs;
use secrecy::SecretString;

/// Sign in with a password, or with a code that is sent by e-mail
///
/// The session is kept in the keyring. The password is asked for without echo; --password-stdin reads it from stdin. An account with an
/// authenticator app is asked for its code too, and is signed in once it was given or gone without; --second-factor asks later.
#[derive(ClapArgs)]
pub struct Args {
    /// The e-mail address, asked for when it is left out
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// Have a code sent by e-mail instead of using a password
    #[arg(long)]
    code: bool,

    /// Read the password (with --code: the code that has come) from stdin
    #[arg(long)]
    password_stdin: bool,

    /// Give the second factor of whoever is signed in: the session then is at aal2
    #[arg(long, conflicts_with_all = ["email", "code", "password_stdin"])]
    second_factor: bool,

    #[command(flatten)]
    wish: Wish,
}

/// Signs in and keeps the session.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let is_nobody_named = args.email.is_none() && !args.second_factor;
    if is_nobody_named && (args.password_stdin || !ask::is_possible()) {
        return Err(Problem::new(
            Kind::Usage,
            "Nobody was named to sign in.",
            "There is no terminal to ask at.",
        )
        .with_hint("Give the address with --email.")
        .into());
    }
    let given = args.wish.given(args.password_stdin)?;
    let project = context.project().await?;
    if let Keeping::Memory(why) = project.secrets.keeping().await? {
        return Err(no_keyring(&why).into());
    }
    let auth = project.auth.as_ref();
    let entered = if args.second_factor {
        interrupt::ending(session::step_up(auth)).await?
    } else {
        first(auth, args).await?
    };
    let identity = match entered {
        SignIn::Done(identity) => identity,
        SignIn::Waiting(waiting) => {
            second::give(context.output(), auth, &waiting, &args.wish, given).await?
        }
    };
    // The run ends here, and with it a session that is nowhere else.
    match auth.take_warning() {
        Some(problem) => Err(problem.into()),
        None => signed_in(&identity),
    }
}

/// The first factor: a password, or a code by e-mail.
async fn first(auth: &dyn Auth, args: &Args) -> Result<SignIn, Problem> {
    let email = match &args.email {
        Some(email) => email.clone(),
        None => ask::line("E-mail: ").await?,
    };
    if args.code {
        if !args.password_stdin {
            interrupt::ending(session::send_code(auth, &email)).await?;
        }
        let code = given(args, "Code from the e-mail: ").await?;
        interrupt::ending(session::verify_code(auth, &email, &code)).await
    } else {
        let password = given(args, "Password: ").await?;
        interrupt::ending(session::sign_in(auth, &email, &password)).await
    }
}

async fn given(args: &Args, question: &str) -> Result<SecretString, Problem> {
    if args.password_stdin {
        secret::awaited_from_stdin("--password-stdin").await
    } else if ask::is_possible() {
        ask::hidden(question).await
    } else {
        Err(Problem::new(
            Kind::Usage,
            "The secret was not given.",
            "There is no terminal to ask at.",
        )
        .with_hint("Use --password-stdin."))
    }
}

fn no_keyring(why: &str) -> Problem {
    Problem::new(Kind::Config, "The session could not be kept.", why).with_hint(
        "Without a keyring, set SUPADECK_EMAIL and SUPADECK_PASSWORD and use --as user: that signs in for one command.",
    )
}

fn signed_in(identity: &Identity) -> Answered {
    let mut page = Page::default();
    let text = format!("Signed in as {} ({}).", identity.name(), identity.rights());
    page.toned(Tone::Ok, &text);
    if identity.lacks_second_factor() {
        page.toned(
            Tone::Warn,
            "The second factor was not given; `supadeck login --second-factor` gives it later.",
        );
    }
    Ok(Answer::new(identity, page)?)
}
