//! Random schemas, grants, roles and policies: what the matrix says, what an explanation says, what REST answers to a signed token and
//! what a statement as that role does are the same. `SUPADECK_ACCESS_SEED` walks one round again, `SUPADECK_ACCESS_ROUNDS` takes so many.

use crate::fixture::{TestProject, database_on, stack};
use crate::support::sign_in;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use supadeck::adapters::postgres::PgDatabase;
use supadeck::domain::access::explain::{Explanation, Wanted, inquire};
use supadeck::domain::access::listing::Matrix;
use supadeck::domain::access::rules::{SecuredTable, Verb};
use supadeck::domain::access::viewer::{Viewer, Who};
use supadeck::domain::dry_run::access::Verdict;
use supadeck::ops::access::{self, MatrixRequest};
use supadeck::ports::AccessDatabase as _;
use supadeck_stack::Info;

const ALICE: &str = "a11ce000-0000-4000-8000-000000000001";
const BOB: &str = "b0b00000-0000-4000-8000-000000000002";
const READER: &str = "4ead0000-0000-4000-8000-000000000003";
/// The rows of each table.
const ROWS: u64 = 6;
/// The tables of a round.
const TABLES: usize = 4;

/// Numbers from a seed; the same on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }

    fn is(&mut self, percent: usize) -> bool {
        self.next(100) < percent
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.next(of.len())]
    }
}

/// The roles of a round beside those of every project.
struct Roles {
    /// Granted to authenticator; a user has it.
    reader: String,
    /// What the reader inherits.
    team: String,
    /// An owner of tables, of whom the team is a member in some rounds.
    keeper: String,
}

fn condition(dice: &mut Dice, table: usize, depth: usize) -> String {
    let leaf = |dice: &mut Dice| match dice.next(17) {
        0 => "true".to_owned(),
        1 => "false".to_owned(),
        2 => "flag".to_owned(),
        3 => "not flag".to_owned(),
        4 | 5 => "owner = auth.uid()".to_owned(),
        6 => "owner = (select auth.uid())".to_owned(),
        7 => format!("kind = {}", dice.next(4)),
        8 => format!("kind > {}", dice.next(4)),
        9 => "owner is null".to_owned(),
        10 => "auth.uid() is not null".to_owned(),
        11 => "auth.role() = 'authenticated'".to_owned(),
        12 => "(auth.jwt() ->> 'email') like 'alice%'".to_owned(),
        13 => "kind = any (array[1, 2])".to_owned(),
        14 => format!("kind is distinct from {}", dice.next(3)),
        n => {
            // Mostly a table before this one; one's own makes the server find a circle.
            let other = if dice.is(4) {
                table
            } else {
                dice.next(table.max(1))
            };
            if n == 15 {
                let more = dice.one(&["", " and x.flag", " and x.owner = auth.uid()"]);
                format!("exists (select from public.t{other} x where x.id = t{table}.ref{more})")
            } else {
                format!("kind in (select x.kind from public.t{other} x where x.flag)")
            }
        }
    };
    if depth == 0 || dice.is(55) {
        return leaf(dice);
    }
    let (a, b) = (
        condition(dice, table, depth - 1),
        condition(dice, table, depth - 1),
    );
    match dice.next(3) {
        0 => format!("({a} and {b})"),
        1 => format!("({a} or {b})"),
        _ => format!("not ({a})"),
    }
}

/// A project made of dice.
fn project_sql(dice: &mut Dice, roles: &Roles) -> String {
    let Roles {
        reader,
        team,
        keeper,
    } = roles;
    let auth = if dice.is(60) {
        format!("grant usage on schema auth to {reader};")
    } else {
        String::new()
    };
    let mut sql = format!(
        "create role {reader} nologin; create role {team} nologin; create role {keeper} nologin; grant {reader}, {team}, {keeper} to postgres;
         grant {reader} to authenticator; grant {team} to {reader}; grant usage on schema public to {reader}; {auth} grant usage, create on schema public to {keeper};"
    );
    if dice.is(50) {
        sql.push_str(&format!("grant {keeper} to {team};"));
    }
    for (id, email, role) in [
        (ALICE, "alice@example.com", "authenticated"),
        (BOB, "bob@example.com", "authenticated"),
        (READER, "reader@example.com", reader),
    ] {
        sql.push_str(&format!(
            "insert into auth.users (id, aud, role, email, encrypted_password, email_confirmed_at, created_at, updated_at)
             values ('{id}', 'authenticated', '{role}', '{email}', extensions.crypt('pw', extensions.gen_salt('bf', 4)), now(), now(), now());"
        ));
    }
    let who = [
        "anon",
        "authenticated",
        reader,
        team,
        "service_role",
        "public",
    ];
    for table in 0..TABLES {
        let name = format!("public.t{table}");
        if dice.is(20) {
            sql.push_str(&format!("create table {name} (id int, owner uuid, kind int, flag boolean, ref int) partition by list (id); create table {name}_part partition of {name} default;"));
        } else {
            sql.push_str(&format!("create table {name} (id int primary key, owner uuid, kind int, flag boolean, ref int);"));
        }
        for id in 1..=ROWS {
            let owner = dice.one(&["null", ALICE, BOB, READER]);
            let owner = if owner == "null" {
                owner.to_owned()
            } else {
                format!("'{owner}'")
            };
            let (kind, flag, reference) = (
                dice.next(4),
                dice.one(&["true", "false", "null"]),
                dice.next(7),
            );
            sql.push_str(&format!(
                "insert into {name} values ({id}, {owner}, {kind}, {flag}, {reference});"
            ));
        }
        sql.push_str(&format!(
            "revoke all on {name} from anon, authenticated, service_role, public;"
        ));
        for (at, role) in who.into_iter().enumerate() {
            for verb in ["select", "insert", "update", "delete"] {
                match dice.next(10) {
                    0..=4 => sql.push_str(&format!("grant {verb} on {name} to {role};")),
                    5 if verb != "delete" => {
                        // REST and the counts read the id.
                        let columns = match (verb, (at + table) % 3) {
                            ("select", _) | (_, 0) => "id, kind",
                            (_, 1) => "id",
                            _ => "kind",
                        };
                        sql.push_str(&format!("grant {verb} ({columns}) on {name} to {role};"));
                    }
                    _ => {}
                }
            }
        }
        if dice.is(80) {
            sql.push_str(&format!("alter table {name} enable row level security;"));
        }
        if dice.is(20) {
            sql.push_str(&format!("alter table {name} force row level security;"));
        }
        for number in 0..dice.next(5) {
            let verb = dice.one(&["all", "select", "select", "insert", "update", "delete"]);
            let kind = if dice.is(75) {
                "permissive"
            } else {
                "restrictive"
            };
            let to = dice.one(&[
                "public",
                "anon",
                "authenticated",
                "anon, authenticated",
                reader,
                team,
                "service_role",
            ]);
            let mut policy =
                format!("create policy \"p {number}\" on {name} as {kind} for {verb} to {to}");
            // Without a condition a policy lets nothing through, or holds nothing back.
            if verb != "insert" && !dice.is(15) {
                policy.push_str(&format!(" using ({})", condition(dice, table, 2)));
            }
            if verb == "insert" && !dice.is(15) || (matches!(verb, "all" | "update") && dice.is(50))
            {
                policy.push_str(&format!(" with check ({})", condition(dice, table, 2)));
            }
            sql.push_str(&format!("{policy};"));
        }
        if dice.is(25) {
            sql.push_str(&format!("alter table {name} owner to {keeper};"));
        }
    }
    for view in 0..2 {
        let (of, invoker) = (dice.next(TABLES), dice.is(60));
        let options = if invoker {
            " with (security_invoker = true)"
        } else {
            ""
        };
        sql.push_str(&format!("create view public.v{view}{options} as select id, kind, flag from public.t{of}; revoke all on public.v{view} from anon, authenticated, service_role;"));
        for role in who {
            if dice.is(50) {
                sql.push_str(&format!("grant select on public.v{view} to {role};"));
            }
        }
    }
    sql
}

/// Somebody with the headers of a request.
struct Caller {
    viewer: Viewer,
    key: String,
    token: Option<String>,
}

async fn callers(matrix: &Matrix, info: &Info, http: &reqwest::Client) -> Vec<Caller> {
    let mut callers = Vec::new();
    for viewer in &matrix.viewers {
        let email = viewer.name.strip_prefix("user:");
        let token = match email {
            Some(email) => Some(sign_in(http, info, email, "pw").await),
            None => None,
        };
        let key = match viewer.name.as_str() {
            "anon" => &info.publishable_key,
            "service" => &info.secret_key,
            _ if token.is_some() => &info.publishable_key,
            // A stranger has no account to sign in with.
            _ => continue,
        };
        callers.push(Caller {
            viewer: viewer.clone(),
            key: key.clone(),
            token,
        });
    }
    callers
}

/// The ids that REST gives, or its refusal.
async fn read(
    http: &reqwest::Client,
    info: &Info,
    caller: &Caller,
    table: &str,
) -> Result<BTreeSet<u64>, String> {
    let mut request = http
        .get(format!("{}/rest/v1/{table}?select=id", info.url))
        .header("apikey", &caller.key);
    if let Some(token) = &caller.token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    if !status.is_success() {
        return Err(format!("{status} {body}"));
    }
    let ids = body.as_array().unwrap().iter();
    Ok(ids.map(|row| row["id"].as_u64().unwrap()).collect())
}

async fn explained(
    database: &PgDatabase,
    matrix: &Matrix,
    table: &SecuredTable,
    viewer: &Viewer,
    verb: Verb,
    wanted: Wanted,
) -> Explanation {
    let inquiry = inquire(&matrix.rules, table, viewer, verb, &wanted).unwrap();
    let answer = database.explain(&inquiry.question).await.unwrap();
    inquiry.finish(answer)
}

/// Does something as somebody and takes it back; how many rows, or the SQLSTATE.
async fn done(project: &TestProject, viewer: &Viewer, sql: &str) -> Result<u64, String> {
    let claims = Value::Object(viewer.claims.clone())
        .to_string()
        .replace('\'', "''");
    let become_it = format!(
        "begin; select set_config('request.jwt.claims', '{claims}', true); set local search_path = public, extensions; set local role {}",
        viewer.role
    );
    project.db.batch_execute(&become_it).await.unwrap();
    let rows = project.db.execute(sql, &[]).await;
    project.db.batch_execute("rollback").await.unwrap();
    rows.map_err(|error| {
        error
            .code()
            .map_or_else(|| error.to_string(), |code| code.code().to_owned())
    })
}

#[tokio::test]
async fn the_matrix_the_explanation_and_the_rows_agree() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let rounds = number("SUPADECK_ACCESS_ROUNDS").unwrap_or(4);
    let seeds: Vec<u64> = match number("SUPADECK_ACCESS_SEED") {
        Some(seed) => vec![seed],
        None => (0..rounds).map(|round| 20_261_201 + round * 7919).collect(),
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for seed in seeds {
        round(seed, &http).await;
    }
}

async fn round(seed: u64, http: &reqwest::Client) {
    let project = TestProject::new().await;
    let name = project
        .url
        .rsplit('/')
        .next()
        .unwrap()
        .split('?')
        .next()
        .unwrap()
        .to_owned();
    let role = |kind: &str| format!("{kind}_{name}");
    let roles = Roles {
        reader: role("reader"),
        team: role("team"),
        keeper: role("keeper"),
    };
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let sql = project_sql(&mut dice, &roles);
    project
        .db
        .batch_execute(&sql)
        .await
        .unwrap_or_else(|error| panic!("seed {seed}: {error:?}\n{sql}"));
    let info = stack().await.serve_database(&name).await.unwrap();
    let database = database_on(&project.url);
    let users = ["alice", "bob", "reader"].map(|user| Who::User(format!("{user}@example.com")));
    let request = MatrixRequest {
        also: users.into(),
        ..MatrixRequest::default()
    };
    let matrix = access::matrix(&database, &request).await.unwrap();
    let mut faults: Vec<String> = Vec::new();
    for caller in callers(&matrix, &info, http).await {
        for table in matrix
            .tables()
            .filter(|table| !table.name.ends_with("_part"))
        {
            let place = format!("seed {seed}: {} {}", caller.viewer.name, table.name);
            let rest = read(http, &info, &caller, &table.name).await;
            compare(&matrix, table, &caller.viewer, &rest, &place, &mut faults);
            if !table.is_view() {
                rows(
                    &project,
                    &database,
                    &matrix,
                    table,
                    &caller.viewer,
                    &rest,
                    &mut dice,
                    &place,
                    &mut faults,
                )
                .await;
            }
        }
    }
    stack().await.drop_database(&name).await.unwrap();
    assert!(
        faults.is_empty(),
        "{}\n\n{}",
        faults.join("\n"),
        sql.replace(';', ";\n")
    );
}

/// The matrix against what REST answers.
fn compare(
    matrix: &Matrix,
    table: &SecuredTable,
    viewer: &Viewer,
    rest: &Result<BTreeSet<u64>, String>,
    place: &str,
    faults: &mut Vec<String>,
) {
    let cells = matrix.of(table, viewer);
    let select = &cells[0];
    let is_right = match rest {
        Ok(ids) => {
            let seen = ids.len() as u64;
            let fits = match select.verdict {
                Verdict::None => seen == 0 && !select.is_refused,
                Verdict::Policies => true,
                // A view can show less than its table.
                Verdict::All => seen == ROWS,
            };
            fits && select.visible == Some(seen) && select.disagrees.is_none()
        }
        // The catalogs know it, or it is told that the server refuses.
        Err(_) => select.is_refused && select.visible == Some(0) || select.disagrees.is_some(),
    };
    if !is_right {
        faults.push(format!("{place}: REST {rest:?}, the matrix {select:?}"));
    }
}

/// Explanations of rows against what REST shows and what statements as that role do.
#[allow(clippy::too_many_arguments)]
async fn rows(
    project: &TestProject,
    database: &PgDatabase,
    matrix: &Matrix,
    table: &SecuredTable,
    viewer: &Viewer,
    rest: &Result<BTreeSet<u64>, String>,
    dice: &mut Dice,
    place: &str,
    faults: &mut Vec<String>,
) {
    let own = |verb: Verb| &matrix.of(table, viewer)[verb as usize];
    for id in 1..=ROWS {
        let key = || Some(format!("id={id}"));
        let wanted = Wanted {
            key: key(),
            written: None,
            ..Wanted::default()
        };
        let told = explained(database, matrix, table, viewer, Verb::Select, wanted).await;
        let shown = rest.as_ref().is_ok_and(|ids| ids.contains(&id));
        if told.allowed != Some(shown) || told.exists != Some(true) {
            faults.push(format!(
                "{place} {id}: REST shows it: {shown}, explained: {} {told:#?}",
                told.why
            ));
        }
    }
    let id = dice.next(usize::try_from(ROWS).unwrap()) + 1;
    let kind = dice.next(4);
    for (verb, sql) in [
        (
            Verb::Delete,
            format!("delete from public.{} where id = {id}", table.name),
        ),
        (
            Verb::Update,
            format!(
                "update public.{} set kind = {kind} where id = {id}",
                table.name
            ),
        ),
        (
            Verb::Insert,
            format!(
                "insert into public.{} (id, kind) values (99, {kind})",
                table.name
            ),
        ),
    ] {
        let wanted = match verb {
            Verb::Insert => Wanted {
                key: None,
                written: json!({ "id": 99, "kind": kind }).as_object().cloned(),
                ..Wanted::default()
            },
            Verb::Update => Wanted {
                key: Some(format!("id={id}")),
                written: json!({ "kind": kind }).as_object().cloned(),
                ..Wanted::default()
            },
            _ => Wanted {
                key: Some(format!("id={id}")),
                written: None,
                ..Wanted::default()
            },
        };
        let told = explained(database, matrix, table, viewer, verb, wanted).await;
        let happened = done(project, viewer, &sql).await;
        // A role that may not use the schema of auth: the explanation says that it cannot tell.
        let is_open = told.allowed.is_none()
            && format!("{:?}", told.steps).contains("what it gives is not known");
        if !is_open && told.allowed != Some(happened == Ok(1)) {
            faults.push(format!(
                "{place} {verb:?} {id}: happened {happened:?}, explained: {} {told:#?}",
                told.why
            ));
        }
    }
    // What the verb reaches by a filter.
    for (verb, sql) in [(
        Verb::Delete,
        format!("delete from public.{} where id > 0", table.name),
    )] {
        let happened = done(project, viewer, &sql).await;
        let cell = own(verb);
        let reached = cell.visible;
        let is_right = match &happened {
            Ok(rows) => reached == Some(*rows) || reached.is_none() && cell.note.is_some(),
            Err(code) => {
                code == "42501" && (reached == Some(0) || reached.is_none())
                    || cell.disagrees.is_some()
                    || own(Verb::Select).disagrees.is_some()
            }
        };
        if !is_right {
            faults.push(format!("{place}: {sql}: {happened:?}, the matrix {cell:?}"));
        }
    }
}
