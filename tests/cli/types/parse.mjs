// Parses rows with generated schemas: `node parse.mjs CASES`. A case names a module, a schema of it, answers of a server whose rows
// it must take, and rows that it must refuse. What goes wrong is printed, a line each.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

for (const { module, schema, takes, refuses } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const found = (await import(pathToFileURL(module)))[schema];
  if (!found) {
    console.log(`${schema}: there is no such schema`);
    continue;
  }
  for (const answer of takes) {
    const rows = JSON.parse(answer);
    if (rows.length === 0) console.log(`${schema}: an answer has no row`);
    for (const row of rows) {
      const read = found.safeParse(row);
      if (!read.success) console.log(`${schema} refuses row ${row.id}: ${JSON.stringify(read.error.issues)}`);
    }
  }
  for (const [name, value] of refuses) {
    if (found.safeParse(value).success) console.log(`${schema} takes ${name}`);
  }
}
