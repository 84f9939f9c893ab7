//! Types for programs, generated from the catalogs of a database.

use crate::domain::catalog::Language;
use crate::domain::problem::{Kind, Problem};
use crate::ports::Catalogs;

/// Generates the types of a schema. The same schema gives the same text, byte for byte.
pub async fn generate(
    catalogs: &dyn Catalogs,
    schema: &str,
    language: Language,
) -> Result<String, Problem> {
    let Some(catalog) = catalogs.read(schema).await? else {
        return Err(Problem::new(
            Kind::Usage,
            format!("There is no schema `{schema}`."),
            "The database does not have it.",
        ));
    };
    Ok(catalog.generate(language))
}
