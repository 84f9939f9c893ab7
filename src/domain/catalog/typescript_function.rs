//! The functions of the `Database` type: what a call takes and what it gives.

use super::names::{literal, property};
use super::rpc::{Input, Overload};
use super::typescript::{File, list_of};

impl File<'_> {
    /// Writes the group of functions.
    pub(super) fn functions(&mut self) {
        let functions = self.functions;
        self.group("Functions", functions, |file, (name, overloads)| {
            if let [one] = &overloads[..] {
                file.put(3, &format!("{}: {{", property(name)));
                file.overload(4, one);
                file.put(3, "};");
                return;
            }
            file.put(3, &format!("{}:", property(name)));
            for (at, one) in overloads.iter().enumerate() {
                file.put(4, "| {");
                file.overload(6, one);
                let end = if at + 1 == overloads.len() { ";" } else { "" };
                file.put(5, &format!("}}{end}"));
            }
        });
    }

    fn overload(&mut self, depth: usize, one: &Overload<'_>) {
        if one.inputs.is_empty() {
            self.put(depth, "Args: Record<PropertyKey, never>;");
        } else {
            self.put(depth, "Args: {");
            for input in &one.inputs {
                let mark = if input.has_default { "?" } else { "" };
                let kind = self.input(input);
                let name = property(&input.argument.name);
                self.put(depth + 1, &format!("{name}{mark}: {kind};"));
            }
            self.put(depth, "};");
        }
        let is_one = one
            .embedding
            .as_ref()
            .is_some_and(|with| with.is_one_to_one);
        let returns = match &one.error {
            Some(error) => format!("{{ error: true }} & {}", literal(error)),
            None if one.function.returns_set && !is_one => list_of(&self.returns_one(one)),
            None => self.returns_one(one),
        };
        self.put_type(depth, "Returns", &returns);
        if let Some(with) = &one.embedding {
            self.put(depth, "SetofOptions: {");
            self.put(depth + 1, &format!("from: {};", literal(&with.from)));
            self.put(depth + 1, &format!("to: {};", literal(&with.to)));
            self.put(depth + 1, &format!("isOneToOne: {};", with.is_one_to_one));
            self.put(
                depth + 1,
                &format!("isSetofReturn: {};", one.function.returns_set),
            );
            self.put(depth, "};");
        }
    }

    /// The type of an argument. A row is given without its computed fields, where it has a name to be given by.
    fn input(&self, input: &Input<'_>) -> String {
        let argument = input.argument;
        let row = self
            .catalog
            .data_type(argument.data_type)
            .and_then(|one| self.row_of(one));
        match row {
            Some(row) if !argument.name.is_empty() => {
                format!("Omit<{row}[\"Row\"], {row}[\"ComputedFields\"]>")
            }
            _ => self.kind(argument.data_type),
        }
    }

    /// One value or row of what a function gives. An object is on several lines.
    pub(super) fn returns_one(&self, one: &Overload<'_>) -> String {
        let row = self
            .catalog
            .data_type(one.function.returns)
            .and_then(|row| row.relation);
        let lines: Vec<_> = if !one.table.is_empty() {
            let columns = one.table.iter();
            columns
                .map(|column| (&column.name, self.kind(column.data_type)))
                .collect()
        } else if let Some(relation) = row.and_then(|id| self.catalog.relation(id)) {
            let columns = relation.columns.iter();
            columns
                .map(|column| (&column.name, self.column(column, column.nullable)))
                .collect()
        } else {
            return self.kind(one.function.returns);
        };
        let lines: Vec<_> = lines
            .iter()
            .map(|(name, kind)| format!("\n  {}: {kind};", property(name)))
            .collect();
        format!("{{{}\n}}", lines.concat())
    }

    /// Writes a property whose type may be on several lines.
    pub(super) fn put_type(&mut self, depth: usize, name: &str, kind: &str) {
        for line in format!("{name}: {kind};").lines() {
            self.put(depth, line);
        }
    }
}
