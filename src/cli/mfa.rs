//! The second factor of a sign-in: which one, its code, and what happens without a terminal. Whatever goes wrong, the
//! session of one factor is ended on the server before the command ends.

use super::output::Output;
use super::page::{Page, Tone};
use super::secret::{self, Asked};
use super::{interrupt, prompt};
use crate::domain::identity::Identity;
use crate::domain::mfa::{Factor, MfaChallenge, can_try_again};
use crate::domain::problem::{Kind, Problem};
use crate::ops::session;
use crate::ports::Auth;
use clap::Args as ClapArgs;
use secrecy::{ExposeSecret, SecretString};

/// What is typed in place of a code to go on without it.
const WITHOUT: &str = "without";

/// What was said about the second factor beforehand.
#[derive(ClapArgs)]
pub struct Wish {
    /// The code of the second factor, where it is not asked for: `env:NAME`, or `-` to read it from stdin
    #[arg(long, value_name = "CODE", allow_hyphen_values = true)]
    totp: Option<String>,

    /// Which second factor, by its name, where the account has several
    #[arg(long, value_name = "NAME")]
    factor: Option<String>,

    /// Go on without the second factor, at aal1: policies of the project can show less then
    #[arg(long, conflicts_with_all = ["totp", "factor", "second_factor"])]
    without_second_factor: bool,
}

/// A code that was given beforehand.
pub enum Given {
    /// None: it is asked for.
    Nothing,
    /// It stands on stdin.
    OnStdin,
    /// This one.
    Code(SecretString),
}

impl Wish {
    /// The code as it was given, checked before anything is sent. Stdin holds one secret only.
    pub fn given(&self, is_stdin_taken: bool) -> Result<Given, Problem> {
        let Some(text) = &self.totp else {
            return Ok(Given::Nothing);
        };
        if !secret::is_stdin(text) {
            return secret::resolve(Asked::Totp, text).map(Given::Code);
        }
        if is_stdin_taken {
            return Err(Problem::new(
                Kind::Usage,
                "--password-stdin and --totp cannot both be read from stdin.",
                "It holds one secret.",
            )
            .with_hint("Use --totp env:NAME."));
        }
        Ok(Given::OnStdin)
    }
}

/// Brings a sign-in that waits to its end.
pub async fn give(
    output: Output,
    auth: &dyn Auth,
    waiting: &MfaChallenge,
    wish: &Wish,
    given: Given,
) -> Result<Identity, Problem> {
    let outcome = go_on(output, auth, waiting, wish, given).await;
    if outcome.is_err() {
        // The refusal is what matters; that the server could not be told besides is for the log.
        let ended = interrupt::finishing(output, session::give_up(auth)).await;
        if let Err(problem) = ended {
            tracing::warn!(%problem, "the session of one factor was not ended");
        }
    }
    outcome
}

async fn go_on(
    output: Output,
    auth: &dyn Auth,
    waiting: &MfaChallenge,
    wish: &Wish,
    given: Given,
) -> Result<Identity, Problem> {
    if wish.without_second_factor {
        return interrupt::finishing(output, session::go_without(auth)).await;
    }
    let is_askable = matches!(given, Given::Nothing) && prompt::is_possible();
    let factor = choose(output, waiting, wish.factor.as_deref(), is_askable).await?;
    let code = match given {
        Given::Nothing if is_askable => return asked(output, auth, waiting, factor).await,
        Given::Nothing => return Err(not_given(waiting)),
        Given::OnStdin => interrupt::ending(secret::awaited_from_stdin("--totp")).await?,
        Given::Code(code) => code,
    };
    interrupt::finishing(output, session::give_code(auth, &factor.id, &code)).await
}

/// The factor that is meant: the one that was named, the only one, or the one that is chosen.
async fn choose<'a>(
    output: Output,
    waiting: &'a MfaChallenge,
    wanted: Option<&str>,
    is_askable: bool,
) -> Result<&'a Factor, Problem> {
    let usable = waiting.usable();
    let names = || {
        let names: Vec<&str> = usable.iter().map(|factor| factor.name.as_str()).collect();
        names.join(", ")
    };
    match (wanted, usable.as_slice()) {
        (_, []) => Err(waiting.unusable().with_hint(
            "Go on without it with --without-second-factor, or add an authenticator app to the account in the project's own app.",
        )),
        (Some(wanted), _) => {
            let is_meant = |factor: &&&Factor| factor.name == wanted || factor.id == wanted;
            usable.iter().find(is_meant).copied().ok_or_else(|| {
                Problem::new(
                    Kind::Usage,
                    "The account has no such second factor.",
                    format!("It has: {}.", names()),
                )
            })
        }
        (None, [only]) => Ok(only),
        (None, _) if is_askable => {
            let mut page = Page::default();
            for (index, factor) in usable.iter().enumerate() {
                page.line(format!("{}  {}", index + 1, factor.title()));
            }
            output.note(&page);
            let answer = prompt::line("Which second factor (its number): ").await?;
            let number: Option<usize> = answer.trim().parse().ok();
            let chosen = number.and_then(|number| usable.get(number.checked_sub(1)?));
            chosen.copied().ok_or_else(|| {
                Problem::new(Kind::Usage, "There is no second factor of this number.", "")
            })
        }
        (None, _) => Err(Problem::new(
            Kind::Usage,
            format!("{} has several second factors.", waiting.name()),
            format!("They are: {}.", names()),
        )
        .with_hint("Name one with --factor.")),
    }
}

/// Asks until a code is right, one goes on without it, or the sign-in is over.
async fn asked(
    output: Output,
    auth: &dyn Auth,
    waiting: &MfaChallenge,
    factor: &Factor,
) -> Result<Identity, Problem> {
    let mut page = Page::default();
    page.line(format!(
        "{} has a second factor. To go on without it, at aal1, type `{WITHOUT}`.",
        waiting.name()
    ));
    output.note(&page);
    let question = format!("Code of the {}: ", factor.title());
    loop {
        let typed = prompt::hidden(&question).await?;
        if typed.expose_secret().trim() == WITHOUT {
            return interrupt::finishing(output, session::go_without(auth)).await;
        }
        let given = session::give_code(auth, &factor.id, &typed);
        match interrupt::finishing(output, given).await {
            Err(problem) if can_try_again(&problem) => {
                let mut page = Page::default();
                page.toned(Tone::Warn, &problem.to_string());
                output.note(&page);
            }
            ended => return ended,
        }
    }
}

fn not_given(waiting: &MfaChallenge) -> Problem {
    let what_stays = if waiting.is_signed_in {
        "There is no terminal to ask at, so the session stays at aal1."
    } else {
        "There is no terminal to ask at, so nobody was signed in."
    };
    Problem::new(
        Kind::Auth,
        format!("The second factor of {} was not given.", waiting.name()),
        what_stays,
    )
    .with_code("second_factor_needed")
    .with_hint(if waiting.is_signed_in {
        "Give its code with --totp env:NAME or --totp -."
    } else {
        "Give its code with --totp env:NAME or --totp -, or go on without it with --without-second-factor."
    })
}
