//! `supadeck lock unlock`.

use super::super::answer::Answered;
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Tone};
use crate::domain::lock::UnlockRequest;
use crate::ops::lock;
use clap::Args as ClapArgs;

/// Open a locked week for a while; needs --as service, and is audited with its reason
#[derive(ClapArgs)]
pub struct Args {
    /// The id of the week's plan; see `supadeck lock list`
    #[arg(long, value_name = "ID")]
    plan: String,

    /// For how long, such as 60m or 2h, at most 24h
    #[arg(long = "for", value_name = "TIME", value_parser = minutes)]
    minutes: u32,

    /// Why; goes into the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Asks the database to open the week. A write: it is not interrupted half-way.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let reader = context.reader().await?;
    let request = UnlockRequest {
        plan_id: args.plan.clone(),
        rationale: args.reason.clone(),
        minutes: args.minutes,
    };
    let write = lock::unlock(reader.rest(), reader.who(), &request);
    let lock = interrupt::finishing(context.output(), write).await?;
    let until = lock.unlocked_until.as_deref().unwrap_or("an unknown time");
    let mut page = Page::default();
    let text = format!("Week {} is open until {until}.", lock.week_no);
    page.toned(Tone::Ok, &text);
    reader.page(&lock, page)
}

/// Reads `90`, `90m`, `2h` or `1h30m` as minutes.
fn minutes(text: &str) -> Result<u32, String> {
    let wrong = || format!("`{text}` is not a time such as 60m, 2h or 1h30m");
    let (hours, rest) = match text.split_once('h') {
        Some((hours, rest)) => (hours.parse::<u32>().map_err(|_| wrong())?, rest),
        None => (0, text),
    };
    let rest = rest.strip_suffix('m').unwrap_or(rest);
    let minutes = match rest {
        "" if text.contains('h') => 0,
        digits => digits.parse::<u32>().map_err(|_| wrong())?,
    };
    hours
        .checked_mul(60)
        .and_then(|hours| hours.checked_add(minutes))
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::minutes;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, expected) in [
            ("90", 90),
            ("60m", 60),
            ("2h", 120),
            ("1h30m", 90),
            ("1h30", 90),
        ] {
            assert_eq!(minutes(text), Ok(expected), "{text}");
        }
        for text in ["", "h", "m", "x", "-5m", "1d", "1m2h", "99999999h"] {
            assert!(minutes(text).is_err(), "{text}");
        }
    }
}
