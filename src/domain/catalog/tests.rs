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
