//! What the catalogs hold of access: roles, tables, policies, grants, and the rights that follow from them.

use crate::domain::dry_run::access::Right;
use serde::{Deserialize, Serialize};

/// What may be done with the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Read rows.
    Select,
    /// Add rows.
    Insert,
    /// Change rows.
    Update,
    /// Remove rows.
    Delete,
}

impl Verb {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Select, Self::Insert, Self::Update, Self::Delete];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// The verb of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.word() == word)
    }
}

/// As whom the catalogs were read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Connected {
    /// The role.
    pub role: String,
    /// Whether it passes row level security by.
    pub passes: bool,
}

/// A role that the API can take, or that is granted something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ApiRole {
    /// Its name.
    pub name: String,
    /// Whether it passes row level security by.
    pub passes: bool,
    /// Whether it is granted to `authenticator`.
    pub is_of_api: bool,
    /// Whether the connection may take it.
    pub may_set: bool,
    /// The roles whose rights it has, itself among them.
    pub has: Vec<String>,
    /// The schemas that it may use.
    pub schemas: Vec<String>,
}

/// A column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct SecuredColumn {
    /// Its name.
    pub name: String,
    /// Whether the database gives its value.
    pub is_given: bool,
    /// Its default.
    pub default: Option<String>,
}

/// A table or view.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct SecuredTable {
    /// Its number.
    pub id: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// `r`, `p`, `v`, `m` or `f`, as `pg_class` has it.
    pub kind: String,
    /// Its owner.
    pub owner: String,
    /// Whether row level security is on.
    pub secured: bool,
    /// Whether it holds for the owner too.
    pub forced: bool,
    /// Whether a view reads as whoever asks.
    pub invokes: bool,
    /// The columns, in order.
    pub columns: Vec<SecuredColumn>,
    /// The columns of the primary key.
    pub key: Vec<String>,
    /// The tables that a view reads.
    pub reads: Vec<u32>,
    /// The verbs that it cannot do for anybody: of a view that is not updatable, and of a materialized one.
    pub closed_to: Vec<Verb>,
}

impl SecuredTable {
    /// Schema and name.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// Whether it is a view that is read anew each time.
    pub fn is_view(&self) -> bool {
        self.kind == "v"
    }

    /// What it is, in words.
    pub fn kind_word(&self) -> &'static str {
        match self.kind.as_str() {
            "p" => "partitioned table",
            "v" if self.invokes => "view that reads as its caller",
            "v" => "view that reads as its owner",
            "m" => "materialized view",
            "f" => "foreign table",
            _ => "table",
        }
    }

    /// Row level security, in words.
    pub fn rls_word(&self) -> &'static str {
        match (self.kind.as_str(), self.secured, self.forced) {
            ("r" | "p", true, true) => "forced",
            ("r" | "p", true, false) => "on",
            ("r" | "p", false, _) => "OFF",
            _ => "none",
        }
    }
}

/// A policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RowPolicy {
    /// The number of its table.
    pub table: u32,
    /// Its name.
    pub name: String,
    /// The word of its verb, or `all`.
    pub verb: String,
    /// Whether it lets rows through; a restrictive one only holds back.
    pub permissive: bool,
    /// The roles that it names; `public` is everybody.
    pub roles: Vec<String>,
    /// The roles of the API that it holds for, by membership.
    pub applies: Vec<String>,
    /// What rows that are there must fulfil.
    #[serde(rename = "using")]
    pub shows: Option<String>,
    /// What new rows must fulfil.
    pub check: Option<String>,
}

impl RowPolicy {
    /// Whether it is about a verb.
    pub fn is_about(&self, verb: Verb) -> bool {
        self.verb == "all" || self.verb == verb.word()
    }

    /// The condition on rows that are there. Without one a policy that lets rows through lets none, and one that holds back
    /// holds nothing.
    pub fn shown(&self) -> &str {
        self.shows.as_deref().unwrap_or(self.absent())
    }

    fn absent(&self) -> &'static str {
        if self.permissive { "false" } else { "true" }
    }

    /// The condition on new rows: its own, else the one on rows that are there.
    pub fn checked(&self) -> &str {
        self.check
            .as_deref()
            .or(self.shows.as_deref())
            .unwrap_or(self.absent())
    }
}

/// A right by a grant, from wherever the role has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The role.
    pub role: String,
    /// The number of the table.
    pub table: u32,
    /// The operation.
    pub verb: Verb,
    /// The columns, where it is not for the whole table.
    pub columns: Option<Vec<String>>,
}

/// A grant as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableGrant {
    /// The number of the table.
    pub table: u32,
    /// To whom; `public` is everybody.
    pub to: String,
    /// The operation.
    pub verb: Verb,
    /// The column, where it is for one.
    pub column: Option<String>,
}

/// A user of the project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct FoundUser {
    /// The id.
    pub id: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// The role that a token of the user has.
    pub role: Option<String>,
    /// What else goes into a token: phone and the metadata.
    pub claims: serde_json::Map<String, serde_json::Value>,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessRules {
    /// As whom it was read.
    pub connection: Connected,
    /// The schemas of the API, where the database says so.
    pub exposed: Option<Vec<String>>,
    /// The schemas of the project, also those without a table.
    pub schemas: Vec<String>,
    /// The roles.
    pub roles: Vec<ApiRole>,
    /// The tables and views, by name.
    pub tables: Vec<SecuredTable>,
    /// The policies, by name.
    pub policies: Vec<RowPolicy>,
    /// The grants as they reach roles.
    pub held: Vec<Held>,
    /// The grants as they were given.
    pub grants: Vec<TableGrant>,
    /// The rights by the rules of a dry run.
    pub rights: Vec<Right>,
    /// The users that were asked for.
    pub people: Vec<FoundUser>,
}

impl AccessRules {
    /// The schemas that the API shows, as far as the database knows.
    pub fn api_schemas(&self) -> Vec<String> {
        self.exposed
            .clone()
            .unwrap_or_else(|| vec!["public".to_owned()])
    }

    /// A role by its name.
    pub fn role(&self, name: &str) -> Option<&ApiRole> {
        self.roles.iter().find(|role| role.name == name)
    }

    /// The right of a role, where it is more than nothing.
    pub fn right(&self, role: &str, table: u32, verb: Verb) -> Option<&Right> {
        self.rights
            .iter()
            .find(|right| right.role == role && right.id == table && right.verb == verb.word())
    }

    /// The grant that reaches a role.
    pub fn held(&self, role: &str, table: u32, verb: Verb) -> Option<&Held> {
        self.held
            .iter()
            .find(|held| held.role == role && held.table == table && held.verb == verb)
    }

    /// The policies of a table that hold for a role and a verb.
    pub fn policies<'a>(
        &'a self,
        role: &'a str,
        table: u32,
        verb: Verb,
    ) -> impl Iterator<Item = &'a RowPolicy> {
        self.policies.iter().filter(move |policy| {
            policy.table == table
                && policy.is_about(verb)
                && policy.applies.iter().any(|own| own == role)
        })
    }

    /// Whether the rows of a table that a role asks for go through its policies.
    pub fn is_under_policies(&self, role: &ApiRole, table: &SecuredTable) -> bool {
        table.secured
            && matches!(table.kind.as_str(), "r" | "p")
            && !role.passes
            && (table.forced || !role.has.contains(&table.owner))
    }

    /// The table that a name means: with its schema, or without where one schema of the API has it.
    pub fn table(&self, name: &str) -> Option<&SecuredTable> {
        let exact = self.tables.iter().find(|table| table.full_name() == name);
        let exposed = self.api_schemas();
        exact
            .or_else(|| {
                let mut of_api = self
                    .tables
                    .iter()
                    .filter(|table| table.name == name && exposed.contains(&table.schema));
                of_api.next()
            })
            .or_else(|| {
                let mut any = self.tables.iter().filter(|table| table.name == name);
                let first = any.next()?;
                any.next().is_none().then_some(first)
            })
    }
}
