//! `supadeck types`, and the generated files of this repository. `SUPADECK_BLESS=1` writes those again.

use crate::world::World;
use std::fs;
use std::path::Path;

#[test]
fn the_generated_types_are_fresh() {
    let world = World::full();
    for (language, path) in [
        ("zod", "schemas/zod.ts"),
        ("typescript", "schemas/database.ts"),
    ] {
        let generated = world.run(&["types", language]).done().out.clone();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        if std::env::var_os("SUPADECK_BLESS").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &generated).unwrap();
        }
        let present = fs::read_to_string(&file).unwrap_or_default();
        assert!(present == generated, "{path} is stale; run `just docs`");
        assert_eq!(world.data(&["types", language]), generated.as_str());
    }
}

#[test]
fn awkward_schemas_are_generated_too() {
    let world = World::empty();
    world.sql(
        "create schema odd; create type odd.\"Mood of day\" as enum ('ok', 'it''s'); \
         create domain odd.short as text check (length(value) < 9); \
         create table odd.\"select\" (id bigint generated always as identity primary key, moods odd.\"Mood of day\"[] not null, \
           name odd.short, total numeric generated always as (1.5) stored, \"a b\" interval[]); \
         create function odd.two(a int, b text default 'x') returns setof odd.\"select\" language sql as 'select * from odd.\"select\"'; \
         create function odd.over(a int) returns int language sql as 'select 1'; \
         create function odd.over(a text) returns int language sql as 'select 1';",
    );
    let text = world
        .run(&["types", "typescript", "--schema", "odd"])
        .done()
        .out
        .clone();
    for line in [
        "          id?: never;",
        "          moods: Database[\"odd\"][\"Enums\"][\"Mood of day\"][];",
        "          name?: string | null;",
        "          total?: never;",
        "          \"a b\": string[] | null;",
        "          b?: string;",
        "      two: {",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
    assert!(
        !text.contains("over: {"),
        "overloads cannot be told apart by name"
    );
    let zod = world
        .run(&["types", "zod", "--schema", "odd"])
        .done()
        .out
        .clone();
    assert!(zod.contains("moods: z.array(moodOfDay),"), "{zod}");
    let problem = world.problem(2, &["types", "zod", "--schema", "it's not there"]);
    assert!(problem["what"].as_str().unwrap().contains("it's not there"));
}
