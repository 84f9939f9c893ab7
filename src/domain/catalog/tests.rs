//! Tests of the type generators on a small schema with awkward cases in it. What the Supabase CLI, the compiler and Zod say
//! of a whole database is in `tests/cli/types.rs`.

use super::*;
use serde_json::{Value, json};

const BOOL: Oid = 16;
const INT8: Oid = 20;
const INT4: Oid = 23;
const TEXT: Oid = 25;
const TEXTS: Oid = 1009;
const NUMERIC: Oid = 1700;
const RECORD: Oid = 2249;
const UUID: Oid = 2950;
const JSONB: Oid = 3802;
const PLAN: Oid = 16_001;
const MOOD: Oid = 16_002;
const PLAN_ROW: Oid = 16_003;
const WEEK: Oid = 16_004;
const OWNER: Oid = 16_005;

fn data_type(id: Oid, name: &str, kind: char, more: &Value) -> Value {
    let mut all = json!({
        "id": id, "name": name, "format": name, "kind": kind, "is_own": id > 16_000, "element": null, "items": null, "base": null,
        "values": [], "relation": null, "attributes": [], "has_json": false
    });
    for (key, value) in more.as_object().unwrap() {
        all[key] = value.clone();
    }
    all
}

fn column(number: i16, name: &str, data_type: Oid) -> Value {
    json!({ "number": number, "name": name, "type": data_type, "nullable": false, "has_default": false, "writable": true })
}

fn with(mut column: Value, field: &str, value: bool) -> Value {
    column[field] = value.into();
    column
}

fn function(name: &str, returns: Oid, arguments: &[(&str, char, Oid)], defaults: usize) -> Value {
    let arguments: Vec<_> = arguments
        .iter()
        .map(|(name, mode, id)| json!({ "name": name, "mode": mode, "type": id }))
        .collect();
    json!({
        "name": name, "signature": format!("{arguments:?}"), "arguments": arguments, "defaults": defaults,
        "returns": returns, "returns_set": false, "returns_several": false
    })
}

fn document() -> Value {
    let none = json!({});
    let plan_row = json!({ "relation": PLAN, "attributes": [{ "name": "id", "type": UUID }] });
    json!({
        "schema": "public",
        "types": [
            data_type(MOOD, "mood", 'e', &json!({ "values": ["ok", "it's \"fine\""] })),
            data_type(TEXTS, "_text", 'b', &json!({ "element": TEXT, "items": TEXT })),
            data_type(PLAN_ROW, "plan", 'c', &plan_row),
            data_type(BOOL, "bool", 'b', &none), data_type(INT8, "int8", 'b', &none), data_type(INT4, "int4", 'b', &none),
            data_type(TEXT, "text", 'b', &none), data_type(NUMERIC, "numeric", 'b', &none), data_type(RECORD, "record", 'p', &none),
            data_type(UUID, "uuid", 'b', &none), data_type(JSONB, "jsonb", 'b', &none),
        ],
        "relations": [
            {
                "id": WEEK, "name": "week_view", "is_view": true, "takes_inserts": false, "takes_updates": true, "checks": [],
                "columns": [with(column(1, "seen", UUID), "nullable", true), with(column(2, "n", INT4), "writable", false)]
            },
            {
                "id": PLAN, "name": "plan", "is_view": false, "takes_inserts": true, "takes_updates": true, "checks": [],
                "columns": [
                    with(column(1, "id", UUID), "has_default", true), column(2, "mood", MOOD), column(3, "tags", TEXTS),
                    with(column(4, "note", JSONB), "nullable", true), with(column(5, "total", NUMERIC), "writable", false),
                    column(6, "odd name", INT8), column(7, "always", JSONB)
                ]
            },
            {
                "id": OWNER, "name": "owner", "is_view": false, "takes_inserts": true, "takes_updates": true, "checks": [],
                "columns": [column(1, "id", UUID)]
            }
        ],
        "keys": [{
            "name": "plan_owner", "is_own": true, "relation": PLAN, "columns": [{ "number": 1, "name": "id" }], "refers_to_own": true,
            "referenced": OWNER, "referenced_name": "owner", "referenced_columns": [{ "number": 1, "name": "id" }], "is_one_to_one": true
        }],
        "views": [{
            "id": WEEK, "is_followed": true, "required": [{ "relation": PLAN, "number": 1 }],
            "definition": format!(
                "({{QUERY :rtable ({{RANGETBLENTRY :rtekind 0 :relid {PLAN}}}) :jointree {{FROMEXPR :fromlist ({{RANGETBLREF :rtindex 1}})}} \
                 :targetList ({{TARGETENTRY :expr {{VAR :varno 1 :varattno 1 :varlevelsup 0}} :resno 1 :resorigtbl {PLAN} \
                 :resorigcol 1 :resjunk false}}) :groupingSets <> :setOperations <>}})"
            )
        }],
        "functions": [function("minutes", INT4, &[("result", 'o', INT4), ("from", 'i', INT4), ("to", 'i', INT4)], 1)]
    })
}

fn read(document: &Value) -> Catalog {
    serde_json::from_value(document.clone()).unwrap()
}

fn typescript(document: &Value) -> String {
    read(document).generate(Language::TypeScript)
}

fn zod(document: &Value) -> String {
    read(document).generate(Language::Zod)
}

fn has_lines(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(
            text.lines().any(|one| one.trim() == *line),
            "{line}\n{text}"
        );
    }
}

#[test]
fn typescript_has_the_shape_of_supabase_js() {
    let text = typescript(&document());
    has_lines(
        &text,
        &[
            "id?: string;",
            r#"mood: Database["public"]["Enums"]["mood"];"#,
            "tags: string[];",
            "note: Json | null;",
            "always: NonNullable<Json>;",
            "total?: never;",
            r#""odd name": number;"#,
            "isOneToOne: true;",
            "ComputedFields: never;",
            r#"mood: "ok" | "it's \"fine\"";"#,
            r#"mood: ["ok", "it's \"fine\""],"#,
        ],
    );
}

#[test]
fn a_view_knows_what_is_never_null_and_by_which_key_it_is_joined() {
    let text = typescript(&document());
    let view = text.split("week_view: {").nth(1).unwrap();
    let view = view.split("Functions: {").next().unwrap();
    has_lines(
        view,
        &[
            "seen: string;",
            "seen?: string | null;",
            "n?: never;",
            "columns: [\"seen\"];",
            "referencedRelation: \"owner\";",
        ],
    );
    assert!(!view.contains("Insert: {"), "{view}");
    let mut of_a_union = document();
    let definition = of_a_union["views"][0]["definition"].as_str().unwrap();
    let definition = definition.replace(
        ":setOperations <>",
        ":setOperations {SETOPERATIONSTMT :op 1}",
    );
    of_a_union["views"][0]["definition"] = definition.into();
    let text = typescript(&of_a_union);
    has_lines(&text, &["seen: string | null;"]);
}

#[test]
fn defaults_belong_to_the_last_input_arguments() {
    has_lines(&typescript(&document()), &["from: number;", "to?: number;"]);
}

#[test]
fn overloads_that_nobody_can_tell_apart_are_errors() {
    let mut document = document();
    document["functions"] = json!([
        function("over", INT4, &[("a", 'i', INT4)], 0),
        function("over", INT4, &[("a", 'i', TEXT)], 0),
        function("unnamed", INT4, &[("", 'i', INT4)], 0),
        function("body", INT4, &[("", 'i', JSONB)], 0),
    ]);
    let text = typescript(&document);
    assert!(
        text.contains("between: public.over(a => int4), public.over(a => text). Try renaming"),
        "{text}"
    );
    assert!(!text.contains("unnamed"), "{text}");
    has_lines(&text, &["body: {"]);
}

#[test]
fn zod_knows_what_may_be_left_out() {
    let text = zod(&document());
    let part = |name: &str| -> String {
        let start = text.find(&format!("export const {name} =")).unwrap();
        text[start..].split("\n});").next().unwrap().to_owned()
    };
    assert!(part("planRow").contains("  id: uuid,"));
    assert!(part("planRow").contains("  tags: array(z.string()),"));
    assert!(part("planInsert").contains("  id: uuid.optional(),"));
    assert!(part("planInsert").contains("  note: json.nullable().optional(),"));
    assert!(part("planUpdate").contains("  mood: mood.optional(),"));
    assert!(!part("planInsert").contains("total"));
    assert!(part("weekViewUpdate").contains("  seen: uuid.nullable().optional(),"));
    assert!(text.contains("export type WeekViewRow = z.infer<typeof weekViewRow>;"));
    assert!(!text.contains("weekViewInsert"));
}

#[test]
fn zod_declares_only_the_forms_that_are_used() {
    let text = zod(&document());
    for used in [
        "type Json =",
        "const json:",
        "type PgArray<",
        "function array<",
        "const number =",
        "function beyond(",
        "const int8 =",
    ] {
        assert!(text.contains(used), "{used}\n{text}");
    }
    for unused in ["const date =", "const int2 =", "const bits ="] {
        assert!(!text.contains(unused), "{unused}\n{text}");
    }
}

#[test]
fn names_that_are_taken_get_another_one_everywhere() {
    let mut document = document();
    for (at, name) in [
        "date",
        "class",
        "json",
        "plan_row",
        "pg_array",
        "1st",
        "日本",
        "__proto__",
    ]
    .iter()
    .enumerate()
    {
        let id = 17_000 + u32::try_from(at).unwrap();
        let one = data_type(id, name, 'e', &json!({ "values": [name] }));
        document["types"].as_array_mut().unwrap().push(one);
        let number = 10 + i16::try_from(at).unwrap();
        document["relations"][1]["columns"]
            .as_array_mut()
            .unwrap()
            .push(column(number, name, id));
    }
    let text = zod(&document);
    for line in [
        "  date: date_,",
        "  class: class_,",
        "  json: json_,",
        "  plan_row: planRow,",
        "  pg_array: pgArray_,",
        "  \"1st\": _1st,",
        "  \"日本\": _,",
        "  [\"__proto__\"]: proto,",
        "export const planRow_ = z.object({",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
}

#[test]
fn the_order_of_creation_does_not_matter() {
    let mut other = document();
    for list in ["types", "relations", "functions"] {
        other[list].as_array_mut().unwrap().reverse();
    }
    assert_eq!(zod(&document()), zod(&other));
    assert_eq!(typescript(&document()), typescript(&other));
}

#[test]
fn plain_checks_become_bounds() {
    let of = |check: &str| {
        let mut document = document();
        document["relations"][1]["checks"] = json!([check]);
        let relation = read(&document).relations.remove(1);
        let limits = bounds::bounds(&relation, "n").limits;
        limits
            .iter()
            .map(|(method, value)| format!("{method} {value}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    for (check, limits) in [
        ("CHECK (((n >= 1) AND (n <= 12)))", "min 1, max 12"),
        ("CHECK (((n > 1) AND (n < 12)))", "gt 1, lt 12"),
        ("CHECK ((n >= (0.5)::numeric))", "min 0.5"),
        ("CHECK ((n >= (0)::double precision))", "min 0"),
        (
            "CHECK (((n >= (0)::numeric) AND (n < 'Infinity'::numeric)))",
            "min 0",
        ),
        ("CHECK ((n >= '-5'::integer))", ""),
        ("CHECK (((m >= 1) AND (m <= n) AND (n <= 12)))", "max 12"),
        ("CHECK (((n >= 1) OR (n <= 12)))", ""),
        ("CHECK ((NOT ((n >= 1) AND (n <= 12))))", ""),
        ("CHECK ((t ~ 'a AND n >= 5 AND b'::text))", ""),
        ("CHECK (COALESCE(((n >= 1) AND (n <= 12)), true))", ""),
        ("CHECK ((((n >= 1) AND (n <= 12)) IS NOT TRUE))", ""),
        ("CHECK ((abs(n) >= 1))", ""),
        ("CHECK (((n >= 1) AND (n <= 12))) NOT VALID", ""),
        ("CHECK (((n >= 1) AND (n <= 12))) NO INHERIT", ""),
    ] {
        assert_eq!(of(check), limits, "{check}");
    }
}
