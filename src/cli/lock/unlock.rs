//! `supadeck lock unlock`: shows what an unlock would do, asks, and does it.

use super::super::answer::Answered;
use super::super::confirm::{self, Confirm};
use super::super::context::{Context, Reader};
use super::super::interrupt;
use super::super::page::{Page, Span, Table, Tone};
use crate::domain::lock::{UnlockEffect, UnlockPreview, UnlockRecord, UnlockRequest, Unlocked};
use crate::domain::moment::{Form, moment, span};
use crate::ops::lock;
use clap::Args as ClapArgs;
use jiff::Timestamp;

/// Open a locked week for a while; needs --as service, and is audited with its reason
///
/// What it would do is shown first, also to an unlock that runs already, and a word is asked for.
#[derive(ClapArgs)]
pub struct Args {
    /// The id of the week's plan, or as much of it as tells it apart; see `supadeck lock list`
    #[arg(long, value_name = "ID")]
    plan: String,

    /// For how long from now, such as 60m or 2h, at most 24h
    #[arg(long = "for", value_name = "TIME", value_parser = minutes)]
    minutes: u32,

    /// Why; goes into the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    confirm: Confirm,
}

/// Asks the database to open the week. A write: it is not interrupted half-way.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let reader = context.reader().await?;
    let request = UnlockRequest {
        plan_id: args.plan.clone(),
        rationale: args.reason.clone(),
        minutes: args.minutes,
        shown_until: None,
    };
    let look = lock::look(reader.rest(), reader.who(), &request);
    let prospect = interrupt::ending(look).await?;
    let now = context.now();
    let production = context.production_of(&reader).await?;
    let shown = || plan(&reader, &prospect, now);
    let what = deed(&prospect, now);
    let options = &args.confirm;
    confirm::confirm(context, &production, options, shown, "unlock", &what).await?;
    let write = lock::unlock(reader.rest(), reader.who(), &prospect.request);
    let unlocked = interrupt::finishing(context.output(), write).await?;
    let answer = reader.page(&unlocked.lock, done(&prospect, &unlocked))?;
    let answer = answer.with("unlocked_until_before", &prospect.lock.unlocked_until)?;
    Ok(answer.with("audit_record", &unlocked.record)?)
}

/// What is asked, in one line.
fn deed(prospect: &UnlockPreview, now: Timestamp) -> String {
    let lock = &prospect.lock;
    let verb = match prospect.bearing(now) {
        UnlockEffect::Opens => "Unlock",
        UnlockEffect::Lengthens(_) => "Lengthen the unlock of",
        UnlockEffect::Shortens(_) => "Shorten the unlock of",
    };
    format!("{verb} week {}", lock.week_no)
}

/// Whose week it is, how it stands, and what would become of it.
fn plan(reader: &Reader, prospect: &UnlockPreview, now: Timestamp) -> Answered {
    let lock = &prospect.lock;
    let cycle = match &prospect.cycle {
        Some(cycle) => format!("{} to {}, {}", cycle.start_date, cycle.end_date, cycle.id),
        None => lock.cycle_id.clone(),
    };
    let week = if lock.is_current_week {
        format!("{}, the current week", lock.week_no)
    } else {
        lock.week_no.to_string()
    };
    let until = prospect.until(now);
    let then = format!(
        "open for changes by its owner for {}, until about {}",
        span(until.duration_since(now)),
        moment(until, Form::Detail)
    );
    let mut table = Table::new(&["UNLOCK", ""]);
    let mut fact = |name: &str, tone, text: &str| {
        table.row(vec![Span::new(Tone::Muted, name), Span::new(tone, text)]);
    };
    fact("project", Tone::Text, reader.url());
    fact("owner", Tone::Strong, &lock.user_id);
    fact("cycle", Tone::Text, &cycle);
    fact("week", Tone::Strong, &week);
    fact("plan", Tone::Text, &lock.plan_id);
    match lock.running_until() {
        None => fact("now", Tone::Text, &lock.sentence()),
        Some(running) => {
            let left = span(running.duration_since(now));
            let text = format!(
                "unlocked until {}, {left} from now",
                moment(running, Form::Detail)
            );
            fact("now", Tone::Warn, &text);
            let opening = prospect.opening.as_ref();
            fact("because", Tone::Text, because(opening));
            if let Some(opening) = opening {
                fact("record", Tone::Muted, &opening.record_id);
            }
        }
    }
    fact("then", Tone::Text, &then);
    match prospect.bearing(now) {
        UnlockEffect::Opens => {}
        UnlockEffect::Lengthens(by) => {
            fact(
                "which is",
                Tone::Warn,
                &format!("{} later than now", span(by)),
            );
        }
        UnlockEffect::Shortens(by) => {
            let text = format!(
                "{} EARLIER than now: the running unlock is cut short",
                span(by)
            );
            fact("which is", Tone::Danger, &text);
        }
    }
    fact("reason", Tone::Text, prospect.request.rationale.trim());
    let mut page = Page::default();
    page.table(&table);
    page.toned(
        Tone::Muted,
        "The unlock and its reason go into the audit log.",
    );
    let answer = reader.page(lock, page)?;
    let reason = prospect.opening.as_ref();
    Ok(answer.with("reason_now", &reason.map(|opening| &opening.rationale))?)
}

/// Why the week is open already.
fn because(opening: Option<&UnlockRecord>) -> &str {
    match opening {
        Some(opening) => opening.rationale.as_deref().unwrap_or("no reason recorded"),
        None => "its reason could not be read",
    }
}

fn done(prospect: &UnlockPreview, unlocked: &Unlocked) -> Page {
    let lock = &unlocked.lock;
    let until = lock.running_until();
    let until = until.map_or_else(
        || "an unknown time".to_owned(),
        |at| moment(at, Form::Detail),
    );
    let mut page = Page::default();
    let text = format!(
        "Week {} of {} is open until {until}.",
        lock.week_no, lock.user_id
    );
    page.toned(Tone::Ok, &text);
    if let Some(before) = prospect.lock.running_until() {
        let text = format!(
            "The unlock that ran would have ended at {}.",
            moment(before, Form::Detail)
        );
        page.toned(Tone::Warn, &text);
    }
    if let Some(id) = &unlocked.record {
        page.line(format!(
            "It is audited: `supadeck audit show {id} --as service`."
        ));
    }
    page
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
