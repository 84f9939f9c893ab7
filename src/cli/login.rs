//! `supadeck login`.

use super::answer::{Answer, Answered};
use super::context::Context;
use super::page::{Page, Tone};
use super::{ask, interrupt, secret};
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::secret::Keeping;
use crate::ops::session;
use clap::Args as ClapArgs;
use secrecy::SecretString;

/// Sign in with a password, or with a code that is sent by e-mail
///
/// The session is kept in the keyring. The password is asked for without echo; --password-stdin reads it from stdin.
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
}

/// Signs in and keeps the session.
pub async fn run(context: &Context, args: &Args) -> Answered {
    if args.email.is_none() && (args.password_stdin || !ask::is_possible()) {
        return Err(Problem::new(
            Kind::Usage,
            "Nobody was named to sign in.",
            "There is no terminal to ask at.",
        )
        .with_hint("Give the address with --email.")
        .into());
    }
    let project = context.project().await?;
    if let Keeping::Memory(why) = project.secrets.keeping().await? {
        return Err(no_keyring(&why).into());
    }
    let auth = project.auth;
    let email = match &args.email {
        Some(email) => email.clone(),
        None => ask::line("E-mail: ").await?,
    };
    let identity = if args.code {
        if !args.password_stdin {
            interrupt::ending(session::send_code(auth.as_ref(), &email)).await?;
        }
        let code = given(args, "Code from the e-mail: ").await?;
        interrupt::ending(session::verify_code(auth.as_ref(), &email, &code)).await?
    } else {
        let password = given(args, "Password: ").await?;
        interrupt::ending(session::sign_in(auth.as_ref(), &email, &password)).await?
    };
    // The run ends here, and with it a session that is nowhere else.
    match auth.take_warning() {
        Some(problem) => Err(problem.into()),
        None => signed_in(&identity),
    }
}

async fn given(args: &Args, question: &str) -> Result<SecretString, Problem> {
    if args.password_stdin {
        // Not on this thread: signals are heard while stdin says nothing.
        let read = tokio::task::spawn_blocking(|| secret::from_stdin("--password-stdin"));
        read.await
            .map_err(|_| Problem::internal("The task that reads stdin ended early."))?
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
    let text = format!("Signed in as {} ({}).", identity.name(), identity.role());
    page.toned(Tone::Ok, &text);
    Ok(Answer::new(identity, page)?)
}
