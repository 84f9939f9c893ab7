//! Tests of the type generators on a small schema with the awkward cases in it.

use super::*;

fn kind(name: &str) -> ColumnType {
    ColumnType {
        name: name.to_owned(),
        is_enum: false,
        is_array: false,
    }
}

fn column(name: &str, kind: ColumnType) -> Column {
    Column {
        name: name.to_owned(),
        kind,
        nullable: false,
        has_default: false,
        writable: true,
    }
}

fn catalog() -> Catalog {
    let mood = ColumnType {
        is_enum: true,
        ..kind("mood")
    };
    let tags = ColumnType {
        is_array: true,
        ..kind("text")
    };
    let id = Column {
        has_default: true,
        ..column("id", kind("uuid"))
    };
    let note = Column {
        nullable: true,
        ..column("note", kind("jsonb"))
    };
    let total = Column {
        writable: false,
        ..column("total", kind("numeric"))
    };
    let odd = column("odd name", kind("int8"));
    Catalog {
        schema: "public".into(),
        enums: vec![Enum {
            name: "mood".into(),
            values: vec!["ok".into(), "it's \"fine\"".into()],
        }],
        relations: vec![
            Relation {
                name: "week_view".into(),
                is_view: true,
                columns: vec![column("seen", kind("timestamptz"))],
                foreign_keys: vec![],
                checks: vec![],
            },
            Relation {
                name: "plan".into(),
                is_view: false,
                columns: vec![
                    id,
                    column("mood", mood),
                    column("tags", tags),
                    note,
                    total,
                    odd,
                ],
                foreign_keys: vec![ForeignKey {
                    name: "plan_owner".into(),
                    columns: vec!["id".into()],
                    table: "owner".into(),
                    referenced: vec!["id".into()],
                    is_one_to_one: true,
                }],
                checks: vec![],
            },
        ],
        functions: vec![Function {
            name: "plans".into(),
            arguments: vec![Argument {
                name: "minutes".into(),
                kind: kind("int4"),
                has_default: true,
            }],
            returns: kind("plan"),
            returns_set: true,
            returns_relation: Some("plan".into()),
            returns_void: false,
        }],
    }
}

#[test]
fn typescript_has_the_shape_of_supabase_js() {
    let text = catalog().generate(Language::TypeScript);
    for line in [
        "          id?: string;",
        r#"          mood: Database["public"]["Enums"]["mood"];"#,
        "          tags: string[];",
        "          note: Json | null;",
        "          total?: never;",
        r#"          "odd name": number;"#,
        "            isOneToOne: true;",
        r#"        Returns: Database["public"]["Tables"]["plan"]["Row"][];"#,
        r#"      mood: "ok" | "it's \"fine\"";"#,
        "          minutes?: number;",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
}

#[test]
fn zod_knows_what_may_be_left_out() {
    let text = catalog().generate(Language::Zod);
    let part = |name: &str| -> String {
        let start = text.find(&format!("export const {name} =")).unwrap();
        text[start..].split("\n});").next().unwrap().to_owned()
    };
    assert!(part("planRow").contains("  id: uuid,"));
    assert!(part("planInsert").contains("  id: uuid.optional(),"));
    assert!(part("planInsert").contains("  note: json.nullable().optional(),"));
    assert!(part("planUpdate").contains("  mood: mood.optional(),"));
    assert!(!part("planInsert").contains("total"));
    assert!(text.contains("export type WeekViewRow = z.infer<typeof weekViewRow>;"));
    assert!(!text.contains("weekViewInsert"));
}

#[test]
fn the_order_of_creation_does_not_matter() {
    let mut other = catalog();
    other.relations.reverse();
    for language in [Language::Zod, Language::TypeScript] {
        assert_eq!(catalog().generate(language), other.generate(language));
    }
}

#[test]
fn plain_checks_become_bounds() {
    let of = |check: &str| {
        let mut relation = catalog().relations.remove(1);
        relation.checks = vec![check.to_owned()];
        let bounds = bounds::bounds(&relation, "n");
        (bounds.min, bounds.max)
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        of("CHECK (((n >= 1) AND (n <= 12)))"),
        (some("1"), some("12"))
    );
    assert_eq!(of("CHECK ((n >= (0.5)::numeric))"), (some("0.5"), None));
    assert_eq!(
        of("CHECK (((n >= (0)::numeric) AND (n < 'Infinity'::numeric)))"),
        (some("0"), None)
    );
    assert_eq!(of("CHECK ((n >= '-5'::integer))"), (None, None));
    assert_eq!(
        of("CHECK (((m >= 1) AND (m <= n) AND (n <= 12)))"),
        (None, some("12"))
    );
    for other in [
        "CHECK (((n >= 1) OR (n <= 12)))",
        "CHECK ((NOT ((n >= 1) AND (n <= 12))))",
        "CHECK ((t ~ 'a AND n >= 5 AND b'::text))",
        "CHECK (COALESCE(((n >= 1) AND (n <= 12)), true))",
        "CHECK ((((n >= 1) AND (n <= 12)) IS NOT TRUE))",
        "CHECK ((abs(n) >= 1))",
    ] {
        assert_eq!(of(other), (None, None), "{other}");
    }
}
