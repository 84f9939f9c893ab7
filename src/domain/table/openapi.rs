//! What the OpenAPI document of the REST interface says about tables: for whom no way to the database is known. It names columns,
//! their types, enums, primary and foreign keys, and says nothing of grants and policies.

use super::column::ColumnInfo;
use super::info::{TableInfo, TableLink, TableSource};
use super::name::TableName;
use serde_json::Value;

/// How the server's own note begins, behind what people wrote of a column.
const NOTE: &str = "Note:\n";

/// The tables of a document about one schema, by name; none where it is no such document.
pub fn tables(document: &Value, schema: &str) -> Option<Vec<TableInfo>> {
    let definitions = document.get("definitions")?.as_object()?;
    let read = |(name, definition): (&String, &Value)| table(schema, name, definition);
    let mut tables: Vec<TableInfo> = definitions.iter().map(read).collect();
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    let links: Vec<(TableName, TableLink)> = tables
        .iter()
        .flat_map(|table| {
            let own = table.full_name();
            table.references.iter().map(move |link| {
                let back = TableLink {
                    name: link.name.clone(),
                    columns: link.other_columns.clone(),
                    table: own.clone(),
                    other_columns: link.columns.clone(),
                };
                (link.table.clone(), back)
            })
        })
        .collect();
    for (of, link) in links {
        if let Some(table) = tables.iter_mut().find(|table| table.full_name() == of) {
            table.referenced_by.push(link);
        }
    }
    Some(tables)
}

fn table(schema: &str, name: &str, definition: &Value) -> TableInfo {
    let text = |value: &Value, field: &str| value.get(field)?.as_str().map(str::to_owned);
    let required: Vec<&str> = definition
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut table = TableInfo {
        comment: text(definition, "description"),
        source: TableSource::OpenApi,
        ..TableInfo::unknown(&TableName::new(schema, name))
    };
    let properties = definition.get("properties").and_then(Value::as_object);
    for (column, property) in properties.into_iter().flatten() {
        let description = text(property, "description").unwrap_or_default();
        if note(&description).contains("<pk/>") {
            table.key.push(column.clone());
        }
        if let Some((other, other_column)) = foreign_key(note(&description)) {
            table.references.push(TableLink {
                name: format!("{column} of {other}"),
                columns: vec![column.clone()],
                table: TableName::new(schema, other),
                other_columns: vec![other_column],
            });
        }
        let values = property.get("enum").and_then(Value::as_array);
        let values = values.into_iter().flatten();
        let data_type = text(property, "format").unwrap_or_default();
        let base_type = data_type.split('(').next().unwrap_or_default().trim();
        table.columns.push(ColumnInfo {
            name: column.clone(),
            base_type: base_type.to_owned(),
            data_type,
            nullable: !required.contains(&column.as_str()),
            default: property.get("default").map(|value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            }),
            values: values
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            comment: comment(&description),
            ..ColumnInfo::default()
        });
    }
    table
}

/// `<fk table='cycle' column='id'/>` inside a description.
fn foreign_key(description: &str) -> Option<(String, String)> {
    let (_, rest) = description.split_once("<fk table='")?;
    let (table, rest) = rest.split_once("' column='")?;
    let (column, _) = rest.split_once("'/>")?;
    Some((table.to_owned(), column.to_owned()))
}

/// The server's own note, which stands last.
fn note(description: &str) -> &str {
    description.rsplit_once(NOTE).map_or("", |(_, note)| note)
}

/// What people wrote: the server's own note follows it.
fn comment(description: &str) -> Option<String> {
    let own = match description.rsplit_once(NOTE) {
        Some((own, note)) if note.contains("<pk/>") || note.contains("<fk ") => own,
        _ => description,
    };
    let own = own.trim();
    (!own.is_empty()).then(|| own.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::table::column::ColumnKind;
    use serde_json::json;

    #[test]
    fn what_people_write_of_a_column_makes_it_no_key() {
        let document = json!({"definitions": {"t": {"properties": {
            "a": {"format": "text", "description": "Not a <pk/>, nor <fk table='x' column='y'/>"},
            "b": {"format": "text", "description": "Note:\nwritten <pk/> by hand\n\nNote:\nThis is a Foreign Key to `x.y`.<fk table='x' column='y'/>"},
        }}}});
        let found = tables(&document, "public").unwrap();
        assert!(found[0].key.is_empty(), "{found:?}");
        assert_eq!(found[0].references.len(), 1);
    }

    #[test]
    fn columns_and_keys_are_read_from_the_document() {
        let document = json!({"swagger": "2.0", "definitions": {
            "goal": {"required": ["id", "kind"], "type": "object", "description": "What one wants.", "properties": {
                "id": {"format": "uuid", "type": "string", "default": "gen_random_uuid()",
                    "description": "Note:\nThis is a Primary Key.<pk/>"},
                "kind": {"format": "public.goal_type", "type": "string", "enum": ["personal", "professional"]},
                "cycle_id": {"format": "uuid", "type": "string",
                    "description": "Which cycle\n\nNote:\nThis is a Foreign Key to `cycle.id`.<fk table='cycle' column='id'/>"},
                "price": {"format": "numeric(10,2)", "type": "number"},
            }},
            "cycle": {"properties": {"id": {"format": "uuid", "description": "Note:\nThis is a Primary Key.<pk/>"}}},
        }});
        let found = tables(&document, "public").unwrap();
        let [cycle, goal] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!(goal.key, ["id"]);
        assert_eq!(goal.references[0].table, TableName::new("public", "cycle"));
        assert_eq!(cycle.referenced_by[0].other_columns, ["cycle_id"]);
        assert_eq!(goal.column("kind").unwrap().kind(), ColumnKind::Enum);
        assert_eq!(goal.column("price").unwrap().kind(), ColumnKind::Number);
        let cycle_id = goal.column("cycle_id").unwrap();
        assert_eq!(cycle_id.comment.as_deref(), Some("Which cycle"));
        assert!(cycle_id.nullable && !goal.column("id").unwrap().nullable);
        assert_eq!(goal.comment.as_deref(), Some("What one wants."));
    }

    #[test]
    fn what_is_no_document_names_no_table() {
        for value in [json!({"msg": "hello"}), json!([]), json!(null)] {
            assert_eq!(tables(&value, "public"), None);
        }
    }
}
