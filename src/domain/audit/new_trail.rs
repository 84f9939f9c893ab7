//! The migration that makes an audit trail for chosen tables of a project that has none: its text and that of its rollback.

use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::sql::name::always_quoted;
use crate::domain::text;

/// What makes the trail; `$LIST$` and `$TRIGGERS$` stand for the tables, `$READERS$`, `$SUBJECTS$` and `$FOLLOWERS$` for who reads.
const UP: &str = include_str!("new_trail.sql");
/// What lets users read the records whose subject they are.
const SUBJECTS: &str = "grant select on public.audit_log to authenticated;
create policy subject_reads_own_records on public.audit_log for select to authenticated
  using (subject_user_id = (select auth.uid()));
";
/// What drops it.
const DOWN: &str = include_str!("new_trail_down.sql");
/// The most bytes of a name that Postgres keeps.
const LONGEST: usize = 63;

/// Who may read the records of a new trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// The service role.
    Service,
    /// The service role, and each user the records whose subject is that user.
    Subjects,
}

/// A table whose changes are kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrailTable {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
}

impl TrailTable {
    /// Reads `orders` or `shop.orders`.
    pub fn parse(typed: &str) -> Result<Self, Problem> {
        let (schema, name) = typed.split_once('.').unwrap_or(("public", typed));
        let is_name =
            |name: &str| (1..=LONGEST).contains(&name.len()) && !name.contains(char::is_control);
        if is_name(schema) && is_name(name) {
            return Ok(Self {
                schema: schema.to_owned(),
                name: name.to_owned(),
            });
        }
        Err(Problem::new(
            Kind::Usage,
            format!("`{}` is no table.", text::cell(typed)),
            "A table is a name of at most 63 bytes, with its schema and a dot in front where that is not `public`.",
        ))
    }

    /// As people read it: the schema where it is not `public`.
    pub fn shown(&self) -> String {
        let shown = match self.schema.as_str() {
            "public" => self.name.clone(),
            schema => format!("{schema}.{}", self.name),
        };
        text::cell(&shown).into_owned()
    }

    /// As SQL reads it.
    fn quoted(&self) -> String {
        format!(
            "{}.{}",
            always_quoted(&self.schema),
            always_quoted(&self.name)
        )
    }
}

/// The text of the migration and of its rollback, for tables of which each is there once.
pub fn migration(tables: &[TrailTable], readers: Readers) -> (String, String) {
    let (told, subjects, followers) = match readers {
        Readers::Service => ("the service role alone", "", "service_role"),
        Readers::Subjects => (
            "the service role, and each user the records whose subject is that user",
            SUBJECTS,
            "authenticated, service_role",
        ),
    };
    let up = UP
        .replace("$READERS$", told)
        .replace("$SUBJECTS$", subjects)
        .replace("$FOLLOWERS$", followers);
    let shown: Vec<String> = tables.iter().map(TrailTable::shown).collect();
    let made = tables.iter().map(|table| {
        format!(
            "create trigger write_audit_record after insert or update or delete on {}\n  \
             for each row execute function audit_trail.write_audit_record();\n",
            table.quoted()
        )
    });
    let dropped = tables.iter().map(|table| {
        format!(
            "drop trigger if exists write_audit_record on {};\n",
            table.quoted()
        )
    });
    let text = |form: &str, triggers: String| {
        let parts = form.split("$TRIGGERS$").collect::<Vec<_>>();
        let head = parts.first().map_or("", |head| head);
        let tail = parts.get(1).map_or("", |tail| tail);
        // A name is put into a comment, and must not end it.
        format!(
            "{}{triggers}{tail}",
            head.replace("$LIST$", &listed(&shown))
        )
    };
    (text(&up, made.collect()), text(DOWN, dropped.collect()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn no_name_gets_out_of_its_place() {
        let odd = "a\"; drop table x; --";
        let tables = ["orders", "shop.lines", odd].map(|typed| TrailTable::parse(typed).unwrap());
        let (up, down) = migration(&tables, Readers::Service);
        for part in [
            "on \"public\".\"orders\"\n",
            "on \"shop\".\"lines\"\n",
            "on \"public\".\"a\"\"; drop table x; --\"\n",
            "for orders, shop.lines and a",
        ] {
            assert!(up.contains(part), "{part}\n{up}");
        }
        assert!(down.contains("write_audit_record on \"shop\".\"lines\";"));
        for text in [&up, &down] {
            for place in [
                "$LIST$",
                "$TRIGGERS$",
                "$READERS$",
                "$SUBJECTS$",
                "$FOLLOWERS$",
            ] {
                assert!(!text.contains(place), "{place}");
            }
        }
        let let_in = |sql: &str| {
            let lines = sql.lines().filter(|line| !line.starts_with("--"));
            lines.filter(|line| line.contains("authenticated")).count()
        };
        // Nobody else is named but where rights are taken away.
        assert_eq!(let_in(&up), up.matches("revoke all").count());
        let (up, _) = migration(&tables, Readers::Subjects);
        assert!(up.contains("grant select on public.audit_log to authenticated;"));
        let long = "x".repeat(64);
        for typed in ["", ".", "a.", ".a", "a\nb", &long] {
            assert!(TrailTable::parse(typed).is_err(), "{typed}");
        }
    }
}
