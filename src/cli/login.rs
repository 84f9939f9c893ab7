//! `supadeck login`.

use super::answer::{Answer, Answered};
use super::context::Context;
use super::mfa::{self, Wish};
use super::output::Output;
use super::page::{Page, Tone};
use super::{interrupt, prompt, secret, seen, slow_notice};
use crate::adapters::connect::Project;
use crate::domain::identity::{Identity, User};
use crate::domain::mfa::SignIn;
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::secret::StoredIn;
use crate::domain::text;
use crate::ops::session;
use crate::ports::Auth;
use clap::Args as ClapArgs;
use secrecy::SecretString;
use std::future::Future;

/// Sign in with a password, or with a code that is sent by e-mail
///
/// The session is kept in the keyring, beside those of other users; `--as user:EMAIL` chooses one. The password is asked for without echo; --password-stdin reads it from stdin. An account with an
/// authenticator app is asked for its code too, and is signed in once it was given or gone without; --second-factor asks later.
#[derive(ClapArgs)]
pub struct Args {
    /// The e-mail address, asked for when it is left out; enter alone takes the last one
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// Have a code sent by e-mail instead of using a password
    #[arg(long)]
    code: bool,

    /// Read the password (with --code: the code that has come) from stdin
    #[arg(long)]
    password_stdin: bool,

    /// Enter the second factor code of the user who is signed in; the session is then at aal2
    #[arg(long, conflicts_with_all = ["email", "code", "password_stdin"])]
    second_factor: bool,

    #[command(flatten)]
    wish: Wish,
}

/// Signs in and keeps the session.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let is_nobody_named = args.email.is_none() && !args.second_factor;
    if is_nobody_named && (args.password_stdin || !prompt::is_possible()) {
        return Err(Problem::new(
            Kind::Usage,
            "Nobody was named to sign in.",
            "There is no terminal to ask at.",
        )
        .with_hint("Give the address with --email.")
        .into());
    }
    let given = args.wish.given(args.password_stdin)?;
    let project = if args.second_factor {
        context.project().await?
    } else {
        context.without_reader().await?
    };
    if let StoredIn::Memory(why) = project.secrets.keeping().await? {
        return Err(no_keyring(&why).into());
    }
    let auth = project.auth.as_ref();
    let asking = Asking {
        auth,
        args,
        output: context.output(),
        url: &project.profile.url,
        last: project.kept.email.as_deref(),
    };
    let entered = if args.second_factor {
        let who = &project.identity;
        asking.answered(session::step_up(auth, who)).await?
    } else {
        asking.first().await?
    };
    let identity = match entered {
        SignIn::Done(identity) => identity,
        SignIn::Waiting(waiting) => {
            mfa::give(context.output(), auth, &waiting, &args.wish, given).await?
        }
    };
    if let Some(problem) = auth.take_left_open() {
        let mut page = Page::default();
        page.toned(Tone::Warn, &format!("Note: {problem}"));
        context.output().note(&page);
    }
    // The run ends here, and with it a session that is nowhere else.
    match auth.take_warning() {
        Some(problem) => Err(problem.into()),
        None => signed_in(&identity, &project),
    }
}

/// The first factor, and whom it is given to.
struct Asking<'a> {
    auth: &'a dyn Auth,
    args: &'a Args,
    output: Output,
    url: &'a str,
    /// The address of the last sign-in.
    last: Option<&'a str>,
}

impl Asking<'_> {
    /// A password, or a code by e-mail.
    async fn first(&self) -> Result<SignIn, Problem> {
        let email = match &self.args.email {
            Some(email) => email.clone(),
            None => self.asked_address().await?,
        };
        if !self.args.code {
            let password = self.given("Password: ", no_password).await?;
            let signed_in = session::sign_in(self.auth, &email, &password);
            return self.answered(signed_in).await;
        }
        if !self.args.password_stdin {
            self.answered(session::send_code(self.auth, &email)).await?;
        }
        let question = format!("Code from the e-mail to {email}: ");
        let code = self.given(&question, || sent(&email)).await?;
        let signed_in = session::verify_code(self.auth, &email, &code);
        self.answered(signed_in).await
    }

    /// Asks for the address; an empty line is the last one.
    async fn asked_address(&self) -> Result<String, Problem> {
        let Some(last) = self.last else {
            return prompt::line("E-mail: ").await;
        };
        let typed = prompt::line(&format!("E-mail [{}]: ", text::cell(last))).await?;
        let is_empty = typed.trim().is_empty();
        Ok(if is_empty { last.to_owned() } else { typed })
    }

    /// What is typed, or comes by stdin; `missing` is the problem where neither can be.
    async fn given(
        &self,
        question: &str,
        missing: impl FnOnce() -> Problem,
    ) -> Result<SecretString, Problem> {
        if self.args.password_stdin {
            secret::awaited_from_stdin("--password-stdin").await
        } else if prompt::is_possible() {
            prompt::hidden(question).await
        } else {
            Err(missing())
        }
    }

    /// Awaits the project's answer, which a signal ends.
    async fn answered<T>(
        &self,
        answer: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let told = slow_notice::telling(self.output, || self.url.to_owned(), answer);
        interrupt::ending(told).await
    }
}

fn no_password() -> Problem {
    Problem::new(
        Kind::Usage,
        "The password was not given.",
        "There is no terminal to ask at.",
    )
    .with_hint("Use --password-stdin, which reads it from stdin.")
}

/// The code is on its way, and nobody can type it here. The next command has to be one that sends no other.
fn sent(email: &str) -> Problem {
    let email = text::cell(email);
    Problem::new(
        Kind::Usage,
        format!("A code was sent to {email}, and nobody is signed in yet."),
        "There is no terminal to ask for the code at.",
    )
    .with_hint(format!(
        "Give the code on stdin to `supadeck login --email {email} --code --password-stdin`, which sends no other one."
    ))
}

fn no_keyring(why: &str) -> Problem {
    Problem::new(Kind::Config, "The session could not be kept.", why).with_hint(
        "Without a keyring, set SUPADECK_EMAIL and SUPADECK_PASSWORD and use --as user: that signs in for one command.",
    )
}

fn signed_in(identity: &Identity, project: &Project) -> Answered {
    let mut page = Page::default();
    let text = format!(
        "Signed in as {} ({}) on {}.",
        identity.name(),
        identity.rights(),
        project.profile.title()
    );
    page.toned(Tone::Ok, &text);
    page.toned(
        Tone::Muted,
        "The session is kept in the system's keyring; `supadeck logout` removes it.",
    );
    let entered = match identity {
        Identity::User(user) => Some(user.clone()),
        Identity::Anon | Identity::Service => None,
    };
    let users: Vec<User> = project.kept.users.iter().cloned().chain(entered).collect();
    seen::users(&project.profile, &users);
    let is_other = |user: &&User| identity.user_id() != Some(user.id.as_str());
    let others = project.kept.users.iter().filter(is_other).map(User::name);
    let others: Vec<&str> = others.collect();
    if !others.is_empty() {
        let text = format!(
            "Kept too: {}; `--as user:EMAIL` reads as one of them.",
            listed(&others)
        );
        page.toned(Tone::Muted, &text);
    }
    if identity.lacks_second_factor() {
        page.toned(
            Tone::Warn,
            "The second factor was not given; `supadeck login --second-factor` gives it later.",
        );
    }
    Ok(Answer::new(identity, page)?)
}
